"""People as the API takes and answers them."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, WithJsonSchema

from clubcrm.api.schemas.base import (
    Amount,
    Instant,
    LongText,
    Page,
    PageQuery,
    Shape,
    ShortText,
    Text,
    _clean,
    _iso_only,
    shown_id,
)
from clubcrm.api.schemas.memberships import MembershipBrief
from clubcrm.reports.queries.people import BriefLine, ListRow
from clubcrm.reports.queries.people.timeline import Kind, TimelineItem
from clubcrm.retention.states import Phase, Risk, Status, Sub

FIRST_BIRTH_YEAR = 1900


def _past_day(value: date) -> date:
    if not FIRST_BIRTH_YEAR <= value.year <= 2123:
        raise ValueError("This year is out of range.")
    return value


PastDay = Annotated[
    date,
    BeforeValidator(_iso_only),
    AfterValidator(_past_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Word = Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_clean)]


class MemberItem(Shape):
    """A person in a list."""

    id: str
    external_id: str = Field(description="The member number where the club gave no other.")
    number: str
    name: str
    phone: str | None
    status: Status
    phase: Phase | None = Field(description="null for people who never had an access term.")
    membership: MembershipBrief | None = Field(
        description="The running term, else the next, else the last."
    )

    @staticmethod
    def written(row: ListRow | BriefLine, today: date) -> dict[str, Any]:
        """A line of a list, as JSON values: searches come as one types, and each would be checked anew."""
        return {
            "id": shown_id(row.id),
            "external_id": row.external_id or row.number,
            "number": row.number,
            "name": row.full_name or row.number,
            "phone": row.phone,
            "status": row.status,
            "phase": row.phase,
            "membership": MembershipBrief.written(row.term, today) if row.term else None,
        }


class MemberPage(Page[MemberItem]):
    """People, newest first; with `q` the best match first."""


class MembersQuery(PageQuery):
    """Which people."""

    q: Text | None = Field(
        None,
        description="Part of a name, digits of a phone, a card, a member number. Finds everybody, "
        "also people who never had a membership.",
    )
    phase: Phase | None = None
    status: Status | None = Field(
        None,
        description="Without it, and without `q`, people who never had an access term "
        "(`potential`) are left out.",
    )
    club: ShortText | None = Field(None, description="Code of one club.")


class _Fields(Shape):
    """What is known of a person; the names are those of the import columns."""

    external_id: ShortText | None = None
    first_name: ShortText | None = None
    last_name: ShortText | None = None
    full_name: Text | None = Field(None, validation_alias=AliasChoices("full_name", "name"))
    phone: Annotated[str, Field(max_length=60), AfterValidator(_clean)] | None = None
    email: Annotated[str, Field(max_length=254), AfterValidator(_clean)] | None = None
    birth_date: PastDay | None = None
    gender: Annotated[str, Field(pattern="^(female|male|other)$")] | None = None
    national_id: Annotated[str, Field(max_length=40), AfterValidator(_clean)] | None = None
    address: Text | None = None
    city: ShortText | None = None
    postcode: Annotated[str, Field(max_length=20), AfterValidator(_clean)] | None = None
    emergency_contact: Text | None = None
    guardian: Text | None = None
    payer: Text | None = None
    trainer: ShortText | None = None
    joined_on: PastDay | None = None
    locale: Annotated[str, Field(max_length=12), AfterValidator(_clean)] | None = None
    notes: LongText | None = None
    tags: Annotated[list[Word], Field(max_length=50)] | None = None

    def values(self) -> dict[str, Any]:
        """What was told, in the names the club's rules use."""
        told = self.model_dump(exclude_unset=True)
        if "notes" in told:
            told["note"] = told.pop("notes") or ""
        if "tags" in told:
            told["tags"] = tuple(told["tags"] or ())
        for name in ("first_name", "last_name", "full_name"):
            if name in told:
                told[name] = told[name] or ""
        return told


class MemberNew(_Fields):
    """Somebody the club gets to know. Everything is optional, but a name or a contact helps."""

    club: ShortText | None = Field(
        None, description="Code of the home club; may be left out where the token has one club."
    )
    card_code: ShortText | None = None
    consent_email: bool | None = None
    consent_sms: bool | None = None

    def values(self) -> dict[str, Any]:
        """What was told of the person alone."""
        told = super().values()
        for name in ("club", "card_code", "consent_email", "consent_sms"):
            told.pop(name, None)
        return told


class MemberChange(_Fields):
    """What is to be changed; a field that is left out stays as it is, null clears it."""


class MemberOut(Shape):
    """A person with all that is known."""

    id: str
    external_id: str = Field(description="The member number where the club gave no other.")
    number: str
    name: str
    first_name: str
    last_name: str
    full_name: str
    phone: str | None
    email: str | None
    birth_date: date | None
    gender: str | None
    national_id: str | None = Field(description="null as well for roles that may not edit members.")
    address: str | None
    city: str | None
    postcode: str | None
    emergency_contact: str | None
    guardian: str | None
    payer: str | None
    trainer: str | None
    joined_on: date | None
    locale: str | None
    notes: str
    tags: list[str]
    cards: list[str]
    club: str = Field(description="Code of the home club.")
    status: Status
    phase: Phase | None
    sub: Sub | None
    risk: Risk
    since: date | None = Field(description="First day of the phase.")
    last_visit_on: date | None
    membership: MembershipBrief | None
    owed: Amount | None = Field(description="What is owed in all; null = nothing.")
    created_at: Instant


class TimelineQuery(PageQuery):
    """Which part of a timeline."""

    kind: Kind | None = Field(None, description="Only things of this sort.")


class TimelineOut(Shape):
    """One thing that happened."""

    id: str
    at: Instant
    kind: Kind
    what: str = Field(description="Stable code of what happened, e.g. visit or MembershipSold.")
    by: str = Field(description="Who did it; empty for the program itself.")
    club: str = Field(description="Code of the club; empty where it belongs to none.")
    undone: bool
    details: dict[str, Any]

    @classmethod
    def of(cls, item: TimelineItem, club: str) -> "TimelineOut":
        """An item as the API writes it."""
        return cls(
            id=item.key,
            at=item.at,
            kind=item.kind,
            what=item.what,
            by=item.by,
            club=club,
            undone=item.is_undone,
            details={name: _named(name, value) for name, value in item.figures.items()},
        )


class TimelinePage(Page[TimelineOut]):
    """What happened to a person, newest first."""


def _named(name: str, value: Any) -> Any:
    """Ids are strings here as everywhere in the API."""
    is_id = (name == "id" or name.endswith("_id")) and isinstance(value, int)
    return shown_id(value) if is_id else value
