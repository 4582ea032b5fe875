"""The renewal report: of the terms that ended, how many were followed, and by whom.

`due = early + window + late + not_renewed + pending`. The rate and its limits are over final ends only
(grace is past); they are None where no end is final.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, case, cast, func, literal, select
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
) -> list[RenewalRow]:
    """The report over terms whose last valid day lies in start..end, both inclusive.

    `scope` are the clubs that may be seen. Rows come in the order of their keys; a month without ends has
    no row. One statement.
    """
    key, label = _grouping(by)
    columns = [key.label("key"), label.label("label"), Club.calendar, *_figures(grace, today)]
    query = _due(scope, start, end).with_only_columns(*columns)
    grouped = query.group_by(key, label, Club.calendar)
    rows: dict[str, RenewalRow] = {}
    for line in session.execute(grouped):
        name, words = _key(line, by)
        row = rows.setdefault(name, RenewalRow(name, label=words))
        for figure in FIGURES:
            setattr(row, figure, getattr(row, figure) + int(getattr(line, figure)))
    return [rows[name] for name in sorted(rows)]


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
    limit: int = 500,
) -> list[RenewalName]:
    """The names behind a number of the report: same terms, same buckets, by end and name."""
    shown = _bucket(grace, today)
    query = (
        _due(scope, start, end)
        .join(Person, Person.id == Row.person_id)
        .with_only_columns(
            Row.membership_id,
            Row.person_id,
            Person.number,
            Person.full_name,
            Person.phone,
            Plan.name.label("plan"),
            Row.ends_on,
            shown.label("bucket"),
            Row.successor_sold_on,
        )
        .where(shown.in_([str(bucket) for bucket in buckets]))
        .order_by(Row.ends_on, Person.sort_name, Row.membership_id)
    )
    if by is not None and by is not By.MONTH and key is not None:
        query = query.where(_grouping(by)[0] == key)
    names = (
        RenewalName(**{**row._asdict(), "bucket": Bucket(row.bucket)})
        for row in session.execute(query.limit(limit))
    )
    return list(names)


def _due(scope: Collection[int], start: date, end: date) -> Select[Any]:
    return (
        select(Row.membership_id)
        .join(Club, Club.id == Row.club_id)
        .join(Plan, Plan.id == Row.plan_id)
        .where(
            Row.club_id.in_(scope),
            Row.ends_on >= start,
            Row.ends_on <= end,
            Row.excluded.is_(None),
        )
    )


def _grouping(by: By) -> tuple[Any, Any]:
    """The column a line stands for, and the one it is called by."""
    return {
        By.MONTH: (Row.ends_on, Row.ends_on),
        By.PLAN: (Plan.name, Plan.name),
        By.CLUB: (Club.code, Club.name),
        By.TRAINER: (Row.trainer, Row.trainer),
        By.STAFF: (Row.seller, Row.seller),
    }[by]


def _key(line: Any, by: By) -> tuple[str, str]:
    """Fold days into the club's months; everything else is its own key."""
    if by is By.MONTH:
        month = month_key(line.key, line.calendar)
        return month, month
    return line.key, line.label


def _is_followed(grace: int) -> ColumnElement[bool]:
    return and_(Row.sold_after <= grace, Row.starts_after <= max(grace, 1))


def _is_final(grace: int, today: date) -> ColumnElement[bool]:
    return Row.ends_on < today - timedelta(days=grace)


def _bucket(grace: int, today: date) -> ColumnElement[str]:
    """`policies.bucket` as SQL."""
    followed = _is_followed(grace)
    return case(
        (and_(followed, Row.sold_after < -Row.window_days), str(Bucket.EARLY)),
        (and_(followed, Row.sold_after <= 0), str(Bucket.WINDOW)),
        (followed, str(Bucket.LATE)),
        (_is_final(grace, today), str(Bucket.NOT_RENEWED)),
        else_=str(Bucket.PENDING),
    )


def _figures(grace: int, today: date) -> list[ColumnElement[int]]:
    shown, followed = _bucket(grace, today), _is_followed(grace)
    final = _is_final(grace, today)
    priced = and_(final, Row.monthly_minor.is_not(None))
    conditions: dict[str, ColumnElement[bool]] = {
        **{bucket.value: shown == str(bucket) for bucket in Bucket},
        "final_due": final,
        "final_renewed": and_(final, followed),
        **{kind.value: and_(followed, Row.direction == kind) for kind in Direction},
        "auto": Row.is_auto.is_(True),
        "auto_renewed": and_(Row.is_auto.is_(True), followed),
    }
    counts = [func.sum(case((rule, 1), else_=0)).label(name) for name, rule in conditions.items()]
    value_due = func.sum(case((priced, Row.monthly_minor), else_=0))
    gained = case((and_(priced, followed), func.coalesce(Row.successor_monthly_minor, 0)), else_=0)
    return [
        cast(func.count(literal(1)), Integer).label("due"),
        *counts,
        value_due.label("value_due"),
        func.sum(gained).label("value_renewed"),
    ]
