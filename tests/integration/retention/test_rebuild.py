"""What the daily runs keep equals a rebuild from the facts, whatever happened in between."""

import pytest

from clubcrm.core.transactions import reading
from clubcrm.members.queries import yearly_values
from clubcrm.retention.jobs import compare
from clubcrm.retention.models import MemberState, PhaseChange
from clubcrm.retention.queries import standing_of
from clubcrm.retention.states import Phase
from tests.integration.retention.chance import Chance
from tests.integration.retention.life import FIRST, Life, on


@pytest.mark.parametrize("seed", [1, 2])
def test_a_club_at_which_anything_happens(life: Life, seed: int) -> None:
    club = Chance(life, seed)
    club.opens(14)
    life.run()
    life.is_as_rebuilt()
    for _ in range(70):
        club.passes()
        if club.dice.random() < 0.8:  # some days are missed, and made up for by the next run
            life.run()
            if life.day % 5 == 0:
                life.is_as_rebuilt()
    life.run()
    life.is_as_rebuilt()
    assert len(club.happened) >= 12, club.happened
    with reading() as session:
        worth = yearly_values(session, club.people, on(life.day))
        for person_id in club.people:
            kept = session.get_one(MemberState, person_id)
            found = standing_of(session, person_id, on(life.day))
            assert (found.phase, found.sub, found.risk) == (kept.phase, kept.sub, kept.risk)
            assert found.since_on == kept.since_on
            assert found.status == kept.status
            assert kept.value_minor == worth.get(person_id)


def test_the_comparison_sees_what_differs(life: Life) -> None:
    """The control: a state or a history that is not what the facts say is found."""
    person_id = life.member()
    life.comes(person_id, *range(0, 40, 2))
    life.day = 40
    life.run()
    life.is_as_rebuilt()
    with life.at_the_desk() as session:
        state = session.get_one(MemberState, person_id)
        state.since_on = on(1)
    (difference,) = compare(life.club_id, on(40))
    assert difference.kept is not None
    assert (difference.kept.since_on, difference.rebuilt.since_on) == (on(1), FIRST)
    with life.at_the_desk() as session:
        session.get_one(MemberState, person_id).since_on = FIRST
        session.query(PhaseChange).filter_by(from_on=on(28)).delete()
    (difference,) = compare(life.club_id, on(40))
    assert difference.kept is not None
    assert len(difference.kept.history) == len(difference.rebuilt.history) - 1


def test_a_standing_is_right_before_anybody_has_looked(life: Life) -> None:
    person_id = life.member()
    life.comes(person_id, *range(0, 100, 3))
    life.day = 100
    life.run()
    life.day = 118
    with reading() as session:
        assert standing_of(session, person_id, on(118)).phase is Phase.AT_RISK
        assert standing_of(session, person_id, on(100)).phase is Phase.ACTIVE
        early = standing_of(session, person_id, on(30))
        assert (early.phase, early.since_on) == (Phase.ADAPTATION, FIRST)
        assert standing_of(session, person_id, on(-5)).phase is None
    life.comes(person_id, *range(102, 118, 3))
    with reading() as session:
        standing = standing_of(session, person_id, on(118))
    assert (standing.phase, standing.since_on) == (Phase.ACTIVE, on(90))
    assert standing.reasons == ["9 visits in four weeks, as usual"]
    assert standing.measures["gap"] == 1
    assert standing.measures["v28"] == 9
    assert standing.measures["dte"] == 246
    assert standing.last_visit_on == on(117)
