"""Fields of forms for what a club enters: choices, days and amounts, with their words for mistakes.

Days are typed in the club's calendar and in any digits; amounts in major units. What a field cannot
read it keeps as typed, so that nobody enters it twice.
"""

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Length, NumberRange, StopValidation, ValidationError
from wtforms.widgets import DateInput, TextInput

from clubcrm.core.calendars import CalendarName, parse_jalali, to_jalali
from clubcrm.core.errors import DomainError
from clubcrm.core.folding import ascii_digits
from clubcrm.core.money import RIALS_A_TOMAN, TOMAN, Money

# A year below this is one of the Jalali calendar, whatever the club's own is.
FIRST_GREGORIAN_YEAR = 1700
PARTS_OF_A_DAY = re.compile(r"\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})\s*")


class Needed:
    """The entry may not be left out. What was typed and cannot be read keeps the sentence about that."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __call__(self, _form: Any, field: Any) -> None:
        """Stop at an empty entry; nought is one that was made."""
        told = field.data
        is_blank = isinstance(told, str) and not told.strip()
        if told is not None and told is not False and not is_blank:
            return
        raise StopValidation() if field.errors else StopValidation(_("Please fill this in."))


def needed() -> Needed:
    """The entry may not be left out."""
    return Needed()


def at_most(length: int) -> Length:
    """The entry may not be longer than what is kept of it."""
    return Length(max=length, message=_l("At most %(max)d characters."))


def between(least: int, most: int) -> NumberRange:
    """The number lies between two others, both included."""
    return NumberRange(min=least, max=most, message=_l("A number from %(min)s to %(max)s."))


def stripped(text: str | None) -> str | None:
    """What was entered, without blanks around it."""
    return text.strip() if text else text


class ChoiceField(SelectField):
    """One of a list. Left out of a form it is the line that chooses nothing, where there is one."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not in the list, in our own words."""
        if self.data is None and any(value == "" for value, *_more in self.iter_choices()):
            self.data = ""
        _check_choice(super().pre_validate, form)


class RadioChoiceField(RadioField):
    """One of a few, all in sight."""

    def pre_validate(self, form: Any) -> None:
        """Refuse what is not in the list, in our own words."""
        _check_choice(super().pre_validate, form)


def _check_choice(check: Any, form: Any) -> None:
    try:
        check(form)
    except ValidationError as error:
        raise ValidationError(_("Please choose one of the list.")) from error


class WholeField(IntegerField):
    """A whole number, in any digits."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the number; None where nothing is entered."""
        if not valuelist or not valuelist[0].strip():
            self.data = None
            return
        try:
            self.data = int(ascii_digits(valuelist[0]).strip())
        except ValueError as error:
            self.data = None
            raise ValueError(_("Please enter a whole number.")) from error


class DayField(Field):
    """A day, in the club's calendar: the browser's own field, or for Jalali a text and a calendar."""

    def __init__(self, *args: Any, calendar: CalendarName = "gregorian", **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.calendar: CalendarName = calendar

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if not isinstance(self.data, date):
            return ""
        if self.calendar == "jalali":
            return "{:04d}/{:02d}/{:02d}".format(*to_jalali(self.data))
        return self.data.isoformat()

    def __call__(self, **kw: Any) -> Any:
        """The field on the page."""
        if self.calendar == "jalali":
            kw.setdefault("data-jdp", True)
            kw.setdefault("inputmode", "numeric")
            kw.setdefault("placeholder", "1405/01/31")
            kw.setdefault("dir", "ltr")
            return TextInput()(self, **kw)
        return DateInput()(self, **kw)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the day; None where nothing is entered."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        parts = PARTS_OF_A_DAY.fullmatch(ascii_digits(valuelist[0]))
        if parts is None:
            raise ValueError(_("Please enter a day as year, month and day: 2026-03-31."))
        year, month, day = (int(part) for part in parts.groups())
        try:
            is_jalali = year < FIRST_GREGORIAN_YEAR
            self.data = parse_jalali(year, month, day) if is_jalali else date(year, month, day)
        except (ValueError, DomainError) as error:
            raise ValueError(_("The calendar has no such day.")) from error


class MoneyField(Field):
    """An amount in major units of the club's currency; in toman where the club writes rials so."""

    widget = TextInput()

    def __init__(self, *args: Any, currency: str = "EUR", **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.currency = currency
        self.in_toman = False

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        if not isinstance(self.data, Money):
            return ""
        if self.in_toman:
            whole, rest = divmod(self.data.minor, RIALS_A_TOMAN)
            return f"{whole}.{rest}" if rest else str(whole)
        return f"{self.data.major:f}"

    def __call__(self, **kw: Any) -> Any:
        """The field on the page."""
        kw.setdefault("inputmode", "decimal")
        kw.setdefault("autocomplete", "off")
        kw.setdefault("dir", "ltr")
        return super().__call__(**kw)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the amount; None where nothing is entered."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            amount = Money.parse(valuelist[0], TOMAN if self.in_toman else self.currency)
        except DomainError as error:
            raise ValueError(error.text()) from error
        if amount.is_negative:
            raise ValueError(_("Please enter an amount that is not negative."))
        self.data = amount


def choices_of(pairs: Iterable[tuple[Any, Any]], empty: Any = None) -> list[Any]:
    """Choices as a list takes them; `empty` is the line that chooses nothing."""
    first = [] if empty is None else [SelectChoice("", str(empty))]
    return first + [SelectChoice(str(value), str(words)) for value, words in pairs]


# --- what a club chooses from ---------------------------------------------------------------

CLUB_LANGUAGES = ("en", "fa", "ar", "ru", "pt", "es", "de", "fr", "tr", "it")


def calendar_words() -> list[tuple[str, str]]:
    """The calendars a club may live by, with their names."""
    return [("gregorian", _("Gregorian (1 January)")), ("jalali", _("Jalali (1 Farvardin)"))]


def club_languages(also: str | None = None) -> list[tuple[str, str]]:
    """The languages a club may speak, each by its own name; `also` is one that must be among them."""
    codes = [*CLUB_LANGUAGES, *([also] if also and also not in CLUB_LANGUAGES else [])]
    return [
        (code, (Locale.parse(code).get_display_name(code) or code).capitalize()) for code in codes
    ]


def zones(also: str | None = None) -> list[str]:
    """The time zones in which somebody lives, by region; `also` is one that must be among them."""
    known = _zones()
    return [*known, also] if also and also not in known else list(known)


@lru_cache(maxsize=1)
def _zones() -> tuple[str, ...]:
    inhabited = {zone for zone, code in get_global("zone_territories").items() if len(code) == 2}
    return (*sorted(available_timezones() & inhabited), "UTC")
