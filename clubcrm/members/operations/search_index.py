"""The words under which people are found, and the clubs at which they are seen."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, delete, insert
from sqlalchemy.orm import Session

from clubcrm.core.folding import MAX_TOKEN, fold, search_tokens
from clubcrm.core.sql import chunks, insert_ignoring
from clubcrm.members.models import PersonClub, PersonSearch
from clubcrm.members.states import TokenKind

_search = cast(Table, PersonSearch.__table__)


def tokens_of(person: Mapping[str, Any]) -> set[str]:
    """The tokens of a person's own row: names, numbers, phone endings, e-mail."""
    names = (person["full_name"], person["first_name"], person["last_name"])
    numbers = (person["number"], person["external_id"])
    tokens = search_tokens(
        [name for name in names if name],
        [number for number in numbers if number],
        [person["phone"]] if person["phone"] else [],
    )
    if person["email"]:
        local = str(person["email"]).partition("@")[0]
        # A query parts words at signs, so an address is found whole by its words run together.
        for text in (local, str(person["email"])):
            folded = fold(text).split()
            tokens.update(folded if text is local else ())
            tokens.add("".join(folded)[:MAX_TOKEN])
    return {token[:MAX_TOKEN] for token in tokens}


def index_people(session: Session, people: Sequence[Mapping[str, Any]], *, are_new: bool) -> None:
    """Write the tokens of people's own rows; of people known already the old ones go first."""
    if not are_new:
        _forget(session, [person["id"] for person in people], TokenKind.PERSON)
    rows = [
        {"token": token, "person_id": person["id"], "kind": TokenKind.PERSON}
        for person in people
        for token in tokens_of(person)
    ]
    _insert(session, rows)


def set_card_words(session: Session, codes_by_person: Mapping[int, Sequence[str]]) -> None:
    """Make people findable by the cards they hold now; an empty sequence takes the words away."""
    _forget(session, list(codes_by_person), TokenKind.CARD)
    rows = [
        {"token": token, "person_id": person_id, "kind": TokenKind.CARD}
        for person_id, codes in codes_by_person.items()
        for token in search_tokens((), codes)
    ]
    _insert(session, rows)


def show_at_clubs(session: Session, pairs: Iterable[tuple[int, int]]) -> None:
    """Let clubs see people: (person, club) where there is a term, a lead or a visit."""
    rows = [{"person_id": person, "club_id": club} for person, club in sorted(set(pairs))]
    for chunk in chunks(rows, 5000):
        insert_ignoring(session, PersonClub.__table__, chunk)  # type: ignore[arg-type]


def _insert(session: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        # In the order of the index, which is a third quicker for many rows.
        rows.sort(key=lambda row: (row["token"], row["person_id"]))
        session.execute(insert(_search), rows)


def _forget(session: Session, person_ids: Sequence[int], kind: TokenKind) -> None:
    for chunk in chunks(person_ids, 5000):
        session.execute(
            delete(_search).where(_search.c.person_id.in_(chunk), _search.c.kind == kind)
        )
