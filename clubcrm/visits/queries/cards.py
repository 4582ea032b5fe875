"""Who holds which card."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from sqlalchemy import Table, bindparam, select
from sqlalchemy.orm import Session

from clubcrm.core.prepared import Prepared
from clubcrm.core.sql import chunks
from clubcrm.visits.models import Credential

AT_ONCE = 5000
_card = cast(Table, Credential.__table__)


@dataclass(frozen=True)
class Holder:
    """Who holds a card."""

    person_id: int
    credential_id: int


def holders_of(session: Session, codes: Collection[str]) -> dict[str, Holder]:
    """Who holds the cards with these (folded) codes; cards out of use are held by nobody."""
    found = {}
    for chunk in chunks(sorted(codes), AT_ONCE):
        rows = session.execute(
            select(Credential.code, Credential.person_id, Credential.id).where(
                Credential.code.in_(chunk), Credential.ended_at.is_(None)
            )
        )
        found.update({row.code: Holder(row.person_id, row.id) for row in rows})
    return found


_CODES = Prepared(
    select(_card.c.person_id, _card.c.code)
    .where(_card.c.person_id.in_(bindparam("people", expanding=True)), _card.c.ended_at.is_(None))
    .order_by(_card.c.issued_at.desc(), _card.c.id.desc())
)
"""The card of a member asks this: it is put together once."""


def codes_of(session: Session, person_ids: Collection[int]) -> dict[int, list[str]]:
    """The codes of the cards that people hold, the newest first."""
    found: dict[int, list[str]] = {}
    for chunk in chunks(sorted(person_ids), AT_ONCE):
        rows = _CODES.all(session, {"people": chunk})
        for person_id, code in rows:
            found.setdefault(person_id, []).append(code)
    return found
