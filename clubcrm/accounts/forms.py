"""What people enter about clubs and themselves: parsed and checked for shape only."""

from functools import lru_cache

from babel.core import get_global
from babel.numbers import get_currency_name, list_currencies
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import Email, EqualTo, Length, Regexp, ValidationError

from clubcrm.accounts.operations import MIN_PASSWORD, check_new_pin
from clubcrm.accounts.states import Theme
from clubcrm.core.errors import DomainError
from clubcrm.core.fields import (
    ChoiceField,
    RadioChoiceField,
    at_most,
    calendar_words,
    choices_of,
    club_languages,
    needed,
    stripped,
    zones,
)
from clubcrm.core.formats import reader_locale

# What the product's clubs use most stands first; the rest follows by name.
FIRST_CURRENCIES = ("EUR", "USD", "GBP", "IRR", "AED", "RUB", "BRL", "TRY")


class SignInForm(FlaskForm):
    """E-mail and password."""

    email = EmailField(
        _l("E-mail"),
        [needed(), at_most(254)],
        filters=[stripped],
        render_kw={"autocomplete": "username", "autofocus": True},
    )
    password = PasswordField(
        _l("Password"),
        [needed(), at_most(1000)],
        render_kw={"autocomplete": "current-password"},
    )


class SetUpForm(FlaskForm):
    """The first club and its owner."""

    name = StringField(_l("Name of the club"), [needed(), at_most(120)], filters=[stripped])
    code = StringField(
        _l("Short code"),
        [
            needed(),
            at_most(40),
            Regexp(
                r"^[a-zA-Z0-9][a-zA-Z0-9-]*$", message=_l("Use letters a to z, digits and hyphens.")
            ),
        ],
        description=_l("Used in files and commands; it cannot be changed later."),
        filters=[stripped],
    )
    timezone = ChoiceField(_l("Time zone"), [needed()])
    currency = ChoiceField(_l("Currency"), [needed()])
    language = ChoiceField(
        _l("Language of the club"),
        [needed()],
        description=_l("The language in which the club writes to its members."),
    )
    calendar = RadioChoiceField(_l("Calendar"), default="gregorian")
    owner_name = StringField(_l("Your name"), [needed(), at_most(120)], filters=[stripped])
    owner_email = EmailField(
        _l("Your e-mail"),
        [needed(), at_most(254), Email(message=_l("This is not an e-mail address."))],
        description=_l("You sign in with it."),
        filters=[stripped],
    )
    owner_password = PasswordField(
        _l("Password"),
        [
            needed(),
            Length(
                min=MIN_PASSWORD,
                max=1000,
                message=_l("Choose a password of at least 10 characters."),
            ),
        ],
        description=_l("At least 10 characters; a short sentence is easy to keep in mind."),
        render_kw={"autocomplete": "new-password"},
    )

    def __init__(self, *args: object, **kw: object) -> None:
        super().__init__(*args, **kw)
        locale = reader_locale()
        self.timezone.choices = choices_of((zone, zone.replace("_", " ")) for zone in zones())
        self.currency.choices = choices_of(currencies(str(locale)))
        self.language.choices = choices_of(club_languages())
        self.calendar.choices = choices_of(calendar_words())


@lru_cache(maxsize=8)
def currencies(locale: str) -> tuple[tuple[str, str], ...]:
    """The currencies by name, the likely ones first."""
    rest = sorted(
        (code for code in list_currencies() if code not in FIRST_CURRENCIES and code in _in_use()),
        key=lambda code: get_currency_name(code, locale=locale),
    )
    return tuple(
        (code, f"{code} – {get_currency_name(code, locale=locale)}")
        for code in (*FIRST_CURRENCIES, *rest)
    )


@lru_cache(maxsize=1)
def _in_use() -> frozenset[str]:
    """The currencies that are legal tender somewhere today."""
    used: set[str] = set()
    for entries in get_global("territory_currencies").values():
        used |= {code for code, _start, end, is_tender in entries if end is None and is_tender}
    return frozenset(used)


class ThemeForm(FlaskForm):
    """How bright the screens of this device are."""

    theme = RadioChoiceField(_l("Brightness of this device"))

    def __init__(self, *args: object, **kw: object) -> None:
        super().__init__(*args, **kw)
        self.theme.choices = choices_of(
            [
                (Theme.AUTO.value, _("As the device")),
                (Theme.LIGHT.value, _("Light")),
                (Theme.DARK.value, _("Dark")),
            ]
        )


class PasswordForm(FlaskForm):
    """A new password, with the old one."""

    old = PasswordField(
        _l("Password so far"),
        [needed(), at_most(1000)],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        _l("New password"),
        [
            needed(),
            Length(
                min=MIN_PASSWORD,
                max=1000,
                message=_l("Choose a password of at least 10 characters."),
            ),
        ],
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        _l("New password once more"),
        [needed(), EqualTo("new", message=_l("The two new passwords differ."))],
        render_kw={"autocomplete": "new-password"},
    )


# A PIN is hidden like a password and is none: a browser must not keep it, nor fill in a password for it.
PIN_KEYS = {"inputmode": "numeric", "autocomplete": "one-time-code", "dir": "ltr"}


class PinForm(FlaskForm):
    """A new PIN, and the password."""

    pin = PasswordField(
        _l("New PIN"),
        [needed(), at_most(20)],
        id="pin",
        description=_l("4 to 8 digits."),
        render_kw=PIN_KEYS,
    )
    again = PasswordField(
        _l("New PIN once more"),
        [needed(), EqualTo("pin", message=_l("The two PINs differ."))],
        id="pin-again",
        render_kw=PIN_KEYS,
    )
    password = PasswordField(
        _l("Your password"),
        [needed(), at_most(1000)],
        id="pin-password",
        render_kw={"autocomplete": "current-password"},
    )

    def validate_pin(self, field: PasswordField) -> None:
        """Say what is wrong with a PIN beside it, before the password is asked."""
        try:
            check_new_pin(field.data or "")
        except DomainError as error:
            raise ValidationError(error.text()) from error


class PinRemovalForm(FlaskForm):
    """The password alone: the PIN goes."""

    password = PasswordField(
        _l("Your password"),
        [needed(), at_most(1000)],
        id="removal-password",
        render_kw={"autocomplete": "current-password"},
    )


class TakeByPinForm(FlaskForm):
    """The PIN of whoever takes a desk over."""

    secret = PasswordField(
        _l("PIN"), [needed(), at_most(20)], name="pin", render_kw={**PIN_KEYS, "autofocus": True}
    )


class TakeByPasswordForm(FlaskForm):
    """The password of whoever takes a desk over; none that the browser kept for somebody else."""

    secret = PasswordField(
        _l("Password"),
        [needed(), at_most(1000)],
        name="password",
        render_kw={"autocomplete": "off", "autofocus": True},
    )


TakeDeskForm = TakeByPinForm | TakeByPasswordForm
