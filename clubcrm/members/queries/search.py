"""Finding people as one types: by the beginning of any word, by phone, card or number.

The order of the index is the order of the answer (see `PersonSearch`): a search reads one range of it, no
further than to the end of the page that is asked for, however many there are.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    FromClause,
    Subquery,
    Table,
    and_,
    bindparam,
    exists,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from clubcrm.core.folding import MAX_TOKEN, query_words
from clubcrm.core.prepared import Prepared, Reader
from clubcrm.members.models import Person, PersonClub, PersonSearch

COUNTED = 1000

Place = tuple[str, str, int, str]
"""Where somebody stands in the order of a search: word, key of the name, person, kind of the word."""

_LAST_CHARACTER = "\U0010ffff"
_person = cast(Table, Person.__table__)
_token = cast(Table, PersonSearch.__table__)
_seen = cast(Table, PersonClub.__table__)
_PLACE = ("token", "name_key", "person_id", "kind")


@dataclass(frozen=True)
class PersonHit:
    """Somebody a search found. `place` is where the next page goes on."""

    id: int
    home_club_id: int
    number: str
    external_id: str | None
    full_name: str
    phone: str | None
    email: str | None
    place: Place | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """What to call the person: the name, or the member number where none is known."""
        return self.full_name or self.number

    @property
    def shown_id(self) -> str:
        """The external id, or the member number."""
        return self.external_id or self.number


HIT_COLUMNS = [_person.c[name] for name in PersonHit.__dataclass_fields__ if name != "place"]


def find_people(
    session: Session,
    text: str,
    *,
    scope: Collection[int],
    limit: int = 20,
    after: Place | None = None,
) -> list[PersonHit]:
    """People at the clubs in scope whose words begin with every word of the text.

    One statement for one word; for more, another one before it finds which word is the rarest.

    A word is part of a name, the member number, the external id, a card, an e-mail address, or the
    phone from any digit on (at least four, so the last four find it). Whoever has exactly this number or
    card comes first, then whoever has exactly this word, then by the word that begins so, and by name.
    `after` is the place of the last one of the page before.
    """
    search = search_for(session, text, scope=scope, limit=limit, after=after)
    if search is None:
        return []
    rows = _hits(search.shape).all(session, search.values)
    return [PersonHit(*(*row[:-4], tuple(row[-4:]))) for row in rows]


@dataclass(frozen=True)
class Shape:
    """What tells the statement of one search from that of another: the values come later."""

    words: int
    goes_on: bool


@dataclass(frozen=True)
class Search:
    """A text as the index is asked for it."""

    shape: Shape
    values: Mapping[str, Any]


def search_for(
    session: Reader,
    text: str,
    *,
    scope: Collection[int],
    limit: int,
    after: Place | None = None,
) -> Search | None:
    """What to ask the index, for whoever joins `found_by` with tables of his own; None = nobody has it."""
    words = _words(text)
    if not words or not scope:
        return None
    if len(words) > 1:
        words = _rarest_first(session, words)
        if after is not None:
            # The page before may have been read along another word, which was rarer then.
            words.sort(key=lambda word: not after[0].startswith(word))
    values: dict[str, Any] = {"scope": tuple(scope), "limit": limit}
    for no, word in enumerate(words):
        values |= _range_of(no, word)
    if after is not None:
        values |= {f"after_{name}": value for name, value in zip(_PLACE, after, strict=True)}
    return Search(Shape(len(words), after is not None), values)


@cache
def found_by(shape: Shape) -> Subquery:
    """Whom a search finds, with the place of each; `in_order` puts what is joined with it in order."""
    place = [_token.c[name] for name in _PLACE]
    clubs: BindParameter[int] = bindparam("scope", expanding=True)
    query = (
        select(*place)
        .join(_person, _person.c.id == _token.c.person_id)
        .where(
            _begins_so(_token, 0),
            _person.c.merged_into_id.is_(None),
            exists().where(_seen.c.person_id == _token.c.person_id, _seen.c.club_id.in_(clubs)),
            _is_first_of_person(),
        )
    )
    for no in range(1, shape.words):
        other = _token.alias(f"word_{no}")
        has_it = exists().where(other.c.person_id == _token.c.person_id, _begins_so(other, no))
        query = query.where(has_it)
    if shape.goes_on:
        last = tuple_(*(bindparam(f"after_{name}", type_=_token.c[name].type) for name in _PLACE))
        query = query.where(tuple_(*place) > last)
    return query.order_by(*place).limit(bindparam("limit")).subquery("found")


def in_order(found: FromClause) -> list[ColumnElement[Any]]:
    """The order of a search."""
    return [found.c[name] for name in _PLACE]


@cache
def _hits(shape: Shape) -> Prepared:
    found = found_by(shape)
    places = in_order(found)
    people = select(*HIT_COLUMNS, *places).join(found, found.c.person_id == _person.c.id)
    return Prepared(people.order_by(*places))


def _is_first_of_person() -> ColumnElement[bool]:
    """Whether no word before this one finds the same person: everybody is found once."""
    before = _token.alias("before")
    which = ("token", "name_key", "kind")
    is_before = tuple_(*(before.c[name] for name in which)) < tuple_(
        *(_token.c[name] for name in which)
    )
    same = (before.c.person_id == _token.c.person_id, before.c.token >= bindparam("from_0"))
    # Asked person by person: as a join it would be read for everybody who has the word.
    one = select(before.c.person_id).where(*same, before.c.token <= _token.c.token, is_before)
    return one.limit(1).scalar_subquery().is_(None)


def begins_with(column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """A prefix as one range of the index; the columns compare bytes on both databases."""
    return and_(column >= word, column < word + _LAST_CHARACTER)


def _begins_so(table: FromClause, no: int) -> ColumnElement[bool]:
    return and_(table.c.token >= bindparam(f"from_{no}"), table.c.token < bindparam(f"to_{no}"))


def _range_of(no: int, word: str) -> dict[str, str]:
    return {f"from_{no}": word, f"to_{no}": word + _LAST_CHARACTER}


def _words(text: str) -> list[str]:
    """The words of a search; an e-mail address is one word, as in the index."""
    if "@" in text and " " not in text.strip():
        return ["".join(query_words(text))[:MAX_TOKEN]]
    return query_words(text)


def _rarest_first(session: Reader, words: Sequence[str]) -> list[str]:
    """The words by how many index entries begin with them, counted only so far as it matters."""
    distinct = sorted(set(words))
    values: dict[str, str] = {}
    for no, word in enumerate(distinct):
        values |= _range_of(no, word)
    (numbers,) = _counts(len(distinct)).all(session, values)
    by_count = sorted(zip(numbers, distinct), key=lambda pair: (pair[0], -len(pair[1]), pair[1]))
    return [word for _, word in by_count]


@cache
def _counts(words: int) -> Prepared:
    entries = (
        select(_token.c.person_id).where(_begins_so(_token, no)).limit(COUNTED)
        for no in range(words)
    )
    return Prepared(
        select(
            *(select(func.count()).select_from(one.subquery()).scalar_subquery() for one in entries)
        )
    )
