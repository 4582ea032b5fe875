"""What a door must know to decide, in five reads.

One more for a record with a device's own key, and one for what the desk was asked to say on arrival.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Date,
    Table,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.billing.queries import owed_by
from clubcrm.core.days import club_day
from clubcrm.core.prepared import Prepared
from clubcrm.members.errors import UnknownPerson
from clubcrm.members.models import Closure, Freeze, Membership, Person, PersonClub, Plan
from clubcrm.members.queries.brief import FROZEN_NOW
from clubcrm.messaging.queries import arrival_task
from clubcrm.visits.errors import UnknownCard
from clubcrm.visits.models import AccessPoint, Credential, OpeningBalance, PromptAnswer, Visit
from clubcrm.visits.policies import (
    ArrivalFacts,
    DebtFacts,
    EntryFacts,
    EntryRules,
    Reason,
    TermFacts,
    VisitFacts,
    entry_rules,
)
from clubcrm.visits.states import Decision, Effect, Fact, PointKind
from clubcrm.visits.words import Reader

_club = cast(Table, Club.__table__)
_point = cast(Table, AccessPoint.__table__)
_person = cast(Table, Person.__table__)
_seen = cast(Table, PersonClub.__table__)
_card = cast(Table, Credential.__table__)
_put_off = cast(Table, PromptAnswer.__table__)
_balance = cast(Table, OpeningBalance.__table__)
_term = cast(Table, Membership.__table__)
_plan = cast(Table, Plan.__table__)
_freeze = cast(Table, Freeze.__table__)
_closure = cast(Table, Closure.__table__)
_visit = cast(Table, Visit.__table__)

VISITS_READ = 4
"""How many of the latest visits are read; one is enough to know who is inside at one club."""


@dataclass(frozen=True)
class EntryPoint:
    """Where somebody asks to come in; without an id an entrance nobody named."""

    id: int | None
    kind: PointKind


@dataclass(frozen=True)
class EntryPerson:
    """Who asks to come in."""

    id: int
    number: str
    external_id: str | None
    full_name: str
    is_seen_here: bool


@dataclass(frozen=True)
class RecordedVisit:
    """A visit that a device's record made earlier."""

    id: int
    person_id: int
    checked_in_at: datetime
    decision: Decision
    membership_id: int | None


@dataclass(frozen=True)
class TermFigures:
    """What a door says about the term it looked at. `days_left` is below zero once it is over."""

    id: int
    club_id: int
    plan: str
    days_left: int | None
    visits_left: int | None
    visits_total: int | None
    ends_on: date | None


@dataclass(frozen=True)
class Entry:
    """Somebody at a door, with all that the door must know."""

    club_id: int
    person: EntryPerson
    facts: EntryFacts
    rules: EntryRules
    point: EntryPoint
    on: date
    is_in_toman: bool = False
    replayed: RecordedVisit | None = None

    def reader(self) -> Reader:
        """For whom words about this entry are made."""
        facts = self.facts
        return Reader(facts.timezone, facts.calendar, self.on, self.is_in_toman)


def read_entry(
    session: Session,
    *,
    club_id: int,
    at: datetime,
    code: str | None = None,
    person_id: int | None = None,
    access_point: str | None = None,
    device_key: str | None = None,
    scope: Collection[int] | None = (),
    for_update: bool = False,
) -> Entry:
    """Read who is there and everything the decision rests on, at an instant.

    `code` is folded. `for_update` locks the person's row first, so that two doors ask one after the
    other. Somebody named by id must be seen at this club or one in `scope` (None = the caller looked
    already); a card shows itself.
    Raises UnknownCard, UnknownPerson.
    """
    (club,) = _CLUB_AND_POINT.all(session, {"club": club_id, "point": access_point or ""})
    on = club_day(at, club.timezone, club.day_cutoff_minutes)
    rows = _read_who(session, club_id, on, code, person_id, scope, for_update=for_update)
    if not rows:
        raise UnknownCard if code is not None else UnknownPerson
    person = rows[0]
    rules = entry_rules(club.settings or {})
    since = {"person": person.id, "until": at + rules.re_entry}
    latest = _LATEST_VISITS.all(session, since)
    terms = read_terms(session, person.id, on)
    debt = owed_by(session, [person.id]).get(person.id)
    kind = club.point_kind or PointKind.DESK
    waits = arrival_task(session, person.id, club_id, on) if kind is PointKind.DESK else None
    facts = EntryFacts(
        club_id=club_id,
        timezone=club.timezone,
        cutoff_minutes=club.day_cutoff_minutes,
        calendar=club.calendar,
        is_closed=bool(person.is_closed),
        is_barred=person.no_contact,
        birth_date=person.birth_date,
        has_come_before=bool(latest) or person.came_before or person.visits_known_from is not None,
        terms=terms,
        debt=DebtFacts(debt.minor, debt.currency, debt.oldest_due_on) if debt else None,
        visits=[
            VisitFacts(row.id, row.club_id, row.checked_in_at, row.checked_out_at) for row in latest
        ],
        not_asked_until={row.prompt: row.ask_again_on for row in rows if row.prompt},
        arrival=ArrivalFacts(waits.id, waits.title, waits.script) if waits else None,
    )
    return Entry(
        club_id=club_id,
        person=EntryPerson(
            person.id, person.number, person.external_id, person.full_name, person.is_seen_here
        ),
        facts=facts,
        rules=rules,
        point=EntryPoint(club.point_id, kind),
        on=on,
        is_in_toman=bool((club.settings or {}).get("shows_toman")),
        replayed=_recorded(session, club_id, device_key) if device_key else None,
    )


