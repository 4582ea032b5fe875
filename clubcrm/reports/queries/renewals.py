"""The renewal report: of the terms that ended, how many were followed, and by whom.

`due = early + window + late + not_renewed + pending`. The rate and its limits are over final ends only
(grace is past); they are None where no end is final.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, and_, case, func, literal, select, tuple_
from sqlalchemy.orm import Session

from clubcrm.accounts.models import Club
from clubcrm.core.calendars import month_key
from clubcrm.members.models import Person, Plan
from clubcrm.reports.models import RenewalOutcome as Row
from clubcrm.reports.policies import wilson
from clubcrm.reports.states import Bucket, By, Direction, Excluded

GRACE_DAYS = 30

FIGURES = ("due", "early", "window", "late", "not_renewed", "pending", "final_due", "final_renewed",
           "same", "upgrade", "downgrade", "auto", "auto_renewed", "value_due", "value_renewed")  # fmt: skip


_outcome = cast(Table, Row.__table__)


@dataclass
class RenewalRow:
    """One line of the report. Counts of terms; `value_*` are minor units a month over final ends."""

    key: str
    due: int = 0
    early: int = 0
    window: int = 0
    late: int = 0
    not_renewed: int = 0
    pending: int = 0
    final_due: int = 0
    final_renewed: int = 0
    same: int = 0
    upgrade: int = 0
    downgrade: int = 0
    auto: int = 0
    auto_renewed: int = 0
    value_due: int = 0
    value_renewed: int = 0
    label: str = field(default="")

    @property
    def renewed(self) -> int:
        """Terms that were followed: early, in the window, or late."""
        return self.early + self.window + self.late

    @property
    def rate(self) -> float | None:
        """Share of the final ends that were followed."""
        return self.final_renewed / self.final_due if self.final_due else None

    @property
    def limits(self) -> tuple[float, float] | None:
        """95 % limits of the rate (Wilson)."""
        return wilson(self.final_renewed, self.final_due)

    @property
    def low(self) -> float | None:
        """Lower 95 % limit."""
        return self.limits[0] if self.limits else None

    @property
    def high(self) -> float | None:
        """Upper 95 % limit."""
        return self.limits[1] if self.limits else None

    def add(self, other: "RenewalRow") -> None:
        """Add another line's counts."""
        for name in FIGURES:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def renewals(
    session: Session,
    *,
    scope: Collection[int],
    start: date,
    end: date,
    today: date,
    grace: int = GRACE_DAYS,
    by: By = By.MONTH,
    is_brief: bool = False,
) -> list[RenewalRow]:
    """The report over terms whose last valid day lies in start..end, both inclusive.

    `scope` are the clubs that may be seen. Rows come in the order of their keys; a month without ends has
    no row. `is_brief`: it is enough to know how many were due and followed, not when and by what. Two
    statements.
    """
    key = _grouping(by)
    # On a day of an end all terms are final or none is; else those that are final stand apart.
    final = literal(True) if by is By.MONTH else _is_final(grace, today)
    keys = (Row.club_id, key) if by is By.MONTH else (Row.club_id, key, final)
    counted = (
        _due(scope, start, end)
        .with_only_columns(
            Row.club_id,
            key.label("key"),
            final.label("final"),
            *(_brief(grace) if is_brief else _figures(grace)),
        )
        .group_by(*keys)
    )
    words = _words(session, scope, by)
    rows: dict[str, RenewalRow] = {}
    for line in session.execute(counted):
        name, label = words(line)
        is_final = bool(line.final)
        if by is By.MONTH:
            is_final = line.key < today - timedelta(days=grace)
        rows.setdefault(name, RenewalRow(name, label=label)).add(_row(name, line, is_final))
    return [rows[name] for name in sorted(rows)]


