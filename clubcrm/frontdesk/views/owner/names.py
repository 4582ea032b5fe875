"""The names behind a figure of the owner's page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy.orm import Session

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.queries import ClubRow, staff
from clubcrm.accounts.states import Permission, Role
from clubcrm.core import clock
from clubcrm.core.days import day_bounds
from clubcrm.core.errors import NotFound, Words
from clubcrm.core.formats import format_number
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading
from clubcrm.frontdesk.forms.tasks import CallsForm
from clubcrm.frontdesk.views import blueprint
from clubcrm.frontdesk.views.tasks import doers_at
from clubcrm.messaging.operations import MOST_CALLS
from clubcrm.reports.queries.owner import (
    SPANS,
    Asked,
    count_names,
    count_to_call,
    names_behind,
)
from clubcrm.reports.queries.owner.groups import A_DAY
from clubcrm.reports.states import DuePart, Group
from clubcrm.retention.states import Reason

NAMES = 100
CALLERS = (Role.DESK, Role.SALES)

TITLES: Mapping[Group, Words] = {
    Group.AT_RISK: _l("At risk"),
    Group.HIGH_RISK: _l("High risk"),
    Group.WATCH: _l("To be watched"),
    Group.DUE: _l("Renewals due"),
    Group.RENEWED: _l("Renewed since yesterday"),
    Group.SLIPPED: _l("Slipped since yesterday"),
    Group.CAME_BACK: _l("Came back since yesterday"),
    Group.JOINED: _l("Joined since yesterday"),
    Group.NOTICE: _l("Gave notice since yesterday"),
    Group.LEFT: _l("Left since yesterday"),
    Group.REFUNDED: _l("Refunded since yesterday"),
    Group.MEMBERS: _l("Members today"),
}
DAY_WORDS: Mapping[Group, Words] = {
    Group.DUE: _l("Last valid day"),
    Group.RENEWED: _l("Renewed on"),
    Group.SLIPPED: _l("Slipped on"),
    Group.CAME_BACK: _l("Came back on"),
    Group.JOINED: _l("Joined on"),
    Group.NOTICE: _l("Gave notice on"),
    Group.LEFT: _l("Left on"),
}
"""What the day of a line says; the other lists tell of the last visit."""

PART_WORDS: Mapping[DuePart, Words] = {
    DuePart.RENEWED: _l("Already renewed"),
    DuePart.STEADY: _l("Still open, steady"),
    DuePart.WATCH: _l("Still open, watch"),
    DuePart.HIGH: _l("Still open, high risk"),
    DuePart.ROLLING: _l("Go on by themselves"),
    DuePart.FROZEN: _l("Frozen"),
    DuePart.LEAVING: _l("Leaving"),
}
CALL_TITLES: Mapping[Group, Words] = {
    Group.AT_RISK: _l("At risk: ask how it goes"),
    Group.HIGH_RISK: _l("High risk: ask how it goes"),
    Group.WATCH: _l("Comes less often: ask how it goes"),
    Group.SLIPPED: _l("Comes less often: ask how it goes"),
    Group.DUE: _l("Membership ends soon: renew"),
    Group.RENEWED: _l("Say thank you for renewing"),
    Group.CAME_BACK: _l("Say welcome back"),
    Group.JOINED: _l("Say welcome"),
    Group.NOTICE: _l("Gave notice: ask why"),
    Group.LEFT: _l("Left: ask why, and what would bring them back"),
    Group.REFUNDED: _l("Money given back: ask how it goes"),
    Group.MEMBERS: _l("Ask how it goes"),
}
"""What a call is about, unless somebody says it otherwise."""


RISK_REASONS = frozenset(
    {Reason.LONG_GAP, Reason.GAP, Reason.DROP, Reason.NO_VISIT_YET, Reason.SLOW_START}
)


def why_at_risk(reasons: Sequence[Any] | None) -> list[Any]:
    """The reasons of the risk alone, what the member does otherwise than usual; else those of the phase."""
    told = list(reasons or ())
    return [reason for reason in told if reason[0] in RISK_REASONS] or told


def asked_for(group: str, club: ClubRow, now: datetime) -> Asked:
    """Which list the address asks for. Raises NotFound for one there is none of."""
    if group not in set(Group):
        raise NotFound
    today = club.today(now)
    days = request.args.get("days", SPANS[-1], type=int)
    part = request.args.get("part", "")
    return Asked(
        club_id=club.id,
        group=Group(group),
        today=today,
        since=since_yesterday_at(club, now),
        days=days if days in SPANS else SPANS[-1],
        part=DuePart(part) if part in set(DuePart) else None,
    )


def since_yesterday_at(club: ClubRow, now: datetime) -> datetime:
    """When yesterday began at a club."""
    yesterday = club.today(now) - A_DAY
    return day_bounds(yesterday, club.timezone, club.day_cutoff_minutes)[0]


@blueprint.get("/home/names/<group>")
@requires(Permission.SEE_HOME)
def owner_names(group: str) -> str:
    """A list of names, who brings most first, and the form that assigns calls to them."""
    club = current_club(Permission.SEE_HOME)
    asked = asked_for(group, club, clock.now())
    may_assign = principal().may(Permission.ASSIGN_TASKS, club.id)
    form = None
    if may_assign:
        with reading() as session:
            people = doers_at(session, club)
            usual = _usual_callers(session, club)
        form = CallsForm(formdata=None, club=club, people=people, today=asked.today)
        form.doers.data = usual
        form.title.data = str(CALL_TITLES[asked.group])
    return names_page(asked, club, form)


def _usual_callers(session: Session, club: ClubRow) -> list[int]:
    """Whose work calls are: the desk and sales."""
    return [
        row.id
        for row in staff(session, {club.id})
        if row.is_active and any(role in CALLERS and at == club.id for role, at in row.roles)
    ]


def names_page(
    asked: Asked, club: ClubRow, form: CallsForm | None, refusal: str | None = None
) -> str:
    """The page of a list; with the form as it was filled in where it was refused."""
    offset = max(0, request.args.get("offset", 0, type=int))
    with reading() as session:
        count = count_names(session, asked)
        names = names_behind(session, asked, limit=NAMES, offset=offset)
        free = count_to_call(session, asked, most=MOST_CALLS) if form else 0
    return render_template(
        "frontdesk/owner/names.html",
        section="home",
        asked=asked,
        names=names,
        count=count,
        free=min(free, MOST_CALLS),
        is_too_many=free > MOST_CALLS,
        most=MOST_CALLS,
        next_offset=offset + NAMES if offset + NAMES < count else None,
        is_first_page=not offset,
        title=TITLES[asked.group],
        note=_note(asked, count),
        day_words=DAY_WORDS.get(asked.group, _l("Last visit")),
        is_last_visit=asked.group not in DAY_WORDS,
        form=form,
        refusal=refusal,
        money=lambda minor: Money(minor, club.currency),
        why_at_risk=why_at_risk,
    )


def _note(asked: Asked, count: int) -> str:
    """How many it are, and of which part."""
    if asked.group is not Group.DUE:
        return ngettext("%(count)s person", "%(count)s people", count, count=format_number(count))
    terms = ngettext(
        "%(count)s term that ends", "%(count)s terms that end", count, count=format_number(count)
    )
    days = ngettext(
        "within %(count)s day", "within %(count)s days", asked.days, count=format_number(asked.days)
    )
    if asked.part is None:
        return _("%(terms)s %(days)s", terms=terms, days=days)
    return _("%(terms)s %(days)s: %(part)s", terms=terms, days=days, part=PART_WORDS[asked.part])
