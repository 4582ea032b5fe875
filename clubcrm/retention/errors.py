"""Refusals of the life cycle."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError, NotFound


class TooManyMoved(DomainError):
    """A daily run would move an unusual share of the club's people; nothing of it was kept."""

    code = "too_many_moved"
    message = _l(
        "The run of %(day)s would move at least %(moved)s of %(people)s people to another phase. "
        "Look whether that is right, then allow the run."
    )


class RunNotStopped(DomainError):
    """There is no stopped run on that day to allow."""

    code = "run_not_stopped"
    message = _l("No run of that day was stopped.")


class UnknownPlay(NotFound):
    """The club has no such contact."""

    code = "unknown_play"
    message = _l("There is no such contact.")
