"""The command line: `clubcrm`, Flask's own command line underneath.

Exit codes are the same everywhere. 0: done. 1: the work was done or tried and something is wrong,
such as a file of which every row was rejected, or a broken invariant. 2: refused, nothing was done:
wrong usage, a wrong setting, or something the club's rules do not allow. An error is one sentence,
never a traceback. With `--json` standard output is exactly one JSON object; everything else goes to
the error stream.
"""

import logging
import sys
from collections.abc import Sequence
from typing import NoReturn

import click
from flask.cli import AppGroup, ScriptInfo
from sqlalchemy.exc import DatabaseError, DBAPIError, OperationalError

from clubcrm import __version__
from clubcrm.cli.bench import bench_
from clubcrm.cli.demo import demo, simulate
from clubcrm.cli.doctor import doctor
from clubcrm.cli.exchange import export, import_
from clubcrm.cli.frame import make_app, place_of_database, print_json
from clubcrm.cli.mail import mail
from clubcrm.cli.serve import serve, worker
from clubcrm.cli.setup import init
from clubcrm.cli.staff import staff
from clubcrm.cli.tick import tick
from clubcrm.cli.tokens import token
from clubcrm.core.errors import DomainError
from clubcrm.core.logs import describe, set_up_logs
from config import SettingError

DONE, WRONG, REFUSED = 0, 1, 2


@click.group(
    cls=AppGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="CRM for sports clubs. Settings come from the environment; see the README.",
)
@click.version_option(__version__, prog_name="clubcrm", message="%(prog)s %(version)s")
def commands() -> None:
    """Collect the commands."""


for command in (
    *(init, demo, simulate, serve, worker, tick),
    *(import_, export, doctor, token, staff, mail, bench_),
):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit code."""
    set_up_logs(level=logging.WARNING, for_people=sys.stderr.isatty())
    given = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(run(given))


def run(arguments: Sequence[str]) -> int:
    """Run one command and say with which code the process should end."""
    try:
        code = commands.main(
            args=list(arguments),
            prog_name="clubcrm",
            standalone_mode=False,
            obj=ScriptInfo(create_app=make_app, set_debug_flag=False),
        )
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        help_wanted.show()
        return REFUSED
    except click.ClickException as refusal:
        refusal.show()
        _tell_json(arguments, "refused", refusal.format_message())
        return REFUSED if isinstance(refusal, click.UsageError) else refusal.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _fail(arguments, "stopped", "Stopped before it was done.", WRONG)
    except SettingError as wrong:
        return _fail(arguments, "setting", str(wrong), REFUSED)
    except DomainError as refusal:
        return _fail(arguments, refusal.code, refusal.text(), REFUSED)
    except BrokenPipeError:
        # Whoever read the output has seen enough.
        sys.stderr.close()
        return WRONG
    except Exception as error:  # noqa: BLE001 - the last one who can say it in a sentence
        return _fail(arguments, *_words_for(error))
    return code if isinstance(code, int) else DONE


def _words_for(error: Exception) -> tuple[str, str, int]:
    """Code, sentence and exit code for what no command expected."""
    if isinstance(error, OperationalError | DBAPIError) and error.connection_invalidated:
        return "database", "The database went away. Try again.", WRONG
    # SQLite tells a file that is no database by the general error, and by no other way.
    if isinstance(error, OperationalError) or type(error) is DatabaseError:
        words = f"The database {place_of_database()} cannot be used: {_first_line(error)}"
        return "database", words, REFUSED
    logging.getLogger(__name__).debug("A command failed", exc_info=error)
    words = f"This is a mistake in clubcrm, please report it: {describe(error)}."
    return "bug", words, WRONG


def _first_line(error: DatabaseError) -> str:
    lines = str(error.orig).strip().splitlines()
    return (lines[0] if lines else type(error.orig).__name__).rstrip(".") + "."


def _fail(arguments: Sequence[str], code: str, words: str, exit_code: int) -> int:
    click.echo(f"Error: {words}", err=True)
    _tell_json(arguments, code, words)
    return exit_code


def _tell_json(arguments: Sequence[str], code: str, words: str) -> None:
    """Keep the promise of one JSON object to a script, for a refusal too."""
    if "--json" in arguments:
        print_json({"error": {"code": code, "message": words}})
