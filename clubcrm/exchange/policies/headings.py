"""Which column of a file is which: guessed from its heading, with a likeness only ever suggested."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from clubcrm.core.folding import fold
from clubcrm.exchange.policies.columns import COLUMNS, PERSON_COLUMNS
from clubcrm.exchange.policies.synonyms import BY_KIND, GENERAL, KNOWN_USELESS
from clubcrm.exchange.states import OWN_COLUMNS, HeadingFate, Kind

LIKE_ENOUGH: Final = 84
"""Similarity (0-100) from which another heading is suggested."""

_CAMEL: Final = re.compile(r"(?<=[a-zà-öø-ÿ0-9])(?=[A-ZÀ-ÖØ-Þ])")
_NUMBER_SIGN: Final = re.compile(r"\bn\s*\.?\s*[º°]|№|#", re.IGNORECASE)
_OF: Final = re.compile(r"\bd['’](?=\w)", re.IGNORECASE)
_SIGNS: Final = str.maketrans({"º": "", "°": "", "ª": "", "&": " and "})
_NUMBERS: Final = frozenset({"n", "no", "nr", "num", "nro", "numero", "number"})
_LINKS: Final = frozenset({"de", "do", "da", "del", "d", "of", "the"})
_DAYS_APART: Final = """
    date | visit date | date of visit | entry date | attendance date | check in date
    | تاریخ | تاریخ ورود | تاریخ مراجعه | تاریخ حضور | التاريخ | تاريخ الدخول | تاريخ الزيارة
    | дата | дата входа | дата посещения | data | data de entrada | data da visita
    | fecha | fecha de entrada | fecha de visita | datum | besuchsdatum
    | date d'entrée | date de visite | date de passage
"""
_TIMES_APART: Final = """
    time | check in time | entry time | time in | visit time | check in | in | hour
    | ساعت | ساعت ورود | زمان | زمان ورود | الوقت | وقت الدخول | وقت الحضور | الساعة
    | время | время входа | время посещения | hora | hora de entrada | uhrzeit | zeit
    | check-in zeit | heure | heure d'entrée | heure de passage
