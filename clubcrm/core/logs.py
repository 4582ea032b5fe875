"""What the program writes down while it runs: one JSON object a line, and never a person's data.

Messages of errors are left out on purpose: the database puts the values it was given into them. What
stays is the kind of error and the lines of code it came through, which is what mends it.
"""

import logging
import sys
import traceback
from typing import TextIO

import structlog
from structlog.typing import EventDict, ExcInfo

QUIET = ("rq.worker", "rq.queue", "alembic", "waitress.queue")


def set_up_logs(
    *, level: int = logging.INFO, for_people: bool = False, to: TextIO | None = None
) -> None:
    """Send everything that is logged to the error stream, as JSON or (`for_people`) as plain lines."""
    renderer = (
        structlog.dev.ConsoleRenderer(colors=False)
        if for_people
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_messages_of_errors,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(to or sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    for standing in list(root.handlers):
        root.removeHandler(standing)
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _without_messages_of_errors(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Turn an exception into its kind and its frames."""
    found = event.pop("exc_info", None)
    event.pop("exception", None)
    error = _error_of(found)
    if error is not None:
        event["error"] = [describe(one) for one in _chain(error)]
    return event


def describe(error: BaseException) -> str:
    """The kind of an error and where it came from, without its message."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    path = " < ".join(
        f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno}" for frame in reversed(frames)
    )
    return f"{type(error).__module__}.{type(error).__qualname__} at {path or 'unknown place'}"


def _error_of(found: bool | BaseException | ExcInfo | None) -> BaseException | None:
    if isinstance(found, BaseException):
        return found
    if isinstance(found, tuple):
        return found[1]
    return sys.exc_info()[1] if found else None


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while len(chain) < 5:
        following = chain[-1].__cause__ or chain[-1].__context__
        if following is None:
            break
        chain.append(following)
    return chain
