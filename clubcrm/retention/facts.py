"""Reading the facts of many people in a handful of statements, whatever their number.

No rule of the phase model is in here: what was sold, frozen, closed and visited is read as it stands
and handed to `retention.policies`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, cast

from sqlalchemy import BindParameter, String, Table, bindparam, func, select
from sqlalchemy import cast as to_type
from sqlalchemy.engine import RowMapping
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.days import day_no, day_of
from clubcrm.core.period import Period
from clubcrm.core.prepared import Prepared
from clubcrm.members.models import Closure, Freeze, Membership, Person, Season
from clubcrm.members.policies import length_of, share_of_days
from clubcrm.members.states import Link, PlanKind
from clubcrm.retention.models import Cohort
from clubcrm.retention.policies import FAR, LOOK_BACK, ClubDays, ClubFacts, Cohorts, Facts, Term
from clubcrm.retention.policies.books import Cut, Pause, known_ends, used_up
from clubcrm.visits.models import OpeningBalance, Visit, VisitDay

AHEAD = 8
"""Days after the last one asked about whose calendar matters: the next base day."""

RECENT = 21
"""People whose first day lies this little back are read together."""


def read_club_facts(session: Session, club_id: int, last: date) -> ClubFacts:
    """The calendar of a club up to a few days after `last`, and its stored cohorts."""
    asked = {"club": club_id}
    closures = _CLOSURES.all(session, asked)
    seasons = _SEASONS.all(session, asked)
    starts = [closure.from_on for closure in closures]
    starts += [season.valid_from_on for season in seasons]
    shares: dict[int, int] = {}
    if starts:
        until = day_of(day_no(last) + AHEAD)
        days = share_of_days(closures, seasons, min(starts), until)
        shares = {day_no(day): share for day, share in days.items()}
    rows = _COHORTS.all(session, asked)
    cohorts = {(day_no(row.month_on), row.plan_id): row.visits_per_week for row in rows}
    return ClubFacts(days=ClubDays(shares), cohorts=Cohorts(cohorts))


def read_facts(
    session: Session,
    club: ClubRow,
    firsts: Mapping[int, int],
    last: date,
    *,
    club_facts: ClubFacts | None = None,
    look_back: int = LOOK_BACK,
    with_next: bool = False,
) -> dict[int, Facts]:
    """The facts of people, by id.

    `firsts` says for each person the first day (as a number) that will be asked about; visits are read
    from `look_back` days before it and up to `last`, and `with_next` the first one after that.
    """
    if not firsts:
        return {}
    club_facts = club_facts or read_club_facts(session, club.id, last)
    ids = sorted(firsts)
    terms = _terms(session, club, ids)
    visits = _visits(session, firsts, day_no(last), look_back)
    following = _first_after(session, ids, day_no(last)) if with_next else {}
    facts: dict[int, Facts] = {}
    for person in _people(session, ids):
        seen, before = visits.get(person.id, ([], None))
        known_from = _number(person.visits_known_from) or 0
        if known_from and seen and seen[0] < known_from:
            before = max(day for day in seen if day < known_from)
            seen = [day for day in seen if day >= known_from]
        if person.id in following:
            seen = [*seen, following[person.id]]
        held = terms.get(person.id, ())
        last_told = _number(person.last_visit_on)
        facts[person.id] = Facts(
            person_id=person.id,
            club=club_facts,
            terms=tuple(used_up(row.term, last_told) for row in held),
            visits=seen,
            before=before,
            known_from=known_from,
            told_last=last_told,
            told_mean=person.visits_per_week,
            is_past_told=last_told is not None
            or (person.told is not None and person.visits_total == 0),
            joined=_joined(person.joined_on, held),
            is_gone=person.no_contact or person.merged_into_id is not None,
        )
    return facts


# Tables rather than mapped classes: no object is made of what is read here by the thousand.
_membership = cast(Table, Membership.__table__)
_freeze = cast(Table, Freeze.__table__)
_closure = cast(Table, Closure.__table__)
_season = cast(Table, Season.__table__)
_day = cast(Table, VisitDay.__table__)
_visit = cast(Table, Visit.__table__)
_person = cast(Table, Person.__table__)
_balance = cast(Table, OpeningBalance.__table__)
_cohort = cast(Table, Cohort.__table__)

_TERM = (
    _membership.c.id,
    _membership.c.club_id,
    _membership.c.person_id,
    _membership.c.plan_id,
    _membership.c.kind,
    _membership.c.months,
    _membership.c.days,
    _membership.c.starts_on,
    _membership.c.agreed_until_on,
    _membership.c.until_on,
    _membership.c.cut_until_on,
    _membership.c.closures_after_no,
    _membership.c.visits_left,
    _membership.c.auto_renew,
    _membership.c.price_minor,
    _membership.c.sold_at,
    _membership.c.sold_here,
    _membership.c.previous_id,
    _membership.c.link,
    _membership.c.renewals_before,
    _membership.c.cancel_requested_at,
    _membership.c.cancel_until_on,
)


# What the daily run asks every night of every part of a club is put together once.
_IDS: BindParameter[int] = bindparam("ids", expanding=True)
_AFTER: BindParameter[int] = bindparam("after")
_THROUGH: BindParameter[int] = bindparam("through")

_TERMS_OF = Prepared(
    select(*_TERM).where(
        _membership.c.person_id.in_(_IDS),
        _membership.c.is_access,
        _membership.c.is_trial.is_(False),
        _membership.c.voided_at.is_(None),
    )
)
_FREEZES_OF = Prepared(
    select(_freeze.c.membership_id, _freeze.c.from_on, _freeze.c.until_on, _freeze.c.created_at)
    .where(_freeze.c.person_id.in_(_IDS), _freeze.c.cancelled_at.is_(None))
    .order_by(_freeze.c.from_on)
)
_CLOSURES_AT = Prepared(
    select(
        _closure.c.club_id,
        _closure.c.no,
        _closure.c.from_on,
        _closure.c.until_on,
        _closure.c.created_at,
    ).where(_closure.c.club_id.in_(_IDS), _closure.c.extends_terms)
)
_TAKES_OF = Prepared(
    select(_visit.c.membership_id, _visit.c.on)
    .where(_visit.c.person_id.in_(_IDS), _visit.c.took_a_visit, _visit.c.undone_at.is_(None))
    .order_by(_visit.c.on)
)
_PEOPLE = Prepared(
    select(
        _person.c.id,
        _person.c.visits_known_from,
        _person.c.joined_on,
        _person.c.no_contact,
        _person.c.merged_into_id,
        _balance.c.person_id.label("told"),
        _balance.c.last_visit_on,
        _balance.c.visits_total,
        _balance.c.visits_per_week,
    )
    .outerjoin_from(_person, _balance, _balance.c.person_id == _person.c.id)
    .where(_person.c.id.in_(_IDS))
)
_DAYS_OF = Prepared(
    select(_day.c.person_id, func.aggregate_strings(to_type(_day.c.day_no, String), ","))
    .where(_day.c.person_id.in_(_IDS), _day.c.day_no > _AFTER, _day.c.day_no <= _THROUGH)
    .group_by(_day.c.person_id)
)
_LAST_BEFORE = Prepared(
    select(_day.c.person_id, func.max(_day.c.day_no))
    .where(_day.c.person_id.in_(_IDS), _day.c.day_no <= _THROUGH)
    .group_by(_day.c.person_id)
)
_FIRST_AFTER = Prepared(
    select(_day.c.person_id, func.min(_day.c.day_no))
    .where(_day.c.person_id.in_(_IDS), _day.c.day_no > _AFTER)
    .group_by(_day.c.person_id)
)
_CLUB: BindParameter[int] = bindparam("club")
_CLOSURES = Prepared(select(_closure).where(_closure.c.club_id == _CLUB))
_SEASONS = Prepared(select(_season).where(_season.c.club_id == _CLUB))
_COHORTS = Prepared(
    select(_cohort.c.month_on, _cohort.c.plan_id, _cohort.c.visits_per_week).where(
        _cohort.c.club_id == _CLUB
    )
)


class _Held(NamedTuple):
    """A term of somebody, and whether an import brought it."""

    term: Term
    is_imported: bool


def _number(day: date | None) -> int | None:
    return None if day is None else day.toordinal()


def _joined(joined_on: date | None, held: Sequence[_Held]) -> int | None:
    """Since when somebody has been a member, as a file says it; our own sales say it themselves."""
    first = min(held, key=lambda row: row.term.starts, default=None)
    return _number(joined_on) if first is not None and first.is_imported else None


def _people(session: Session, ids: Sequence[int]) -> Iterable[Any]:
    """People, and what was told of their visits before."""
    return _PEOPLE.all(session, {"ids": ids})


def _terms(session: Session, club: ClubRow, ids: Sequence[int]) -> dict[int, list[_Held]]:
    rows = [row._asdict() for row in _TERMS_OF.all(session, {"ids": ids})]
    known = {row["id"]: _on_the_books(row, club) for row in rows}
    upgraded = {
        row["previous_id"]: known[row["id"]]
        for row in rows
        if row["previous_id"] is not None and row["link"] is Link.UPGRADE
    }
    freezes = _freezes(session, club, ids)
    closures = _extending_closures(session, club, {row["club_id"] for row in rows})
    takes = _takes(session, [row for row in rows if row["kind"] is PlanKind.PACK])
    found: dict[int, list[_Held]] = {}
    for row in rows:
        pauses = freezes.get(row["id"], [])
        term = _term(
            row,
            known[row["id"]],
            upgraded.get(row["id"]),
            pauses,
            [p for no, p in closures.get(row["club_id"], ()) if no > row["closures_after_no"]],
            takes.get(row["id"], ()),
            club,
        )
        found.setdefault(row["person_id"], []).append(_Held(term, not row["sold_here"]))
    return found


def _on_the_books(row: RowMapping, club: ClubRow) -> int:
    """From which day a term counts: its sale; what an import brought, at the latest from its start."""
    sold = club.today(row["sold_at"]).toordinal()
    return sold if row["sold_here"] else min(sold, row["starts_on"].toordinal())


def _term(
    row: RowMapping,
    known: int,
    upgraded: int | None,
    freezes: Sequence[Pause],
    closures: Sequence[Pause],
    takes: Sequence[int],
    club: ClubRow,
) -> Term:
    starts_on: date = row["starts_on"]
    agreed: date | None = row["agreed_until_on"]
    cuts: list[Cut] = []
    notice = FAR
    if row["cancel_until_on"] is not None:
        requested = row["cancel_requested_at"]
        notice = known if requested is None else club.today(requested).toordinal()
        cuts.append(Cut(notice, row["cancel_until_on"].toordinal()))
    if row["cut_until_on"] is not None:
        cut = row["cut_until_on"].toordinal()
        cuts.append(Cut(cut if upgraded is None else min(upgraded, cut), cut))
    pauses = [*freezes, *(p for p in closures if _touches(p.period, starts_on, row["until_on"]))]
    return Term(
        id=row["id"],
        plan_id=row["plan_id"],
        kind=row["kind"],
        known=known,
        starts=starts_on.toordinal(),
        ends=known_ends(known, starts_on, agreed, row["until_on"], pauses, cuts),
        length=_length(row),
        auto_renew=row["auto_renew"],
        previous_id=row["previous_id"],
        is_upgrade=row["link"] is Link.UPGRADE,
        notice=notice,
        visits_left=row["visits_left"],
        takes=tuple(takes),
        renewals_before=row["renewals_before"],
        price=row["price_minor"],
        freezes=tuple(
            (p.period.start.toordinal(), p.period.until.toordinal())
            for p in freezes
            if p.period.until is not None
        ),
    )


def _length(row: RowMapping) -> int:
    if row["agreed_until_on"] is None:
        return FAR
    length = length_of(row["months"], row["days"], row["starts_on"], row["agreed_until_on"])
    return length or FAR


def _touches(pause: Period, starts_on: date, until_on: date | None) -> bool:
    return pause.overlaps(Period(starts_on, until_on))


def _freezes(session: Session, club: ClubRow, ids: Sequence[int]) -> dict[int, list[Pause]]:
    found: dict[int, list[Pause]] = {}
    rows = _FREEZES_OF.all(session, {"ids": ids})
    for membership_id, from_on, until_on, created_at in rows:
        known = min(from_on, club.today(created_at)).toordinal()
        found.setdefault(membership_id, []).append(Pause(known, Period(from_on, until_on)))
    return found


def _extending_closures(
    session: Session, club: ClubRow, club_ids: Iterable[int]
) -> dict[int, list[tuple[int, Pause]]]:
    found: dict[int, list[tuple[int, Pause]]] = {}
    rows = _CLOSURES_AT.all(session, {"ids": sorted(club_ids)})
    for club_id, no, from_on, until_on, created_at in rows:
        known = min(from_on, club.today(created_at)).toordinal()
        found.setdefault(club_id, []).append((no, Pause(known, Period(from_on, until_on))))
    return found


def _takes(session: Session, packs: Sequence[RowMapping]) -> dict[int, list[int]]:
    """The days on which visits were taken from packs, ascending."""
    if not packs:
        return {}
    ids = sorted({row["person_id"] for row in packs})
    found: dict[int, list[int]] = {}
    for membership_id, on in _TAKES_OF.all(session, {"ids": ids}):
        if membership_id is not None:
            found.setdefault(membership_id, []).append(on.toordinal())
    return found


def _visits(
    session: Session, firsts: Mapping[int, int], last: int, look_back: int
) -> dict[int, tuple[list[int], int | None]]:
    """(visit-days from `look_back` before the first day, the last one before those) by person."""
    groups: dict[int, list[int]] = {}
    for person_id, first in firsts.items():
        # People with a long past to go through again are read apart from those with none.
        back = max(0, last - first)
        size = RECENT if back <= RECENT else 1 << back.bit_length()
        groups.setdefault(size, []).append(person_id)
    found: dict[int, tuple[list[int], int | None]] = {}
    for ids in groups.values():
        after = min(firsts[person_id] for person_id in ids) - look_back
        days = _visit_days(session, ids, after, last)
        unsure = [p for p in ids if p not in days or days[p][0] > firsts[p]]
        before = _last_before(session, unsure, after)
        for person_id in ids:
            found[person_id] = (days.get(person_id, []), before.get(person_id))
    return found


def _visit_days(
    session: Session, ids: Sequence[int], after: int, last: int
) -> dict[int, list[int]]:
    """The visit-days after `after` and up to `last`, ascending: one row a person."""
    rows = _DAYS_OF.all(session, {"ids": ids, "after": after, "through": last})
    return {person_id: sorted(map(int, text.split(","))) for person_id, text in rows}


def _last_before(session: Session, ids: Sequence[int], day: int) -> dict[int, int]:
    """The last visit-day up to a day."""
    if not ids:
        return {}
    rows = _LAST_BEFORE.all(session, {"ids": ids, "through": day})
    return {row[0]: row[1] for row in rows}


def _first_after(session: Session, ids: Sequence[int], day: int) -> dict[int, int]:
    """The first visit-day after a day."""
    rows = _FIRST_AFTER.all(session, {"ids": ids, "after": day})
    return {row[0]: row[1] for row in rows}
