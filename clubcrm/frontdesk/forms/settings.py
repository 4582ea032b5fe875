"""Forms about the club itself: how it works, what it sells, when it is closed, who works there."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from babel.core import get_global
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, IntegerField, PasswordField, StringField
from wtforms.validators import Email, Length, Optional, ValidationError

from clubcrm.accounts.operations import MIN_PASSWORD
from clubcrm.accounts.states import Role
from clubcrm.core.errors import Words
from clubcrm.core.fields import (
    ChoiceField,
    DayField,
    MoneyField,
    RadioChoiceField,
    WholeField,
    at_most,
    between,
    choices_of,
    needed,
    stripped,
)
from clubcrm.core.folding import ascii_digits
from clubcrm.core.formats import reader_locale
from clubcrm.core.period import Period
from clubcrm.frontdesk.forms.memberships import TaskForm
from clubcrm.members.operations import PlanValues, SeasonValues
from clubcrm.members.queries import PlanRow
from clubcrm.members.states import PlanKind
from clubcrm.retention.policies.choices import MOST_CALLS
from clubcrm.retention.policies.ramp import MOST_A_DAY

TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


class ClubForm(TaskForm):
    """How the club works. The code and the currency stay as they were set up."""

    name = StringField(_l("Name of the club"), [needed(), at_most(120)], filters=[stripped])
    timezone = ChoiceField(_l("Time zone"), [needed()])
    territory = ChoiceField(
        _l("Country"),
        [needed()],
        description=_l("Decides weekends and how phone numbers are read."),
    )
    language = ChoiceField(
        _l("Language of the club"),
        [needed()],
        description=_l("The language in which the club writes to its members."),
    )
    calendar = RadioChoiceField(_l("Calendar"))
    day_begins = StringField(
        _l("The day begins at"),
        [needed()],
        description=_l("00:00, unless the club is open past midnight."),
        filters=[stripped],
    )
    shows_toman = BooleanField(_l("Show rial amounts in toman"))
    ends_soon_days = WholeField(
        _l("Days before the end at which the desk says so"), [needed(), between(0, 120)]
    )
    few_visits = WholeField(_l("Visits left at which the desk says so"), [needed(), between(0, 50)])
    debt_grace = MoneyField(_l("Debt up to which nobody is stopped"))
    inside_hours = WholeField(
        _l("Hours after which nobody is taken to be inside"), [needed(), between(1, 24)]
    )
    notice_days = WholeField(
        _l("Days of notice for month-to-month contracts"), [Optional(), between(0, 365)]
    )
    freeze_days_a_term = WholeField(
        _l("Days a term may be frozen in all"),
        [Optional(), between(1, 366)],
        description=_l("Empty for no limit."),
    )

    def __init__(
        self,
        *args: Any,
        zones: Sequence[str],
        languages: Sequence[tuple[str, str]],
        calendars: Sequence[tuple[str, str]],
        **kw: Any,
    ) -> None:
        super().__init__(*args, **kw)
        self.timezone.choices = choices_of((zone, zone.replace("_", " ")) for zone in zones)
        self.language.choices = choices_of(languages)
        self.calendar.choices = choices_of(calendars)
        self.territory.choices = choices_of(_countries())

    def validate_day_begins(self, field: StringField) -> None:
        """A time of day."""
        if not TIME.fullmatch(ascii_digits(field.data or "")):
            raise ValidationError(_("Please enter a time such as 04:00."))

    def changes(self) -> dict[str, Any]:
        """The club as it shall be."""
        match = TIME.fullmatch(ascii_digits(self.day_begins.data or ""))
        assert match is not None, "the form was validated"
        return {
            "name": self.name.data,
            "timezone": self.timezone.data,
            "territory": self.territory.data,
            "language": self.language.data,
            "calendar": self.calendar.data,
            "day_cutoff_minutes": int(match[1]) * 60 + int(match[2]),
        }

    def settings(self, standing: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that rules read; what this form does not know is kept."""
        entry = dict(standing.get("entry") or {})
        entry |= {
            "ends_soon_days": self.ends_soon_days.data,
            "few_visits": self.few_visits.data,
            "debt_grace_minor": self.debt_grace.data.minor if self.debt_grace.data else 0,
            "inside_minutes": (self.inside_hours.data or 4) * 60,
        }
        return {
            "entry": entry,
            "notice_days": self.notice_days.data,
            "freeze_days_a_term": self.freeze_days_a_term.data,
            "shows_toman": True if self.shows_toman.data else None,
        }


def _countries() -> list[tuple[str, str]]:
    """The countries in which somebody lives, in the reader's language."""
    names = reader_locale().territories
    codes = {code for code in get_global("territory_currencies") if len(code) == 2}
    return sorted(
        ((code, names[code]) for code in codes if code in names), key=lambda pair: pair[1]
    )


