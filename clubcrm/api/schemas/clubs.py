"""Clubs as the API answers them."""

from datetime import date

from pydantic import Field

from clubcrm.accounts.queries import ClubRow
from clubcrm.api.schemas.base import Page, Shape, shown_id


class ClubOut(Shape):
    """A club this token works at."""

    id: str
    code: str = Field(description="Short code, used as `club` everywhere in the API.")
    name: str
    timezone: str
    currency: str
    language: str
    calendar: str
    went_live_on: date | None

    @classmethod
    def of(cls, club: ClubRow) -> "ClubOut":
        """A club as the API writes it."""
        names = ("code", "name", "timezone", "currency", "language", "calendar", "went_live_on")
        return cls(id=shown_id(club.id), **{name: getattr(club, name) for name in names})


class ClubPage(Page[ClubOut]):
    """The clubs a token works at."""
