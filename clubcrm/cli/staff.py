"""Access for people who work at a club."""

import click
from flask.cli import with_appcontext

from clubcrm.accounts.operations import add_staff
from clubcrm.accounts.queries import find_club
from clubcrm.accounts.states import Role
from clubcrm.cli.frame import say
from clubcrm.cli.setup import ask_password
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import transaction


@click.group()
def staff() -> None:
    """Access for people who work at a club."""


@staff.command("add")
@click.option("--email", required=True, help="E-mail with which they sign in.")
@click.option("--name", "full_name", default="", help="Their name.")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--club", "club_code", help="Code of the club; may be left out when there is one.")
@click.option("--password", help="Asked for when it is not given.")
@with_appcontext
def add(email: str, full_name: str, role: str, club_code: str | None, password: str | None) -> None:
    """Give somebody access with a role at a club, or a further role."""
    password = password or ask_password(f"Password of {email}")
    with transaction() as session:
        club = find_club(session, club_code)
        add_staff(
            session,
            full_name=full_name or email,
            email=email,
            password=password,
            role=Role(role),
            club_id=club.id,
            by=OPERATOR,
            now=clock.now(),
        )
    say(f"{email} may sign in as {role} at {club.name}.")
