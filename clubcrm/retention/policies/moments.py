"""When on its day a contact is made. Pure; quiet hours are the channel's own."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from clubcrm.messaging.policies import next_moment
from clubcrm.messaging.states import Channel
from clubcrm.retention.states import Hour

MORNING: Final = 10 * 60
BEFORE_USUAL: Final = 2 * 60
"""Minutes before the usual training hour at which a word is most welcome."""


def moment_of(
    hour: Hour,
    channel: Channel,
    now: datetime,
    zone: ZoneInfo,
    closed: Collection[date],
    *,
    delay_minutes: int = 0,
    usual_minute: int | None = None,
) -> datetime:
    """The instant at which a contact is made, not before `now`, outside the channel's quiet hours.

    `usual_minute` is the minute of the local day at which the member mostly comes; without one the
    morning is taken.
    """
    if channel is Channel.ARRIVAL:
        return now
    at = now + timedelta(minutes=delay_minutes)
    if hour is not Hour.NOW:
        minute = MORNING
        if hour is Hour.USUAL and usual_minute is not None:
            minute = max(0, usual_minute - BEFORE_USUAL)
        at = max(at, _at_minute(at, minute, zone))
    return next_moment(channel, at, zone, closed)


def _at_minute(near: datetime, minute: int, zone: ZoneInfo) -> datetime:
    local = near.astimezone(zone)
    wall = datetime.combine(local.date(), time(minute // 60, minute % 60))
    return wall.replace(tzinfo=zone).astimezone(near.tzinfo)
