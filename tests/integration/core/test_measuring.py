"""The planner of the database knows the tables it plans for."""

from flask import Flask
from sqlalchemy import text

from clubcrm.core import clock
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.schema import keep_tables_measured
from clubcrm.core.transactions import reading, transaction
from clubcrm.members.operations import PersonValues, add_people
from tests.conftest import NOW

BY_PHONE = (
    "SELECT id FROM person WHERE home_club_id = 1 AND phone IN ('+351912340001', '+351912340009')"
)


def test_somebody_is_found_by_phone_and_not_by_going_through_the_club(
    in_app: Flask, a_club: int
) -> None:
    known = [PersonValues(full_name=f"Ana {no}", phone=f"+35191234{no:04}") for no in range(300)]
    with transaction() as session:
        add_people(session, known, club_id=a_club, by=OPERATOR, now=NOW)
    keep_tables_measured(clock.now)
    db.engine.dispose()  # as a connection that was opened since
    with reading() as session:
        assert len(session.execute(text(BY_PHONE)).all()) == 2
        if db.engine.dialect.name != "sqlite":  # which measures its tables by itself
            return
        plan = session.execute(text("EXPLAIN QUERY PLAN " + BY_PHONE)).all()
    assert "ix_person_phone" in plan[0][-1], plan
