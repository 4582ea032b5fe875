"""What a PIN is, and what it is worth."""

from datetime import UTC, datetime, timedelta

import pytest

from clubcrm.accounts.policies import (
    GRANTS,
    PIN_LOCKED_FOR,
    Principal,
    at_desk_only,
    folded_pin,
    is_a_pin,
    is_trivial,
    minutes_locked,
    pin_is_enough,
)
from clubcrm.accounts.states import Permission, Role
from clubcrm.core.actor import Actor, ActorKind

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DESK = GRANTS[Role.DESK]


def someone(**grants: frozenset[Permission]) -> Principal:
    return Principal(
        Actor(ActorKind.STAFF, 1, "Inês"), {int(k[1:]): held for k, held in grants.items()}
    )


@pytest.mark.parametrize("typed", ["4711", " 4711 ", "۴۷۱۱", "٤٧١١", "４７１１"])
def test_any_digits_make_the_same_pin(typed: str) -> None:
    assert folded_pin(typed) == "4711"


@pytest.mark.parametrize("pin", ["4711", "90210", "47114711"])
def test_four_to_eight_digits_are_a_pin(pin: str) -> None:
    assert is_a_pin(pin)


@pytest.mark.parametrize("pin", ["", "471", "123456789", "47a1", "47 1", "-471", "4.71", "²²³³"])
def test_anything_else_is_none(pin: str) -> None:
    assert not is_a_pin(pin)


@pytest.mark.parametrize(
    "pin", ["0000", "7777777", "1234", "0123", "8901", "4321", "98765432", "2109", "1212", "90909"]
)
def test_what_anybody_tries_first_is_trivial(pin: str) -> None:
    assert is_trivial(pin)


@pytest.mark.parametrize("pin", ["4711", "1235", "1357", "1221", "11112", "12312"])
def test_the_rest_is_not(pin: str) -> None:
    assert not is_trivial(pin)


@pytest.mark.parametrize("role", Role)
def test_of_the_roles_alone_only_the_desks_is_taken_with_a_pin(role: Role) -> None:
    assert pin_is_enough(GRANTS[role]) == (role is Role.DESK)


def test_a_second_role_does_no_harm_unless_it_manages() -> None:
    assert pin_is_enough(DESK | GRANTS[Role.TRAINER] | GRANTS[Role.ACCOUNTANT])
    assert not pin_is_enough(DESK | GRANTS[Role.MANAGER])


def test_a_pin_opens_the_desk_at_one_club_and_nothing_else() -> None:
    full = someone(c1=DESK | GRANTS[Role.ACCOUNTANT], c2=GRANTS[Role.OWNER])
    here = at_desk_only(full, 1)
    assert here.grants == {1: DESK}
    assert here.actor == full.actor
    assert at_desk_only(someone(c2=GRANTS[Role.OWNER]), 1).grants == {}


def test_a_pin_never_gives_what_is_not_held() -> None:
    some = frozenset({Permission.CHECK_IN, Permission.SWITCH_CLERK, Permission.EXPORT})
    assert at_desk_only(someone(c1=some), 1).grants == {1: some - {Permission.EXPORT}}


@pytest.mark.parametrize(
    ("after", "minutes"),
    [(0, 15), (1, 15), (60, 14), (14 * 60 + 59, 1), (15 * 60, 0), (15 * 60 + 1, 0)],
)
def test_a_lock_is_told_in_minutes_until_it_is_over(after: int, minutes: int) -> None:
    assert minutes_locked(NOW + PIN_LOCKED_FOR, NOW + timedelta(seconds=after)) == minutes


def test_no_lock_is_no_minutes() -> None:
    assert minutes_locked(None, NOW) == 0
