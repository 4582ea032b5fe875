"""What stands in the records of the people a file speaks of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.core.folding import fold
from clubcrm.core.sql import chunks
from clubcrm.exchange.policies.columns import OPENING_COLUMNS
from clubcrm.members.queries import consents_of, people_by_ids, tags_of
from clubcrm.members.states import ConsentChannel
from clubcrm.visits.models import OpeningBalance
from clubcrm.visits.queries import codes_of

FIELDS: Final = (
    "first_name",
    "last_name",
    "full_name",
    "phone",
    "phone_as_given",
    "email",
    "birth_date",
    "gender",
    "national_id",
    "address",
    "city",
    "postcode",
    "emergency_contact",
    "guardian",
    "payer",
    "trainer",
    "joined_on",
    "locale",
    "note",
    "no_contact",
)
CHANNELS: Final = {"consent_email": ConsentChannel.EMAIL, "consent_sms": ConsentChannel.SMS}
_balance = cast(Table, OpeningBalance.__table__)


@dataclass(frozen=True, slots=True)
class Held:
    """A person as the records have him, with tags (folded -> name), cards, balance and consents."""

    id: int
    external_id: str | None
    revision: int
    fields: dict[str, Any]
    tags: dict[str, str] = field(default_factory=dict)
    cards: tuple[str, ...] = ()
    balance: dict[str, Any] = field(default_factory=dict)
    consents: dict[str, bool] = field(default_factory=dict)


def load_held(
    session: Session, person_ids: Collection[int], watched: Collection[str]
) -> dict[int, Held]:
    """What the records say of these people, as far as the file has columns for it."""
    if not person_ids:
        return {}
    ids = sorted(person_ids)
    people = people_by_ids(session, ids)
    tags = tags_of(session, ids) if "tags" in watched else {}
    cards = codes_of(session, ids) if "card_code" in watched else {}
    balances = balances_of(session, ids) if OPENING_COLUMNS & set(watched) else {}
    asks_consent = bool(set(CHANNELS) & set(watched))
    consents = consents_of(session, ids) if asks_consent else {}
    return {
        pid: Held(
            id=pid,
            external_id=row.external_id,
            revision=row.revision,
            fields={name: getattr(row, name) for name in FIELDS},
            tags={fold(tag): tag for tag in tags.get(pid, ())},
            cards=tuple(cards.get(pid, ())),
            balance=balances.get(pid, {}),
            consents={
                column: answer.is_given
                for column, channel in CHANNELS.items()
                if (answer := consents.get(pid, {}).get(channel)) is not None
            },
        )
        for pid, row in people.items()
    }


def balances_of(session: Session, person_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The opening balances of people, by person."""
    found: dict[int, dict[str, Any]] = {}
    for chunk in chunks(person_ids, 2000):
        query = select(_balance).where(_balance.c.person_id.in_(chunk))
        for row in session.execute(query).mappings():
            found[row["person_id"]] = dict(row)
    return found
