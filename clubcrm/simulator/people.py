"""Newcomers: who joins on which day, and what the desk writes down about them."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate

from clubcrm.core.calendars import add_months
from clubcrm.members.operations import PersonValues
from clubcrm.simulator.dice import between, chance, happens, pick, waiting, whole
from clubcrm.simulator.names import FEMALE, email_of, name_of, phone_of

# January to December: when people join a club.
_MONTHS = (2.3, 1.4, 1.2, 1.0, 0.9, 0.8, 0.6, 0.55, 1.8, 1.2, 0.8, 0.5)
_WEEKDAYS = (1.4, 1.2, 1.1, 1.0, 0.8, 0.9, 0.5)

FOUNDING_DAYS = 21
FOUNDING_SHARE = 0.32
"""A club that opens fills quickly: so many of its people join in the first weeks."""

TRAINERS = ("Tess Moreau", "Pavel Dvořák")

_NOTES = (
    "Asked about yoga on Thursday evenings.",
    "Trains for the half marathon in spring.",
    "Prefers to be called after six.",
    "Bad knee: no jumping.",
    "Brings a friend next week.",
    "Would like a locker on the ground floor.",
    "Works shifts, comes at odd hours.",
    "Keys handed back, deposit returned.",
    "Allergic to latex, use the blue bands.",
    "Wants a new plan after the holidays.",
)


@dataclass(frozen=True)
class Newcomer:
    """Somebody who joins: what is written down, the card, and where consent was given."""

    no: int
    values: PersonValues
    card: str
    consents: tuple[str, ...]  # channels: email, sms, call
    minute: int  # of the day


def intake(seed: int, members: int, first: date, last: date) -> Mapping[date, Sequence[int]]:
    """Who joins when: the numbers of the newcomers for each day from `first` to `last`, both included.

    January and September are full, August and December empty, Monday is the day of good intentions.
    """
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    weights = [joining_rate(day) for day in days]
    opening = min(FOUNDING_DAYS, len(days))
    if len(days) > 2 * FOUNDING_DAYS:
        # Scale the first weeks so that they take their share of all.
        others = sum(weights[opening:])
        factor = FOUNDING_SHARE / (1 - FOUNDING_SHARE) * others / sum(weights[:opening])
        weights[:opening] = [weight * factor for weight in weights[:opening]]
    until = list(accumulate(weights))
    found: dict[date, list[int]] = {}
    for no in range(members):
        place = (no + chance(seed, no, "joins")) / members * until[-1]
        found.setdefault(days[min(bisect_left(until, place), len(days) - 1)], []).append(no)
    return found


def joining_rate(day: date) -> float:
    """How many join on a day, against an ordinary one."""
    return _MONTHS[day.month - 1] * _WEEKDAYS[day.weekday()]


def newcomer(seed: int, no: int, day: date, *, birthday_on: date | None = None) -> Newcomer:
    """The person who joins as the `no`-th. `birthday_on` asks for a birthday on that day of the year."""
    name = name_of(seed, no)
    born = _born(seed, no, day, birthday_on)
    is_minor = (day - born).days < 18 * 365.25
    values = PersonValues(
        first_name=name.first,
        last_name=name.last,
        phone=phone_of(no) if happens(0.96, seed, no, "phone") else None,
        email=email_of(name, no),
        birth_date=born,
        gender=name.gender if happens(0.97, seed, no, "told") else None,
        joined_on=day,
        locale=name.locale if happens(0.5, seed, no, "language") else None,
        trainer=pick(TRAINERS, seed, no, "trainer") if happens(0.35, seed, no, "guided") else None,
        guardian=_guardian(seed, no, name.last) if is_minor else None,
        note=pick(_NOTES, seed, no, "note") if happens(0.12, seed, no, "noted") else "",
        tags=_tags(seed, no, name.gender),
    )
    odds = (("email", 0.72), ("sms", 0.5), ("call", 0.75))
    return Newcomer(
        no=no,
        values=values,
        card=card_of(no, 0),
        consents=tuple(channel for channel, share in odds if happens(share, seed, no, channel)),
        minute=whole(7 * 60, 20 * 60 + 30, seed, no, "minute"),
    )


def card_of(no: int, replaced: int) -> str:
    """The number printed on somebody's card, or on the one that replaced it."""
    return f"{40_000_000 + no * 97 + replaced * 13}"


def note_of(key: str, day: date) -> str:
    """What the desk notes about somebody on a day."""
    return pick(_NOTES, key, day, "note")


def _born(seed: int, no: int, day: date, birthday_on: date | None) -> date:
    young = between(15.6, 34, seed, no, "young")
    old = min(83.0, 27 + waiting(15, seed, no, "old"))
    age = young if happens(0.42, seed, no, "is young") else old
    born = day - timedelta(days=int(age * 365.25))
    if birthday_on is None:
        return born
    return add_months(birthday_on, -12 * max(16, int(age)), "gregorian")


def _guardian(seed: int, no: int, last_name: str) -> str:
    parent = name_of(seed, no + 1_000_000)
    return f"{parent.first} {last_name}"


def _tags(seed: int, no: int, gender: str) -> tuple[str, ...]:
    odds = (("yoga", 0.28 if gender == FEMALE else 0.1), ("weights", 0.25), ("swimming", 0.12))
    return tuple(tag for tag, share in odds if happens(share, seed, no, tag))