def read_terms(session: Session, person_id: int, on: date) -> tuple[TermFacts, ...]:
    """The terms of one person that open a door, with the freeze that covers a day."""
    return tuple(read_terms_of(session, [person_id], on).get(person_id, ()))


def read_terms_of(
    session: Session, person_ids: Collection[int], on: date
) -> dict[int, list[TermFacts]]:
    """The same for many people in one read."""
    return terms_by_person(_TERMS.all(session, {"people": person_ids, "day": on}))


def term_figures(term: TermFacts | None, on: date) -> TermFigures | None:
    """A term as screens and the API show it, on a day."""
    if term is None:
        return None
    return TermFigures(
        id=term.id,
        club_id=term.club_id,
        plan=term.plan,
        days_left=term.days_left(on),
        visits_left=term.visits_left,
        visits_total=term.visits_total,
        ends_on=None if term.until_on is None else term.until_on - timedelta(days=1),
    )


def reasons_of(kept: Sequence[Any]) -> tuple[Reason, ...]:
    """Read reasons back from a kept answer."""
    return tuple(Reason(Fact(code), Effect(effect), figures) for code, effect, figures in kept)


def terms_by_person(rows: Iterable[Any]) -> dict[int, list[TermFacts]]:
    """Fold rows of terms and freezes into terms, by person."""
    found: dict[int, dict[int, TermFacts]] = {}
    for row in rows:
        frozen = ((row.freeze_id, row.freeze_from, row.freeze_until),) if row.freeze_id else ()
        found.setdefault(row.person_id, {}).setdefault(
            row.id,
            TermFacts(
                id=row.id,
                club_id=row.club_id,
                starts_on=row.starts_on,
                until_on=row.until_on,
                plan=row.plan,
                plan_id=row.plan_id,
                club=row.club,
                visits_left=row.visits_left,
                visits_total=row.visits_total,
                hours=row.hours,
                auto_renew=row.auto_renew,
                debt_grace_days=row.debt_grace_days,
                frozen=frozen,
            ),
        )
    return {person: list(terms.values()) for person, terms in found.items()}


# What is asked at every check-in is put together once, of plain tables.
_CLUB = bindparam("club", type_=BigInteger)
_DAY = bindparam("day", type_=Date)

_CLUB_AND_POINT = Prepared(
    select(
        _club.c.timezone,
        _club.c.day_cutoff_minutes,
        _club.c.calendar,
        _club.c.settings,
        _point.c.id.label("point_id"),
        _point.c.kind.label("point_kind"),
    )
    .outerjoin_from(
        _club, _point, and_(_point.c.club_id == _club.c.id, _point.c.code == bindparam("point"))
    )
    .where(_club.c.id == _CLUB)
)
"""The club with the entrance asked at; none where none is named or known."""


def _read_who(
    session: Session,
    club_id: int,
    on: date,
    code: str | None,
    person_id: int | None,
    scope: Collection[int] | None,
    *,
    for_update: bool,
) -> list[Any]:
    asked: dict[str, Any] = {"club": club_id, "day": on}
    if code is not None:
        asked["code"] = code
    else:
        asked["person"] = person_id
        if scope is not None:
            asked["clubs"] = [club_id, *scope]
    found = _who(by_card=code is not None, is_scoped="clubs" in asked, for_update=for_update)
    return found.all(session, asked)


