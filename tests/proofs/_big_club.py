"""The files of a big club: terms of three years with their renewals, and the visits that go with them."""

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

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
    "Reis", "Simões", "Antunes", "Matos", "Fonseca", "Machado", "Araújo", "Barbosa", "Tavares",
    "Lourenço", "Castro", "Figueiredo", "Azevedo",
)  # fmt: skip
TRAINERS: Final = tuple(f"{first} {last}" for first, last in zip(FIRST_NAMES[3:15], LAST_NAMES))
TAGS: Final = ("free use", "aquatics", "dance", "company", "student")

PLANS: Final = (("Year", 12, 480), ("Half-year", 6, 270), ("Quarter", 3, 150), ("Month", 1, 55))
MONTH: Final = 3
YEARS: Final = 3
LONG_YEARS: Final = 10
LOYAL: Final = 20
"""How many at most have been there ten years, month after month and nearly every day."""

TERM_COLUMNS: Final = (
    "member", "external_id", "previous", "first_name", "last_name", "phone", "email", "birth_date",
    "gender", "card_code", "trainer", "tags", "plan", "starts_on", "ends_on", "sold_on", "price", "paid",
)  # fmt: skip


@dataclass(frozen=True)
class Stay:
    """The days somebody was a member, and how likely a visit on one of them is."""

    member: str
    start: date
    until: date
    chance: float


def write_terms(path: Path, members: int, today: date) -> list[Stay]:
    """Write a file of the terms of so many members, renewals linked; returns who stayed when."""
    dice = random.Random(50)
    stays = []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TERM_COLUMNS)
        for no in range(1, members + 1):
            loyal = no <= max(1, min(LOYAL, members // 100))
            terms = _terms(dice, today, loyal=loyal)
            person = _person(dice, no)
            last: dict[str, str] = {}
            for term_no, (plan, start, until) in enumerate(terms):
                last = _row(dice, no, term_no, person, plan, start, until, is_last=until > today)
                writer.writerow([last[name] for name in TERM_COLUMNS])
            chance = 0.6 if loyal else dice.choice((0.02, 0.05, 0.1, 0.2, 0.3))
            stays.append(Stay(f"M{no}", terms[0][1], min(terms[-1][2], today), chance))
    return stays


def _terms(dice: random.Random, today: date, *, loyal: bool) -> list[tuple[int, date, date]]:
    """The plan and the half-open days of each term of one member, in order."""
    years = LONG_YEARS if loyal else YEARS
    start = today - timedelta(days=365 * years if loyal else dice.randrange(365 * years))
    plan = MONTH if loyal else dice.choices(range(len(PLANS)), (40, 20, 25, 15))[0]
    terms = []
    while True:
        until = _months_later(start, PLANS[plan][1])
        terms.append((plan, start, until))
        stays_on = loyal or dice.random() < (0.86 if plan == MONTH else 0.75)
        if not stays_on or until > today:
            return terms
        start = until if loyal else until + timedelta(days=dice.choice((0, 0, 0, 3, 12)))
        if start > today:
            return terms
        if not loyal and dice.random() < 0.1:
            plan = dice.randrange(len(PLANS))


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    return date(day.year + month // 12, month % 12 + 1, min(day.day, 28))


def _person(dice: random.Random, no: int) -> dict[str, str]:
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    middle = dice.choice(LAST_NAMES)
    born = date(1950, 1, 1) + timedelta(days=dice.randrange(365 * 55))
    return {
        "member": f"M{no}",
        "first_name": first,
        "last_name": f"{middle} {last}" if dice.random() < 0.5 else last,
        "phone": f"+35191{no:07}",
        "email": f"m{no}@example.com" if dice.random() < 0.7 else "",
        "birth_date": born.isoformat(),
        "gender": dice.choice(("female", "male")),
        "card_code": f"{70000000 + no}" if dice.random() < 0.8 else "",
        "trainer": dice.choice(TRAINERS) if dice.random() < 0.4 else "",
        "tags": dice.choice(TAGS) if dice.random() < 0.3 else "",
    }


def _row(
    dice: random.Random,
    no: int,
    term_no: int,
    person: dict[str, str],
    plan: int,
    start: date,
    until: date,
    *,
    is_last: bool,
) -> dict[str, str]:
    name, _months, price = PLANS[plan]
    owes = is_last and dice.random() < 0.05
    return {
        **person,
        "external_id": f"T{no}-{term_no}",
        "previous": f"T{no}-{term_no - 1}" if term_no else "",
        "plan": name,
        "starts_on": start.isoformat(),
        "ends_on": (until - timedelta(days=1)).isoformat(),
        "sold_on": (start - timedelta(days=dice.choice((0, 0, 4, 20)))).isoformat(),
        "price": str(price),
        "paid": str(price // 2 if owes else price),
    }


def write_visits(path: Path, stays: list[Stay], today: date, most: int) -> int:
    """Write a file of the visits of those who stayed, day by day; returns how many (about `most`)."""
    dice = random.Random(51)
    share = min(1.0, most / max(1.0, sum((s.until - s.start).days * s.chance for s in stays)))
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("member", "checked_in_at", "checked_out_at"))
        for day, member in _came(dice, stays, today, share):
            minute = dice.randrange(6 * 60, 17 * 60 + 55)
            at = f"{day} {minute // 60:02}:{minute % 60:02}"
            left = "" if day == today.isoformat() else f"{day} 19:30"
            writer.writerow((member, at, left))
            count += 1
    return count


def _came(
    dice: random.Random, stays: list[Stay], today: date, share: float
) -> Iterator[tuple[str, str]]:
    """Who came on which day, in the order of the days."""
    by_day: dict[date, list[str]] = {}
    for stay in stays:
        chance = stay.chance if stay.chance > 0.5 else stay.chance * share
        for no in range((stay.until - stay.start).days + (stay.until == today)):
            if dice.random() < chance:
                by_day.setdefault(stay.start + timedelta(days=no), []).append(stay.member)
    for day in sorted(by_day):
        for member in by_day[day]:
            yield day.isoformat(), member
