"""What is refused about trainers, in words."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import NotFound


class UnknownTrainer(NotFound):
    """There is no such trainer at this club."""

    code = "unknown_trainer"
    message = _l("There is no such trainer.")