@cache
def _who(*, by_card: bool, is_scoped: bool, for_update: bool) -> Prepared:
    """The person behind a card or an id, one row a question that was put off.

    Somebody merged into another person is found as the one who stays. Asked with `club`, `day`, `code`
    or `person`, and the `clubs` one of which must have seen a person named by id.
    """
    given = _person.alias("given")
    query = (
        select(
            _person.c.id,
            _person.c.number,
            _person.c.external_id,
            _person.c.full_name,
            _person.c.birth_date,
            _person.c.no_contact,
            _person.c.visits_known_from,
            _is_seen(_seen.c.club_id == _CLUB).label("is_seen_here"),
            _is_closed().label("is_closed"),
            _came_before().label("came_before"),
            _put_off.c.prompt,
            _put_off.c.ask_again_on,
        )
        .select_from(given)
        .join(_person, _person.c.id == func.coalesce(given.c.merged_into_id, given.c.id))
        .outerjoin(_put_off, _put_off.c.person_id == _person.c.id)
    )
    if for_update:
        # Without the key: rows that only refer to the person need not wait.
        query = query.with_for_update(of=_person, key_share=True)
    if by_card:
        carried = query.join(_card, _card.c.person_id == given.c.id)
        return Prepared(
            carried.where(_card.c.code == bindparam("code"), _card.c.ended_at.is_(None))
        )
    query = query.where(given.c.id == bindparam("person"))
    clubs: BindParameter[int] = bindparam("clubs", expanding=True)
    return Prepared(query.where(_is_seen(_seen.c.club_id.in_(clubs))) if is_scoped else query)


def _is_seen(where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_seen.c.person_id == _person.c.id, where)


def _is_closed() -> ColumnElement[bool]:
    return exists().where(
        _closure.c.club_id == _CLUB,
        _closure.c.share_percent == 0,
        _closure.c.from_on <= _DAY,
        _closure.c.until_on > _DAY,
    )


def _came_before() -> ColumnElement[bool]:
    """Whether an opening balance tells of visits before this system."""
    return exists().where(
        _balance.c.person_id == _person.c.id,
        or_(_balance.c.last_visit_on.is_not(None), _balance.c.visits_total > 0),
    )


_TERMS = Prepared(
    select(
        _term.c.person_id,
        _term.c.id,
        _term.c.club_id,
        _term.c.starts_on,
        _term.c.until_on,
        _term.c.visits_left,
        _term.c.visits_total,
        _term.c.auto_renew,
        _plan.c.name.label("plan"),
        _plan.c.id.label("plan_id"),
        _plan.c.hours,
        _plan.c.debt_grace_days,
        _club.c.name.label("club"),
        _freeze.c.id.label("freeze_id"),
        _freeze.c.from_on.label("freeze_from"),
        _freeze.c.until_on.label("freeze_until"),
    )
    .join_from(_term, _plan, _plan.c.id == _term.c.plan_id)
    .join(_club, _club.c.id == _term.c.club_id)
    .outerjoin(_freeze, FROZEN_NOW)
    .where(
        _term.c.person_id.in_(bindparam("people", expanding=True)),
        _term.c.is_access,
        _term.c.voided_at.is_(None),
    )
)

_LATEST_VISITS = Prepared(
    select(_visit.c.id, _visit.c.club_id, _visit.c.checked_in_at, _visit.c.checked_out_at)
    .where(
        _visit.c.person_id == bindparam("person"),
        _visit.c.undone_at.is_(None),
        _visit.c.checked_in_at <= bindparam("until", type_=_visit.c.checked_in_at.type),
    )
    .order_by(_visit.c.checked_in_at.desc(), _visit.c.id.desc())
    .limit(VISITS_READ)
)


def _recorded(session: Session, club_id: int, device_key: str) -> RecordedVisit | None:
    """The visit a device's record made, undone or not: the record is never used twice."""
    row = session.execute(
        select(
            Visit.id, Visit.person_id, Visit.checked_in_at, Visit.decision, Visit.membership_id
        ).where(Visit.club_id == club_id, Visit.device_key == device_key)
    ).one_or_none()
    return RecordedVisit(*row) if row else None
