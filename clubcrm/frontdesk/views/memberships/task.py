"""The frame of a task: its form is shown, asked what it would do, or done.

Asked (`?quote=1`), a task is done in a transaction that is rolled back, so that what is shown is what
will happen, closures and queued renewals included.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from flask import flash, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clubcrm.accounts.access import principal
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.formats import format_day
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.memberships import TaskForm
from clubcrm.frontdesk.views import OnlyAQuote, go_to
from clubcrm.members.errors import UnknownMembership
from clubcrm.members.queries import PersonRow, TermRow, get_person, get_term
from clubcrm.visits.queries import entry_row

Done = TypeVar("Done")
Answer = Response | str | tuple[str, int]


def answer_task(
    form: TaskForm,
    template: str,
    *,
    person: PersonRow,
    do: Callable[[Session], Done],
    told: Callable[[Done], str],
    quote: Callable[[Session, Done], dict[str, Any]] | None = None,
    **page: Any,
) -> Answer:
    """Show the form, say what it would do, or do it and go back: to the desk's answer, or to the card."""
    back = _back(person.id)
    if quote is not None and request.args.get("quote"):
        return _quoted(form, do, quote)
    refusal = None
    if form.validate_on_submit():
        try:
            with transaction() as session:
                done = do(session)
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(told(done), "in")
            return go_to(back)
    shown = render_template(template, form=form, person=person, refusal=refusal, back=back, **page)
    return (shown, 422) if request.method == "POST" else shown


def _back(person_id: int) -> str:
    entry_id = request.values.get("entry", type=int)
    if entry_id is not None:
        with reading() as session:
            row = entry_row(session, entry_id, principal().scope(Permission.CHECK_IN))
        if row is not None and row.person_id == person_id:
            return url_for("frontdesk.desk", entry=entry_id, back=1)
    return url_for("frontdesk.person", person_id=person_id)


def _quoted(
    form: TaskForm, do: Callable[[Session], Done], quote: Callable[[Session, Done], dict[str, Any]]
) -> str:
    facts: dict[str, Any] = {}
    refusal = None
    if not form.validate():
        refusal = next((errors[0] for errors in form.errors.values() if errors), None)
    else:
        try:
            with transaction() as session:
                facts = quote(session, do(session))
                raise OnlyAQuote
        except OnlyAQuote:
            pass
        except DomainError as error:
            refusal = put_refusal(form, error) or error.text()
    return render_template("frontdesk/memberships/quote.html", facts=facts, refusal=refusal)


def near_day(day: date, club: ClubRow) -> str:
    """A day as the card says it, in the club's calendar."""
    return format_day(day, None, club.calendar, "near", today=club.today(clock.now()))  # type: ignore[arg-type]


def person_for(session: Session, person_id: int, permission: Permission) -> PersonRow:
    """A person at a club where the permission is held; others do not exist for this reader."""
    return get_person(session, person_id, principal().scope(permission))


def term_for(session: Session, membership_id: int, permission: Permission) -> TermRow:
    """A term at a club where the permission is held; others do not exist for this reader."""
    term = get_term(session, membership_id)
    if not principal().may(permission, term.club_id):
        raise UnknownMembership
    return term
