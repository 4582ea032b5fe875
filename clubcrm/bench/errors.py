"""Refusals of the bench."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError


class NotEmpty(DomainError):
    """A database in which somebody lives."""

    code = "bench_not_empty"
    message = _l("The bench fills an empty database of its own; there are people in this one.")
