"""A small club, taken in by the product's own import and looked at by its own daily run."""

import csv
import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from clubcrm.accounts.operations import open_club
from clubcrm.core.actor import OPERATOR
from clubcrm.core.jobs import drain
from clubcrm.core.transactions import transaction
from clubcrm.exchange.jobs import Order, import_file
from clubcrm.exchange.policies.mapping import ColumnMapping
from clubcrm.exchange.states import Kind
from clubcrm.retention.jobs import run_day

FIRST_NAMES: Final = (
    "Ana", "António", "Beatriz", "Bruno", "Carla", "Carlos", "Catarina", "Diana", "Diogo", "Eduardo",
    "Filipa", "Francisco", "Helena", "Inês", "Joana", "João", "José", "Leonor", "Luís", "Manuel",
    "Maria", "Mariana", "Miguel", "Paulo", "Pedro", "Ricardo", "Rita", "Sofia", "Teresa", "Tiago",
)  # fmt: skip
LAST_NAMES: Final = (
    "Silva", "Santos", "Ferreira", "Pereira", "Oliveira", "Costa", "Rodrigues", "Martins", "Jesus",
    "Sousa", "Fernandes", "Gonçalves", "Gomes", "Lopes", "Marques", "Alves", "Almeida", "Ribeiro",
    "Pinto", "Carvalho", "Teixeira", "Moreira", "Correia", "Mendes", "Nunes", "Soares", "Vieira",
    "Monteiro", "Cardoso", "Rocha", "Raposo", "Neves", "Coelho", "Cruz", "Cunha", "Pires", "Ramos",
    "Reis", "Antunes", "Matos", "Fonseca", "Machado", "Barbosa", "Tavares", "Castro", "Azevedo",
)  # fmt: skip

PLANS: Final = (("Year", 12, 480), ("Half-year", 6, 270), ("Quarter", 3, 150))
TERM_COLUMNS: Final = (
    "member", "external_id", "previous", "first_name", "last_name", "phone", "email", "card_code",
    "plan", "starts_on", "ends_on", "sold_on", "price", "paid",
)  # fmt: skip
LIVED: Final = 1000
"""Days over which people joined."""


def make_seed(folder: Path, members: int, visits: int, now: datetime) -> int:
    """Open a club and let it have so many members, each with about so many visits; returns its id."""
    terms, log = folder / "terms.csv", folder / "visits.csv"
    stays = write_terms(terms, members, now.date())
    write_visits(log, stays, visits, now.date())
    with transaction() as session:
        club_id = open_club(
            session,
            code="bench",
            name="Bench",
            timezone="Europe/Lisbon",
            currency="EUR",
            language="en",
            calendar="gregorian",
            by=OPERATOR,
            now=now,
        )
    for path, kind in ((terms, Kind.MEMBERSHIPS), (log, Kind.VISITS)):
        take_in(path, kind, club_id, now)
    drain(lambda: now)
    run_day(club_id, now.date(), clock=lambda: now, is_allowed=True)
    drain(lambda: now)
    return club_id


def take_in(path: Path, kind: Kind, club_id: int, now: datetime) -> int:
    """Import a file as the command does; returns how many of its rows were stored."""
    order = Order(
        path=path,
        kind=kind,
        club_id=club_id,
        mapping=ColumnMapping(),
        as_of_on=now.date(),
        consent=None,
        by=OPERATOR,
    )
    outcome = import_file(order, lambda: now, progress=lambda _done, _total: None)
    return outcome.figures.stored


def write_terms(path: Path, members: int, today: date) -> dict[str, tuple[date, date]]:
    """Write a file of the terms of so many members; returns from when until when each was there."""
    dice = random.Random(50)
    stays = {}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TERM_COLUMNS)
        for no in range(1, members + 1):
            person = (
                f"M{no}",
                dice.choice(FIRST_NAMES),
                dice.choice(LAST_NAMES),
                f"+35191{no:07}",
                f"m{no}@example.com",
                str(70_000_000 + no),
            )
            plan, months, price = dice.choice(PLANS)
            first = start = until = today - timedelta(days=dice.randrange(1, LIVED))
            for term in range(12):
                until = start + timedelta(days=round(months * 30.4))
                paid = (f"T{no}-{term}", f"T{no}-{term - 1}" if term else "")
                days = (
                    start,
                    until - timedelta(days=1),
                    start - timedelta(days=dice.choice((0, 9))),
                )
                row = (person[0], *paid, *person[1:], plan, *days, price, price)
                writer.writerow(row)
                if until > today or dice.random() > 0.8:
                    break
                start = until
            stays[person[0]] = (first, min(until, today))
    return stays


def write_visits(path: Path, stays: dict[str, tuple[date, date]], most: int, today: date) -> None:
    """Write a file of visits: so many a member at most, on days of the time he was there."""
    dice = random.Random(51)
    came = []
    for member, (start, until) in stays.items():
        days = range((min(until, today) - start).days)
        left_early = dice.choice((0, 0, 0, 20, 40, 70))
        shown = days[: max(1, len(days) - left_early)] if days else days
        picked = dice.sample(shown, min(len(shown), most))
        came += [(start + timedelta(days=no), member) for no in picked]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("member", "checked_in_at", "checked_out_at"))
        for day, member in sorted(came):
            hour = dice.randrange(6, 17)
            writer.writerow((member, f"{day} {hour:02}:15", f"{day} {hour + 1:02}:20"))
