"""First set-up without a browser."""

import click
from flask.cli import with_appcontext

from clubcrm.accounts.operations import set_up
from clubcrm.accounts.queries import get_club
from clubcrm.cli.frame import say
from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.transactions import transaction


@click.command()
@click.option("--club", "code", required=True, help="Short code, e.g. aurora.")
@click.option("--name", required=True, help="Name of the club.")
@click.option("--timezone", default="Europe/Lisbon", show_default=True, help="IANA time zone.")
@click.option("--currency", default="EUR", show_default=True, help="ISO code of the money.")
@click.option("--language", default="en", show_default=True, help="en, fa, ar, pt-BR ...")
@click.option(
    "--calendar",
    type=click.Choice(["gregorian", "jalali"]),
    default="gregorian",
    show_default=True,
    help="Calendar in which months of a term are counted.",
)
@click.option("--owner-email", help="Who signs in as the owner.")
@click.option("--owner-password", help="Asked for when an e-mail is given without one.")
@click.option("--owner-name", default="", help="The owner's name.")
@with_appcontext
def init(
    code: str,
    name: str,
    timezone: str,
    currency: str,
    language: str,
    calendar: str,
    owner_email: str | None,
    owner_password: str | None,
    owner_name: str,
) -> None:
    """Open the first club. Refuses (exit code 2) when this installation is set up already."""
    if owner_email and not owner_password:
        owner_password = ask_password("Password of the owner")
    with transaction() as session:
        club_id = set_up(
            session,
            code=code,
            name=name,
            timezone=timezone,
            currency=currency,
            language=language,
            calendar=calendar,
            owner_name=owner_name,
            owner_email=owner_email,
            owner_password=owner_password,
            by=OPERATOR,
            now=clock.now(),
        )
        club = get_club(session, club_id)
    say(f"The club {club.name} ({club.code}) is open.")
    if not owner_email:
        say("Nobody can sign in yet: clubcrm staff add --role owner --email ... gives access.")


def ask_password(words: str) -> str:
    """Ask for a password twice, unseen."""
    answer: str = click.prompt(words, hide_input=True, confirmation_prompt=True, err=True)
    return answer
