"""Visits of packs and limited terms: taken and given back, never more than there are."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Table, bindparam, case, select, update
from sqlalchemy.orm import Session

from clubcrm.members.models import Membership
from clubcrm.visits.policies import TermFacts

_memberships: Table = Membership.__table__  # type: ignore[assignment]


def take_a_visit(session: Session, term: TermFacts) -> bool:
    """Take one visit of a limited term; False when none was left. The database is the judge."""
    taken = session.execute(
        update(Membership)
        .where(Membership.id == term.id, Membership.visits_left > 0)
        .values(visits_left=Membership.visits_left - 1, revision=Membership.revision + 1)
        .execution_options(synchronize_session=False)
    )
    return taken.rowcount == 1  # type: ignore[attr-defined]


def take_visits(session: Session, wanted: Sequence[tuple[int, int]]) -> list[int]:
    """Take visits for (membership, visit), in the order given; the visits that got one.

    A membership with fewer left than wanted gives what it has.
    """
    if not wanted:
        return []
    rows = session.execute(
        select(Membership.id, Membership.visits_left)
        .where(Membership.id.in_({membership for membership, _ in wanted}))
        .order_by(Membership.id)
        .with_for_update(key_share=True)
    )
    left = {row.id: row.visits_left or 0 for row in rows}
    before = dict(left)
    took = []
    for membership_id, visit_id in wanted:
        if left.get(membership_id, 0) > 0:
            left[membership_id] -= 1
            took.append(visit_id)
    changed = [
        {"of": membership_id, "now_left": count}
        for membership_id, count in left.items()
        if count != before[membership_id]
    ]
    if changed:
        session.connection().execute(
            update(_memberships)
            .where(_memberships.c.id == bindparam("of"))
            .values(visits_left=bindparam("now_left"), revision=_memberships.c.revision + 1),
            changed,
        )
    return took


def give_back_visits(session: Session, visits: Mapping[int, int]) -> None:
    """Give visits back to memberships: never more than were sold, for a term may have changed."""
    if not visits:
        return
    more = _memberships.c.visits_left + bindparam("more")
    total = _memberships.c.visits_total
    session.connection().execute(
        update(_memberships)
        .where(_memberships.c.id == bindparam("of"), _memberships.c.visits_left.is_not(None))
        .values(
            visits_left=case((more > total, total), else_=more),
            revision=_memberships.c.revision + 1,
        ),
        [{"of": membership_id, "more": count} for membership_id, count in sorted(visits.items())],
    )
