"""Storing what a file adds about people."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from clubcrm.core.sql import chunks
from clubcrm.exchange.operations.people import Somebody, Verdict
from clubcrm.exchange.operations.people_held import CHANNELS
from clubcrm.exchange.operations.tasks import REVISION, Effects, Said, Task, Touched
from clubcrm.exchange.policies.columns import OPENING_COLUMNS
from clubcrm.exchange.states import Kind, Touch
from clubcrm.members.models import Person
from clubcrm.members.operations import (
    ConsentValues,
    PersonValues,
    add_people,
    change_people,
    record_consents,
)
from clubcrm.members.states import ConsentBasis
from clubcrm.visits.operations import BalanceValues, issue_cards, set_opening_balances
from clubcrm.visits.queries import holders_of

CONSENT_SOURCE: Final = "import"

_person = cast(Table, Person.__table__)


def store_people(session: Session, task: Task, people: Sequence[Somebody]) -> Effects:
    """Store newcomers and what is new about people known already; newcomers get their ids."""
    effects = Effects()
    newcomers = [one for one in people if one.is_new and one.id is None]
    _add(session, task, newcomers, effects)
    _change(session, task, [one for one in people if not one.is_new and one.changed], effects)
    _give_cards(session, task, people, effects)
    _set_balances(session, task, people, effects)
    _record_consents(session, task, people, effects)
    for one in people:
        one.changed.clear()
    return effects


def said_of(verdict: Verdict | None) -> list[Said]:
    """What a row said of its person, to be remembered; also where it was nothing new."""
    if verdict is None or verdict.somebody.id is None or not verdict.has_new_marks:
        return []
    row_id = verdict.somebody.id
    return [Said(Kind.MEMBERS, verdict.digest, row_id, verdict.marks, verdict.is_unheard)]


def _add(session: Session, task: Task, newcomers: Sequence[Somebody], effects: Effects) -> None:
    values = [
        PersonValues(
            external_id=one.external_id,
            visits_known_from=task.as_of_on,
            tags=tuple(one.tags.values()),
            **_told(one.fields),
        )
        for one in newcomers
    ]
    ids = add_people(session, values, club_id=task.club.id, by=task.by, now=task.now, imported=True)
    for one, person_id in zip(newcomers, ids):
        one.id = person_id
        effects.touched.append(Touched("person", person_id, Touch.CREATED, 1))


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as PersonValues names them: the phone as it was given."""
    told = {name: value for name, value in fields.items() if value is not None}
    given = told.pop("phone_as_given", None)
    if given is not None:
        told["phone"] = given
    return told


def _change(session: Session, task: Task, changed: Sequence[Somebody], effects: Effects) -> None:
    changes: dict[int, dict[str, Any]] = {}
    before: dict[int, dict[str, Any]] = {}
    for one in changed:
        assert one.held is not None
        told = {name: one.fields[name] for name in one.changed if name in one.held.fields}
        if "phone" in told:
            told["phone"] = one.fields["phone_as_given"]
        if "tags" in one.changed:
            told["tags"] = tuple(one.tags.values())
        if told:
            changes[one.held.id] = told
            before[one.held.id] = _before(one, told)
    done = change_people(session, changes, by=task.by, now=task.now, imported=True)
    revisions: dict[int, int] = {}
    for chunk in chunks(sorted(done), 2000):
        query = select(_person.c.id, _person.c.revision).where(_person.c.id.in_(chunk))
        revisions.update(dict(session.execute(query).all()))
    effects.touched += [
        Touched("person", pid, Touch.CHANGED, revisions[pid], before[pid]) for pid in sorted(done)
    ]


def _before(one: Somebody, told: dict[str, Any]) -> dict[str, Any]:
    assert one.held is not None
    before = {name: plain(one.held.fields[name]) for name in told if name != "tags"}
    before[REVISION] = one.held.revision
    if "phone" in told:
        before["phone"] = one.held.fields["phone_as_given"]
    if "tags" in told:
        before["tags"] = list(one.held.tags.values())
    return before


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    return value.isoformat() if isinstance(value, date) else value


def _give_cards(session: Session, task: Task, people: Sequence[Somebody], effects: Effects) -> None:
    codes = {
        one.id: [code for code in one.cards if one.held is None or code not in one.held.cards]
        for one in people
        if one.id is not None and "card_code" in one.changed
    }
    if not codes:
        return
    issue_cards(session, codes, club_id=task.club.id, by=task.by, now=task.now)
    held = holders_of(session, {code for given in codes.values() for code in given})
    effects.touched += [
        Touched("credential", holder.credential_id, Touch.CREATED)
        for holder in held.values()
        if holder.person_id in codes
    ]


def _set_balances(
    session: Session, task: Task, people: Sequence[Somebody], effects: Effects
) -> None:
    rows = []
    for one in people:
        if one.id is None or not any(name.startswith("balance.") for name in one.changed):
            continue
        before = one.held.balance if one.held is not None else {}
        as_of_on = max(task.as_of_on, before.get("as_of_on", task.as_of_on))
        told = {name: one.balance.get(name) for name in OPENING_COLUMNS}
        rows.append(BalanceValues(person_id=one.id, as_of_on=as_of_on, **told))
        revision = before.get("revision", 0) + 1
        old = {name: plain(before.get(name)) for name in (*OPENING_COLUMNS, "as_of_on")}
        old[REVISION] = before.get("revision")
        kind = Touch.CHANGED if before else Touch.CREATED
        effects.touched.append(
            Touched("visit_opening_balance", one.id, kind, revision, old if before else None)
        )
    set_opening_balances(session, rows, club_id=task.club.id, by=task.by, now=task.now)


def _record_consents(
    session: Session, task: Task, people: Sequence[Somebody], effects: Effects
) -> None:
    """Write down what the file and the basis say: a "no" always, a "yes" only on a basis for it."""
    rows = []
    for one in people:
        assert one.id is not None
        held = one.held.consents if one.held is not None else {}
        before: dict[str, Any] = {}
        for column, channel in CHANNELS.items():
            told = one.consents.get(column) if column in one.changed else None
            if told is None and one.is_new and task.consent is ConsentBasis.OWN_MEMBERS:
                told = True if column not in one.consents else None
            if told is None or (told and task.consent is ConsentBasis.UNKNOWN):
                continue
            rows.append(
                ConsentValues(
                    person_id=one.id,
                    channel=channel,
                    is_given=told,
                    source=f"{CONSENT_SOURCE}: {task.consent.value}",
                    wording=task.wording,
                )
            )
            before[column] = held.get(column)
        if before and not one.is_new:
            effects.touched.append(Touched("consent", one.id, Touch.CHANGED, None, before))
    record_consents(session, rows, now=task.now)
