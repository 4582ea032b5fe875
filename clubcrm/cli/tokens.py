"""Keys for machines that use the API."""

import click
from flask.cli import with_appcontext

from clubcrm.accounts.errors import UnknownClub
from clubcrm.accounts.operations import create_token
from clubcrm.accounts.queries import find_club, is_set_up
from clubcrm.accounts.states import Role
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import transaction


@click.group()
def token() -> None:
    """Keys for machines that use the API."""


@token.command("create")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--club", "club_code", help="Code of the one club it opens; without it, every club.")
@click.option("--name", default="", help="What it is for, to be seen in the timeline.")
@with_appcontext
def create(role: str, club_code: str | None, name: str) -> None:
    """Make a token and print it alone on standard output. It is shown this once only."""
    with transaction() as session:
        if not is_set_up(session):
            raise UnknownClub
        club = find_club(session, club_code) if club_code else None
        made = create_token(
            session,
            name=name or f"{role} token",
            role=Role(role),
            club_id=club.id if club else None,
            by=OPERATOR,
            now=clock.now(),
        )
    click.echo(made)
