"""What a club sells."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.core.actor import Actor
from clubcrm.core.errors import Words
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text, fold
from clubcrm.core.money import Money
from clubcrm.core.transactions import on_violation
from clubcrm.members.errors import BadPlan, PlanNameTaken, UnknownPlan
from clubcrm.members.events import PlanAdded, PlanChanged
from clubcrm.members.models import Plan
from clubcrm.members.states import PlanKind

on_violation("uq_plan_club_id_folded_name", PlanNameTaken)

CALENDARS = ("gregorian", "jalali")
LONGEST_MONTHS = 120
LONGEST_DAYS = 3660


@dataclass(frozen=True, kw_only=True)
class PlanValues:
    """A plan as it is made: `months` (in `calendar`, None = the club's) or `days`, never both.

    `price` None = not known (imported). A plan with `is_imported` may lack length and visits: they
    are unknown, and each term brings its own.
    """

    name: str
    kind: PlanKind
    months: int | None = None
    days: int | None = None
    visits: int | None = None
    calendar: str | None = None
    is_access: bool = True
    is_trial: bool = False
    auto_renew: bool = False
    hours: str | None = None
    debt_grace_days: int = 7
    price: Money | None = None
    is_imported: bool = False
    is_on_sale: bool = True


CHANGEABLE = frozenset(field.name for field in fields(PlanValues)) - {"is_imported"}


def add_plan(
    session: Session, values: PlanValues, *, club_id: int, by: Actor, now: datetime
) -> int:
    """Offer a new plan at a club; returns its id. Raises BadPlan, PlanNameTaken."""
    club = get_club(session, club_id)
    plan = Plan(club_id=club_id, created_at=now, is_imported=values.is_imported)
    _apply(plan, {field.name: getattr(values, field.name) for field in fields(values)}, club)
    session.add(plan)
    session.flush()
    record(session, PlanAdded(club_id=club_id, plan_id=plan.id), by=by, now=now)
    return plan.id


def change_plan(
    session: Session, plan_id: int, changes: Mapping[str, Any], *, by: Actor, now: datetime
) -> None:
    """Change a plan for what is sold from now on; terms sold already keep what was copied.

    Names of fields are those of PlanValues. Raises BadPlan, PlanNameTaken, UnknownPlan.
    """
    unknown = changes.keys() - CHANGEABLE
    if unknown:
        raise TypeError(f"a plan has no field called {sorted(unknown)} that may be changed")
    plan = session.get(Plan, plan_id, with_for_update=True)
    if plan is None:
        raise UnknownPlan
    _apply(plan, changes, get_club(session, plan.club_id))
    event = PlanChanged(club_id=plan.club_id, plan_id=plan.id, fields=sorted(changes))
    record(session, event, by=by, now=now)


def _apply(plan: Plan, told: Mapping[str, Any], club: ClubRow) -> None:
    for name, value in told.items():
        if name == "price":
            plan.price_minor = None if value is None else value.minor
            plan.currency = club.currency if value is None else value.currency
        elif name == "name":
            plan.name = clean_text(value, 120)
            plan.folded_name = fold(plan.name)[:120]
        elif name == "calendar":
            plan.calendar = value or club.calendar
        elif name == "hours":
            plan.hours = clean_text(value or "", 120) or None
        else:
            setattr(plan, name, value)
    wrong = _faults(plan)
    if wrong:
        raise BadPlan(fields=wrong)


def _faults(plan: Plan) -> dict[str, Words]:
    """What does not fit, field by field."""
    wrong: dict[str, Words] = {}
    if not plan.folded_name:
        wrong["name"] = _l("Give the plan a name.")
    if plan.calendar not in CALENDARS:
        wrong["calendar"] = _l("Choose the Gregorian or the Jalali calendar.")
    if plan.months is not None and plan.days is not None:
        wrong["days"] = _l("Give the length in months or in days, not in both.")
    if plan.months is not None and not 1 <= plan.months <= LONGEST_MONTHS:
        wrong["months"] = _l("A plan lasts from 1 to 120 months.")
    if plan.days is not None and not 1 <= plan.days <= LONGEST_DAYS:
        wrong["days"] = _l("A plan lasts from 1 to 3,660 days.")
    has_length = plan.months is not None or plan.days is not None
    if plan.kind == PlanKind.TERM and not has_length and not plan.is_imported:
        wrong.setdefault("months", _l("Say how long the plan lasts."))
    if plan.kind == PlanKind.ROLLING and plan.days is not None:
        wrong["days"] = _l("A month-to-month plan has no length in days.")
    if plan.visits is not None and plan.visits < 1:
        wrong["visits"] = _l("A plan holds at least one visit.")
    if plan.kind == PlanKind.PACK and plan.visits is None and not plan.is_imported:
        wrong["visits"] = _l("Say how many visits the plan holds.")
    if plan.price_minor is not None and plan.price_minor < 0:
        wrong["price"] = _l("A price is not below zero.")
    if plan.debt_grace_days < 0:
        wrong["debt_grace_days"] = _l("The days of grace are not below zero.")
    return wrong
