"""The clubs a token works at, and what they sell."""

from clubcrm.accounts.access import my_clubs, requires, signed_in
from clubcrm.accounts.states import Permission as P
from clubcrm.api.queries import sight
from clubcrm.api.schemas.clubs import ClubOut, ClubPage
from clubcrm.api.schemas.memberships import PlanOut, PlanPage, PlansQuery
from clubcrm.api.views import api
from clubcrm.core.transactions import reading
from clubcrm.members.queries import plans


@api.get("/clubs")
@signed_in
@api.output(ClubPage)
@api.doc(tags=["Clubs"])
def list_clubs() -> ClubPage:
    """List the clubs at which this token works."""
    return ClubPage(items=[ClubOut.of(club) for club in my_clubs()], next=None)


@api.get("/plans")
@requires(P.SEE_PLANS)
@api.input(PlansQuery, location="query", arg_name="query")
@api.output(PlanPage)
@api.doc(tags=["Clubs"])
def list_plans(query: PlansQuery) -> PlanPage:
    """List what the clubs sell."""
    with reading() as session:
        seen = sight(P.SEE_PLANS).narrowed(query.club)
        items = [
            PlanOut.of(plan, club.code)
            for club in seen.by_id.values()
            for plan in plans(session, club.id, on_sale=query.on_sale)
        ]
    return PlanPage(items=items, next=None)
