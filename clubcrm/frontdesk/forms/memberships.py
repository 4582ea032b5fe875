"""Forms about terms and money: sell, renew, upgrade, freeze, cancel, take back, pay."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import ValidationError

from clubcrm.accounts.queries import ClubRow
from clubcrm.billing.queries import InvoiceRow
from clubcrm.billing.states import PaymentMethod
from clubcrm.core.calendars import CalendarName
from clubcrm.core.fields import (
    ChoiceField,
    DayField,
    MoneyField,
    RadioChoiceField,
    at_most,
    choices_of,
    needed,
    stripped,
)
from clubcrm.core.formats import format_day, format_money
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.members.queries import PlanRow

ALL, PART, NOTHING = "all", "part", "nothing"


def method_choices() -> list[Any]:
    """How money may come in, the usual ways first."""
    words = {
        PaymentMethod.CASH: _("Cash"),
        PaymentMethod.CARD: _("Card"),
        PaymentMethod.TRANSFER: _("Bank transfer"),
        PaymentMethod.CHEQUE: _("Cheque"),
        PaymentMethod.DIRECT_DEBIT: _("Direct debit"),
        PaymentMethod.ONLINE: _("Online"),
        PaymentMethod.OTHER: _("Other"),
    }
    return choices_of((method.value, text) for method, text in words.items())


class TaskForm(FlaskForm):
    """A form that lives by a club's calendar and currency."""

    def __init__(self, *args: Any, club: ClubRow, **kw: Any) -> None:
        self.club = club
        super().__init__(*args, **kw)

    def process(self, *args: Any, **kw: Any) -> None:
        """Read what was entered; the fields are told first in which calendar and currency."""
        for field in self:
            if isinstance(field, DayField):
                field.calendar = cast(CalendarName, self.club.calendar)
            if isinstance(field, MoneyField):
                field.currency = self.club.currency
                field.in_toman = self.club.shows_toman
        super().process(*args, **kw)

    @property
    def money_unit(self) -> str:
        """What amounts are typed in."""
        return _("toman") if self.club.shows_toman else self.club.currency

    def money(self, amount: Money) -> str:
        """An amount as this club writes it."""
        return format_money(amount, None, self.club.shows_toman)


class PayingForm(TaskForm):
    """What is paid at once, and how."""

    price = MoneyField(_l("Price"), description=_l("Leave it empty for the price of the plan."))
    pays = RadioChoiceField(_l("Paid now"), default=ALL)
    part = MoneyField(_l("Amount paid now"))
    method = ChoiceField(_l("How"), default=PaymentMethod.CASH.value)

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.pays.choices = choices_of(
            [(ALL, _("All of it")), (PART, _("A part")), (NOTHING, _("Nothing yet"))]
        )
        self.method.choices = method_choices()

    def validate_part(self, field: MoneyField) -> None:
        """A part is an amount."""
        if self.pays.data == PART and not field.data and not field.errors:
            raise ValidationError(_("Enter how much is paid now."))

    def paid(self, price: Money | None) -> Money | None:
        """The money that comes in now, of the price that is agreed."""
        if self.pays.data == ALL:
            return price
        return self.part.data if self.pays.data == PART else None

    @property
    def way(self) -> PaymentMethod:
        """How the money comes in."""
        return PaymentMethod(self.method.data)


class SellForm(PayingForm):
    """A term of a plan for somebody."""

    plan = ChoiceField(_l("Plan"), [needed()])
    starts_on = DayField(_l("First day"), [needed()])

    def __init__(self, *args: Any, plans: Sequence[PlanRow], **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.plan.choices = choices_of((plan.id, self._plan_words(plan)) for plan in plans)
        self.plans = {str(plan.id): plan for plan in plans}

    def _plan_words(self, plan: PlanRow) -> str:
        price = plan.price
        return f"{plan.name} · {self.money(price)}" if price is not None else plan.name

    @property
    def agreed_price(self) -> Money | None:
        """The price entered, else the plan's."""
        if self.price.data is not None:
            return self.price.data
        return self.plans[self.plan.data].price


class UpgradeForm(SellForm):
    """Another plan in place of the running one."""

    starts_on = DayField(_l("From"), [needed()])


class FreezeForm(TaskForm):
    """A pause. Both days are frozen ones, as screens say it."""

    from_on = DayField(_l("First frozen day"), [needed()])
    through = DayField(_l("Last frozen day"), [needed()])
    reason = StringField(_l("Reason"), [at_most(240)], filters=[stripped])

    def validate_through(self, field: DayField) -> None:
        """The last day does not lie before the first."""
        first: date | None = self.from_on.data
        if first and field.data and field.data < first:
            raise ValidationError(_("The last day lies before the first."))

    @property
    def period(self) -> Period:
        """The frozen days, half-open."""
        return Period.through(self.from_on.data, self.through.data)


class NoticeForm(TaskForm):
    """A member's notice for a contract that would run on."""

    last_day = DayField(
        _l("Last day"),
        description=_l("Leave it empty for the earliest day the contract allows."),
    )
    reason = StringField(
        _l("Why does the member leave?"), [needed(), at_most(240)], filters=[stripped]
    )


class TakeBackForm(TaskForm):
    """Something done by mistake is taken back."""

    reason = StringField(_l("What went wrong?"), [needed(), at_most(240)], filters=[stripped])


class PaymentForm(TaskForm):
    """Money from somebody."""

    amount = MoneyField(_l("Amount"), [needed()])
    invoice = ChoiceField(_l("For"))
    method = ChoiceField(_l("How"), default=PaymentMethod.CASH.value)

    def __init__(self, *args: Any, invoices: Sequence[InvoiceRow], **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.method.choices = method_choices()
        owed = [
            (
                invoice.id,
                _(
                    "%(purpose)s, %(amount)s open, due %(day)s",
                    purpose=invoice.purpose,
                    amount=self.money(invoice.open_amount),
                    day=format_day(invoice.due_on, None, self.club.calendar),  # type: ignore[arg-type]
                ),
            )
            for invoice in invoices
        ]
        self.invoice.choices = choices_of(owed, empty=_("The oldest debt first"))

    @property
    def way(self) -> PaymentMethod:
        """How the money comes in."""
        return PaymentMethod(self.method.data)

    @property
    def invoice_id(self) -> int | None:
        """The one invoice it is for; None for the oldest debts first."""
        return int(self.invoice.data) if self.invoice.data else None


def tomorrow_of(day: date) -> date:
    """The day after."""
    return day + timedelta(days=1)
