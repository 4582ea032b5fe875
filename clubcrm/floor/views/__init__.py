"""The pages of the trainer's phone: one module a screen, all on one blueprint.

The modules at the end are imported for the routes they register.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from flask import Blueprint, request, url_for
from sqlalchemy.orm import Session

from clubcrm.accounts.access import current_club, principal
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.calendars import to_jalali
from clubcrm.core.idempotency import claim_key, keep_answer
from clubcrm.schedule.errors import UnknownSession
from clubcrm.schedule.queries import SessionRow, get_session
from clubcrm.schedule.states import SessionState
from clubcrm.trainers.errors import UnknownTrainer
from clubcrm.trainers.queries import TrainerRow, trainer_of_user, trainers_at

blueprint = Blueprint("floor", __name__, url_prefix="/floor", template_folder="../templates")

LONGEST_KEY: Final = 80
NOT_TOLD_APART: Final = frozenset({"csrf_token", "key"})


@dataclass(frozen=True)
class Seat:
    """Whose phone this is: a trainer at a club; a manager chooses among `others`."""

    club: ClubRow
    trainer: TrainerRow | None
    others: tuple[TrainerRow, ...] = ()
    is_own: bool = True

    @property
    def asked(self) -> int | None:
        """The trainer as addresses name one; None where it goes without saying."""
        return self.trainer.id if self.trainer is not None and not self.is_own else None

    def today_url(self, **more: object) -> str:
        """The address of the day's sessions."""
        return url_for("floor.today", trainer=self.asked, **more)  # type: ignore[arg-type]


def seat_of(session: Session) -> Seat:
    """Whose sessions and clients this page is about; of a trainer nobody knows it is one's own day.

    A form must name one of the club. Raises UnknownTrainer.
    """
    club = current_club(Permission.TRAIN)
    who = principal()
    own = trainer_of_user(session, who.actor.id, club.id)
    if not who.may(Permission.RUN_SCHEDULE, club.id):
        return Seat(club, own)
    others = trainers_at(session, {club.id})
    asked = request.values.get("trainer", type=int)
    found = next((one for one in others if one.id == asked), None)
    if request.method == "POST" and asked is not None and found is None:
        raise UnknownTrainer
    chosen = found or own or next(iter(others), None)
    return Seat(club, chosen, tuple(others), is_own=chosen == own)


def session_for(session: Session, appointment_id: int) -> tuple[SessionRow, int | None]:
    """A session this employee may see, and the trainer to whom that is limited (None = to nobody).

    Raises UnknownSession.
    """
    who = principal()
    row = get_session(session, appointment_id, who.scope(Permission.TRAIN))
    if who.may(Permission.RUN_SCHEDULE, row.club_id):
        return row, None
    own = trainer_of_user(session, who.actor.id, row.club_id)
    if own is None or own.id != row.trainer_id:
        raise UnknownSession
    return row, own.id


def new_key() -> str:
    """The key of a form: sent twice, what it asks for is done once."""
    return uuid4().hex


@blueprint.context_processor
def for_the_pages() -> dict[str, Any]:
    """What the templates of the floor need besides the words and figures of every page."""
    return {
        "day_after": lambda day, days: (day + timedelta(days=days)).isoformat(),
        "day_value": _day_value,
        "month_and_day": _month_and_day,
        "new_key": new_key,
        "now_at": clock.now(),
        "states": SessionState,
        "wall_time": _wall_time,
    }


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(current_club(Permission.TRAIN).timezone))


def _wall_time(moment: datetime) -> str:
    """The time on the club's clock, as a field of a form takes it."""
    return f"{_local(moment):%H:%M}"


def _day_value(moment: datetime) -> str:
    """The day on the club's clock, as a field of a form takes it."""
    day = _local(moment).date()
    if current_club(Permission.TRAIN).calendar == "jalali":
        return "{:04d}/{:02d}/{:02d}".format(*to_jalali(day))
    return day.isoformat()


def _month_and_day(born: date) -> tuple[int, int, str]:
    """A birthday in the club's calendar: month, day, and which calendar that is."""
    if current_club(Permission.TRAIN).calendar == "jalali":
        return (*to_jalali(born)[1:], "jalali")
    return born.month, born.day, "gregorian"


def is_repeat(session: Session, now: datetime) -> bool:
    """Whether this very form was taken before under its key; the key commits with the effect.

    A form without a key is taken as a new one.
    """
    key = request.form.get("key", "").strip()[:LONGEST_KEY]
    if not key:
        return False
    told = sorted(
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in NOT_TOLD_APART
    )
    print_ = hashlib.sha256(repr((request.path, told)).encode()).hexdigest()
    scope = f"floor:{principal().actor.id}"
    # One key may stand on a form with several buttons: each is a request of its own.
    kept = f"{key}:{print_}"
    if claim_key(session, scope, kept, print_, now) is not None:
        return True
    keep_answer(session, scope, kept, 200, {})
    return False


from clubcrm.floor.views import clients, plan, sessions, today  # noqa: E402, F401
