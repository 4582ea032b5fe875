"""Where a person stands in the life cycle."""

from clubcrm.accounts.access import requires
from clubcrm.accounts.queries import get_club
from clubcrm.accounts.states import Permission as P
from clubcrm.api.pages import read_cursor, write_cursor
from clubcrm.api.queries import person_in, sight
from clubcrm.api.schemas.reports import (
    RetentionOut,
    TouchpointOut,
    TouchpointPage,
    TouchpointsQuery,
)
from clubcrm.api.views import api
from clubcrm.core import clock
from clubcrm.core.transactions import reading
from clubcrm.retention.queries import contacts_of, cycles_of, standing_of, touchpoints


@api.get("/members/<member_id>/retention")
@requires(P.SEE_RETENTION)
@api.output(RetentionOut)
@api.doc(tags=["Members"])
def show_retention(member_id: str) -> RetentionOut:
    """Show a person's phase today, the reasons in words, and the measures behind it.

    Decided anew from the facts, so it is right also for what happened a moment ago.
    """
    with reading() as session:
        scope = sight(P.SEE_RETENTION).scope
        person = person_in(session, member_id, scope)
        club = get_club(session, person.home_club_id)
        today = club.today(clock.now())
        cycle_on = cycles_of(session, [person.id], today).get(person.id)
        contacts = []
        if cycle_on is not None:
            contacts = contacts_of(session, person.id, scope, cycle_on=cycle_on)
        return RetentionOut.of(standing_of(session, person.id, today), contacts, club)


@api.get("/touchpoints")
@requires(P.SEE_RETENTION)
@api.input(TouchpointsQuery, location="query", arg_name="query")
@api.output(TouchpointPage)
@api.doc(tags=["Members"])
def list_touchpoints(query: TouchpointsQuery) -> TouchpointPage:
    """List contacts with members in the order in which they were planned, held out ones too."""
    place = read_cursor("touchpoints", query.cursor)
    with reading() as session:
        seen = sight(P.SEE_RETENTION).narrowed(query.club)
        person_id = None
        if query.member_id is not None:
            person_id = person_in(session, query.member_id, seen.scope).id
        rows = touchpoints(
            session,
            seen.scope,
            person_id=person_id,
            play=query.play,
            states=() if query.state is None else (query.state,),
            from_on=query.from_,
            to_on=query.to,
            after=int(place[0]) if place else 0,
            limit=query.limit + 1,
        )
    shown = rows[: query.limit]
    following = [shown[-1].id] if len(rows) > query.limit else None
    return TouchpointPage(
        items=[TouchpointOut.of(row, seen.by_id[row.club_id]) for row in shown],
        next=write_cursor("touchpoints", following),
    )
