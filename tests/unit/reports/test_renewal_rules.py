"""What counts as a renewal: the successor, the bucket, the exclusions, and how sure a rate is."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clubcrm.reports.policies import Term, bucket, outcomes_of, wilson, window_days
from clubcrm.reports.states import Bucket, Direction, Excluded
from clubcrm.retention.policies.rules import DEFAULTS

END = date(2026, 3, 31)
TODAY = date(2026, 6, 1)


def a_term(id_: int, starts: date, until: date | None, **more: object) -> Term:
    values: dict[str, object] = {
        "id": id_,
        "person_id": 1,
        "club_id": 1,
        "plan_id": 1,
        "is_fixed_term": until is not None,
        "is_trial": False,
        "starts_on": starts,
        "until_on": until,
        "length": (until - starts).days if until else 30,
        "sold_on": starts,
        "previous_id": None,
        "is_upgrade": False,
        "price_minor": 12000,
        "currency": "EUR",
        "is_auto": False,
        "is_paid_or_free": True,
        "excluded": None,
        "seller": "",
        "trainer": "",
        **more,
    }
    return Term(**values)  # type: ignore[arg-type]


YEAR = a_term(1, date(2025, 4, 1), date(2026, 4, 1))


def test_the_linked_term_is_the_successor_however_early_it_was_sold() -> None:
    linked = a_term(3, date(2026, 4, 1), date(2027, 4, 1), previous_id=1, sold_on=date(2025, 4, 2))
    [first, second] = outcomes_of([YEAR, linked])
    assert (first.successor, first.direction) == (linked, Direction.SAME)
    assert second.successor is None


def test_a_term_linked_to_another_one_is_not_taken_for_this() -> None:
    other = a_term(2, date(2025, 5, 1), date(2026, 5, 1))
    follows_other = a_term(3, date(2026, 5, 1), date(2027, 5, 1), previous_id=2)
    outcomes = {outcome.term.id: outcome for outcome in outcomes_of([YEAR, other, follows_other])}
    assert outcomes[1].successor == other
    assert outcomes[2].successor == follows_other


def test_an_unpaid_or_refunded_or_trial_term_follows_nothing() -> None:
    for spoiled in (
        {"is_paid_or_free": False},
        {"excluded": Excluded.REFUNDED},
        {"is_trial": True},
    ):
        after = a_term(2, date(2026, 4, 1), date(2027, 4, 1), **spoiled)
        [first, *_rest] = outcomes_of([YEAR, after])
        assert first.successor is None


def test_a_short_term_inside_a_long_one_is_not_due() -> None:
    course = a_term(2, date(2025, 10, 1), date(2026, 1, 1))
    outcomes = {outcome.term.id: outcome for outcome in outcomes_of([YEAR, course])}
    assert outcomes[2].excluded is Excluded.COVERED
    assert outcomes[1].excluded is None


def test_a_pack_bought_before_covers_no_term() -> None:
    """Its four months run on after its visits were used up and the member went over to a term."""
    pack = a_term(2, date(2026, 1, 1), date(2026, 5, 1), is_fixed_term=False, is_pack=True)
    quarter = a_term(3, date(2026, 1, 20), date(2026, 4, 20), previous_id=2)
    [due] = outcomes_of([pack, quarter])
    assert (due.term, due.excluded, due.successor) == (quarter, None, None)


@pytest.mark.parametrize(
    ("months", "price", "direction"),
    [
        (12, 12000, Direction.SAME),
        (12, 13000, Direction.UPGRADE),
        (12, 9000, Direction.DOWNGRADE),
        (24, 20000, Direction.UPGRADE),
        (3, 3000, Direction.DOWNGRADE),
    ],
)
def test_longer_or_dearer_is_an_upgrade(months: int, price: int, direction: Direction) -> None:
    until = date(2026 + (3 + months) // 12, (3 + months) % 12 + 1, 1)
    after = a_term(2, date(2026, 4, 1), until, previous_id=1, price_minor=price)
    assert outcomes_of([YEAR, after])[0].direction is direction


@pytest.mark.parametrize(
    ("sold", "starts", "expected"),
    [
        (END - timedelta(days=46), END + timedelta(days=1), Bucket.EARLY),
        (END - timedelta(days=45), END + timedelta(days=1), Bucket.WINDOW),
        (END, END + timedelta(days=1), Bucket.WINDOW),
        (END + timedelta(days=1), END + timedelta(days=1), Bucket.LATE),
        (END + timedelta(days=30), END + timedelta(days=30), Bucket.LATE),
        (END + timedelta(days=31), END + timedelta(days=31), Bucket.NOT_RENEWED),
        (END, END + timedelta(days=31), Bucket.NOT_RENEWED),
        (None, None, Bucket.NOT_RENEWED),
    ],
)
def test_the_bucket_follows_from_the_days(
    sold: date | None, starts: date | None, expected: Bucket
) -> None:
    assert bucket(END, 45, sold, starts, grace=30, today=TODAY) is expected


def test_before_grace_is_over_an_end_is_pending_and_the_day_after_it_is_not() -> None:
    last = END + timedelta(days=30)
    assert bucket(END, 45, None, None, grace=30, today=last) is Bucket.PENDING
    over = last + timedelta(days=1)
    assert bucket(END, 45, None, None, grace=30, today=over) is Bucket.NOT_RENEWED


def test_windows_by_length() -> None:
    lengths = (365, 300, 299, 150, 149, 75, 74, 30)
    assert [window_days(days, DEFAULTS) for days in lengths] == [45, 45, 30, 30, 21, 21, 7, 7]


def test_wilson_gives_the_published_limits() -> None:
    low, high = wilson(0, 20) or (None, None)
    assert (low, round(high or 0, 4)) == (0.0, 0.1611)
    assert wilson(0, 0) is None


@given(st.integers(0, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_limits_hold_the_rate(case: tuple[int, int]) -> None:
    successes, trials = case
    limits = wilson(successes, trials)
    if limits is not None:
        assert 0 <= limits[0] <= successes / trials <= limits[1] <= 1
