"""The plays of a club: the shipped ones to begin with; each can be switched off."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from clubcrm.core.actor import ENGINE, Actor
from clubcrm.core.events import record
from clubcrm.core.sql import insert_missing, locked
from clubcrm.retention.errors import UnknownPlay
from clubcrm.retention.events import PlayChanged
from clubcrm.retention.models import Play, Ramp
from clubcrm.retention.policies.plays import PlayRules, play_rules
from clubcrm.retention.shipped import shipped_plays

_play = cast(Table, Play.__table__)
_ramp = cast(Table, Ramp.__table__)


@dataclass(frozen=True, slots=True)
class PlayRow:
    """The version of a play that is in force at a club."""

    id: int
    code: str
    version: int
    is_on: bool
    rules: PlayRules
    seed: str


def plays_of(
    session: Session, club_id: int, *, now: datetime, hold: bool = False
) -> Sequence[PlayRow]:
    """The plays of a club, in order of their codes; a club that has none is given the shipped ones.

    With `hold` they stay locked until the transaction ends: whoever plans contacts does so alone.
    """
    rows = _current(session, club_id, hold=hold)
    if not _are_shipped(rows):
        _adopt(session, club_id, rows, now)
        rows = _current(session, club_id, hold=hold)
    return [
        PlayRow(row.id, row.code, row.version, row.is_on, play_rules(row.code, row.rules), row.seed)
        for row in rows
    ]


def _are_shipped(rows: Sequence[Any]) -> bool:
    """Whether a club has every shipped play, with all that its rules say nowadays."""
    return not _new_codes(rows) and not _outdated(rows)


def _new_codes(rows: Sequence[Any]) -> list[str]:
    return sorted(set(shipped_plays()) - {row.code for row in rows})


def _outdated(rows: Sequence[Any]) -> list[Any]:
    """Plays as they were shipped once, whose shipped rules have since come to say something more."""
    shipped = shipped_plays()
    return [
        row
        for row in rows
        if row.made_by == ENGINE.name and set(shipped.get(row.code, ())) - set(row.rules)
    ]


def _current(session: Session, club_id: int, *, hold: bool) -> Sequence[Any]:
    query = (
        select(
            _play.c.id,
            _play.c.code,
            _play.c.version,
            _play.c.is_on,
            _play.c.rules,
            _play.c.seed,
            _play.c.made_by,
        )
        .where(_play.c.club_id == club_id, _play.c.is_current)
        .order_by(_play.c.code)
    )
    return session.execute(locked(session, query) if hold else query).all()


def _adopt(session: Session, club_id: int, rows: Sequence[Any], now: datetime) -> None:
    """Take up plays that are shipped, and a new version of those that have come to say more."""
    new = [_version(club_id, code, 1, is_on=True, now=now) for code in _new_codes(rows)]
    for row in _outdated(rows):
        session.execute(update(_play).where(_play.c.id == row.id).values(is_current=False))
        new.append(_version(club_id, row.code, row.version + 1, is_on=row.is_on, now=now))
    insert_missing(session, _play, new)


def _version(
    club_id: int, code: str, version: int, *, is_on: bool, now: datetime
) -> dict[str, Any]:
    return {
        "club_id": club_id,
        "code": code,
        "version": version,
        "is_current": True,
        "is_on": is_on,
        "rules": dict(shipped_plays()[code]),
        "seed": _seed(club_id, code, version, now),
        "made_at": now,
        "made_by": ENGINE.name,
    }


def _seed(club_id: int, code: str, version: int, now: datetime) -> str:
    """What the draw of a version begins from: the same for the same moment, and nobody's to guess."""
    return hashlib.sha256(f"{club_id}/{code}/{version}/{now.isoformat()}".encode()).hexdigest()


def switch_play(
    session: Session, club_id: int, code: str, *, is_on: bool, by: Actor, now: datetime
) -> None:
    """Switch a play on or off; what is under way goes on. Raises UnknownPlay.

    Of the backlog whoever waits for it goes on waiting; switched on, it is looked at anew at once.
    """
    play = _get(session, club_id, code, now)
    if play.is_on == is_on:
        return
    session.execute(update(_play).where(_play.c.id == play.id).values(is_on=is_on))
    session.execute(update(_ramp).where(_ramp.c.club_id == club_id).values(looked_at=None))
    changed = PlayChanged(club_id=club_id, code=code, version=play.version, is_on=is_on)
    record(session, changed, by=by, now=now)


def _get(session: Session, club_id: int, code: str, now: datetime) -> PlayRow:
    for play in plays_of(session, club_id, now=now, hold=True):
        if play.code == code:
            return play
    raise UnknownPlay
