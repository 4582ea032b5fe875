"""Refusals: what the club's rules do not allow, each with its words for the screen.

A ``DomainError`` is an answer, not a fault: it is shown on the form, or as problem+json with its
stable ``code``. Anything else that is raised is a bug. Packages put their own refusals, subclasses
of these, in their ``errors.py``:

    class MembershipEnded(DomainError):
        code = "membership_ended"
        message = _l("This membership ended on %(day)s.")

    raise MembershipEnded(day="31 Oct")
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from flask_babel import lazy_gettext as _l


class Words(Protocol):
    """Text for the screen: a plain string, or one translated when it is shown."""

    def __str__(self) -> str: ...


class DomainError(Exception):
    """Something the club's rules refuse, with a code for machines and words for people.

    ``code`` never changes once published. ``message`` may hold ``%(name)s`` places, filled from the
    keyword parameters when the words are asked for, so in the language of whoever reads them.
    ``status`` is the HTTP status of the answer. ``params`` may be shown, so they hold no secret.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: Words = _l("This cannot be done now.")

    def __init__(self, message: Words | None = None, /, **params: Any) -> None:
        if message is not None:
            self.message = message
        self.params: dict[str, Any] = params
        super().__init__()

    def text(self) -> str:
        """The refusal in the reader's language."""
        words = str(self.message)
        return words % self.params if self.params else words

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, params={self.params!r})"


class NotFound(DomainError):
    """The thing asked for does not exist, or the asker may not know that it does."""

    code = "not_found"
    status = 404
    message = _l("This does not exist, or you may not see it.")


class Forbidden(DomainError):
    """The actor's role does not allow this."""

    code = "forbidden"
    status = 403
    message = _l("Your role does not allow this.")


class Invalid(DomainError):
    """What was entered cannot be taken as it is.

    ``fields`` names the entries at fault, each with one or more sentences; it may be empty.
    """

    code = "invalid"
    status = 422
    message = _l("Some entries are not right.")

    def __init__(
        self,
        message: Words | None = None,
        /,
        *,
        fields: Mapping[str, Words | Sequence[Words]] | None = None,
        **params: Any,
    ) -> None:
        super().__init__(message, **params)
        self.fields: dict[str, list[Words]] = {
            name: list(_sentences(words)) for name, words in (fields or {}).items()
        }

    def field_texts(self) -> dict[str, list[str]]:
        """The sentences for each field in the reader's language."""
        return {name: [str(words) for words in many] for name, many in self.fields.items()}


class NotAnAmount(Invalid, ValueError):
    """A text that cannot be read as an amount of money in this currency."""

    code = "not_an_amount"
    message = _l("“%(entry)s” is not an amount of money.")


class CurrencyMismatch(Invalid, ValueError):
    """Amounts in two currencies cannot be added or compared."""

    code = "currency_mismatch"
    message = _l("Amounts in %(left)s and %(right)s cannot be reckoned together.")


class NotADay(Invalid, ValueError):
    """A date that the calendar does not have, such as 30 Esfand of a common year."""

    code = "not_a_day"
    message = _l("%(entry)s is not a day of the calendar.")


class DayOutOfRange(Invalid, ValueError):
    """A day outside the years for which the calendars are known to be exact."""

    code = "day_out_of_range"
    message = _l("%(entry)s lies outside the supported years (%(first)s to %(last)s).")


class EmptyPeriod(Invalid, ValueError):
    """A period that ends before it holds a single day."""

    code = "empty_period"
    message = _l("A period must hold at least one day: %(start)s to %(until)s does not.")


def _sentences(words: Words | Sequence[Words]) -> Iterator[Words]:
    if isinstance(words, list | tuple):
        yield from words
    else:
        yield words
