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
