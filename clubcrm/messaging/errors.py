"""Refusals of contacts."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError, Invalid, NotFound


class UnknownTask(NotFound):
    """There is no such task at this club."""

    code = "unknown_task"
    message = _l("There is no such task.")


class TaskIsOver(DomainError):
    """A task that was done, or is not wanted any more."""

    code = "task_is_over"
    message = _l("This task is over: somebody was quicker, or it is not needed any more.")


class OutcomeNotTaken(Invalid):
    """An outcome that a task of this kind cannot have."""

    code = "outcome_not_taken"
    message = _l("A task of this kind cannot end like that. Choose one of the outcomes offered.")


class PromiseInThePast(Invalid):
    """A promised day that is over."""

    code = "promise_in_the_past"
    message = _l("The promised day lies in the past. Choose today or a later day.")


class UnknownMessage(NotFound):
    """There is no such message at this club."""

    code = "unknown_message"
    message = _l("There is no such message.")


class MessageIsOver(DomainError):
    """A message of which it is known how it ended."""

    code = "message_is_over"
    message = _l("It is known by now how this message ended, or somebody has decided already.")


class NoServer(DomainError):
    """A channel cannot be switched on without a server."""

    code = "no_server"
    message = _l("There is no server to send by: SMTP_URL is not set on this installation.")


class ClockStands(DomainError):
    """A real channel cannot be used while the clock stands still."""

    code = "clock_stands"
    message = _l(
        "The clock of this installation stands still (CLUBCRM_NOW), so nothing may leave it."
    )
