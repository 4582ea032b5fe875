"""What people enter to import a file: parsed and checked for shape; the rules are the operations'."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.datastructures import MultiDict
from wtforms import StringField
from wtforms.validators import ValidationError

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.fields import (
    ChoiceField,
    DayField,
    RadioChoiceField,
    at_most,
    choices_of,
    needed,
    stripped,
)
from clubcrm.core.folding import clean_text
from clubcrm.core.money import exponent
from clubcrm.exchange.policies.columns import COLUMNS
from clubcrm.exchange.policies.mapping import ColumnMapping
from clubcrm.exchange.policies.meanings import takes_meanings
from clubcrm.exchange.states import ExportFormat, Kind
from clubcrm.exchange.words import CALENDAR_WORDS, CONSENTS, KINDS, ORDER_WORDS
from clubcrm.members.states import ConsentBasis

TAG = "#tag"
"""What a column is chosen as where each "yes" in it puts a tag on the person."""

NOTHING = "#nothing"
"""What a cell is said to mean that says nothing."""

_MOST_MEANINGS = 1000


class UploadForm(FlaskForm):
    """A file, what it holds, and a mapping file for whoever has one."""

    file = FileField(_l("File"), [needed()], description=_l("CSV or Excel (.xlsx), up to 64 MB."))
    kind = ChoiceField(_l("What is in it"))
    mapping = FileField(
        _l("Mapping file"), description=_l("Only if somebody wrote one for you (.toml).")
    )

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.kind.choices = choices_of(KINDS.items(), _l("Find out from the headings"))


class ColumnsForm(FlaskForm):
    """What holds for the whole file; the columns themselves are read by `chosen_mapping`."""

    kind = ChoiceField(_l("What is in the file"), [needed()])
    as_of_on = DayField(
        _l("As of"),
        [needed()],
        description=_l(
            "The day on which the file was exported. Before it nothing is known of visits that are "
            "not in a file."
        ),
    )
    order = ChoiceField(_l("Days are written"))
    calendar = ChoiceField(_l("Calendar of the days"))
    plan = StringField(_l("Plan where the file names none"), [at_most(120)], filters=[stripped])
    currency = StringField(_l("Currency of the amounts"), [at_most(3)], filters=[stripped])
    consent = RadioChoiceField(_l("May the club write to these people?"), [needed()])

    def __init__(self, *args: Any, club: ClubRow, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.kind.choices = choices_of(KINDS.items())
        self.order.choices = choices_of(ORDER_WORDS.items())
        self.calendar.choices = choices_of(CALENDAR_WORDS.items())
        self.consent.choices = choices_of((basis, CONSENTS[basis]) for basis in ConsentBasis)
        self.currency.description = _(
            "Left empty: %(currency)s, the club's.", currency=club.currency
        )
        self.as_of_on.calendar = "jalali" if club.calendar == "jalali" else "gregorian"

    def validate_currency(self, field: StringField) -> None:
        """Refuse what is no currency."""
        if not field.data:
            return
        try:
            exponent(field.data.upper())
        except ValueError as error:
            raise ValidationError(_("Please enter the code of a currency: EUR.")) from error

    @property
    def chosen_kind(self) -> Kind:
        """The kind of file."""
        return Kind(self.kind.data)

    @property
    def chosen_day(self) -> date:
        """The day of which the file speaks."""
        day: date = self.as_of_on.data
        return day


class ExportForm(FlaskForm):
    """In which form everything is handed out."""

    format = RadioChoiceField(_l("As"), [needed()], default=ExportFormat.XLSX.value)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.format.choices = choices_of(
            (
                (ExportFormat.XLSX, _l("Excel workbooks")),
                (ExportFormat.CSV, _l("CSV files, for any spreadsheet")),
                (ExportFormat.JSONL, _l("JSON lines, for programs")),
            )
        )


def chosen_mapping(
    headings: Sequence[str],
    told: MultiDict[str, str],
    form: ColumnsForm,
    before: ColumnMapping,
) -> dict[str, Any]:
    """The choices of the page as a mapping file would say them, with what one said before.

    A repeated heading counts where it stands first; a column without a heading is left out.
    """
    table = COLUMNS[form.chosen_kind]
    columns: dict[str, str] = {}
    tags: dict[str, str] = {}
    values = {column: dict(known) for column, known in before.values.items()}
    for place, heading in enumerate(headings):
        if not heading or heading in columns or heading in tags:
            continue
        choice = told.get(f"column-{place}", "")
        if choice == TAG:
            tags[heading] = clean_text(told.get(f"tag-{place}", ""), 60) or tag_of(heading, before)
            continue
        columns[heading] = choice
        if choice in table and takes_meanings(table[choice]):
            _take_meanings(values.setdefault(choice, {}), told_meanings(told, place))
    constants = dict(before.constants)
    for name, field in (("plan", form.plan), ("currency", form.currency)):
        constants.pop(name, None)
        if field.data and name in table:
            constants[name] = field.data
    dates = {
        name: field.data
        for name, field in (("order", form.order), ("calendar", form.calendar))
        if field.data
    }
    return {
        "columns": columns,
        "tags": tags,
        "constants": constants,
        "values": {column: known for column, known in values.items() if known},
        "dates": dates,
    }


def tag_of(heading: str, before: ColumnMapping) -> str:
    """The tag a column gives: as was said, else its heading."""
    return before.tags.get(heading) or clean_text(heading.replace("_", " "), 60)


def told_meanings(told: MultiDict[str, str], place: int) -> dict[str, str]:
    """What the page says that the cells of a column mean, by their keys; "" = as they are."""
    start = f"value-{place}-"
    names = [name for name in told if name.startswith(start)][:_MOST_MEANINGS]
    return {name.removeprefix(start): clean_text(told[name], 120) for name in names}


def _take_meanings(known: dict[str, str], said: dict[str, str]) -> None:
    for key, meaning in said.items():
        if meaning:
            known[key] = "" if meaning == NOTHING else meaning
        else:
            known.pop(key, None)
