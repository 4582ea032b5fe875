"""What all shapes are made of: ids, texts, days, instants and money as JSON carries them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictInt,
    WithJsonSchema,
    model_validator,
)

from clubcrm.api.pages import MOST, USUAL
from clubcrm.core.calendars import FIRST_DAY, LAST_DAY
from clubcrm.core.money import Money, exponent

MOST_MINOR = 10**15
LONGEST_ID = 18

Item = TypeVar("Item")


def _clean(text: str) -> str:
    """Refuse what no database keeps and no person typed: control characters and half characters."""
    for mark in text:
        if (mark < " " and mark not in "\n\r\t") or mark == "\x7f" or "\ud800" <= mark <= "\udfff":
            raise ValueError("Control characters are not allowed.")
    return text


def _day(value: date) -> date:
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueError(f"Days from {FIRST_DAY} to {LAST_DAY} are supported.")
    return value


def _instant(value: datetime) -> datetime:
    if not FIRST_DAY.year < value.year < LAST_DAY.year:
        raise ValueError(f"Years from {FIRST_DAY.year + 1} to {LAST_DAY.year - 1} are supported.")
    return value.astimezone(UTC)


def _iso_only(value: object) -> object:
    # Pydantic would read a bare number as seconds since 1970.
    if isinstance(value, str) and value[:1].isdigit() and "-" in value[:10]:
        return value
    if isinstance(value, date):
        return value
    raise ValueError("Write it as ISO 8601 does.")


def _currency(code: str) -> str:
    try:
        exponent(code)
    except ValueError as error:
        raise ValueError("This is not the code of a currency.") from error
    return code


def _written(moment: datetime) -> str:
    """An instant as RFC 3339, in UTC."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def shown_id(number: int) -> str:
    """An id as the API writes it."""
    return str(number)


Id = Annotated[
    str,
    Field(pattern=rf"^[0-9]{{1,{LONGEST_ID}}}$", description="An id, as the API gave it."),
]
Text = Annotated[str, Field(max_length=240), AfterValidator(_clean)]
ShortText = Annotated[str, Field(max_length=120), AfterValidator(_clean)]
LongText = Annotated[str, Field(max_length=4000), AfterValidator(_clean)]
Day = Annotated[
    date,
    BeforeValidator(_iso_only),
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_iso_only),
    AfterValidator(_instant),
    PlainSerializer(_written),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Shape(BaseModel):
    """A body of the API. A field nobody knows is refused: it would be lost without a word."""

    model_config = ConfigDict(extra="forbid")


class Query(BaseModel):
    """The query of a call. An empty value is as good as none; one nobody knows is refused."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, values: Any) -> Any:
        if isinstance(values, Mapping):
            return {name: value for name, value in values.items() if value != ""}
        return values


class PageQuery(Query):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = USUAL
    cursor: Annotated[str, Field(max_length=400), AfterValidator(_clean)] | None = Field(
        None, description="`next` of the page before."
    )


class Page(Shape, Generic[Item]):
    """A page of a list. Pass `next` back as `cursor`; null = this was the last one."""

    items: list[Item]
    next: str | None


class Amount(Shape):
    """Money in the smallest unit of its currency, e.g. cents."""

    minor: Annotated[StrictInt, Field(ge=-MOST_MINOR, le=MOST_MINOR)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$"), AfterValidator(_currency)]

    def money(self) -> Money:
        """As the club reckons with it."""
        return Money(self.minor, self.currency)

    @classmethod
    def of(cls, money: Money) -> "Amount":
        """As the API writes it."""
        return cls.model_construct(minor=money.minor, currency=money.currency)


def amount_or_none(money: Money | None) -> Amount | None:
    """Money as the API writes it; None where it is not known."""
    return None if money is None else Amount.of(money)


class Problem(BaseModel):
    """An error (RFC 9457). `code` never changes; `detail` is for people, in their language."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: dict[str, list[str]] | None = Field(
        None, description="Field -> what is wrong with it, where fields are at fault."
    )
    reference: str | None = Field(None, description="Number of an unexpected error, for a report.")
