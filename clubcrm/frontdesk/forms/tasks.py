"""Forms about tasks: what came of one, and writing one down by hand."""

from datetime import date, timedelta
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, TextAreaField

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.calendars import CalendarName
from clubcrm.core.fields import ChoiceField, DayField, RadioChoiceField, at_most, needed, stripped
from clubcrm.messaging.states import Outcome, TaskKind
from clubcrm.messaging.words import KIND_WORDS

QUICK_DAYS = (1, 2, 7)
"""Days from today that are offered for a promise with one tap."""


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
