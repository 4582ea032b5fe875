"""The columns an import knows: for each kind of file its canonical headings and what they hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from clubcrm.exchange.states import Kind


class Form(StrEnum):
    """What a cell of a column holds."""

    TEXT = "text"
    NOTE = "note"  # text of several lines
    CODE = "code"  # an identity: kept as written, digits of every script as 0-9
    PHONE = "phone"
    EMAIL = "email"
    DAY = "day"
    MOMENT = "moment"
    AMOUNT = "amount"
    CURRENCY = "currency"
    WHOLE = "whole"
    DECIMAL = "decimal"
    SHARE = "share"
    YES_NO = "yes_no"
    GENDER = "gender"
    TAGS = "tags"
    LOCALE = "locale"
    METHOD = "method"
    STATUS = "status"
    DIRECTION = "direction"


@dataclass(frozen=True)
class Column:
    """One canonical column. `joins`: several columns of a file may fill it, parted by commas."""

    name: str
    form: Form = Form.TEXT
    most: int = 240
    joins: bool = False


def _table(*columns: Column) -> dict[str, Column]:
    return {column.name: column for column in columns}


_PERSON = _table(
    Column("external_id", Form.CODE, 120),
    Column("first_name", most=120),
    Column("last_name", most=120),
    Column("full_name", most=240),
    Column("phone", Form.PHONE),
    Column("email", Form.EMAIL),
    Column("birth_date", Form.DAY),
    Column("gender", Form.GENDER),
    Column("national_id", Form.CODE, 40),
    Column("address", most=240, joins=True),
    Column("city", most=120),
    Column("postcode", Form.CODE, 20),
    Column("emergency_contact", most=240, joins=True),
    Column("guardian", most=240, joins=True),
    Column("payer", most=240),
    Column("trainer", most=120),
    Column("joined_on", Form.DAY),
    Column("card_code", Form.CODE, 60),
    Column("club", most=120),
    Column("tags", Form.TAGS, joins=True),
    Column("locale", Form.LOCALE),
    Column("consent_email", Form.YES_NO),
    Column("consent_sms", Form.YES_NO),
    Column("notes", Form.NOTE, 4000, joins=True),
)
_OPENING = _table(
    Column("last_visit_on", Form.DAY),
    Column("visits_total", Form.WHOLE),
    Column("visits_per_week", Form.DECIMAL),
)
_MEMBER = Column("member", Form.CODE, 254)
_TERM = _table(
    _MEMBER,
    Column("plan", most=120),
    Column("starts_on", Form.DAY),
    Column("ends_on", Form.DAY),
    Column("sold_on", Form.DAY),
    Column("price", Form.AMOUNT),
    Column("paid", Form.AMOUNT),
    Column("currency", Form.CURRENCY),
    Column("visits_left", Form.WHOLE),
    Column("auto_renew", Form.YES_NO),
    Column("previous", Form.CODE, 120),
    Column("renewals_before", Form.WHOLE),
    Column("status", Form.STATUS),
)
_FROM_UNTIL = _table(
    Column("from", Form.DAY),
    Column("until", Form.DAY),
    Column("last_day", Form.DAY),
)

COLUMNS: Mapping[Kind, Mapping[str, Column]] = {
    Kind.MEMBERS: _PERSON | _OPENING,
    Kind.MEMBERSHIPS: _TERM | _PERSON | _OPENING,
    Kind.VISITS: _table(
        _MEMBER,
        Column("checked_in_at", Form.MOMENT),
        Column("checked_out_at", Form.MOMENT),
        Column("access_point", most=120),
        Column("direction", Form.DIRECTION),
    )
    | _OPENING,
    Kind.PAYMENTS: _table(
        Column("external_id", Form.CODE, 120),
        _MEMBER,
        Column("paid_at", Form.MOMENT),
        Column("amount", Form.AMOUNT),
        Column("currency", Form.CURRENCY),
        Column("method", Form.METHOD),
        Column("for", most=240),
        Column("status", Form.STATUS),
    ),
    Kind.DEBTS: _table(
        _MEMBER,
        Column("due_on", Form.DAY),
        Column("amount", Form.AMOUNT),
        Column("currency", Form.CURRENCY),
        Column("for", most=240),
    ),
    Kind.FREEZES: _table(_MEMBER) | _FROM_UNTIL | _table(Column("reason", most=240)),
    Kind.CLOSURES: _table(Column("club", most=120))
    | _FROM_UNTIL
    | _table(
        Column("share", Form.SHARE),
        Column("name", most=120),
        Column("extends_terms", Form.YES_NO),
    ),
}
"""Kind -> canonical heading -> column. `until` is the first day back, `last_day` the day before."""

PERSON_COLUMNS = frozenset(_PERSON)
OPENING_COLUMNS = frozenset(_OPENING)

NEEDED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    Kind.MEMBERS: (("external_id", "full_name", "first_name", "last_name", "phone", "email"),),
    Kind.MEMBERSHIPS: (
        ("external_id", "member", "full_name", "first_name", "last_name", "phone", "email"),
        ("starts_on", "joined_on", "sold_on"),
    ),
    Kind.VISITS: (
        ("member",),
        ("checked_in_at", "last_visit_on", "visits_total", "visits_per_week"),
    ),
    Kind.PAYMENTS: (("member",), ("paid_at",), ("amount",)),
    Kind.DEBTS: (("member",), ("amount",)),
    Kind.FREEZES: (("member",), ("from",), ("until", "last_day")),
    Kind.CLOSURES: (("from",), ("until", "last_day")),
}
"""Kind -> groups of columns; a file needs at least one column of each group."""
