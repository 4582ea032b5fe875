"""A club that is lived: through the real operations, up to now, and the same again."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from clubcrm.accounts.queries import ClubRow
from clubcrm.billing.queries import owed_by
from clubcrm.core import clock
from clubcrm.core.db import db
from clubcrm.core.models import EventLog
from clubcrm.core.transactions import reading
from clubcrm.doctor import examine
from clubcrm.members.models import Closure, Membership, Person
from clubcrm.messaging.models import Message, Task
from clubcrm.messaging.states import MessageState, TaskState
from clubcrm.retention.models import DailyRun, MemberState, Touchpoint
from clubcrm.retention.states import DailyRunState, Phase, TouchpointState
from clubcrm.simulator.club import TIMEZONE, open_demo_club
from clubcrm.simulator.demo import live_on, make_demo
from clubcrm.simulator.door import Troubles
from clubcrm.simulator.errors import RealClubHere
from clubcrm.simulator.people import intake
from clubcrm.simulator.run import Hooks, Told, live
from clubcrm.visits.models import EntryDecision, Visit
from clubcrm.visits.queries import who_is_inside
from clubcrm.visits.states import VisitSource
from tests.conftest import Database

NOW = datetime(2026, 3, 2, 18, 40, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def now(in_app: Flask) -> Iterator[datetime]:
    """A Monday evening, when a club is full."""
    clock.set_clock(NOW)
    yield NOW
    clock.set_clock(None)


def demo(
    members: int = 40, days: int = 60, seed: int = 1, contacts: int = 14
) -> tuple[ClubRow, Told]:
    return make_demo(
        members=members,
        days=days,
        seed=seed,
        tell=lambda _told: None,
        contacts=timedelta(days=contacts),
    )


def fingerprint() -> str:
    """A digest of all that happened, in order."""
    with reading() as session:
        rows = session.execute(
            select(EventLog.at, EventLog.name, EventLog.person_id, EventLog.payload)
            .where(EventLog.name != "StaffAdded")
            .order_by(EventLog.id)
        ).all()
    told = json.dumps([[str(row.at), row.name, row.person_id, row.payload] for row in rows])
    assert len(rows) > 100
    return hashlib.sha256(told.encode()).hexdigest()


def test_the_demo_is_lived_up_to_now_and_everything_holds(now: datetime) -> None:
    club, told = demo(members=40, days=60)
    assert club.is_demo
    assert told.tally["joined"] == 40
    assert told.tally["sessions"] > 0
    assert clock.now() == now
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 40
        last_event = session.scalar(select(func.max(EventLog.at)))
        last_entry = session.scalar(select(func.max(Visit.checked_in_at)))
        days = session.scalars(select(DailyRun.on).order_by(DailyRun.on)).all()
        states = set(session.scalars(select(DailyRun.state)))
        sold_by = set(session.scalars(select(Membership.seller)))
    assert last_event is not None
    assert last_entry is not None
    assert max(last_event, last_entry) <= now
    assert days == [TODAY - timedelta(days=n) for n in range(59, -1, -1)]
    assert states == {DailyRunState.DONE}
    assert sold_by <= {"Dina Costa", "Sam Reed"}
    broken = [finding for finding in examine(None, now=now) if not finding.holds]
    assert broken == []


def test_a_demo_makes_its_contacts(now: datetime) -> None:
    club, told = demo(members=40, days=70, contacts=50)
    with reading() as session:
        made = Counter(session.scalars(select(Touchpoint.state)))
        sent = set(session.execute(select(Message.state, Message.sent_at <= now)))
        closed = set(session.scalars(select(Task.closed_by).where(Task.state == TaskState.DONE)))
    assert made[TouchpointState.SENT] > 10
    assert made[TouchpointState.DONE] > 0
    assert made[TouchpointState.HELD_OUT] > 0
    assert sent == {(MessageState.SENT, True)}
    assert told.tally["tasks"] > 0
    assert closed == {"Dina Costa", "Sam Reed"}
    assert club.settings["contacts"]["learning"] == "full"


def test_the_last_day_has_what_a_demo_must_show(now: datetime) -> None:
    club, _told = demo(members=110, days=150)
    with reading() as session:
        phases = Counter(session.scalars(select(MemberState.phase)))
        ids = session.scalars(select(Person.id)).all()
        owed = owed_by(session, ids)
        inside = who_is_inside(session, club.id, now)
        entries = session.scalar(
            select(func.count())
            .select_from(EntryDecision)
            .where(EntryDecision.at > now.replace(hour=0))
        )
        born = session.scalars(select(Person.birth_date)).all()
        left = session.scalars(
            select(Membership.visits_left).where(
                Membership.visits_left.is_not(None), Membership.until_on > TODAY
            )
        ).all()
    wanted = {Phase.FROZEN, Phase.LEAVING, Phase.GRACE, Phase.WON_BACK, Phase.ACTIVE, Phase.LAPSED}
    assert wanted <= set(phases), phases
    assert owed
    assert inside.count >= 5
    assert entries is not None
    assert entries >= inside.count
    assert any((day.month, day.day) == (TODAY.month, TODAY.day) for day in born if day)
    assert any(0 < count <= 2 for count in left if count is not None), left


def test_the_same_seed_gives_the_same_club_and_another_seed_another(
    now: datetime, database: Database
) -> None:
    seen = []
    for seed in (5, 5, 6):
        db.session.remove()
        db.engine.dispose()
        database.reset()
        demo(members=15, days=25, seed=seed)
        seen.append(fingerprint())
    assert seen[0] == seen[1] != seen[2]


def test_a_club_in_which_nobody_can_be_asked_again_is_lived_on_from_the_database_alone(
    now: datetime,
) -> None:
    club, _told = demo(members=30, days=40)
    told = live_on(club, days=12, seed=1, tell=lambda _told: None)
    assert told.day == TODAY + timedelta(days=12)
    assert clock.now() == now
    with reading() as session:
        runs = session.scalars(select(DailyRun.on).where(DailyRun.on > TODAY)).all()
        later = session.scalar(
            select(func.count())
            .select_from(Visit)
            .where(Visit.on > TODAY, Visit.undone_at.is_(None))
        )
    assert len(runs) == 12
    assert later is not None
    assert later > 20
    end = NOW + timedelta(days=13)
    assert [finding for finding in examine(None, now=end) if not finding.holds] == []
    # And on once more, from where that ended.
    assert live_on(club, days=1, seed=1, tell=lambda _t: None).day == told.day + timedelta(days=1)


def opened(first: date, *, members: int, days: int) -> int:
    """A demo club just opened, whose people join within the days."""
    return open_demo_club(opened_at=datetime(first.year, first.month, first.day, 5, tzinfo=UTC))


def test_hooks_stand_in_each_day_and_troubles_happen(now: datetime) -> None:
    first, last = date(2026, 1, 5), date(2026, 2, 13)
    club_id = opened(first, members=30, days=40)
    before: list[date] = []
    after: list[date] = []
    ran: list[date] = []

    def run_myself(of: int, day: date) -> None:
        assert of == club_id
        assert clock.now().date() == day
        ran.append(day)

    def note_before(day: date) -> None:
        assert clock.now().date() == day
        before.append(day)

    live(
        club_id,
        first,
        last,
        seed=3,
        joiners=intake(3, 30, first, last - timedelta(days=15)),
        troubles=Troubles(offline=0.5, undone=0.2),
        hooks=Hooks(daily_run=run_myself, before_day=note_before, after_day=after.append),
    )
    every = [first + timedelta(days=n) for n in range(40)]
    assert before == ran == after == every
    with reading() as session:
        late = session.execute(
            select(Visit.on, Visit.created_at).where(Visit.source == VisitSource.DOOR_LOG)
        ).all()
        undone = session.scalar(
            select(func.count()).select_from(Visit).where(Visit.undone_at.is_not(None))
        )
        # Nobody ran the days, so nobody was looked at.
        looked_at = session.scalar(
            select(func.count()).where(MemberState.evaluated_on.is_not(None))
        )
    assert sum(row.created_at.date() > row.on for row in late) > 10
    assert undone is not None
    assert undone > 5
    assert looked_at == 0
    broken = [f.code for f in examine(None, now=clock.now()) if not f.holds]
    assert broken == []


def test_nobody_comes_to_a_closed_club_and_the_holidays_are_told_before(now: datetime) -> None:
    first, last = date(2025, 11, 20), date(2026, 1, 3)
    club_id = opened(first, members=30, days=45)
    live(club_id, first, last, seed=2, joiners=intake(2, 30, first, date(2025, 12, 10)))
    with reading() as session:
        closures = {row.from_on: row for row in session.scalars(select(Closure))}
        came = Counter(session.scalars(select(Visit.on)))
    for day in (date(2025, 12, 25), date(2026, 1, 1)):
        assert closures[day].created_at.date() < day - timedelta(days=20)
        assert came[day] == 0
    assert came[date(2025, 12, 23)] > 0


def test_a_real_club_is_never_touched(a_club: int, in_app: Flask) -> None:
    with pytest.raises(RealClubHere) as refusal:
        demo(members=2, days=2)
    assert "Aurora Fitness" in refusal.value.text()
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0


def test_a_demo_at_night_has_people_inside_too(in_app: Flask) -> None:
    night = datetime(2026, 3, 2, 3, 15, tzinfo=UTC)
    clock.set_clock(night)
    club, _told = demo(members=40, days=50)
    with reading() as session:
        inside = who_is_inside(session, club.id, night)
        latest = session.scalar(select(func.max(Visit.checked_in_at)))
    assert inside.count
    assert latest is not None
    assert latest <= night
    assert club.timezone == TIMEZONE
