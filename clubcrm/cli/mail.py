"""Mail that came back."""

import sys

import click
from flask.cli import with_appcontext

from clubcrm.cli.frame import json_option, print_json, say
from clubcrm.core import clock
from clubcrm.core.transactions import transaction
from clubcrm.messaging.operations import bounce_by_key
from clubcrm.messaging.policies import bounced_key

LARGEST = 4 * 1024 * 1024


@click.group()
def mail() -> None:
    """Mail that came back."""


@mail.command()
@json_option
@with_appcontext
def bounce(as_json: bool) -> int:
    """Read one mail from standard input; where it tells of a bounce, write to that address no more.

    For a mail server: pipe what comes to the sender's address in here. Any other mail is passed over.
    Exit code 0, whatever it was; nothing but ids is printed.
    """
    key = bounced_key(sys.stdin.buffer.read(LARGEST))
    message_id = None
    if key is not None:
        with transaction() as session:
            message_id = bounce_by_key(session, key, now=clock.now())
    if as_json:
        print_json({"bounced": message_id})
    elif message_id is None:
        say("This mail tells of no message of ours that came back.")
    else:
        say(f"Message {message_id} came back; its address is not written to again.")
    return 0
