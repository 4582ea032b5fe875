"""Days on which a club is closed, and seasons in which it is slow."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, delete, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.core.actor import Actor
from clubcrm.core.errors import Words
from clubcrm.core.events import record
from clubcrm.core.folding import clean_text
from clubcrm.core.period import Period
from clubcrm.core.transactions import on_violation
from clubcrm.members.errors import (
    BadClosure,
    BadSeason,
    ClosureStands,
    SeasonNameTaken,
    UnknownClosure,
    UnknownSeason,
)
from clubcrm.members.events import (
    ClosureDeclared,
    ClosureWithdrawn,
    SeasonDeclared,
    SeasonRemoved,
)
from clubcrm.members.models import Closure, Membership, Season
from clubcrm.members.operations.ends import move_ends, record_moves
from clubcrm.members.operations.locks import (
    hold_closures_alone,
    hold_people,
    people_of_terms,
    take_closure_no,
)
from clubcrm.members.policies.seasons import SEASON_CALENDARS

on_violation("uq_club_closure_club_id_from_on_until_on_share_percent", ClosureStands)
on_violation("uq_slow_season_club_id_name", SeasonNameTaken)

_term = cast(Table, Membership.__table__)


@dataclass(frozen=True, kw_only=True)
class SeasonValues:
    """A slow season; months and days are inclusive and counted in `calendar`.

    `calendar` is gregorian, jalali or hijri. `share_percent` is the share of normal visits expected.
    `valid_from_on` None = from today: a season rewrites no past. Quiet hours as "HH:MM".
    """

    name: str
    calendar: str
    start_month: int
    start_day: int
    end_month: int
    end_day: int
    share_percent: int
    quiet_from: str | None = None
    quiet_until: str | None = None
    valid_from_on: date | None = None


def declare_closure(
    session: Session,
    club_id: int,
    period: Period,
    *,
    share_percent: int = 0,
    extends_terms: bool,
    name: str = "",
    by: Actor,
    now: datetime,
) -> int:
    """Close a club on some days (share 0), or expect only a share of its visits; returns the id.

    With `extends_terms` every term that runs on those days ends so much later, and queued renewals
    move along. Raises BadClosure, ClosureStands.
    """
    if period.until is None or not 0 <= share_percent <= 100:
        raise BadClosure(_l("A closure has a last day, and a share from 0 to 100 percent."))
    if extends_terms and share_percent:
        raise BadClosure
    no = take_closure_no(session, club_id)
    closure = Closure(
        club_id=club_id,
        no=no,
        name=clean_text(name, 120),
        from_on=period.start,
        until_on=period.until,
        share_percent=share_percent,
        extends_terms=extends_terms,
        created_at=now,
    )
    session.add(closure)
    session.flush()
    if extends_terms:
        _move_terms(session, club_id, period.start, period.until, by=by, now=now)
    event = ClosureDeclared(
        club_id=club_id,
        closure_id=closure.id,
        from_on=period.start,
        until_on=period.until,
        share_percent=share_percent,
        extends_terms=extends_terms,
        affects_from_on=period.start,
    )
    record(session, event, by=by, now=now)
    return closure.id


def withdraw_closure(session: Session, closure_id: int, *, by: Actor, now: datetime) -> None:
    """Take a closure back: terms end when they would have without it. Raises UnknownClosure."""
    club_id = session.scalar(select(Closure.club_id).where(Closure.id == closure_id))
    if club_id is None:
        raise UnknownClosure
    hold_closures_alone(session, club_id)
    closure = session.get(Closure, closure_id, populate_existing=True)
    if closure is None:
        raise UnknownClosure
    session.delete(closure)
    session.flush()
    if closure.extends_terms:
        _move_terms(session, club_id, closure.from_on, closure.until_on, by=by, now=now)
    event = ClosureWithdrawn(
        club_id=club_id,
        closure_id=closure_id,
        from_on=closure.from_on,
        until_on=closure.until_on,
        affects_from_on=closure.from_on,
    )
    record(session, event, by=by, now=now)


def declare_season(
    session: Session, club_id: int, values: SeasonValues, *, by: Actor, now: datetime
) -> int:
    """Declare a slow season that returns every year; returns its id.

    Raises BadSeason, SeasonNameTaken.
    """
    wrong = _faults(values)
    if wrong:
        raise BadSeason(fields=wrong)
    today = get_club(session, club_id).today(now)
    season = Season(
        club_id=club_id,
        name=clean_text(values.name, 120),
        calendar=values.calendar,
        start_month=values.start_month,
        start_day=values.start_day,
        end_month=values.end_month,
        end_day=values.end_day,
        share_percent=values.share_percent,
        quiet_from=values.quiet_from,
        quiet_until=values.quiet_until,
        valid_from_on=values.valid_from_on or today,
        created_at=now,
    )
    session.add(season)
    session.flush()
    event = SeasonDeclared(
        club_id=club_id, season_id=season.id, affects_from_on=season.valid_from_on
    )
    record(session, event, by=by, now=now)
    return season.id


def remove_season(session: Session, season_id: int, *, by: Actor, now: datetime) -> None:
    """Count a slow season no longer from today on; days that were slow stay slow.

    Raises UnknownSeason.
    """
    season = session.get(Season, season_id, with_for_update=True)
    if season is None or season.valid_until_on is not None:
        raise UnknownSeason
    today = get_club(session, season.club_id).today(now)
    if season.valid_from_on >= today:
        session.execute(delete(Season).where(Season.id == season_id))
    else:
        season.valid_until_on = today
    event = SeasonRemoved(
        club_id=season.club_id,
        season_id=season_id,
        affects_from_on=max(today, season.valid_from_on),
    )
    record(session, event, by=by, now=now)


def _move_terms(
    session: Session, club_id: int, from_on: date, until_on: date, *, by: Actor, now: datetime
) -> None:
    """Recompute every term of the club that the days may touch."""
    ids = session.scalars(
        select(_term.c.id).where(
            _term.c.club_id == club_id,
            _term.c.until_on > from_on,
            _term.c.starts_on < until_on,
            _term.c.voided_at.is_(None),
        )
    ).all()
    hold_people(session, people_of_terms(session, ids))
    moved = move_ends(session, ids, today=get_club(session, club_id).today(now))
    record_moves(session, moved.values(), by=by, now=now)


def _faults(values: SeasonValues) -> dict[str, Words]:
    wrong: dict[str, Words] = {}
    if not clean_text(values.name, 120):
        wrong["name"] = _l("Give the season a name.")
    if values.calendar not in SEASON_CALENDARS:
        wrong["calendar"] = _l("Choose the Gregorian, the Jalali or the Hijri calendar.")
    for edge in ("start", "end"):
        if not 1 <= getattr(values, f"{edge}_month") <= 12:
            wrong[f"{edge}_month"] = _l("A month is a number from 1 to 12.")
        if not 1 <= getattr(values, f"{edge}_day") <= 31:
            wrong[f"{edge}_day"] = _l("A day is a number from 1 to 31.")
    if not 0 <= values.share_percent <= 100:
        wrong["share_percent"] = _l("A share lies between 0 and 100 percent.")
    return wrong
