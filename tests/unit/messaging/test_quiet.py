"""Quiet hours, by the club's wall clock, over the days on which clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.messaging.policies import next_moment
from clubcrm.messaging.policies.quiet import HOURS
from clubcrm.messaging.states import Channel

LISBON = ZoneInfo("Europe/Lisbon")


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    """An instant of March 2026 by Lisbon's clock. The first is a Sunday."""
    return datetime(2026, month, day, hour, minute, tzinfo=LISBON)


@pytest.mark.parametrize(
    ("channel", "asked", "answer"),
    [
        (Channel.EMAIL, at(2, 6, 59), at(2, 7)),
        (Channel.EMAIL, at(2, 7), at(2, 7)),
        (Channel.EMAIL, at(2, 20, 59), at(2, 20, 59)),
        (Channel.EMAIL, at(2, 21), at(3, 7)),
        (Channel.SMS, at(1, 8), at(1, 9)),  # on a Sunday too
        (Channel.CALL, at(1, 12), at(2, 10)),  # not on a Sunday
        (Channel.CALL, at(7, 19), at(9, 10)),  # Saturday evening
        (Channel.ARRIVAL, at(1, 3), at(1, 3)),
        (Channel.EMAIL, at(28, 23), at(29, 7)),  # the clocks go forward that night
    ],
)
def test_the_first_moment_that_is_not_quiet(
    channel: Channel, asked: datetime, answer: datetime
) -> None:
    assert next_moment(channel, asked.astimezone(UTC), LISBON) == answer


def test_nobody_is_rung_up_while_the_club_is_closed() -> None:
    closed = {date(2026, 3, 2), date(2026, 3, 3)}
    assert next_moment(Channel.CALL, at(2, 9).astimezone(UTC), LISBON, closed) == at(4, 10)
    assert next_moment(Channel.EMAIL, at(2, 9).astimezone(UTC), LISBON, closed) == at(2, 9)


def test_a_club_that_is_closed_for_good_is_no_endless_search() -> None:
    closed = {date(2026, 3, 1) + timedelta(days=n) for n in range(1000)}
    moment = at(2, 9).astimezone(UTC)
    assert next_moment(Channel.CALL, moment, LISBON, closed) == moment


ZONES = st.sampled_from(
    ["Europe/Lisbon", "Asia/Tehran", "Africa/Cairo", "America/Sao_Paulo", "Asia/Kathmandu"]
).map(ZoneInfo)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 3 * 366 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))


@given(st.sampled_from([*HOURS]), MOMENTS, ZONES)
def test_a_moment_is_never_early_never_quiet_and_never_a_week_away(
    channel: Channel, asked: datetime, zone: ZoneInfo
) -> None:
    moment = next_moment(channel, asked, zone)
    assert asked <= moment <= asked + timedelta(days=3)
    opens, closes = HOURS[channel]
    wall = moment.astimezone(zone)
    assert opens <= wall.time().replace(tzinfo=None) < closes
    assert next_moment(channel, moment, zone) == moment
