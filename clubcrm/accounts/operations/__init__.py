"""What is done to clubs, staff and tokens: one public function a use case."""

from clubcrm.accounts.operations.clubs import change_club, open_club, set_up
from clubcrm.accounts.operations.hashing import set_hasher
from clubcrm.accounts.operations.pins import (
    PinTry,
    check_new_pin,
    lock_desk,
    remove_pin,
    set_pin,
    take_desk_by_password,
    take_desk_by_pin,
)
from clubcrm.accounts.operations.signing_in import (
    MIN_PASSWORD,
    change_password,
    check_password,
    confirm_password,
    log_access,
    set_language,
)
from clubcrm.accounts.operations.staff import add_staff, create_token, revoke_token, take_role

__all__ = [
    "MIN_PASSWORD",
    "PinTry",
    "add_staff",
    "change_club",
    "change_password",
    "check_new_pin",
    "check_password",
    "confirm_password",
    "create_token",
    "lock_desk",
    "log_access",
    "open_club",
    "remove_pin",
    "revoke_token",
    "set_hasher",
    "set_language",
    "set_pin",
    "set_up",
    "take_desk_by_password",
    "take_desk_by_pin",
    "take_role",
]
