"""The hours of a plan, at their edges."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import Babel, force_locale
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.visits.policies import HoursNotReadable, is_within_hours, read_hours
from clubcrm.visits.words import hours_text

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        (None, "2026-03-02T03:00:00", True),
        ("  ", "2026-03-02T03:00:00", True),
        ("06:00-16:00", "2026-03-02T05:59:59", False),
        ("06:00-16:00", "2026-03-02T06:00:00", True),
        ("06:00-16:00", "2026-03-02T15:59:59", True),
        ("06:00-16:00", "2026-03-02T16:00:00", False),
        ("mon-fri 06:00-16:00", "2026-03-07T10:00:00", False),
        ("Mon-Fri 6:00 - 16:00", "2026-03-06T10:00:00", True),
        ("sat,sun 09:00-13:00", "2026-03-08T12:59:59", True),
        ("sat, sun 09:00-13:00", "2026-03-08T12:59:59", True),
        ("fri-mon 09:00-13:00", "2026-03-01T09:00:00", True),
        ("fri-mon 09:00-13:00", "2026-03-03T09:00:00", False),
        ("mon-fri 06:00-16:00; sat 09:00-12:00", "2026-03-07T11:00:00", True),
        ("fri 22:00-02:00", "2026-03-06T22:00:00", True),
        ("fri 22:00-02:00", "2026-03-07T01:59:59", True),
        ("fri 22:00-02:00", "2026-03-07T02:00:00", False),
        ("fri 22:00-02:00", "2026-03-06T01:00:00", False),
        ("sun 22:00-02:00", "2026-03-02T01:00:00", True),
        ("20:00-24:00", "2026-03-02T23:59:59", True),
        ("20:00-24:00", "2026-03-02T00:00:00", False),
    ],
)
def test_hours_hold_their_start_and_not_their_end(
    hours: str | None, moment: str, expected: bool
) -> None:
    assert is_within_hours(hours, datetime.fromisoformat(moment)) is expected


@pytest.mark.parametrize(
    "text", ["nonsense", "25:00-26:00", "mon 06:70-08:00", "xyz 06:00-08:00", ";"]
)
def test_hours_nobody_can_read_are_refused_where_entered_and_shut_nobody_out(text: str) -> None:
    with pytest.raises(HoursNotReadable):
        read_hours(text)
    assert is_within_hours(text, MONDAY)


@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    start=st.integers(0, 1439),
    length=st.integers(1, 1440),
    at=st.integers(0, 7 * 1440 - 1),
)
def test_hours_agree_with_a_calendar_of_single_minutes(
    days: set[int], start: int, length: int, at: int
) -> None:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    end = (start + length) % 1440
    text = f"{','.join(names[day] for day in sorted(days))} {_clock(start)}-{_clock(end)}"
    open_minutes = {
        (day * 1440 + start + offset) % (7 * 1440) for day in days for offset in range(length)
    }
    assert is_within_hours(text, MONDAY + timedelta(minutes=at)) is (at in open_minutes)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ("06:00-16:00", "every day 06:00–16:00"),
        ("mon-fri 6:00-16:00; sat,sun 08:00-20:00", "Mon–Fri 06:00–16:00; Sat, Sun 08:00–20:00"),
        ("mon,wed,fri 20:00-24:00", "Mon, Wed, Fri 20:00–00:00"),
        ("sat-wed 06:00-22:00", "Sat–Wed 06:00–22:00"),
        ("fri 22:00-02:00", "Fri 22:00–02:00"),
        ("whenever", "whenever"),
    ],
)
def test_hours_are_told_in_words(hours: str, words: str) -> None:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context(), force_locale("en_GB"):
        assert hours_text(hours) == words
