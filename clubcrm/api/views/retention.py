"""Where a person stands in the life cycle."""

from clubcrm.accounts.access import requires
from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Permission as P
from clubcrm.api.queries import person_in, sight
from clubcrm.api.schemas.reports import RetentionOut
from clubcrm.api.views import api
from clubcrm.core import clock
from clubcrm.core.transactions import reading
from clubcrm.retention.queries import standing_of


@api.get("/members/<member_id>/retention")
@requires(P.SEE_RETENTION)
@api.output(RetentionOut)
@api.doc(tags=["Members"])
def show_retention(member_id: str) -> RetentionOut:
    """Show a person's phase today, the reasons in words, and the measures behind it.

    Decided anew from the facts, so it is right also for what happened a moment ago.
    """
    with reading() as session:
        person = person_in(session, member_id, sight(session, P.SEE_RETENTION).scope)
        today = get_club(session, person.home_club_id).today(clock.now())
        return RetentionOut.of(standing_of(session, person.id, today))
