"""Calls are assigned to the people of a list, and taken back."""

from typing import Any, cast

from flask import flash, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires, safe_next
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.formats import format_day, format_number
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.tasks import CallsForm
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.frontdesk.views.owner.names import asked_for, names_page
from clubcrm.frontdesk.views.tasks import doers_at
from clubcrm.messaging.operations import (
    MOST_CALLS,
    CallsMade,
    CallsWanted,
    ask_for_calls,
    take_back_calls,
)
from clubcrm.messaging.states import Refusal
from clubcrm.messaging.words import LEFT_OUT
from clubcrm.reports.queries.owner import Asked, people_behind

Answer = Response | tuple[str, int]


@blueprint.post("/home/names/<group>/calls")
@requires(Permission.ASSIGN_TASKS)
def assign_calls(group: str) -> Answer:
    """One call for everybody of a list, or for those ticked, who has none open."""
    club, now = current_club(Permission.ASSIGN_TASKS), clock.now()
    asked = asked_for(group, club, now)
    with reading() as session:
        people = doers_at(session, club)
    form = CallsForm(club=club, people=people, today=asked.today)
    if not form.validate():
        return names_page(asked, club, form), 422
    ticked = _ticked()
    if ticked is not None and not ticked:
        flash(_("Tick somebody first, or assign calls to the whole list."), "warn")
        return go_to(_list_url(asked))
    wanted = CallsWanted(
        club_id=club.id,
        batch=form.key(),
        title=form.title.data or "",
        script=form.script.data or "",
        due_on=cast(Any, form.due_on.data),
        doers=form.by_turns() or [None],
    )
    try:
        with transaction() as session:
            found = people_behind(session, asked, most=MOST_CALLS, ticked=ticked)
            values = {one: value for one, value in found.items() if value is not None}
            made = ask_for_calls(
                session, list(found), wanted, values=values, by=principal().actor, now=now
            )
    except DomainError as error:
        return names_page(asked, club, form, put_refusal(form, error)), 422
    _tell(made, form, wanted, asked, club)
    return go_to(_list_url(asked))


def _ticked() -> list[int] | None:
    """Who was ticked; None where everybody of the list is meant."""
    if request.form.get("whom") != "ticked":
        return None
    told = request.form.getlist("person")
    return [int(one) for one in told if one.isascii() and one.isdigit()][:MOST_CALLS]


def _list_url(asked: Asked) -> str:
    more: dict[str, Any] = {
        name: request.args[name] for name in ("days", "part") if name in request.args
    }
    return url_for("frontdesk.owner_names", group=asked.group.value, **more)


def _tell(
    made: CallsMade, form: CallsForm, wanted: CallsWanted, asked: Asked, club: ClubRow
) -> None:
    """Say how many calls were made, how many people had one, and who is not rung up."""
    rest = _not_made(made)
    if not made.made:
        flash(" ".join((_("No call was made."), *rest)), "warn")
        return
    calls = ngettext("%(count)s call", "%(count)s calls", made.made, count=format_number(made.made))
    calendar = cast(Any, club.calendar)
    day = format_day(wanted.due_on, None, calendar, "near", today=asked.today)
    words = _("%(calls)s assigned to %(who)s, due %(day)s.", calls=calls, who=_who(form), day=day)
    undo = url_for("frontdesk.calls_take_back", batch=wanted.batch, next=_list_url(asked))
    flash(cast(Any, {"words": " ".join((words, *rest)), "undo": undo}), "in")


def _who(form: CallsForm) -> str:
    """Who makes the calls, in words."""
    chosen = [form.names[id_] for id_ in form.by_turns()]
    if not chosen:
        return _("whoever has time")
    if len(chosen) == 1:
        return chosen[0]
    return _("%(names)s by turns", names=", ".join(chosen))


def _not_made(made: CallsMade) -> list[str]:
    found = []
    if made.had_one:
        count = format_number(made.had_one)
        found.append(
            ngettext(
                "%(count)s person has an open call already.",
                "%(count)s people have an open call already.",
                made.had_one,
                count=count,
            )
        )
    for why, number in sorted(made.left_out.items()):
        found.append(_("Left out: %(count)s, %(why)s.", count=format_number(number), why=_why(why)))
    return found


def _why(why: Refusal) -> str:
    """Why somebody is not rung up, in words."""
    if why is Refusal.NO_CONSENT:
        return _("asked not to be called")
    if why is Refusal.NO_ADDRESS:
        return _("no phone is known")
    return str(LEFT_OUT[why])


@blueprint.post("/home/calls/take-back")
@requires(Permission.ASSIGN_TASKS)
def calls_take_back() -> Response:
    """Take back calls that were assigned a moment ago and that nobody has tried."""
    club = current_club(Permission.ASSIGN_TASKS)
    with transaction() as session:
        count = take_back_calls(
            session,
            request.args.get("batch", ""),
            club_id=club.id,
            by=principal().actor,
            now=clock.now(),
        )
    words = ngettext(
        "%(count)s call taken back.",
        "%(count)s calls taken back.",
        count,
        count=format_number(count),
    )
    flash(words, "info")
    return go_to(safe_next(request.args.get("next"), url_for("frontdesk.owner")))
