"""Filling in the places of a contact's words for one member."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, cast

from jinja2 import Template, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.calendars import CalendarName
from clubcrm.core.formats import format_day, format_number, with_territory

Places = Mapping[str, Any]

_writer = SandboxedEnvironment(autoescape=False)


@lru_cache(maxsize=512)
def _template(text: str) -> Template:
    return _writer.from_string(text)


def filled(text: str, places: Places) -> str:
    """The words with their places filled in. Plain text: nothing in it is markup.

    A place nobody knows stays empty; words that cannot be read at all are given as they stand.
    """
    try:
        return _template(text).render(places).strip()
    except TemplateError:
        return text.strip()


def places_of(club: ClubRow, member: Any, today: date, language: str) -> dict[str, str]:
    """What may be said of a member in words: names, days, and the own rhythm; unknown stays empty."""
    locale = with_territory(language, club.territory)
    last: date | None = member.last_visit_on or member.spell_from_on
    joined: date | None = member.spell_from_on
    ends: date | None = member.ends_on
    calendar = cast(CalendarName, club.calendar)

    def count(number: int | None) -> str:
        return "" if number is None else format_number(number, locale=locale)

    return {
        "first_name": member.first_name or member.full_name,
        "club": club.name,
        "gap": count((today - last).days if last else None),
        "usual": count(max(1, round(7 / member.base)) if member.base else None),
        "visits": count(member.v28 or 0),
        "spell_days": count((today - joined).days if joined else None),
        "ends_on": format_day(ends, locale, calendar, "long") if ends else "",
    }