"""
_WAYS_TO_PAY: Final = (
    "card | card number | card no | كارت | کارت | карта | cartão | tarjeta | karte | carte"
)
_NAMES_OF_PEOPLE: Final = frozenset({"full_name", "first_name", "last_name"})


@dataclass(frozen=True)
class Guess:
    """What one heading is taken for: a column, or none and why; `likely` is only a suggestion."""

    heading: str
    column: str | None
    fate: HeadingFate
    likely: str | None = None
    taken_by: str | None = None


def heading_key(heading: str) -> str:
    """A heading as it is compared: folded, words of camelCase parted, all spaces gone.

    N.º de sócio, nº sócio and número de sócio are one, and so are member no, member # and member
    number.
    """
    signed = _OF.sub("de ", _NUMBER_SIGN.sub(" number ", heading)).translate(_SIGNS)
    words = fold(_CAMEL.sub(" ", signed)).split()
    if len(words) > 1 and words[0] in _NUMBERS:
        rest = words[2:] if words[1] in _LINKS and len(words) > 2 else words[1:]
        words = ["number", *rest]
    elif len(words) > 1 and words[-1] in _NUMBERS:
        words[-1] = "number"
    return "".join(words)


@lru_cache(maxsize=16)
def known_headings(kind: Kind) -> Mapping[str, tuple[tuple[int, str], ...]]:
    """Heading key -> (rank, column), the surest first, for one kind of file.

    Rank 0 is the canonical name itself, then the phrases that mean something of their own in this
    kind, then the general ones in the order in which they stand.
    """
    table: dict[str, list[tuple[int, str]]] = {}
    own = BY_KIND.get(kind, {})
    for column in COLUMNS[kind]:
        # Where a kind has phrases of its own for an identity, the general ones name somebody else.
        general = "" if column in own else GENERAL[column]
        phrases = [column, *_phrases(own.get(column, "")), *_phrases(general)]
        for rank, phrase in enumerate(phrases):
            table.setdefault(heading_key(phrase), []).append((rank, column))
    return {key: tuple(sorted(found)) for key, found in table.items()}


def guess_columns(
    headings: Sequence[str], kind: Kind, fixed: Mapping[int, str] | None = None
) -> list[Guess]:
    """Say for each heading, in order, which column it is taken for.

    `fixed` says it for some places already ("" = left out). A column is given to one heading only
    (the surest, then the first), save those that join several. What is left is reported: a repeated
    heading, one whose column another heading has, one that is understood but useless, or one that is
    unknown.
    """
    known = known_headings(kind)
    keys = [heading_key(heading) for heading in headings]
    fixed = fixed or {}
    found = [
        _fixed_candidate(fixed[at]) if at in fixed else _candidates(key, known, kind)
        for at, key in enumerate(keys)
    ]
    if kind is Kind.MEMBERSHIPS:
        found = _person_or_term(keys, found, fixed)
    given = _give(found, kind)
    if kind is Kind.VISITS:
        left_out = [at for at, column in fixed.items() if not column]
        given = _day_beside_time(given, ["" if at in left_out else k for at, k in enumerate(keys)])
    first_of: dict[str, int] = {}
    guesses = []
    for at, heading in enumerate(headings):
        column = given.get(at)
        if fixed.get(at) == "":
            guesses.append(Guess(heading, None, HeadingFate.IGNORED))
            continue
        repeated = first_of.setdefault(keys[at], at) != at if keys[at] else False
        guesses.append(_guess(heading, keys[at], column, found[at], kind, repeated=repeated))
    return _with_takers(guesses, found, given, headings)


def recognised(headings: Iterable[str], kind: Kind | None = None) -> int:
    """How many of these headings are known, for one kind or for any."""
    kinds = [kind] if kind else list(Kind)
    return sum(
        any(heading_key(heading) in known_headings(each) for each in kinds)
        for heading in headings
        if heading.strip()
    )


def likely_kind(headings: Sequence[str]) -> Kind:
    """The kind of file these headings fit best; members where nothing else speaks."""
    columns = {kind: {g.column for g in guess_columns(headings, kind) if g.column} for kind in Kind}
    of_terms = columns[Kind.MEMBERSHIPS]
    if {"paid_at", "amount"} <= columns[Kind.PAYMENTS] and "starts_on" not in of_terms:
        return Kind.PAYMENTS
    has_names = bool(columns[Kind.MEMBERS] & _NAMES_OF_PEOPLE)
    if "starts_on" in of_terms and (has_names or of_terms & {"plan", "price", "external_id"}):
        return Kind.MEMBERSHIPS
    if "share" in columns[Kind.CLOSURES]:
        return Kind.CLOSURES
    if has_names:
        return Kind.MEMBERS
    best = {
        Kind.VISITS: {"checked_in_at", "last_visit_on"},
        Kind.FREEZES: {"from", "until", "last_day"},
        Kind.DEBTS: {"amount", "due_on"},
    }
    for kind, signs in best.items():
        if "member" in columns[kind] and columns[kind] & signs:
            return kind
    spans = columns[Kind.CLOSURES]
    return Kind.CLOSURES if "from" in spans and spans & {"until", "last_day"} else Kind.MEMBERS


def _phrases(text: str) -> list[str]:
    return [phrase for phrase in (part.strip() for part in text.split("|")) if phrase]


def _candidates(
    key: str, known: Mapping[str, tuple[tuple[int, str], ...]], kind: Kind
) -> tuple[tuple[int, str], ...]:
    found = known.get(key, ())
    if kind is Kind.PAYMENTS and key in _keys_of(_WAYS_TO_PAY):
        # Beside an amount it is how somebody paid, or the last digits of a bank card.
        return ()
    if kind is Kind.MEMBERSHIPS:
        # Here e-mail, phone and card describe the person; `member` is only ever an identity.
        names = {column for _, column in found}
        if "member" in names and names & {"email", "phone", "card_code", "full_name"}:
            found = tuple(pair for pair in found if pair[1] != "member")
    return found


def _fixed_candidate(column: str) -> tuple[tuple[int, str], ...]:
    # Surer than any heading can be.
    return ((-1, column),) if column else ()


def _person_or_term(
    keys: Sequence[str],
    found: Sequence[tuple[tuple[int, str], ...]],
    fixed: Mapping[int, str],
) -> list[tuple[tuple[int, str], ...]]:
    """Decide what the identities of a list of terms name.

    `member` stays the person. Beside an identity of the term a member number is the person, too;
    alone it names both, as `external_id`.
    """
    has_term_id = any("external_id" in {column for _, column in pairs} for pairs in found)
    is_plain = "member" in keys or "member" in fixed.values()
    decided: list[tuple[tuple[int, str], ...]] = []
    for at, (key, pairs) in enumerate(zip(keys, found, strict=True)):
        names = {column for _, column in pairs}
        if at in fixed:
            decided.append(pairs)
        elif "member" in names and key != "member" and not has_term_id and not is_plain:
            rank = min(rank for rank, column in pairs if column == "member")
            decided.append(((rank, "external_id"),))
        elif not pairs and not has_term_id and key in _general_ids():
            decided.append(((50, "external_id" if not is_plain else "member"),))
        else:
            decided.append(pairs)
    return decided


@lru_cache(maxsize=1)
def _general_ids() -> frozenset[str]:
    return frozenset(heading_key(phrase) for phrase in _phrases(GENERAL["external_id"]))


def _give(found: Sequence[tuple[tuple[int, str], ...]], kind: Kind) -> dict[int, str]:
    """Hand out columns: the surest heading first, then the one that stands first."""
    wishes = sorted((rank, at, column) for at, pairs in enumerate(found) for rank, column in pairs)
    given: dict[int, str] = {}
    taken: set[str] = set()
    for _rank, at, column in wishes:
        if at in given or (column in taken and not COLUMNS[kind][column].joins):
            continue
        given[at] = column
        taken.add(column)
    return _whole_names(given, found)


def _day_beside_time(given: dict[int, str], keys: Sequence[str]) -> dict[int, str]:
    """A log of visits may keep the day and the time apart; both tell when somebody came in."""
    at = next((place for place, column in given.items() if column == "checked_in_at"), None)
    if at is None:
        return given
    days, times = _keys_of(_DAYS_APART), _keys_of(_TIMES_APART)
    other = times if keys[at] in days else days if keys[at] in times else frozenset[str]()
    beside = next((n for n, key in enumerate(keys) if key in other and n not in given), None)
    return given if beside is None else {**given, beside: "checked_in_at"}


@lru_cache(maxsize=4)
def _keys_of(phrases: str) -> frozenset[str]:
    return frozenset(heading_key(phrase) for phrase in _phrases(phrases))


def _whole_names(
    given: dict[int, str], found: Sequence[tuple[tuple[int, str], ...]]
) -> dict[int, str]:
    """A family name or a given name alone is the whole name where the heading can mean that."""
    held = set(given.values())
    for at, column in list(given.items()):
        can_be_whole = "full_name" in {name for _, name in found[at]}
        if (
            column == "last_name"
            and "first_name" not in held
            and "full_name" not in held
            and can_be_whole
        ):
            given[at] = "full_name"
    return given


def _guess(
    heading: str,
    key: str,
    column: str | None,
    pairs: Sequence[tuple[int, str]],
    kind: Kind,
    *,
    repeated: bool,
) -> Guess:
    if column is not None:
        return Guess(heading, column, HeadingFate.MAPPED)
    if not key:
        return Guess(heading, None, HeadingFate.BLANK)
    if repeated:
        return Guess(heading, None, HeadingFate.REPEATED)
    if pairs:
        return Guess(heading, None, HeadingFate.TAKEN, taken_by=pairs[0][1])
    if key in OWN_COLUMNS:
        return Guess(heading, None, HeadingFate.OURS)
    for why, phrases in KNOWN_USELESS.items():
        if key in {heading_key(phrase) for phrase in _phrases(phrases)}:
            return Guess(heading, None, HeadingFate(why))
    if kind not in (Kind.MEMBERS, Kind.MEMBERSHIPS) and _is_of(key, PERSON_COLUMNS, Kind.MEMBERS):
        return Guess(heading, None, HeadingFate.OTHER_KIND)
    if kind is Kind.MEMBERS and key in known_headings(Kind.MEMBERSHIPS):
        return Guess(heading, None, HeadingFate.OTHER_KIND)
    return Guess(heading, None, HeadingFate.UNKNOWN, likely=_likely(key, kind))


def _is_of(key: str, columns: Iterable[str], kind: Kind) -> bool:
    names = {column for _, column in known_headings(kind).get(key, ())}
    return bool(names & set(columns))


def _likely(key: str, kind: Kind) -> str | None:
    """The column whose heading looks most like this one; a suggestion, never applied by itself."""
    if len(key) < 4:
        return None
    known = known_headings(kind)
    best = process.extractOne(key, list(known), scorer=fuzz.ratio, score_cutoff=LIKE_ENOUGH)
    return known[best[0]][0][1] if best else None


def _with_takers(
    guesses: list[Guess],
    found: Sequence[tuple[tuple[int, str], ...]],
    given: Mapping[int, str],
    headings: Sequence[str],
) -> list[Guess]:
    """Name, for a heading left over, the heading that has its column."""
    holders = {column: headings[at] for at, column in given.items()}
    named = []
    for at, guess in enumerate(guesses):
        if guess.fate is HeadingFate.TAKEN:
            column = next((c for _, c in found[at] if c in holders), guess.taken_by)
            guess = Guess(
                guess.heading, None, guess.fate, likely=column, taken_by=holders.get(column or "")
            )
        named.append(guess)
    return named
