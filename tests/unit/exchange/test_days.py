"""Days and times as the files of clubs write them."""

from datetime import date, time

import pytest

from clubcrm.core.errors import NotADay
from clubcrm.exchange.policies.days import DayReading, joined_moment, read_day

DMY = DayReading("dmy")


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("05/01/2026 18h30", time(18, 30)),
        ("05/01/2026 18h", time(18)),
        ("05.01.2026 18.30", time(18, 30)),
        ("2026-01-05 18:30:10.250", time(18, 30, 10, 250_000)),
        ("5 Jan 2026 18.30", time(18, 30)),
        ("05/01/2026 6:30 PM", time(18, 30)),
    ],
)
def test_times_beside_a_day(text: str, at: time) -> None:
    written = read_day(text, DMY)
    assert (written.day, written.at) == (date(2026, 1, 5), at)


@pytest.mark.parametrize("text", ["05.01.2026", "5 1 2026", "05/01/26", "5 Jan 26", "20260105"])
def test_days_alone_have_no_time(text: str) -> None:
    written = read_day(text, DMY)
    assert (written.day, written.at) == (date(2026, 1, 5), None)


@pytest.mark.parametrize("text", ["05/01/2026 25h30", "05/01/2026 18.75", "18h30"])
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(NotADay):
        read_day(text, DMY)


@pytest.mark.parametrize(
    ("cells", "joined"),
    [
        (["05/01/2026", "18:30"], "05/01/2026 18:30"),
        (["18:30", "2026-01-05"], "2026-01-05 18:30"),
        (["2026-01-05 00:00:00", "18:30:00"], "2026-01-05 18:30:00"),
        (["05/01/2026", "2026-01-05 18:30"], "2026-01-05 18:30"),
        (["05/01/2026"], "05/01/2026"),
        (["18:30"], "18:30"),
        ([], ""),
    ],
)
def test_a_day_and_a_time_from_two_cells(cells: list[str], joined: str) -> None:
    assert joined_moment(cells) == joined
