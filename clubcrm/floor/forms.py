"""What a trainer enters on the phone: parsed and checked for shape; the rules are the operations'."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf import FlaskForm
from wtforms import Field, StringField, TextAreaField
from wtforms.widgets import TimeInput

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.calendars import CalendarName
from clubcrm.core.fields import (
    ChoiceField,
    DayField,
    WholeField,
    at_most,
    between,
    choices_of,
    needed,
    stripped,
)
from clubcrm.core.folding import ascii_digits
from clubcrm.core.formats import format_number
from clubcrm.schedule.operations import MAX_LOG, MAX_NOTE
from clubcrm.schedule.queries import PackageRow

FREE = "free"
"""The choice of a session that belongs to no package."""


class ClockField(Field):
    """A time on the club's clock: the browser's own field, in any digits."""

    widget = TimeInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data:%H:%M}" if isinstance(self.data, time) else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read the time; None where nothing is entered."""
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            self.data = time.fromisoformat(ascii_digits(valuelist[0].strip()).zfill(5))
        except ValueError as error:
            raise ValueError(_("Please enter a time as hours and minutes: 18:30.")) from error


class WhenForm(FlaskForm):
    """A day and a time on the club's clock."""

    day = DayField(_l("Day"), [needed()])
    time = ClockField(_l("Time"), [needed()])

    def __init__(self, *args: Any, club: ClubRow, at: datetime | None = None, **kw: Any) -> None:
        self.club = club
        if at is not None:
            local = at.astimezone(ZoneInfo(club.timezone))
            kw |= {"day": local.date(), "time": local.time().replace(second=0, microsecond=0)}
        super().__init__(*args, **kw)

    def process(self, *args: Any, **kw: Any) -> None:
        """Read what was entered; the day is told first in which calendar."""
        self.day.calendar = cast(CalendarName, self.club.calendar)
        super().process(*args, **kw)

    @property
    def starts_at(self) -> datetime:
        """The instant that was entered."""
        wall = datetime.combine(self.day.data, self.time.data)
        return wall.replace(tzinfo=ZoneInfo(self.club.timezone)).astimezone(UTC)


class PlanForm(WhenForm):
    """When a session is, how long, and from which package it is taken."""

    minutes = WholeField(_l("Minutes"), [needed(), between(5, 480)])
    package = ChoiceField(_l("Package"))

    def __init__(self, *args: Any, packages: Sequence[PackageRow], **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.package.choices = choices_of(
            [*((str(one.id), _package_words(one)) for one in packages), (FREE, _("No package"))]
        )
        if not self.is_submitted():
            usable = [str(one.id) for one in packages if one.left]
            self.package.data = next(iter(usable), FREE)

    @property
    def is_free(self) -> bool:
        """Whether the session belongs to no package."""
        return self.package.data == FREE

    @property
    def membership_id(self) -> int | None:
        """The package that is meant."""
        return None if self.is_free else int(self.package.data)


def _package_words(one: PackageRow) -> str:
    left = ngettext("%(count)s left", "%(count)s left", one.left, count=format_number(one.left))
    return f"{one.plan}, {left}"


class WriteUpForm(FlaskForm):
    """What was trained, and a note."""

    log = TextAreaField(_l("What was trained"), [at_most(MAX_LOG)])
    note = StringField(_l("Note"), [at_most(MAX_NOTE)], filters=[stripped])
