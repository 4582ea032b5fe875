"""Days, times, numbers and money of a page: in the reader's language and the club's calendar and zone."""

from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, cast
from urllib.parse import urlencode

import phonenumbers
from flask import current_app, request
from markupsafe import Markup, escape

from clubcrm.core import clock, formats
from clubcrm.core.calendars import CalendarName
from clubcrm.core.money import Money
from clubcrm.presentation.reader import Eye, eye

_FIGURE: Final = Markup('<bdi class="num">')
_CODE: Final = Markup('<bdi dir="ltr" class="num">')
_CLOSED: Final = Markup("</bdi>")


def _isolated(text: str) -> Markup:
    """A figure that keeps its own direction within any line."""
    return _FIGURE + text + _CLOSED


ISOLATE, ISOLATED = "\u2068", "\u2069"


def isolated(text: str) -> str:
    """A text that keeps its own direction in a line from the right; as it is elsewhere."""
    return _apart(text, eye())


def _apart(text: str, reader: Eye) -> str:
    return f"{ISOLATE}{text}{ISOLATED}" if text and reader.is_from_right else text


def day_text(day: date | None, style: formats.DayStyle = "short") -> str:
    """A day in words; nothing for no day."""
    if day is None:
        return ""
    to = eye()
    return _apart(formats.format_day(day, to.language, to.calendar, style, today=to.today), to)


def moment_text(moment: datetime | None, style: formats.DayStyle = "near") -> str:
    """An instant on the club's clock: Sat 21 Nov, 10:14."""
    if moment is None:
        return ""
    to = eye()
    written = formats.format_moment(
        moment, to.zone, to.language, to.calendar, style, today=to.today
    )
    return _apart(written, to)


def moment_day_text(moment: datetime | None, style: formats.DayStyle = "near") -> str:
    """The day of an instant on the club's clock: Sat 21 Nov."""
    return "" if moment is None else day_text(moment.astimezone(eye().zone).date(), style)


def time_text(moment: datetime | None) -> str:
    """The time of day of an instant on the club's clock."""
    if moment is None:
        return ""
    to = eye()
    return formats.format_time(moment.astimezone(to.zone), to.language)


def month_text(day: date | None) -> str:
    """The month a day lies in, in the club's calendar."""
    if day is None:
        return ""
    to = eye()
    return _apart(formats.format_month(day, to.language, to.calendar), to)


def month_name_text(day: date) -> str:
    """The month alone, for an axis: Nov. Without its year."""
    to = eye()
    written = formats.format_month(day, to.language, to.calendar)
    return "".join(part for part in written if not part.isdigit()).strip(" ,/")


def ago_text(when: date | datetime | None) -> str:
    """A day or an instant as seen from now: 3 days ago, in 12 days."""
    if when is None:
        return ""
    to = eye()
    if isinstance(when, datetime):
        return formats.relative_moment(when, clock.now(), to.zone, to.language)
    return _ago(when, to.today, to.language)


@lru_cache(maxsize=4096)
def _ago(when: date, on: date, language: str) -> str:
    return formats.relative_day(when, on, language)


def money_text(money: Money | None, *, is_summary: bool = False) -> str:
    """An amount in the reader's form, without markup (for labels and attributes)."""
    if money is None:
        return ""
    to = eye()
    return formats.format_money(money, to.language, to.shows_toman, is_summary=is_summary)


def money_figure(money: Money | None, *, is_summary: bool = False) -> Markup:
    """An amount as it stands on a page: set in figures, isolated from the line's direction."""
    return Markup("") if money is None else _isolated(money_text(money, is_summary=is_summary))


def number_text(number: float, decimals: int | None = None) -> str:
    """A number in the reader's digits."""
    return formats.format_number(number, eye().language, decimals=decimals)


def across(x: float, width: float = 0) -> str:
    """A place in per cent of a drawing's width, from the side at which its lines begin."""
    return f"{100 - x - width if eye().is_from_right else x:.3f}%"


def percent_text(share: float, decimals: int = 0) -> str:
    """A share of one as per cent."""
    return formats.format_percent(share, eye().language, decimals=decimals)


def code_figure(code: str | None) -> Markup:
    """A phone number, a card or another code: always read from left to right."""
    return _CODE + code + _CLOSED if code else Markup("")


def phone_figure(phone: str | None) -> Markup:
    """A telephone number in groups, as it is read aloud: +351 912 555 318."""
    return code_figure(_in_groups(phone)) if phone else Markup("")


@lru_cache(maxsize=4096)
def _in_groups(phone: str) -> str:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return phone
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def day_of_year_text(month: int, day: int, calendar: str) -> str:
    """A day that returns every year: 31 August; in the calendar that is told."""
    to = eye()
    written = formats.format_day_of_year(month, day, cast(CalendarName, calendar), to.language)
    return _apart(written, to)


def days_text(first: date, last: date) -> str:
    """The days from one through another; one day is named once."""
    if first == last:
        return day_text(first, "near")
    return f"{day_text(first, 'near')} – {day_text(last, 'near')}"


def initials(name: str) -> str:
    """The letters that stand for a photo: of the first and the last word of a name."""
    words = [word for word in name.split() if word[0].isalpha()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    # Joining scripts would melt two letters into one shape.
    return "\u200c".join(letter.upper() for letter in letters)


def this_page(**changes: Any) -> str:
    """The address of this page with some of its query changed; None takes an entry away."""
    query = {name: values for name, values in request.args.lists() if name not in changes}
    for name, value in changes.items():
        if value is not None:
            query[name] = value if isinstance(value, list) else [value]
    written = urlencode([(name, value) for name, values in query.items() for value in values])
    return f"{request.path}?{written}" if written else request.path


def as_json(value: Any) -> Markup:
    """Values for a page script, to stand in a data attribute."""
    return escape(current_app.json.dumps(value, ensure_ascii=False))
