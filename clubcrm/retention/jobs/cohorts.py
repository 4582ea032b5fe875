"""The cohorts of each month, made by the first daily run that needs them."""

from collections.abc import Iterator
from datetime import date, timedelta

from sqlalchemy import BindParameter, bindparam, func, or_, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.calendars import iter_months
from clubcrm.core.days import day_no
from clubcrm.core.jobs import Clock
from clubcrm.core.sql import chunks
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.models import Membership
from clubcrm.retention.facts import read_club_facts, read_facts
from clubcrm.retention.models import Cohort, MemberState
from clubcrm.retention.operations.cohorts import Means, store_cohorts
from clubcrm.retention.policies import rules_of
from clubcrm.retention.policies.cohorts import Seen, days_before, means_of, seen_by
from clubcrm.retention.policies.facts import CLUB_AS_A_WHOLE

AT_ONCE = 5000
WEEK = timedelta(days=7)


def ensure_cohorts(club_id: int, day: date, *, clock: Clock) -> int:
    """Make sure that every month up to a day's has its cohorts; returns how many months were new.

    From the month in which the first base day of anybody may lie. What is stored is never changed, so
    that a rebuild reads the same as the runs did.
    """
    with reading() as session:
        missing = _missing_months(session, club_id, day)
        if not missing:
            return 0
        club = get_club(session, club_id)
    for month in missing:
        with reading() as session:
            means = _means(session, club, month)
        with transaction() as session:
            store_cohorts(session, club_id, month, means, now=clock())
    return len(missing)


# Every daily run of every club asks this.
_CLUB: BindParameter[int] = bindparam("club")
_AT_A_GLANCE = select(
    select(func.min(MemberState.baseline_on))
    .where(MemberState.club_id == _CLUB)
    .scalar_subquery()
    .label("first"),
    func.min(Cohort.month_on).label("begin"),
    func.max(Cohort.month_on).label("end"),
    func.count().label("months"),
).where(Cohort.club_id == _CLUB, Cohort.plan_id == CLUB_AS_A_WHOLE)


def _missing_months(session: Session, club_id: int, day: date) -> list[date]:
    stored = session.execute(_AT_A_GLANCE, {"club": club_id}).one()
    if stored.first is None or stored.first > day:
        return []
    months = [
        month.start
        for month in iter_months(stored.first - WEEK, day + timedelta(days=1), "gregorian")
    ]
    if stored.months and stored.begin <= months[0] and stored.end >= months[-1]:
        between = iter_months(stored.begin, stored.end + timedelta(days=1), "gregorian")
        if stored.months == sum(1 for _month in between):
            return []
    standing = set(
        session.scalars(
            select(Cohort.month_on).where(
                Cohort.club_id == club_id, Cohort.plan_id == CLUB_AS_A_WHOLE
            )
        )
    )
    return [month for month in months if month not in standing]


def _means(session: Session, club: ClubRow, month: date) -> Means:
    return means_of(_seen(session, club, month))


def _seen(session: Session, club: ClubRow, month: date) -> Iterator[Seen]:
    rules = rules_of(club.settings)
    number = day_no(month)
    club_facts = read_club_facts(session, club.id, month)
    look_back = number - days_before(club_facts.days, number)
    for ids in chunks(_running(session, club.id, month), AT_ONCE):
        firsts = dict.fromkeys(ids, number)
        facts = read_facts(session, club, firsts, month, club_facts=club_facts, look_back=look_back)
        for one in facts.values():
            seen = seen_by(one, number, rules)
            if seen is not None:
                yield seen


def _running(session: Session, club_id: int, month: date) -> list[int]:
    """People of the club with some term that may run on the month's first day."""
    query = (
        select(MemberState.person_id)
        .join(Membership, Membership.person_id == MemberState.person_id)
        .where(
            MemberState.club_id == club_id,
            Membership.starts_on <= month,
            or_(Membership.until_on.is_(None), Membership.until_on > month),
        )
        .distinct()
        .order_by(MemberState.person_id)
    )
    return list(session.scalars(query))
