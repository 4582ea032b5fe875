"""Forms about tasks: what came of one, and writing one down by hand."""

import re
import secrets
from datetime import date, timedelta
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.calendars import CalendarName
from clubcrm.core.fields import ChoiceField, DayField, RadioChoiceField, at_most, needed, stripped
from clubcrm.messaging.states import Outcome, TaskKind
from clubcrm.messaging.words import KIND_WORDS

QUICK_DAYS = (1, 2, 7)
"""Days from today that are offered for a promise with one tap."""

BATCH = re.compile(r"[0-9a-f]{24}")


class OutcomeForm(FlaskForm):
    """What came of a task; the day promised is one of a few, or any other."""

    note = StringField(_l("Note"), [at_most(400)], filters=[stripped])
    promised = StringField()
    promised_on = DayField(_l("Another day"))
    outcome = StringField(validators=[needed()])

    def __init__(self, *args: Any, club: ClubRow, **kw: Any) -> None:
        super().__init__(*args, **kw)
        cast(Any, self.promised_on).calendar = cast(CalendarName, club.calendar)

    def result(self) -> Outcome | None:
        """The outcome that was pressed; None for none there is."""
        told = self.outcome.data or ""
        return Outcome(told) if told in set(Outcome) else None

    def day(self) -> date | None:
        """The day that was promised: the one tapped, else the one typed in."""
        try:
            return date.fromisoformat(self.promised.data or "")
        except ValueError:
            return cast("date | None", self.promised_on.data)


class WriteTaskForm(FlaskForm):
    """Something to do about somebody."""

    kind = RadioChoiceField(_l("What"), [needed()], default=TaskKind.CALL.value)
    title = StringField(_l("About"), [needed(), at_most(240)], filters=[stripped])
    script = TextAreaField(
        _l("What to say or to know"), [at_most(4000)], filters=[stripped], render_kw={"rows": 3}
    )
    due_on = DayField(_l("Due on"), [needed()])
    assigned_to = ChoiceField(_l("Who does it"))

    def __init__(
        self, *args: Any, club: ClubRow, people: list[tuple[int, str]], today: date, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        cast(Any, self.due_on).calendar = cast(CalendarName, club.calendar)
        cast(Any, self.kind).choices = [
            (kind.value, KIND_WORDS[kind]) for kind in (TaskKind.CALL, TaskKind.TODO)
        ]
        cast(Any, self.assigned_to).choices = [
            ("", _("Whoever has time")),
            *((str(id_), name) for id_, name in people),
        ]
        if not self.is_submitted() and self.due_on.data is None:
            self.due_on.data = today + timedelta(days=1)

    def doer(self) -> int | None:
        """The employee who was chosen."""
        return int(self.assigned_to.data) if self.assigned_to.data else None


class CallsForm(FlaskForm):
    """Calls to everybody of a list, or to those ticked: who makes them, by when, and what to say."""

    doers = SelectMultipleField(
        _l("Who calls, by turns"), coerce=int, option_widget=CheckboxInput(), default=()
    )
    due_on = DayField(_l("Due on"), [needed()])
    title = StringField(_l("About"), [needed(), at_most(240)], filters=[stripped])
    script = TextAreaField(
        _l("What to say or to know"), [at_most(4000)], filters=[stripped], render_kw={"rows": 3}
    )
    batch = HiddenField()

    def __init__(
        self, *args: Any, club: ClubRow, people: list[tuple[int, str]], today: date, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        cast(Any, self.due_on).calendar = cast(CalendarName, club.calendar)
        cast(Any, self.doers).choices = people
        self.names = dict(people)
        if not self.is_submitted():
            self.due_on.data = today
            self.batch.data = secrets.token_hex(12)

    def by_turns(self) -> list[int]:
        """Who makes the calls, one after the other; nobody where whoever has time does."""
        return list(self.doers.data or ())

    def key(self) -> str:
        """The key of these calls; of a form that lost its own a new one."""
        told = self.batch.data or ""
        return told if BATCH.fullmatch(told) else secrets.token_hex(12)
