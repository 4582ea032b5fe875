"""What money does when terms change."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clubcrm.billing.operations import void_invoices
from clubcrm.billing.queries import open_invoices_of_memberships
from clubcrm.core.actor import ENGINE
from clubcrm.members.events import MembershipVoided


def invoices_are_voided(
    session: Session, events: Sequence[MembershipVoided], now: datetime
) -> None:
    """Nothing is owed for a term that was taken back; refused while money for it stands."""
    ids = open_invoices_of_memberships(session, [event.membership_id for event in events])
    void_invoices(session, ids, reason="", by=ENGINE, now=now)
