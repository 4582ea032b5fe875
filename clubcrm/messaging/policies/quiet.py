"""Quiet hours: when a channel may be used, by the club's wall clock. Pure."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from clubcrm.messaging.states import Channel

HOURS: Final[Mapping[Channel, tuple[time, time]]] = {
    Channel.EMAIL: (time(7), time(21)),
    Channel.SMS: (time(9), time(20)),
    Channel.CALL: (time(10), time(19)),
}
"""Channel -> from when until when it may be used. What is not named may always be."""

SUNDAY: Final = 6
FAR: Final = 400
"""Days after which looking for an open one makes no sense: the club is closed for good."""


def next_moment(
    channel: Channel, at: datetime, tz: ZoneInfo, closed: Collection[date] = ()
) -> datetime:
    """The first instant from `at` on at which a channel may be used, in UTC.

    Nobody is rung up on Sundays or on days on which the club is closed.
    """
    hours = HOURS.get(channel)
    if hours is None:
        return at
    opens, closes = hours
    local = at.astimezone(tz)
    day = local.date()
    for _ in range(FAR):
        if not _is_quiet_day(channel, day, closed):
            first, last = _instant(day, opens, tz), _instant(day, closes, tz)
            if at < first:
                return first
            if at < last:
                return at
        day += timedelta(days=1)
    return at


def _is_quiet_day(channel: Channel, day: date, closed: Collection[date]) -> bool:
    return channel is Channel.CALL and (day.weekday() == SUNDAY or day in closed)


def _instant(day: date, wall: time, tz: ZoneInfo) -> datetime:
    return datetime.combine(day, wall, tz).astimezone(UTC)