def _row(key: str, line: Any, is_final: bool) -> RenewalRow:
    """A line of what was counted; what follows from other counts is reckoned here."""
    due, renewed, left = line.due, line.renewed, line.due - line.renewed
    return RenewalRow(
        key,
        due=due,
        early=line.early,
        window=line.by_the_end - line.early,
        late=renewed - line.by_the_end,
        not_renewed=left if is_final else 0,
        pending=0 if is_final else left,
        final_due=due if is_final else 0,
        final_renewed=renewed if is_final else 0,
        same=line.same,
        upgrade=line.upgrade,
        downgrade=line.downgrade,
        auto=line.auto,
        auto_renewed=line.auto_renewed,
        value_due=int(line.value_due or 0) if is_final else 0,
        value_renewed=int(line.value_renewed or 0) if is_final else 0,
    )


def total_of(rows: Iterable[RenewalRow]) -> RenewalRow:
    """All lines together."""
    total = RenewalRow("total")
    for row in rows:
        total.add(row)
    return total


def excluded_ends(
    session: Session, *, scope: Collection[int], start: date, end: date
) -> dict[Excluded, int]:
    """How many ends in the span are not due, by why."""
    query = (
        select(Row.excluded, func.count())
        .where(Row.club_id.in_(scope), Row.ends_on.between(start, end), Row.excluded.is_not(None))
        .group_by(Row.excluded)
    )
    return {reason: count for reason, count in session.execute(query) if reason is not None}


@dataclass(frozen=True)
class RenewalName:
    """One term behind a number."""

    membership_id: int
    person_id: int
    number: str
    full_name: str
    phone: str | None
    plan: str
    ends_on: date
    bucket: Bucket
    successor_sold_on: date | None
    sort_name: str

    @property
    def place(self) -> tuple[date, str, int]:
        """Where the term stands in the order of the names."""
        return self.ends_on, self.sort_name, self.membership_id


def renewal_names(
    session: Session,
    *,
    scope: Collection[int],
    start: date,
    end: date,
    today: date,
    grace: int = GRACE_DAYS,
    buckets: Collection[Bucket] = tuple(Bucket),
    by: By | None = None,
    key: str | None = None,
    after: tuple[date, str, int] | None = None,
    limit: int = 500,
) -> list[RenewalName]:
    """The names behind a number of the report: same terms, same buckets, by end and name.

    They go on after the `place` of the last one of the page before.
    """
    query = (
        _behind(scope, start, end, today, grace, buckets, by, key)
        .join(Person, Person.id == Row.person_id)
        .join(Plan, Plan.id == Row.plan_id)
        .with_only_columns(
            Row.membership_id,
            Row.person_id,
            Person.number,
            Person.full_name,
            Person.phone,
            Plan.name.label("plan"),
            Row.ends_on,
            _bucket(grace, today).label("bucket"),
            Row.successor_sold_on,
            Person.sort_name,
        )
        .order_by(Row.ends_on, Person.sort_name, Row.membership_id)
    )
    if after is not None:
        query = query.where(tuple_(Row.ends_on, Person.sort_name, Row.membership_id) > after)
    names = (
        RenewalName(**{**row._asdict(), "bucket": Bucket(row.bucket)})
        for row in session.execute(query.limit(limit))
    )
    return list(names)


def count_renewal_names(
    session: Session,
    *,
    scope: Collection[int],
    start: date,
    end: date,
    today: date,
    grace: int = GRACE_DAYS,
    buckets: Collection[Bucket] = tuple(Bucket),
    by: By | None = None,
    key: str | None = None,
) -> int:
    """How many names there are behind a number of the report."""
    query = _behind(scope, start, end, today, grace, buckets, by, key)
    return session.scalar(query.with_only_columns(func.count())) or 0


def _behind(
    scope: Collection[int],
    start: date,
    end: date,
    today: date,
    grace: int,
    buckets: Collection[Bucket],
    by: By | None,
    key: str | None,
) -> Select[Any]:
    """The terms behind a number."""
    query = _due(scope, start, end)
    if set(buckets) != set(Bucket):
        query = query.where(_bucket(grace, today).in_([str(bucket) for bucket in buckets]))
    # What is open ended lately, and what is lost did not: the other ends need not be looked at.
    if set(buckets) == {Bucket.PENDING}:
        query = query.where(~_is_final(grace, today))
    if set(buckets) == {Bucket.NOT_RENEWED}:
        query = query.where(_is_final(grace, today))
    if by is None or by is By.MONTH or key is None:
        return query
    if by is By.PLAN:
        return query.where(Row.plan_id.in_(select(Plan.id).where(Plan.name == key)))
    if by is By.CLUB:
        return query.where(Row.club_id.in_(select(Club.id).where(Club.code == key)))
    return query.where(_grouping(by) == key)


