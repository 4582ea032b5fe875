"""The door as the API asks and answers it."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from clubcrm.api.schemas.base import Id, Instant, Shape, ShortText, Text, _clean, shown_id
from clubcrm.visits.operations import CheckIn
from clubcrm.visits.states import Decision


class CheckInNew(Shape):
    """Somebody at a door: either the card's `code` or the `member_id`."""

    code: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_clean)] | None = None
    member_id: Id | None = None
    access_point: Annotated[str, Field(max_length=40), AfterValidator(_clean)] | None = Field(
        None, description="Code of the entrance; one that is new is added."
    )
    at: Instant | None = Field(None, description="When it was; null = now.")
    override_reason: Text | None = Field(
        None, description="Lets somebody in against a stop; needs the right to do that."
    )
    club: ShortText | None = Field(
        None, description="Code of the club; needed where the token has several."
    )

    @model_validator(mode="after")
    def _names_one(self) -> "CheckInNew":
        if (self.code is None) == (self.member_id is None):
            raise ValueError("Give either code or member_id.")
        return self


class ReasonOut(Shape):
    """One reason of an answer, the gravest first."""

    code: str
    text: str


class CheckInMember(Shape):
    """Who asked."""

    id: str
    external_id: str
    number: str
    name: str


class CheckInMembership(Shape):
    """The membership the answer rests on."""

    id: str
    plan: str
    days_left: int | None = Field(
        description="Days from the visit's day to `ends_on`: 0 on the last day, below 0 when over."
    )
    visits_left: int | None = Field(description="After this visit; null = no limit.")
    ends_on: date | None = Field(description="Last valid day; null = month to month.")


class ReplyOut(Shape):
    """A reply a question takes."""

    code: str
    text: str


class PromptOut(Shape):
    """The one question to ask."""

    code: str
    text: str
    why: str | None = Field(description="Why it is asked; for `contact` what to say.")
    replies: list[ReplyOut]


class CheckInOut(Shape):
    """What the door answered. A stop has no visit; `already_in` names the visit that goes on."""

    decision: Decision
    reasons: list[ReasonOut]
    visit_id: str | None
    member: CheckInMember
    membership: CheckInMembership | None
    prompt: PromptOut | None
    at: Instant

    @classmethod
    def of(cls, answer: CheckIn) -> "CheckInOut":
        """An answer as the API writes it."""
        person, term = answer.person, answer.term
        words = answer.prompt_text()
        prompt = None
        if answer.prompt is not None and words is not None:
            replies = [ReplyOut(code=code, text=text) for code, text in answer.prompt_replies()]
            prompt = PromptOut(
                code=answer.prompt.code.value,
                text=words,
                why=answer.prompt_reason(),
                replies=replies,
            )
        return cls(
            decision=answer.decision,
            reasons=[ReasonOut(code=code, text=text) for code, text in answer.reason_texts()],
            visit_id=None if answer.visit_id is None else shown_id(answer.visit_id),
            member=CheckInMember(
                id=shown_id(person.id),
                external_id=person.external_id or person.number,
                number=person.number,
                name=person.full_name or person.number,
            ),
            membership=None
            if term is None
            else CheckInMembership(
                id=shown_id(term.id),
                plan=term.plan,
                days_left=term.days_left,
                visits_left=term.visits_left,
                ends_on=term.ends_on,
            ),
            prompt=prompt,
            at=answer.at,
        )


class VisitUndone(Shape):
    """A visit that was taken back."""

    id: str
    undone: bool = Field(description="false = it was taken back before.")
