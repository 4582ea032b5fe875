"""The day of a trainer: what is missing, who is next, what is still to come, what is done."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import render_template, request
from sqlalchemy.orm import Session

from clubcrm.accounts.access import requires
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.days import day_bounds
from clubcrm.core.transactions import reading
from clubcrm.floor.queries import SessionCard, cards_of, count_slipping
from clubcrm.floor.views import Seat, blueprint, seat_of
from clubcrm.schedule.queries import sessions_between, sessions_without_outcome

REACH = timedelta(days=366)
"""How far away a day may lie that is asked for."""


@dataclass(frozen=True)
class Day:
    """The sessions of a day, each in exactly one of the lists."""

    on: date
    is_today: bool
    missing: tuple[SessionCard, ...] = ()
    next: SessionCard | None = None
    later: tuple[SessionCard, ...] = ()
    done: tuple[SessionCard, ...] = ()
    slipping: int = 0

    @property
    def count(self) -> int:
        """How many sessions the day has."""
        missing = sum(1 for card in self.missing if card.session.on == self.on)
        return missing + (self.next is not None) + len(self.later) + len(self.done)


@blueprint.get("", endpoint="today")
@requires(Permission.TRAIN)
def show() -> str:
    """Today's sessions of the trainer, or those of the day that is asked for."""
    now = clock.now()
    with reading() as session:
        seat = seat_of(session)
        day = _day(session, seat, now)
    return render_template("floor/today.html", seat=seat, day=day)


def _day(session: Session, seat: Seat, now: datetime) -> Day:
    today = seat.club.today(now)
    on = _asked_day(today)
    if seat.trainer is None:
        return Day(on, on == today)
    zone, cutoff = seat.club.timezone, seat.club.day_cutoff_minutes
    rows = sessions_between(session, seat.trainer.id, *day_bounds(on, zone, cutoff))
    before = sessions_without_outcome(session, seat.trainer.id, now) if on == today else []
    missing_ids = {row.id for row in before}
    cards = cards_of(
        session, [*before, *(row for row in rows if row.id not in missing_ids)], seat.club, now
    )
    missing = tuple(card for card in cards if card.session.id in missing_ids)
    open_ = [c for c in cards if c.session.is_open and c.session.id not in missing_ids]
    return Day(
        on=on,
        is_today=on == today,
        missing=missing,
        next=open_[0] if open_ and on == today else None,
        later=tuple(open_[1:] if on == today else open_),
        done=tuple(card for card in cards if not card.session.is_open),
        slipping=count_slipping(session, seat.trainer.id),
    )


def _asked_day(today: date) -> date:
    try:
        asked = date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return today
    return asked if abs(asked - today) <= REACH else today
