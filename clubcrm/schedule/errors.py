"""What is refused about sessions, in the words of the floor."""

from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError, Invalid, NotFound
from clubcrm.core.formats import format_time


class UnknownSession(NotFound):
    """There is no such session at this club, or it is another trainer's."""

    code = "unknown_session"
    message = _l("There is no such session.")


class TimeTaken(DomainError):
    """The trainer has another session at that time. `starts` and `ends` are on the club's clock."""

    code = "time_taken"
    message = _l("The trainer has another session at this time.")

    def text(self) -> str:
        """The refusal with the session in the way named, where it is known."""
        starts, ends = self.params.get("starts"), self.params.get("ends")
        if not isinstance(starts, datetime) or not isinstance(ends, datetime):
            return str(self.message)
        return _(
            "%(name)s trains from %(starts)s to %(ends)s. Choose another time.",
            name=self.params["name"],
            starts=format_time(starts),
            ends=format_time(ends),
        )


class OutcomeStands(DomainError):
    """The session has another outcome already, or none to take back."""

    code = "outcome_stands"
    message = _l("This session has another outcome already. Undo that one first.")


class TooEarly(Invalid):
    """An outcome of a session that is days away."""

    code = "too_early"
    message = _l("This session is on another day. Its outcome can be told from that day on.")


class BadTime(Invalid):
    """A time at which nobody trains: the wrong way round, or far too long."""

    code = "bad_time"
    message = _l("A session takes between 5 minutes and 8 hours.")


class WhenMissing(Invalid):
    """A session is moved, and nobody says to when."""

    code = "when_missing"
    message = _l("Say the day and the time to which the session moves.")


class NoSuchPackage(Invalid):
    """The package belongs to somebody else, to another club, or is none."""

    code = "no_such_package"
    message = _l("This is no package of this person. Choose one of the list.")
