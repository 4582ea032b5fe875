"""The words under which people are found, and the clubs at which they are seen."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, delete
from sqlalchemy.orm import Session

from clubcrm.core.folding import (
    MAX_TOKEN,
    name_tokens,
    number_tokens,
    phone_tokens,
    search_tokens,
    words,
)
from clubcrm.core.sql import chunks, insert_missing, insert_quickly
from clubcrm.members.models import PersonClub, PersonSearch
from clubcrm.members.states import TokenKind

_search = cast(Table, PersonSearch.__table__)
NAME_KEY = 24
OTHER_KEY = "!"
_seen = cast(Table, PersonClub.__table__)


def keys_of(person: Mapping[str, Any]) -> dict[str, str]:
    """Every token of a person's own row with its `name_key`; see `PersonSearch`.

    A token of several meanings stands under the one that a search answers first.
    """
    number, name_key = number_tokens(person["number"]), person["sort_name"][:NAME_KEY]
    found = dict.fromkeys(number, OTHER_KEY)
    if person["external_id"]:
        found.update(dict.fromkeys(number_tokens(person["external_id"]), OTHER_KEY))
    if person["phone"]:
        found.update(dict.fromkeys(phone_tokens(person["phone"]), OTHER_KEY))
    if person["email"]:
        found.update(dict.fromkeys(_email_tokens(str(person["email"])), OTHER_KEY))
    for name in (person["full_name"], person["first_name"], person["last_name"]):
        if name:
            found.update(dict.fromkeys(name_tokens(name), name_key))
    found[number[-1] if number else ""] = ""  # the whole of it, run together
    return found


def _email_tokens(email: str) -> list[str]:
    """The words of an address, and its words run together, since a query parts words at signs."""
    local, at, domain = email.partition("@")
    parts = words(local)
    joined = "".join(parts)
    whole = joined + "".join(words(at + domain))
    return [token[:MAX_TOKEN] for token in (*parts, joined, whole)]


def index_people(session: Session, people: Sequence[Mapping[str, Any]], *, are_new: bool) -> None:
    """Write the tokens of people's own rows; of people known already the old ones go first."""
    if not are_new:
        _forget(session, [person["id"] for person in people], TokenKind.PERSON)
    kind = TokenKind.PERSON.value
    rows: list[tuple[str, str, int, str]] = []
    for person in people:
        person_id = person["id"]
        rows += [(token, key, person_id, kind) for token, key in keys_of(person).items()]
    _insert(session, rows)


def show_new_people(session: Session, person_ids: Sequence[int], club_id: int) -> None:
    """Let a club see people that nobody knew before."""
    pairs = [(person_id, club_id) for person_id in person_ids]
    insert_quickly(session, _seen, ("person_id", "club_id"), pairs)


def set_card_words(session: Session, codes_by_person: Mapping[int, Sequence[str]]) -> None:
    """Make people findable by the cards they hold now; an empty sequence takes the words away."""
    _forget(session, list(codes_by_person), TokenKind.CARD)
    rows = [
        (token, "", person_id, TokenKind.CARD.value)
        for person_id, codes in codes_by_person.items()
        for token in search_tokens((), codes)
    ]
    _insert(session, rows)


def show_at_clubs(session: Session, pairs: Iterable[tuple[int, int]]) -> None:
    """Let clubs see people: (person, club) where there is a term, a lead or a visit."""
    rows = [{"person_id": person, "club_id": club} for person, club in sorted(set(pairs))]
    insert_missing(session, _seen, rows)


def _insert(session: Session, rows: list[tuple[str, str, int, str]]) -> None:
    # In the order of the index, which is quicker for many rows.
    rows.sort()
    insert_quickly(session, _search, ("token", "name_key", "person_id", "kind"), rows)


def _forget(session: Session, person_ids: Sequence[int], kind: TokenKind) -> None:
    for chunk in chunks(person_ids, 5000):
        session.execute(
            delete(_search).where(_search.c.person_id.in_(chunk), _search.c.kind == kind)
        )
