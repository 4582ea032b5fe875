"""Finding people as one types: by the beginning of any word, by phone, card or number."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import Session

from clubcrm.core.folding import MAX_TOKEN, query_words
from clubcrm.members.models import Person, PersonSearch
from clubcrm.members.queries.people import visible_at
from clubcrm.members.states import TokenKind

COUNTED = 1000
CANDIDATES = 200
"""How many index entries are ranked at most; the first are those the query names most exactly."""

_LAST_CHARACTER = "\U0010ffff"
_person = cast(Table, Person.__table__)
_token = cast(Table, PersonSearch.__table__)


@dataclass(frozen=True)
class PersonHit:
    """Somebody a search found."""

    id: int
    home_club_id: int
    number: str
    external_id: str | None
    full_name: str
    phone: str | None
    email: str | None

    @property
    def name(self) -> str:
        """What to call the person: the name, or the member number where none is known."""
        return self.full_name or self.number

    @property
    def shown_id(self) -> str:
        """The external id, or the member number."""
        return self.external_id or self.number


_COLUMNS = [_person.c[name] for name in PersonHit.__dataclass_fields__]


def find_people(
    session: Session,
    text: str,
    *,
    scope: Collection[int],
    limit: int = 20,
    offset: int = 0,
    ranked: int = CANDIDATES,
) -> list[PersonHit]:
    """People at the clubs in scope whose words begin with every word of the text.

    One statement for one word; for more, another one before it finds which word is the rarest.

    A word is part of a name, the member number, the external id, a card, an e-mail address, or the
    phone from any digit on (at least four, so the last four find it). Whoever has exactly this
    number or card comes first, then exactly this external id or phone ending, then by name. Of very
    many that match a short word only those are ranked, and found, whose words come first: `ranked`
    entries of the index. `offset` leaves out as many of the first, for the pages after.
    """
    words = _words(text)
    if not words or not scope:
        return []
    if len(words) > 1:
        words = _rarest_first(session, words)
    query = search_query(words, text, scope, limit, ranked).offset(offset)
    rows = session.execute(query)
    return [PersonHit(*row[:-1]) for row in rows]


def _words(text: str) -> list[str]:
    """The words of a search; an e-mail address is one word, as in the index."""
    if "@" in text and " " not in text.strip():
        return ["".join(query_words(text))[:MAX_TOKEN]]
    return query_words(text)


def search_query(
    words: Sequence[str],
    text: str,
    scope: Collection[int],
    limit: int,
    ranked: int = CANDIDATES,
) -> Select[Any]:
    """The statement of `find_people`: the first word's range of the index, narrowed by the others."""
    found = _candidates(words, scope, ranked)
    joined = "".join(_words(text))
    is_exact = or_(
        _person.c.number == joined,
        and_(found.c.kind == TokenKind.CARD, found.c.token == joined),
    )
    # Only numbers hold digits: a whole one comes before one that merely begins like it.
    is_whole = and_(found.c.token == joined, literal(any(sign.isdigit() for sign in joined)))
    rank = func.min(case((is_exact, 0), (is_whole, 1), else_=2))
    return (
        select(*_COLUMNS, rank.label("rank"))
        .join_from(found, _person, _person.c.id == found.c.person_id)
        .where(_person.c.merged_into_id.is_(None))
        .group_by(_person.c.id)
        .order_by(rank, _person.c.sort_name, _person.c.id)
        .limit(limit)
    )


def begins_with(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """A prefix as one range of the index; the columns compare bytes on both databases."""
    return and_(column >= word, column < word + _LAST_CHARACTER)


def _rarest_first(session: Session, words: Sequence[str]) -> list[str]:
    """The words by how many index entries begin with them, counted only so far as it matters."""
    distinct = sorted(set(words))
    counts = [
        select(func.count())
        .select_from(
            select(_token.c.person_id)
            .where(begins_with(_token.c.token, word))
            .limit(COUNTED)
            .subquery()
        )
        .scalar_subquery()
        for word in distinct
    ]
    numbers = session.execute(select(*counts)).one()
    in_order = sorted(zip(numbers, distinct), key=lambda pair: (pair[0], -len(pair[1]), pair[1]))
    return [word for _, word in in_order]


def _candidates(words: Sequence[str], scope: Collection[int], ranked: int) -> Subquery:
    """The first index entries for the first word whose person has the other words too."""
    driver, *others = words
    query = select(_token.c.person_id, _token.c.token, _token.c.kind).where(
        begins_with(_token.c.token, driver), visible_at(scope, _token.c.person_id)
    )
    for word in others:
        other = _token.alias()
        query = query.where(
            exists().where(
                other.c.person_id == _token.c.person_id, begins_with(other.c.token, word)
            )
        )
    in_order = query.order_by(_token.c.token, _token.c.name_key, _token.c.person_id)
    return in_order.limit(ranked).subquery()
