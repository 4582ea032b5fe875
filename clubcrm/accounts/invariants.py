"""What must always hold about those who sign in."""

from typing import Any, cast

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, Table, select

from clubcrm.accounts.models import StaffPin
from clubcrm.accounts.policies import PIN_LOCKED_FOR
from clubcrm.core.invariants import Examined, Invariant, rows_of

_pin = cast(Table, StaffPin.__table__)


def _locked_too_long(examined: Examined) -> Select[Any]:
    """PINs locked by a clock that was ahead."""
    latest = examined.now + PIN_LOCKED_FOR
    return select(_pin.c.user_id, _pin.c.locked_until).where(_pin.c.locked_until > latest)


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "accounts.pins",
        _l("No PIN is locked for more than fifteen minutes from now."),
        rows_of("PIN of employee", _locked_too_long),
    ),
)
"""The invariants of accounts."""
