"""Reading the contacts of a club as such: what became of each lately, and what it says."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, cast

from flask_babel import gettext as _
from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow
from clubcrm.retention.models import Play, Touchpoint
from clubcrm.retention.policies.plays import PlayRules, play_rules
from clubcrm.retention.shipped import PlayWords, shipped_plays, words_for
from clubcrm.retention.states import TouchpointState
from clubcrm.retention.texts import filled, places_of

_play = cast(Table, Play.__table__)
_touch = cast(Table, Touchpoint.__table__)


@dataclass(frozen=True)
class StandingPlay:
    """A contact as a club makes it at present."""

    code: str
    version: int
    is_on: bool
    rules: PlayRules


def standing_plays(session: Session, club_id: int) -> list[StandingPlay]:
    """The contacts of a club in order of their codes; those it has not taken up yet as they are shipped."""
    query = select(_play.c.code, _play.c.version, _play.c.is_on, _play.c.rules).where(
        _play.c.club_id == club_id, _play.c.is_current
    )
    found = {code: (1, True, rules) for code, rules in shipped_plays().items()}
    found |= {row.code: (row.version, row.is_on, row.rules) for row in session.execute(query)}
    return [
        StandingPlay(code, version, is_on, play_rules(code, rules))
        for code, (version, is_on, rules) in sorted(found.items())
    ]


@dataclass(frozen=True)
class PlayCount:
    """What became of the contacts of one play."""

    made: int = 0
    held_out: int = 0
    left_out: int = 0
    waiting: int = 0


_GROUPS: Final = {
    TouchpointState.SENT: "made",
    TouchpointState.DONE: "made",
    TouchpointState.UNCERTAIN: "made",
    TouchpointState.HELD_OUT: "held_out",
    TouchpointState.PROGRAMME_HELD_OUT: "held_out",
    TouchpointState.PLANNED: "waiting",
    TouchpointState.QUEUED: "waiting",
    TouchpointState.TASK_OPEN: "waiting",
}


def play_counts(session: Session, club_id: int, since: date) -> dict[str, PlayCount]:
    """What became of the contacts of a club whose occasions lie after a day; by play."""
    query = (
        select(_touch.c.play, _touch.c.state, func.count())
        .where(_touch.c.club_id == club_id, _touch.c.occasion_on > since)
        .group_by(_touch.c.play, _touch.c.state)
    )
    found: dict[str, Counter[str]] = {}
    for play, state, count in session.execute(query):
        found.setdefault(play, Counter())[_GROUPS.get(state, "left_out")] += count
    return {play: PlayCount(**counts) for play, counts in found.items()}


@dataclass(frozen=True)
class _Somebody:
    """Whom the words of a contact are shown for: nobody in particular."""

    first_name: str
    last_visit_on: date
    spell_from_on: date
    ends_on: date
    full_name: str = ""
    base: float = 3.5
    v28: int = 12


def sample_words(club: ClubRow, code: str, today: date, variant: str = "") -> PlayWords:
    """What a contact says to somebody who joined four weeks ago and was last here nine days ago."""
    day = timedelta(days=1)
    somebody = _Somebody(_("Maria"), today - 9 * day, today - 28 * day, today + 21 * day)
    places = places_of(club, somebody, today, club.language)
    words = words_for(club.language, code, variant)
    return PlayWords(
        subject=filled(words.subject, places),
        body=filled(words.body, places),
        title=filled(words.title, places),
        script=filled(words.script, places),
    )
