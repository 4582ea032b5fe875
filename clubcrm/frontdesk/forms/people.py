"""Forms about people: adding and changing them, their note, cards and consents."""

from typing import Any, Final, cast

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, StringField, TelField, TextAreaField

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.calendars import CalendarName
from clubcrm.core.fields import ChoiceField, DayField, at_most, choices_of, needed, stripped
from clubcrm.members.operations import PersonValues
from clubcrm.members.queries import PersonRow
from clubcrm.members.states import ConsentChannel

PERSONAL = (
    "first_name",
    "last_name",
    "phone",
    "email",
    "birth_date",
    "gender",
    "national_id",
    "address",
    "city",
    "postcode",
    "emergency_contact",
    "guardian",
    "payer",
    "trainer",
    "joined_on",
    "external_id",
    "note",
)
"""The fields that a form fills as they stand in a person."""


TAKES_SCAN: Final = {"data-takes-scan": "", "autocomplete": "off"}
"""What a field says that a scan is meant for, which else would be asked at the desk."""


class PersonForm(FlaskForm):
    """What is known of a person. Everything may be left out; a name or a phone should not."""

    first_name = StringField(_l("First name"), [at_most(120)], filters=[stripped])
    last_name = StringField(_l("Last name"), [at_most(120)], filters=[stripped])
    phone = TelField(_l("Phone"), [at_most(60)], filters=[stripped])
    email = EmailField(_l("E-mail"), [at_most(254)], filters=[stripped])
    birth_date = DayField(_l("Date of birth"))
    gender = ChoiceField(_l("Gender"))
    tags = StringField(
        _l("Tags"),
        [at_most(400)],
        description=_l("Several are parted by commas."),
        filters=[stripped],
    )
    note = TextAreaField(
        _l("Note for the desk"),
        [at_most(4000)],
        description=_l("Shown at every check-in: keep it to what the desk must know."),
        filters=[stripped],
    )
    national_id = StringField(_l("National number"), [at_most(40)], filters=[stripped])
    address = StringField(_l("Address"), [at_most(240)], filters=[stripped])
    city = StringField(_l("City"), [at_most(120)], filters=[stripped])
    postcode = StringField(_l("Postcode"), [at_most(20)], filters=[stripped])
    emergency_contact = StringField(_l("Emergency contact"), [at_most(240)], filters=[stripped])
    guardian = StringField(_l("Guardian"), [at_most(240)], filters=[stripped])
    payer = StringField(_l("Who pays"), [at_most(240)], filters=[stripped])
    trainer = StringField(_l("Trainer"), [at_most(120)], filters=[stripped])
    joined_on = DayField(_l("Member since"))
    external_id = StringField(_l("Number in another system"), [at_most(120)], filters=[stripped])

    def __init__(self, *args: Any, club: ClubRow, **kw: Any) -> None:
        super().__init__(*args, **kw)
        for day in (self.birth_date, self.joined_on):
            day.calendar = cast(CalendarName, club.calendar)
        self.gender.choices = choices_of(
            [("female", _("Female")), ("male", _("Male")), ("other", _("Other"))],
            empty=_("Not said"),
        )

    @property
    def details_wrong(self) -> bool:
        """Whether something is wrong among the fields that are folded away at first."""
        folded = ("national_id", "address", "city", "postcode", "emergency_contact", "guardian")
        also = ("payer", "trainer", "joined_on", "external_id")
        return any(self[name].errors for name in folded + also)

    def tag_names(self) -> tuple[str, ...]:
        """The tags, one by one."""
        return tuple(tag.strip() for tag in (self.tags.data or "").split(",") if tag.strip())

    def personal(self) -> dict[str, Any]:
        """The fields of a person, as operations take them."""
        told = {name: self[name].data or None for name in PERSONAL}
        for name in ("first_name", "last_name", "note"):
            told[name] = told[name] or ""
        return told

    def values(self) -> PersonValues:
        """A new person."""
        return PersonValues(**self.personal(), tags=self.tag_names())

    def changes(self, shown: dict[str, Any]) -> dict[str, Any]:
        """What differs from what the form showed; the full name follows the two names."""
        told = self.personal()
        changed = {
            name: value for name, value in told.items() if (value or None) != (shown[name] or None)
        }
        if changed.keys() & {"first_name", "last_name"}:
            changed |= {name: told[name] for name in ("first_name", "last_name")}
            changed["full_name"] = ""
        return changed


def person_data(person: PersonRow, tags: tuple[str, ...]) -> dict[str, Any]:
    """A person as the form shows it. Who came with one whole name has it among the first names."""
    told = {name: getattr(person, name) for name in PERSONAL}
    told["phone"] = person.phone or person.phone_as_given
    if not person.first_name and not person.last_name:
        told["first_name"] = person.full_name
    return {**told, "tags": ", ".join(tags)}


class NewPersonForm(PersonForm):
    """A new person, with a card and what they agreed to. Something must tell who it is."""

    card = StringField(
        _l("Card"),
        [at_most(60)],
        description=_l("Scan it here, or give one later."),
        render_kw=TAKES_SCAN,
        filters=[stripped],
    )
    may_email = BooleanField(_l("The club may write by e-mail"))
    may_sms = BooleanField(_l("The club may write by SMS"))
    may_call = BooleanField(_l("The club may call about offers"))

    def validate(self, extra_validators: Any = None) -> bool:
        """Refuse somebody of whom nothing is told by which to find them again."""
        is_right = bool(super().validate(extra_validators))
        known = (self.first_name, self.last_name, self.phone, self.email, self.card)
        if is_right and not any(field.data for field in known):
            self.first_name.errors = [_("Give a name, a phone, an e-mail or a card.")]
            return False
        return is_right

    def agreed(self) -> dict[ConsentChannel, str]:
        """The channels that were agreed to, with the words that stood there."""
        asked = {
            ConsentChannel.EMAIL: self.may_email,
            ConsentChannel.SMS: self.may_sms,
            ConsentChannel.CALL: self.may_call,
        }
        return {channel: str(field.label.text) for channel, field in asked.items() if field.data}


class NoteForm(FlaskForm):
    """The one note the desk sees."""

    note = TextAreaField(
        _l("Note for the desk"),
        [at_most(4000)],
        description=_l("Shown at every check-in: keep it to what the desk must know."),
        filters=[stripped],
    )


class CardForm(FlaskForm):
    """A card for a person."""

    code = StringField(
        _l("Card"),
        [needed(), at_most(60)],
        description=_l("Scan the card, or type what is printed on it."),
        render_kw=TAKES_SCAN,
        filters=[stripped],
    )
    replaces = BooleanField(_l("Cards so far are lost: put them out of use"), default=True)


class ConsentForm(FlaskForm):
    """What a person agrees to now."""

    may_email = BooleanField(_l("The club may write by e-mail"))
    may_sms = BooleanField(_l("The club may write by SMS"))
    may_call = BooleanField(_l("The club may call about offers"))

    def answers(self) -> dict[ConsentChannel, tuple[bool, str]]:
        """The answer for every channel, with the words that stood there."""
        asked = {
            ConsentChannel.EMAIL: self.may_email,
            ConsentChannel.SMS: self.may_sms,
            ConsentChannel.CALL: self.may_call,
        }
        return {
            channel: (bool(field.data), str(field.label.text)) for channel, field in asked.items()
        }