class SenderForm(FlaskForm):
    """Who the club's e-mails are from, and whether any leave."""

    name = StringField(
        _l("Name of the sender"),
        [at_most(120)],
        description=_l("Empty for the name of the club."),
        filters=[stripped],
    )
    address = EmailField(
        _l("Address to write from"),
        [needed(), at_most(254), Email(message=_l("This is not an e-mail address."))],
        filters=[stripped],
    )
    reply_to = EmailField(
        _l("Address for answers"),
        [Optional(), at_most(254), Email(message=_l("This is not an e-mail address."))],
        description=_l("Empty for the address above."),
        filters=[stripped],
    )
    is_on = BooleanField(_l("Send e-mails to members"))


class ContactsForm(FlaskForm):
    """What the club chose about its contacts."""

    learning = RadioChoiceField(_l("Who is left alone to compare"))
    calls_per_day = WholeField(
        _l("Calls a day"),
        [needed(), between(0, MOST_CALLS)],
        description=_l("The most valuable come first; what is beyond the day stays below a line."),
    )
    price = MoneyField(
        _l("Price of one message"), description=_l("Empty where it is not known, or costs nothing.")
    )

    def __init__(self, *args: Any, suggested: str, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.learning.choices = choices_of(
            [("", _("What suits a club of this size")), *LEARNING.items()]
        )
        self.learning.description = _("What suits: %(choice)s.", choice=LEARNING[suggested])


class RampForm(FlaskForm):
    """How many people of the backlog are contacted in a day."""

    per_day = WholeField(_l("People a day"), [needed(), between(0, MOST_A_DAY)])


LEARNING: Mapping[str, Words] = {
    "full": _l("The share of each contact, calls too"),
    "small": _l("One in ten automatic messages, no calls"),
    "none": _l("Nobody, and nothing is learned"),
}
"""Choice -> its words: how many are left alone on purpose, so that the others can be compared."""


class PlanForm(TaskForm):
    """What the club sells."""

    name = StringField(_l("Name"), [needed(), at_most(120)], filters=[stripped])
    kind = RadioChoiceField(_l("How it runs"), default=PlanKind.TERM.value)
    length = WholeField(_l("Length"), [Optional(), between(1, 3660)])
    unit = ChoiceField(_l("Counted in"), default="months")
    visits = WholeField(
        _l("Visits"), [Optional(), between(1, 10_000)], description=_l("Empty for no limit.")
    )
    price = MoneyField(_l("Price"))
    hours = StringField(
        _l("Opens the door at"),
        [at_most(120)],
        description=_l("For example mon-fri 06:00-16:00; empty for any time."),
        filters=[stripped],
    )
    debt_grace_days = WholeField(
        _l("Days a debt may wait before it stops somebody"), [needed(), between(0, 365)], default=7
    )
    auto_renew = BooleanField(_l("Renews by itself"))
    is_access = BooleanField(_l("Opens the door"), default=True)
    is_trial = BooleanField(_l("Trial, guest or staff pass: outside renewals"))
    is_on_sale = BooleanField(_l("On sale"), default=True)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.kind.choices = choices_of(
            [
                (PlanKind.TERM.value, _("A fixed term")),
                (PlanKind.ROLLING.value, _("Month to month")),
                (PlanKind.PACK.value, _("A number of visits")),
            ]
        )
        self.unit.choices = choices_of([("months", _("months")), ("days", _("days"))])

    def values(self) -> PlanValues:
        """The plan as it shall be."""
        is_months = self.unit.data == "months"
        return PlanValues(
            name=self.name.data or "",
            kind=PlanKind(self.kind.data),
            months=self.length.data if is_months else None,
            days=None if is_months else self.length.data,
            visits=self.visits.data,
            price=self.price.data,
            hours=self.hours.data or None,
            debt_grace_days=self.debt_grace_days.data or 0,
            auto_renew=bool(self.auto_renew.data),
            is_access=bool(self.is_access.data),
            is_trial=bool(self.is_trial.data),
            is_on_sale=bool(self.is_on_sale.data),
        )

    def changes(self) -> dict[str, Any]:
        """The fields of a plan that stands already."""
        values = self.values()
        names = set(PlanValues.__dataclass_fields__) - {"calendar", "is_imported"}
        return {name: getattr(values, name) for name in names}


def plan_data(plan: PlanRow) -> dict[str, Any]:
    """A plan as the form shows it."""
    return {
        "name": plan.name,
        "kind": plan.kind.value,
        "length": plan.months if plan.months is not None else plan.days,
        "unit": "days" if plan.days is not None else "months",
        "visits": plan.visits,
        "price": plan.price,
        "hours": plan.hours,
        "debt_grace_days": plan.debt_grace_days,
        "auto_renew": plan.auto_renew,
        "is_access": plan.is_access,
        "is_trial": plan.is_trial,
        "is_on_sale": plan.is_on_sale,
    }


class ClosureForm(TaskForm):
    """Days on which the club is closed, or half empty on purpose."""

    name = StringField(_l("Occasion"), [at_most(120)], filters=[stripped])
    from_on = DayField(_l("First day"), [needed()])
    through = DayField(_l("Last day"), [needed()])
    share = RadioChoiceField(_l("How many come"), default="0")
    extends_terms = BooleanField(
        _l("Give the closed days back to running memberships"), default=True
    )

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.share.choices = choices_of(
            [
                ("0", _("Nobody: closed")),
                ("25", _("A quarter of the usual visits")),
                ("50", _("Half of the usual visits")),
                ("75", _("Three quarters of the usual visits")),
            ]
        )

    def validate_through(self, field: DayField) -> None:
        """The last day does not lie before the first."""
        first: date | None = self.from_on.data
        if first and field.data and field.data < first:
            raise ValidationError(_("The last day lies before the first."))

    @property
    def period(self) -> Period:
        """The days, half-open."""
        return Period.through(self.from_on.data, self.through.data)

    @property
    def share_percent(self) -> int:
        """The share of the usual visits that is expected."""
        return int(self.share.data)

    @property
    def gives_back(self) -> bool:
        """Whether the days go back to members; only wholly closed days can."""
        return bool(self.extends_terms.data) and self.share_percent == 0


class SeasonForm(FlaskForm):
    """A slow season that returns every year."""

    name = StringField(_l("Name"), [needed(), at_most(120)], filters=[stripped])
    calendar = ChoiceField(_l("Calendar"))
    start_month = IntegerField(_l("From month"), [needed(), between(1, 12)])
    start_day = IntegerField(_l("Day"), [needed(), between(1, 31)])
    end_month = IntegerField(_l("Through month"), [needed(), between(1, 12)])
    end_day = IntegerField(_l("Day"), [needed(), between(1, 31)])
    share_percent = WholeField(
        _l("Visits expected, in percent of the usual"), [needed(), between(1, 99)], default=50
    )

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.calendar.choices = choices_of(
            [("gregorian", _("Gregorian")), ("jalali", _("Jalali")), ("hijri", _("Hijri"))]
        )

    def values(self) -> SeasonValues:
        """The season as it shall be."""
        return SeasonValues(
            name=self.name.data or "",
            calendar=self.calendar.data,
            start_month=self.start_month.data or 0,
            start_day=self.start_day.data or 0,
            end_month=self.end_month.data or 0,
            end_day=self.end_day.data or 0,
            share_percent=self.share_percent.data or 0,
        )


def role_choices() -> list[Any]:
    """The roles of people, then of machines."""
    words = role_words()
    return choices_of((role.value, words[role]) for role in Role)


def role_words() -> dict[Role, str]:
    """What each role is called."""
    return {
        Role.OWNER: _("Owner"),
        Role.MANAGER: _("Manager"),
        Role.DESK: _("Front desk"),
        Role.SALES: _("Sales"),
        Role.TRAINER: _("Trainer"),
        Role.ACCOUNTANT: _("Accountant"),
        Role.KIOSK: _("Kiosk"),
        Role.DEVICE: _("Door or device"),
    }


class StaffForm(FlaskForm):
    """Somebody who works here. Who can sign in already gets the further role and keeps the password."""

    full_name = StringField(_l("Name"), [needed(), at_most(120)], filters=[stripped])
    email = EmailField(
        _l("E-mail"),
        [needed(), at_most(254), Email(message=_l("This is not an e-mail address."))],
        filters=[stripped],
    )
    password = PasswordField(
        _l("First password"),
        [
            Optional(),
            Length(
                min=MIN_PASSWORD,
                max=1000,
                message=_l("Choose a password of at least 10 characters."),
            ),
        ],
        description=_l("Not needed for somebody who can sign in already."),
        render_kw={"autocomplete": "new-password"},
    )
    role = ChoiceField(_l("Role"), [needed()], default=Role.DESK.value)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.role.choices = role_choices()


class TokenForm(FlaskForm):
    """A key for a machine."""

    name = StringField(_l("What is it for?"), [needed(), at_most(120)], filters=[stripped])
    role = ChoiceField(_l("It may do what this role may"), [needed()], default=Role.DEVICE.value)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.role.choices = role_choices()
