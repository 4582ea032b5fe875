"""Planning a session: with whom, when, and from which package."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clubcrm.accounts.access import principal, requires
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.folding import fold
from clubcrm.core.transactions import reading, transaction
from clubcrm.floor.forms import PlanForm
from clubcrm.floor.queries import own_clients
from clubcrm.floor.views import Seat, blueprint, is_repeat, seat_of
from clubcrm.floor.views.answers import Page, answer_with, is_fragment
from clubcrm.members.queries import find_people, get_person
from clubcrm.members.queries.people import PersonRow
from clubcrm.schedule.operations import SessionValues, plan_session
from clubcrm.schedule.policies import session_rules
from clubcrm.schedule.queries import PackageRow, packages_of
from clubcrm.trainers.errors import UnknownTrainer

SHOWN = 8


@blueprint.get("/plan", endpoint="plan")
@requires(Permission.TRAIN)
def choose() -> Page:
    """Whom to plan a session with: own clients first, then everybody the search finds."""
    text = request.args.get("q", "").strip()[:80]
    with reading() as session:
        seat = seat_of(session)
        own = own_clients(session, seat.trainer.id, seat.club, clock.now()) if seat.trainer else []
        words = fold(text).split()
        own = [one for one in own if _has_words(fold(one.name), words)]
        mine = {one.id for one in own}
        hits = find_people(session, text, scope={seat.club.id}, limit=SHOWN) if text else []
    others = [hit for hit in hits if hit.id not in mine]
    return render_template("floor/choose.html", seat=seat, own=own, others=others, text=text)


def _has_words(name: str, words: list[str]) -> bool:
    parts = name.split()
    return all(any(part.startswith(word) for part in parts) for word in words)


@blueprint.get("/clients/<int:person_id>/plan", endpoint="plan_with")
@requires(Permission.TRAIN)
def ask(person_id: int) -> Page:
    """When, how long, and from which package."""
    now = clock.now()
    with reading() as session:
        seat, person, packages = _about(session, person_id)
    form = PlanForm(
        formdata=None,
        club=seat.club,
        at=_next_full_hour(now, seat),
        packages=packages,
        minutes=session_rules(seat.club.settings).minutes,
    )
    return _page(form, seat, person)


@blueprint.post("/clients/<int:person_id>/plan", endpoint="plan_it")
@requires(Permission.TRAIN)
def plan_it(person_id: int) -> Page:
    """Plan the session."""
    now = clock.now()
    with reading() as session:
        seat, person, packages = _about(session, person_id)
    form = PlanForm(club=seat.club, packages=packages)
    if seat.trainer is None:
        raise UnknownTrainer
    if not form.validate_on_submit():
        return _page(form, seat, person), 422
    values = SessionValues(
        person_id=person.id,
        starts_at=form.starts_at,
        minutes=form.minutes.data or 0,
        membership_id=form.membership_id,
        is_free=form.is_free,
    )
    try:
        with transaction() as session:
            if not is_repeat(session, now):
                plan_session(
                    session,
                    seat.trainer.id,
                    values,
                    scope={seat.club.id},
                    by=principal().actor,
                    now=now,
                )
    except DomainError as refusal:
        if is_fragment():
            text = f"{person.name}: {refusal.text()}"
            return render_template("floor/refused.html", text=text), refusal.status
        return _page(form, seat, person, refusal.text()), refusal.status
    return answer_with(
        _("Planned: %(name)s.", name=person.name), seat.today_url(on=form.day.data.isoformat())
    )


def _about(session: Session, person_id: int) -> tuple[Seat, PersonRow, list[PackageRow]]:
    seat = seat_of(session)
    person = get_person(session, person_id, {seat.club.id})
    today = seat.club.today(clock.now())
    packages = packages_of(session, [person.id], seat.club.id).get(person.id, [])
    return seat, person, [p for p in packages if p.until_on is None or p.until_on > today]


def _page(form: PlanForm, seat: Seat, person: PersonRow, refusal: str | None = None) -> str:
    return render_template("floor/plan.html", form=form, seat=seat, person=person, refusal=refusal)


def _next_full_hour(now: datetime, seat: Seat) -> datetime:
    local = now.astimezone(ZoneInfo(seat.club.timezone))
    return local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
