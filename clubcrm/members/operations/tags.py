"""The words a club puts on people."""

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from clubcrm.core.folding import clean_text, fold
from clubcrm.core.sql import chunks, insert_ignoring
from clubcrm.members.models import PersonTag, Tag

MAX_TAG = 60


def set_tags(session: Session, tags: Mapping[int, Iterable[str]], *, club_id: int) -> None:
    """Put exactly these tags of a club on people; tags that are new to the club are made.

    Two spellings that fold alike are one tag; the first spelling stays.
    """
    if not tags:
        return
    folded = {person_id: folded_tags(names) for person_id, names in tags.items()}
    id_of = _ids(session, {f: n for names in folded.values() for f, n in names.items()}, club_id)
    of_club = select(Tag.id).where(Tag.club_id == club_id)
    for chunk in chunks(list(tags), 5000):
        session.execute(
            delete(PersonTag)
            .where(PersonTag.person_id.in_(chunk), PersonTag.tag_id.in_(of_club))
            .execution_options(synchronize_session=False)
        )
    rows = [
        {"person_id": person_id, "tag_id": id_of[name]}
        for person_id, names in folded.items()
        for name in names
    ]
    if rows:
        session.execute(insert(PersonTag), rows)


def folded_tags(names: Iterable[str]) -> dict[str, str]:
    """Tags by the key under which they are one, without the empty ones."""
    cleaned = (clean_text(name, MAX_TAG) for name in names)
    return {key: name for name in cleaned if (key := fold(name)[:MAX_TAG])}


def tag_names(session: Session, person_ids: Collection[int], club_id: int) -> dict[int, list[str]]:
    """The tags people have at a club, in order; people without one are left out."""
    found: dict[int, list[str]] = {}
    for chunk in chunks(list(person_ids), 5000):
        query = (
            select(PersonTag.person_id, Tag.name)
            .join(Tag, Tag.id == PersonTag.tag_id)
            .where(PersonTag.person_id.in_(chunk), Tag.club_id == club_id)
            .order_by(Tag.folded)
        )
        for person_id, name in session.execute(query):
            found.setdefault(person_id, []).append(name)
    return found


def _ids(session: Session, names: Mapping[str, str], club_id: int) -> dict[str, int]:
    rows = [{"club_id": club_id, "name": n, "folded": f} for f, n in sorted(names.items())]
    insert_ignoring(session, Tag.__table__, rows)  # type: ignore[arg-type]
    known = select(Tag.folded, Tag.id).where(Tag.club_id == club_id)
    return dict(session.execute(known).all())
