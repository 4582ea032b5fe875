"""The trainer's own clients, and one client at a glance."""

from flask import render_template

from clubcrm.accounts.access import requires
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.transactions import reading
from clubcrm.floor.queries import clients_by_id, own_clients
from clubcrm.floor.views import blueprint, seat_of
from clubcrm.members.queries import get_person
from clubcrm.schedule.queries import sessions_of
from clubcrm.visits.queries import last_visits_of

SESSIONS = 10


@blueprint.get("/clients", endpoint="clients")
@requires(Permission.TRAIN)
def listed() -> str:
    """Own clients: who slipped first, with the reason."""
    with reading() as session:
        seat = seat_of(session)
        rows = own_clients(session, seat.trainer.id, seat.club, clock.now()) if seat.trainer else []
    slipping = [row for row in rows if row.is_slipping]
    others = [row for row in rows if not row.is_slipping]
    return render_template("floor/clients.html", seat=seat, slipping=slipping, others=others)


@blueprint.get("/clients/<int:person_id>", endpoint="client")
@requires(Permission.TRAIN)
def glance(person_id: int) -> str:
    """One client: packages, phase and reasons, birthday, note, the last sessions."""
    now = clock.now()
    with reading() as session:
        seat = seat_of(session)
        person = get_person(session, person_id, {seat.club.id})
        client = clients_by_id(session, [person.id], seat.club, now)[person.id]
        last_visit_on = last_visits_of(session, [person.id]).get(person.id)
        sessions = sessions_of(session, person.id, {seat.club.id}, most=SESSIONS)
    ahead = sorted(
        (s for s in sessions if s.is_open and s.ends_at > now), key=lambda s: s.starts_at
    )
    past = [s for s in sessions if s not in ahead]
    return render_template(
        "floor/client.html",
        seat=seat,
        client=client,
        last_visit_on=last_visit_on,
        ahead=ahead,
        past=past,
    )
