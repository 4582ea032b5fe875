"""What must always hold about sessions and the packages they are taken from."""

from typing import Any, cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, and_, func, or_, select

from clubcrm.core.invariants import Examined, Invariant, rows_of
from clubcrm.members.models import Membership
from clubcrm.members.states import PlanKind
from clubcrm.schedule.models import Appointment
from clubcrm.schedule.states import FREES_THE_TIME, SessionState

_appointment = cast(Table, Appointment.__table__)
_term = cast(Table, Membership.__table__)


def _wrong_takes(examined: Examined) -> Any:
    """Packages sold here with sessions counted down otherwise than sessions took them."""
    taken = (
        select(_appointment.c.membership_id, func.count().label("taken"))
        .where(_appointment.c.took)
        .group_by(_appointment.c.membership_id)
        .subquery()
    )
    count = func.coalesce(taken.c.taken, 0)
    return (
        select(
            _term.c.id,
            _term.c.visits_total.label("total"),
            _term.c.visits_left.label("left"),
            count.label("taken"),
        )
        .outerjoin(taken, taken.c.membership_id == _term.c.id)
        .where(
            _term.c.club_id.in_(examined.clubs),
            _term.c.sold_here,
            _term.c.kind == PlanKind.PACK,
            _term.c.is_access.is_(False),
            _term.c.visits_total.is_not(None),
            _term.c.visits_left.is_not(None),
            or_(_term.c.visits_left < 0, _term.c.visits_total - _term.c.visits_left != count),
        )
        .order_by(_term.c.id)
    )


def _not_packages(examined: Examined) -> Any:
    """Sessions that took one from a term that is no package of sessions."""
    return (
        select(_appointment.c.id, _appointment.c.membership_id.label("membership"))
        .join(_term, _term.c.id == _appointment.c.membership_id)
        .where(
            _appointment.c.club_id.in_(examined.clubs),
            _appointment.c.took,
            or_(_term.c.kind != PlanKind.PACK, _term.c.is_access),
        )
        .order_by(_appointment.c.id)
    )


def _overlaps(examined: Examined) -> Any:
    """Sessions of a trainer that take the time of another one."""
    other = _appointment.alias("other")
    return (
        select(_appointment.c.id, other.c.id.label("other"))
        .join(
            other,
            and_(
                other.c.trainer_id == _appointment.c.trainer_id,
                other.c.id > _appointment.c.id,
                other.c.starts_at < _appointment.c.ends_at,
                other.c.ends_at > _appointment.c.starts_at,
            ),
        )
        .where(
            _appointment.c.club_id.in_(examined.clubs),
            _appointment.c.state.not_in(FREES_THE_TIME),
            other.c.state.not_in(FREES_THE_TIME),
        )
        .order_by(_appointment.c.id)
    )


def _untold(examined: Examined) -> Any:
    """Sessions whose state and whose moment of the outcome do not agree."""
    is_planned = _appointment.c.state == SessionState.PLANNED
    return (
        select(_appointment.c.id, _appointment.c.state)
        .where(
            _appointment.c.club_id.in_(examined.clubs),
            or_(
                and_(is_planned, _appointment.c.outcome_at.is_not(None)),
                and_(~is_planned, _appointment.c.outcome_at.is_(None)),
            ),
        )
        .order_by(_appointment.c.id)
    )


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "schedule.taken",
        _l("The sessions left of a package are those sold, less those that sessions took."),
        rows_of("membership", _wrong_takes),
    ),
    Invariant(
        "schedule.packages",
        _l("Sessions are taken from packages of sessions, and from nothing else."),
        rows_of("session", _not_packages),
    ),
    Invariant(
        "schedule.one_at_a_time",
        _l("No trainer is at two sessions at once."),
        rows_of("session", _overlaps),
    ),
    Invariant(
        "schedule.outcomes",
        _l("A session has an outcome exactly where somebody told one."),
        rows_of("session", _untold),
    ),
)
"""The invariants of sessions."""
