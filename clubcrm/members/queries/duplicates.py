"""Who may be the same human as somebody that is being typed in."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast

from rapidfuzz.distance import JaroWinkler
from rapidfuzz.fuzz import token_sort_ratio
from sqlalchemy import Select, Table, exists, select
from sqlalchemy.orm import Session

from clubcrm.core.folding import MAX_TOKEN, fold, query_words, words
from clubcrm.members.models import Person, PersonSearch
from clubcrm.members.policies import clean_email
from clubcrm.members.queries.people import visible_at
from clubcrm.members.queries.search import HIT_COLUMNS, PersonHit, begins_with

LEAST_LIKENESS = 88
"""Names alike from here on, of 100: one letter of eight may differ."""

MOST = 5
_NAMED_ALIKE = 200
_SHORTEST_PHONE = 7
_person = cast(Table, Person.__table__)
_token = cast(Table, PersonSearch.__table__)


@dataclass(frozen=True)
class LikelyDuplicate:
    """Somebody known who may be the one being typed: how likely (0-100), and by what.

    Reasons are `phone`, `email` and `name`.
    """

    person: PersonHit
    score: int
    reasons: tuple[str, ...]


def likely_duplicates(
    session: Session, name: str, phone: str | None, email: str | None, scope: Collection[int]
) -> list[LikelyDuplicate]:
    """The few people in scope most like the one being typed, likeliest first; two statements.

    The same phone or e-mail is likely, and more so with a name alike; a name alike alone counts
    when whole words agree or differ by a slip.
    """
    if not scope:
        return []
    address = clean_email(email) if email else None
    digits = "".join(query_words(phone or ""))
    found: dict[int, PersonHit] = {}
    for query in (_by_contact(digits, address, scope), _by_name(name, scope)):
        if query is not None:
            found.update((row.id, PersonHit(*row)) for row in session.execute(query))
    likely = [_judged(person, name, digits, address) for person in found.values()]
    kept = [duplicate for duplicate in likely if duplicate.reasons]
    kept.sort(key=lambda duplicate: (-duplicate.score, duplicate.person.id))
    return kept[:MOST]


def _by_contact(digits: str, address: str | None, scope: Collection[int]) -> Select[Any] | None:
    """People with this phone or this e-mail among their search words."""
    tokens = [digits] if len(digits) >= _SHORTEST_PHONE else []
    if address:
        tokens.append("".join(words(address))[:MAX_TOKEN])
    if not tokens:
        return None
    held = (
        select(_token.c.person_id)
        .where(_token.c.token.in_(tokens), visible_at(scope, _token.c.person_id))
        .limit(_NAMED_ALIKE)
    )
    return _people(held)


def _by_name(name: str, scope: Collection[int]) -> Select[Any] | None:
    """People with two words that begin like the two longest of the name."""
    chosen = sorted({word for word in words(name) if len(word) > 1}, key=len)[-2:]
    if len(chosen) < 2:
        return None
    other = _token.alias()
    also = exists().where(
        other.c.person_id == _token.c.person_id,
        begins_with(other.c.token, _beginning(chosen[0])),
    )
    held = (
        select(_token.c.person_id)
        .where(
            begins_with(_token.c.token, _beginning(chosen[1])),
            also,
            visible_at(scope, _token.c.person_id),
        )
        .order_by(_token.c.token)
        .limit(_NAMED_ALIKE)
    )
    return _people(held)


def _people(held: Select[Any]) -> Select[Any]:
    standing = _person.c.merged_into_id.is_(None)
    return select(*HIT_COLUMNS).where(_person.c.id.in_(held.subquery().select()), standing)


def _beginning(word: str) -> str:
    """The part of a word in which slips are rare."""
    return word[: max(2, len(word) // 2)]


def _judged(person: PersonHit, name: str, digits: str, address: str | None) -> LikelyDuplicate:
    reasons = []
    score = 0
    likeness = _likeness(name, person.full_name)
    if len(digits) >= _SHORTEST_PHONE and person.phone and _same_phone(person.phone, digits):
        reasons.append("phone")
        score = 70
    if address and person.email == address:
        reasons.append("email")
        score = max(score, 70)
    if likeness >= LEAST_LIKENESS:
        reasons.append("name")
        score = max(60 if likeness >= 99 else 50, score + (25 if score else 0))
    if len(reasons) > 2:
        score = 99
    return LikelyDuplicate(person, score, tuple(reasons))


def _same_phone(phone: str, digits: str) -> bool:
    return phone.endswith(digits.lstrip("0")[-9:])


def _likeness(one: str, other: str) -> float:
    """How alike two names are, 0-100, whatever the order of their words."""
    left, right = fold(one), fold(other)
    if not left or not right:
        return 0.0
    by_words = token_sort_ratio(left, right)
    return max(by_words, 100 * JaroWinkler.similarity(left, right) if by_words >= 80 else 0.0)
