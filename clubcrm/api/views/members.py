"""People: found, added, changed, and what happened to them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar

from flask import Response
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clubcrm.accounts.access import principal, requires
from clubcrm.accounts.states import Permission as P
from clubcrm.api.answers import shown, writes
from clubcrm.api.pages import BadCursor, read_cursor, write_cursor
from clubcrm.api.queries import Sight, person_in, sight
from clubcrm.api.schemas.base import amount_or_none, shown_id
from clubcrm.api.schemas.members import (
    MemberChange,
    MemberItem,
    MemberNew,
    MemberOut,
    MemberPage,
    MembersQuery,
    TimelineOut,
    TimelinePage,
    TimelineQuery,
)
from clubcrm.api.schemas.memberships import MembershipBrief
from clubcrm.api.views import api
from clubcrm.core import clock
from clubcrm.core.actor import Actor
from clubcrm.core.transactions import looking, reading
from clubcrm.members.operations import (
    ConsentValues,
    PersonValues,
    add_person,
    change_person,
    record_consents,
)
from clubcrm.members.queries import PersonRow, Place, find_people, tags_of
from clubcrm.members.states import ConsentChannel, TokenKind
from clubcrm.reports.queries.people import (
    BriefLine,
    ListFilter,
    ListRow,
    Order,
    hits_of,
    member_list,
    search_briefly,
    who_may_stand,
)
from clubcrm.reports.queries.people.timeline import timeline_of
from clubcrm.retention.queries import standing_of, standings_of
from clubcrm.retention.states import Status
from clubcrm.visits.errors import CardTaken, NotACard
from clubcrm.visits.operations import fold_code, issue_cards
from clubcrm.visits.queries import codes_of

Line = TypeVar("Line", ListRow, BriefLine)

LIST = "members"
AT_ONCE = 500
MOST_ANEW = 50


@api.get("/members")
@requires(P.SEE_MEMBERS)
@api.input(MembersQuery, location="query", arg_name="query")
@api.output(MemberPage)
@api.doc(tags=["Members"])
def list_members(query: MembersQuery) -> Response:
    """List people, newest first, or find them by `q`, the best match first."""
    name = LIST if query.q is None else f"{LIST}.{query.q}"
    place = read_cursor(name, query.cursor)
    seen = sight(P.SEE_MEMBERS).narrowed(query.club)
    today = seen.today(clock.now())
    rows: Sequence[ListRow | BriefLine]
    following: Sequence[Any] | None
    if query.q is None:
        rows, following = _newest(seen, query, today, place)
    elif query.phase is None and query.status is None:
        rows, following = _as_typed(seen, query, today, _place(place))
    else:
        with reading() as session:
            rows, following = _found_standing_there(session, seen, query, today, _place(place))
    items = [MemberItem.written(row, today) for row in rows]
    return shown({"items": items, "next": write_cursor(name, following)})


def _newest(
    seen: Sight, query: MembersQuery, today: date, place: Sequence[Any] | None
) -> tuple[Sequence[ListRow], Sequence[Any] | None]:
    with reading() as session:
        page = member_list(
            session,
            scope=seen.scope,
            filters=ListFilter(
                phase=query.phase,
                status=query.status,
                order=Order.NEWEST,
                members_only=query.status is not Status.POTENTIAL,
            ),
            today=today,
            cursor=place,
            limit=query.limit,
        )
        return _looked_at(session, page.rows, today), page.next_cursor


def _as_typed(
    seen: Sight, query: MembersQuery, today: date, after: Place | None
) -> tuple[Sequence[BriefLine], Place | None]:
    """A page of the people a search finds, from a place in its order on; and the next place."""
    with looking() as look:
        rows, following = search_briefly(
            look, query.q or "", scope=seen.scope, today=today, limit=query.limit, after=after
        )
    if any(row.is_stale for row in rows):
        with reading() as session:
            rows = _looked_at(session, rows, today)
    return rows, following


def _place(kept: Sequence[Any] | None) -> Place | None:
    """The place in the order of a search that a cursor holds."""
    if kept is None:
        return None
    try:
        token, name_key, person_id, kind = kept
        return token, name_key, person_id, TokenKind(kind)
    except ValueError as error:  # of a version whose searches had another order
        raise BadCursor from error


@api.post("/members")
@requires(P.EDIT_MEMBERS)
@api.input(MemberNew, arg_name="body")
@api.output(MemberOut, status_code=201)
@api.doc(tags=["Members"])
@writes(201)
def add_member(body: MemberNew, session: Session, by: Actor, now: datetime) -> MemberOut:
    """Make somebody known to a club; the membership is sold by a call of its own."""
    seen = sight(P.EDIT_MEMBERS)
    club = seen.one(body.club)
    values = PersonValues(
        **{name: told for name, told in body.values().items() if told is not None}
    )
    person_id = add_person(session, values, club_id=club.id, by=by, now=now)
    consents = {ConsentChannel.EMAIL: body.consent_email, ConsentChannel.SMS: body.consent_sms}
    answers = [
        ConsentValues(
            person_id=person_id,
            channel=channel,
            is_given=is_given,
            source=by.name,
            wording=_("Told by another program."),
        )
        for channel, is_given in consents.items()
        if is_given is not None
    ]
    record_consents(session, answers, now=now)
    if body.card_code is not None:
        _give_card(session, person_id, club.id, body.card_code, by, now)
    return _shown(session, seen, str(person_id), now)


@api.get("/members/<member_id>")
@requires(P.SEE_MEMBERS)
@api.output(MemberOut)
@api.doc(tags=["Members"])
def show_member(member_id: str) -> MemberOut:
    """Show a person with all that is known."""
    with reading() as session:
        return _shown(session, sight(P.SEE_MEMBERS), member_id, clock.now())


@api.get("/members/<member_id>/timeline")
@requires(P.SEE_MEMBERS)
@api.input(TimelineQuery, location="query", arg_name="query")
@api.output(TimelinePage)
@api.doc(tags=["Members"])
def list_timeline(member_id: str, query: TimelineQuery) -> TimelinePage:
    """List what happened with a person at the clubs in sight, newest first."""
    name = f"timeline.{member_id}"
    place = read_cursor(name, query.cursor)
    with reading() as session:
        seen = sight(P.SEE_MEMBERS)
        person = person_in(session, member_id, seen.scope)
        page = timeline_of(
            session,
            person.id,
            scope=seen.scope,
            kind=query.kind,
            cursor=(place[0], place[1]) if place else None,
            limit=query.limit,
        )
    items = [TimelineOut.of(item, seen.code_of(item.club_id or 0)) for item in page.items]
    return TimelinePage(items=items, next=write_cursor(name, page.next_cursor))


@api.patch("/members/<member_id>")
@requires(P.EDIT_MEMBERS)
@api.input(MemberChange, arg_name="body")
@api.output(MemberOut)
@api.doc(tags=["Members"])
@writes()
def edit_member(
    member_id: str, body: MemberChange, session: Session, by: Actor, now: datetime
) -> MemberOut:
    """Change what is known of a person: a field left out stays, null clears it."""
    seen = sight(P.EDIT_MEMBERS)
    person = person_in(session, member_id, seen.scope)
    change_person(session, person.id, body.values(), by=by, now=now)
    return _shown(session, seen, str(person.id), now)


def _found_standing_there(
    session: Session, seen: Sight, query: MembersQuery, today: date, after: Place | None
) -> tuple[Sequence[ListRow], Place | None]:
    """A page of the people a search finds of those in a phase or status."""
    fitting: list[ListRow] = []
    while hits := find_people(session, query.q or "", scope=seen.scope, limit=AT_ONCE, after=after):
        # Only who may fit is read in full: of a common name that is one in a hundred.
        may_fit = who_may_stand(
            session, [hit.id for hit in hits], phase=query.phase, status=query.status
        )
        known = hits_of(session, [hit.id for hit in hits if hit.id in may_fit], today=today)
        lines = {row.id: row for row in _looked_at(session, known, today)}
        for hit in hits:
            row = lines.get(hit.id)
            if row is not None and _stands_there(row, query):
                if len(fitting) == query.limit:
                    return fitting, after
                fitting.append(row)
            after = hit.place
        if len(hits) < AT_ONCE:
            break
    return fitting, None


def _stands_there(row: ListRow, query: MembersQuery) -> bool:
    return query.phase in (None, row.phase) and query.status in (None, row.status)


def _looked_at(session: Session, rows: Sequence[Line], today: date) -> list[Line]:
    """The rows, decided anew where something has happened since; so a list says what the card says.

    After a large import only the first few are: the others are when the worker comes to them.
    """
    stale = [row.id for row in islice((row for row in rows if row.is_stale), MOST_ANEW)]
    anew = standings_of(session, stale, today) if stale else {}
    return [
        replace(row, status=anew[row.id].status, phase=anew[row.id].phase)
        if row.id in anew
        else row
        for row in rows
    ]


def _shown(session: Session, seen: Sight, member_id: str, now: datetime) -> MemberOut:
    """A person as the API answers it, read again."""
    person = person_in(session, member_id, seen.scope)
    (row,) = hits_of(session, [person.id], today=seen.today(now))
    return _member_out(session, seen, person, row, now)


def _member_out(
    session: Session, seen: Sight, person: PersonRow, row: ListRow, now: datetime
) -> MemberOut:
    same = (
        *("number", "name", "first_name", "last_name", "full_name", "phone", "email"),
        *("birth_date", "gender", "address", "city", "postcode", "emergency_contact"),
        *("guardian", "payer", "trainer", "joined_on", "locale", "created_at"),
    )
    # Decided anew, so that it is right also for what happened a moment ago.
    standing = standing_of(session, person.id, seen.today(now))
    may_edit = principal().may(P.EDIT_MEMBERS, person.home_club_id)
    return MemberOut(
        id=shown_id(person.id),
        external_id=person.shown_id,
        national_id=person.national_id if may_edit else None,
        notes=person.note,
        tags=list(tags_of(session, [person.id]).get(person.id, ())),
        cards=codes_of(session, [person.id]).get(person.id, []),
        club=seen.code_of(person.home_club_id),
        status=standing.status,
        phase=standing.phase,
        sub=standing.sub,
        risk=standing.risk,
        since=standing.since_on,
        last_visit_on=standing.last_visit_on,
        membership=(
            MembershipBrief.of(row.term, seen.today(now)) if row.term is not None else None
        ),
        owed=amount_or_none(row.owed.amount if row.owed else None),
        **{name: getattr(person, name) for name in same},
    )


def _give_card(
    session: Session, person_id: int, club_id: int, code: str, by: Actor, now: datetime
) -> None:
    """Give a new person a card. Raises CardTaken, NotACard."""
    if not fold_code(code):
        raise NotACard
    if issue_cards(session, {person_id: [code]}, club_id=club_id, by=by, now=now):
        raise CardTaken