def _due(scope: Collection[int], start: date, end: date) -> Select[Any]:
    return select(Row.membership_id).where(
        Row.club_id.in_(scope), Row.ends_on >= start, Row.ends_on <= end, Row.excluded.is_(None)
    )


def _grouping(by: By) -> ColumnElement[Any]:
    """The column by which terms are put together."""
    columns = _outcome.c
    return {
        By.MONTH: columns.ends_on,
        By.PLAN: columns.plan_id,
        By.CLUB: columns.club_id,
        By.TRAINER: columns.trainer,
        By.STAFF: columns.seller,
    }[by]


def _words(session: Session, scope: Collection[int], by: By) -> Callable[[Any], tuple[str, str]]:
    """The key of a line, and what it is called: plans and clubs by name, days by their month."""
    if by is By.PLAN:
        plans = dict(
            session.execute(select(Plan.id, Plan.name).where(Plan.club_id.in_(scope))).all()
        )
        return lambda line: (plans[line.key],) * 2
    if by in (By.TRAINER, By.STAFF):
        return lambda line: (line.key,) * 2
    found = session.execute(
        select(Club.id, Club.code, Club.name, Club.calendar).where(Club.id.in_(scope))
    )
    clubs = {club.id: club for club in found}
    if by is By.CLUB:
        return lambda line: (clubs[line.key].code, clubs[line.key].name)
    return lambda line: (month_key(line.key, clubs[line.club_id].calendar),) * 2


def is_followed(grace: int) -> ColumnElement[bool]:
    """Whether a later term was sold and begins in time; as `policies.bucket` says it."""
    return and_(Row.sold_after <= grace, Row.starts_after <= max(grace, 1))


def _is_final(grace: int, today: date) -> ColumnElement[bool]:
    return Row.ends_on < today - timedelta(days=grace)


def _bucket(grace: int, today: date) -> ColumnElement[str]:
    """`policies.bucket` as SQL."""
    followed = is_followed(grace)
    return case(
        (and_(followed, Row.sold_after < -Row.window_days), str(Bucket.EARLY)),
        (and_(followed, Row.sold_after <= 0), str(Bucket.WINDOW)),
        (followed, str(Bucket.LATE)),
        (_is_final(grace, today), str(Bucket.NOT_RENEWED)),
        else_=str(Bucket.PENDING),
    )


def _brief(grace: int) -> list[ColumnElement[Any]]:
    """How many were due and followed, in the columns of the whole report."""
    followed = func.sum(case((is_followed(grace), 1), else_=0))
    told = {"due": func.count(), "by_the_end": followed, "renewed": followed}
    names = ("early", *Direction, "auto", "auto_renewed", "value_due", "value_renewed")
    nothing = [literal(0).label(str(name)) for name in names]
    return [*(count.label(name) for name, count in told.items()), *nothing]


def _figures(grace: int) -> list[ColumnElement[Any]]:
    """What is counted of terms that are all final or all open; the rest follows from it."""
    followed = is_followed(grace)
    conditions: dict[str, ColumnElement[bool]] = {
        "early": and_(followed, Row.sold_after < -Row.window_days),
        "by_the_end": and_(followed, Row.sold_after <= 0),
        "renewed": followed,
        **{kind.value: and_(followed, Row.direction == kind) for kind in Direction},
        "auto": Row.is_auto.is_(True),
        "auto_renewed": and_(Row.is_auto.is_(True), followed),
    }
    counts = [func.sum(case((rule, 1), else_=0)).label(name) for name, rule in conditions.items()]
    gained = and_(followed, Row.monthly_minor.is_not(None))
    return [
        func.count().label("due"),
        *counts,
        func.sum(Row.monthly_minor).label("value_due"),
        func.sum(case((gained, Row.successor_monthly_minor))).label("value_renewed"),
    ]
