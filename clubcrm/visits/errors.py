"""What the door refuses, in the words of the desk."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError, Invalid, NotFound


class UnknownCard(NotFound):
    """No card in use has this code."""

    code = "unknown_card"
    message = _l("No card with this code is in use. Find the person by name and issue the card.")


class UnknownVisit(NotFound):
    """There is no such visit at this club."""

    code = "unknown_visit"
    message = _l("There is no such visit.")


class NobodyNamed(Invalid):
    """Neither a card nor a person was given, or both were."""

    code = "nobody_named"
    message = _l("Say either a card's code or a person.")


class NotYet(Invalid):
    """A visit in the future."""

    code = "not_yet"
    message = _l("This time has not come yet. Check the clock of the device.")


class ReasonMissing(Invalid):
    """Letting somebody in against a stop needs a reason."""

    code = "reason_missing"
    message = _l("Say why this person is let in.")


class CardTaken(DomainError):
    """Somebody else holds this card."""

    code = "card_taken"
    message = _l("Somebody else holds this card. Take it back from that person first.")


class NotACard(Invalid):
    """A code no reader could send."""

    code = "not_a_card"
    message = _l("This is no card code. Scan the card, or type the number printed on it.")


class DeviceKeyReused(DomainError):
    """A device sent the same record number for two people."""

    code = "device_key_reused"
    message = _l("The device used this record number for another person. Nothing was changed.")


class UndoTooLate(DomainError):
    """The time in which the desk may take a visit back is over."""

    code = "undo_too_late"
    message = _l("The time in which the desk can undo this visit is over.")


class NotInside(DomainError):
    """The visit is over, or was taken back."""

    code = "not_inside"
    message = _l("This visit is over already.")
