"""What the simulator refuses, in words for the command line."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError


class RealClubHere(DomainError):
    """A club that is not a demo lives in this database."""

    code = "real_club_here"
    message = _l(
        "The club %(name)s lives in this database, and it is no demo. Nothing was touched. "
        "Choose another place with DATABASE_URL or CLUBCRM_DATA_DIR."
    )


class NoDemoHere(DomainError):
    """There is no demo club to live on."""

    code = "no_demo_here"
    message = _l("There is no demo club here. Make one first: clubcrm demo --no-serve.")


class ServerIsRunning(DomainError):
    """A server or a worker works on this data just now."""

    code = "server_is_running"
    message = _l("A clubcrm server is running on these data. Stop it first.")
