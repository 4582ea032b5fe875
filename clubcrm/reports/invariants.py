"""What must always hold for the roll-ups."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from clubcrm.core.invariants import Examined, Invariant
from clubcrm.core.sql import chunks
from clubcrm.members.models import Membership
from clubcrm.reports.models import RenewalOutcome
from clubcrm.reports.operations import MOST, outcome_rows


def _stale_outcomes(session: Session, examined: Examined) -> Iterator[str]:
    """Ends of terms of which the roll-up says something else than the terms themselves."""
    people = session.scalars(
        select(Membership.person_id)
        .where(Membership.club_id.in_(examined.clubs))
        .distinct()
        .order_by(Membership.person_id)
    ).all()
    outcome = RenewalOutcome.__table__
    for chunk in chunks(people, MOST):
        wanted = {row["membership_id"]: row for row in outcome_rows(session, chunk)}
        rows = session.execute(select(outcome).where(outcome.c.person_id.in_(chunk)))
        standing = {row["membership_id"]: row for row in map(dict, rows.mappings())}
        for membership_id in sorted(wanted.keys() | standing.keys()):
            should, is_now = wanted.get(membership_id), standing.get(membership_id)
            if should is None or is_now is None:
                yield f"membership {membership_id} ({'missing' if is_now is None else 'too many'})"
                continue
            differs = sorted(name for name in should if should[name] != is_now[name])
            if differs:
                yield f"membership {membership_id} ({', '.join(differs)})"


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "reports.renewals",
        _l("The renewal report counts what the terms and payments say."),
        _stale_outcomes,
    ),
)
"""The invariants of the roll-ups."""
