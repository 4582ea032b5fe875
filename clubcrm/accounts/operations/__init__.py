"""What is done to clubs, staff and tokens: one public function a use case."""

from clubcrm.accounts.operations.clubs import change_club, open_club, set_up
from clubcrm.accounts.operations.hashing import set_hasher
from clubcrm.accounts.operations.signing_in import (
    MIN_PASSWORD,
    change_password,
    check_password,
    log_access,
    set_language,
)
from clubcrm.accounts.operations.staff import add_staff, create_token, revoke_token, take_role

__all__ = [
    "MIN_PASSWORD",
    "add_staff",
    "change_club",
    "change_password",
    "check_password",
    "create_token",
    "log_access",
    "open_club",
    "revoke_token",
    "set_hasher",
    "set_language",
    "set_up",
    "take_role",
]
