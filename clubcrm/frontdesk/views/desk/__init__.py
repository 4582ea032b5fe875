"""The desk: who stands there, may they go in, and what is said to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clubcrm.accounts.access import clubs_where, current_club, principal, requires
from clubcrm.accounts.errors import NotAllowed
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.days import day_bounds
from clubcrm.core.errors import Invalid
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms.tasks import OutcomeForm
from clubcrm.frontdesk.views import blueprint, is_fragment
from clubcrm.frontdesk.views.desk.answer import Answer, answer_of, chip_of, frozen_until, look_of
from clubcrm.members.operations import end_freeze
from clubcrm.members.queries import has_people
from clubcrm.reports.queries.people import search_lines
from clubcrm.retention.queries import StandingRow, standing_of
from clubcrm.visits.errors import UnknownCard, UnknownVisit
from clubcrm.visits.operations import (
    CheckIn,
    answer_prompt,
    check_in,
    check_out,
    fold_code,
    undo_visit,
)
from clubcrm.visits.queries import (
    EntryRow,
    Inside,
    desk_card,
    entry_row,
    latest_entries,
    visitors_on,
    who_is_inside,
)
from clubcrm.visits.states import PromptCode, PromptReply, VisitSource

HITS = 7
ENTRIES = 15
INSIDE_SHOWN = 120
UNDO_WITHIN = timedelta(minutes=5)
LATEST_SCAN = timedelta(hours=12)
"""How long a scan may have waited for the line to come back."""

Page = Response | str | tuple[str, int]


# --- the page and its parts -----------------------------------------------------------------


@blueprint.get("/desk", endpoint="desk")
@requires(Permission.CHECK_IN)
def show() -> Page:
    """The desk, with one answer where `entry` names it, or those whom `q` finds."""
    text = request.args.get("q", "").strip()[:80]
    entry_id = request.args.get("entry", type=int)
    answer = _answer(entry_id) if entry_id is not None else None
    inside = _inside() if request.args.get("inside") else None
    hits = _hits(text) if text and answer is None else None
    return _page(answer=answer, inside=inside, hits=hits, text=text)


@blueprint.get("/desk/find")
@requires(Permission.SEE_MEMBERS)
def desk_find() -> str:
    """The hits of the desk's search, as one types; choosing one checks in."""
    text = request.args.get("q", "").strip()[:80]
    return render_template("frontdesk/desk/hits.html", hits=_hits(text), text=text)


@blueprint.get("/desk/side")
@requires(Permission.CHECK_IN)
def desk_side() -> str:
    """Who is inside and who came last."""
    return render_template("frontdesk/desk/side.html", **_side())


@blueprint.get("/desk/entries/<int:entry_id>")
@requires(Permission.CHECK_IN)
def desk_entry(entry_id: int) -> Page:
    """One earlier answer."""
    found = _answer(entry_id)
    if not is_fragment():
        return redirect(url_for("frontdesk.desk", entry=entry_id))
    return _shown(found)


@blueprint.get("/desk/inside")
@requires(Permission.CHECK_IN)
def desk_inside() -> Page:
    """The names of those inside."""
    if not is_fragment():
        return redirect(url_for("frontdesk.desk", inside=1))
    return render_template("frontdesk/desk/parts.html", inside=_inside(), **_side())


# --- what is done ---------------------------------------------------------------------------


@blueprint.post("/desk/check-ins")
@requires(Permission.CHECK_IN)
def desk_check_in() -> Page:
    """A card was scanned, or a person chosen; a reason lets in against a stop.

    What follows on an answer (`entry`) is done at the club that gave it.
    """
    club = _club_asked()
    code = request.form.get("code")
    reason = request.form.get("reason") or request.form.get("words")
    if reason is not None and not principal().may(Permission.OVERRIDE_STOP, club.id):
        raise NotAllowed
    try:
        with transaction() as session:
            told = _ask(session, club, code=code, override_reason=reason)
    except UnknownCard:
        return _unknown(code or "")
    return _go(told.entry_id)


@blueprint.post("/desk/visits/<int:visit_id>/undo")
@requires(Permission.UNDO_VISIT)
def desk_undo(visit_id: int) -> Page:
    """Take a visit back, for some minutes."""
    with transaction() as session:
        entry_id = _entry_told(session)
        undo_visit(
            session,
            visit_id,
            by=principal().actor,
            now=clock.now(),
            scope=principal().scope(Permission.UNDO_VISIT),
            within=UNDO_WITHIN,
        )
    return _go(entry_id)


@blueprint.post("/desk/visits/<int:visit_id>/check-out")
@requires(Permission.CHECK_IN)
def desk_check_out(visit_id: int) -> Page:
    """Somebody leaves."""
    with transaction() as session:
        entry_id = _entry_told(session)
        check_out(
            session,
            visit_id,
            by=principal().actor,
            now=clock.now(),
            scope=principal().scope(Permission.CHECK_IN),
        )
    if entry_id is None:
        return desk_inside()
    return _go(entry_id)


@blueprint.post("/desk/entries/<int:entry_id>/reply")
@requires(Permission.CHECK_IN)
def desk_reply(entry_id: int) -> Page:
    """What came of the question of an answer; ending a freeze lets in at once."""
    now, by = clock.now(), principal().actor
    with transaction() as session:
        entry = _entry(session, entry_id)
        prompt, reply = _reply_given()
        answer_prompt(
            session,
            entry.person_id,
            prompt,
            reply,
            club_id=entry.club_id,
            by=by,
            now=now,
            task_id=request.form.get("task", type=int),
            promised_on=OutcomeForm(club=get_club(session, entry.club_id)).day(),
        )
        shown: int | None = entry_id
        if (prompt, reply) == (PromptCode.END_FREEZE, PromptReply.YES):
            shown = _let_back(session, entry, now).entry_id
    return _go(shown)


def _reply_given() -> tuple[PromptCode, PromptReply]:
    try:
        return PromptCode(request.form["prompt"]), PromptReply(request.form["reply"])
    except (KeyError, ValueError):
        raise Invalid from None


def _let_back(session: Session, entry: EntryRow, now: datetime) -> CheckIn:
    """End the freeze that stopped somebody, today, and ask the door again."""
    if not principal().may(Permission.FREEZE, entry.club_id):
        raise NotAllowed
    card = desk_card(session, entry, now)
    if card.freeze_id is not None:
        end_freeze(session, card.freeze_id, on=card.today, by=principal().actor, now=now)
    return check_in(
        session,
        club_id=entry.club_id,
        person_id=entry.person_id,
        source=VisitSource.DESK,
        by=principal().actor,
        now=now,
        scope=principal().scope(Permission.CHECK_IN),
    )


def _club_asked() -> ClubRow:
    entry_id = request.form.get("entry", type=int)
    if entry_id is None:
        return current_club(Permission.CHECK_IN)
    with reading() as session:
        return clubs_where(Permission.CHECK_IN)[_entry(session, entry_id).club_id]


def _ask(
    session: Session, club: ClubRow, *, code: str | None, override_reason: str | None
) -> CheckIn:
    now = clock.now()
    person_id = request.form.get("person_id", type=int)
    return check_in(
        session,
        club_id=club.id,
        code=code,
        person_id=person_id,
        at=_when(now),
        override_reason=override_reason,
        device_key=_key(club),
        source=VisitSource.DESK,
        by=principal().actor,
        now=now,
        scope=principal().scope(Permission.CHECK_IN),
    )


def _when(now: datetime) -> datetime | None:
    """When a kept scan was made: so many seconds ago, by the desk's own clock."""
    ago = request.form.get("ago", 0, type=int)
    if ago <= 0:
        return None
    if timedelta(seconds=ago) > LATEST_SCAN:
        raise Invalid
    return now - timedelta(seconds=ago)


def _key(club: ClubRow) -> str | None:
    """The desk's own key of a scan, so that sending it twice is one visit."""
    key = request.form.get("key", "")[:60]
    return f"desk:{club.id}:{key}" if key else None


# --- putting parts together -----------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """An answer with what else the card of a person says."""

    answer: Answer
    standing: StandingRow | None


def _entry(session: Session, entry_id: int) -> EntryRow:
    found = entry_row(session, entry_id, principal().scope(Permission.CHECK_IN))
    if found is None:
        raise UnknownVisit
    return found


def _entry_told(session: Session) -> int | None:
    """The answer that a form wants shown afterwards. Raises UnknownVisit where it is out of sight."""
    entry_id = request.form.get("entry", type=int)
    return _entry(session, entry_id).id if entry_id is not None else None


def _answer(entry_id: int) -> Shown:
    now = clock.now()
    with reading() as session:
        entry = _entry(session, entry_id)
        card = desk_card(session, entry, now)
        sees_phase = card.is_seen and principal().may(Permission.SEE_MEMBERS, entry.club_id)
        standing = standing_of(session, entry.person_id, card.today) if sees_phase else None
        club = get_club(session, entry.club_id)
    return Shown(answer_of(card, principal(), now, club), standing)


def _hits(text: str) -> dict[str, Any]:
    """Those whom the search finds, with what tells them apart."""
    scope = principal().scope(Permission.SEE_MEMBERS)
    today = current_club(Permission.SEE_MEMBERS).today(clock.now())
    with reading() as session:
        found = search_lines(session, text, scope=scope, today=today, limit=HITS)
    return {"rows": found.rows, "has_more": found.following is not None}


def _inside() -> Inside:
    club = current_club(Permission.CHECK_IN)
    with reading() as session:
        return who_is_inside(session, club.id, clock.now(), limit=INSIDE_SHOWN)


def _side() -> dict[str, Any]:
    club, now = current_club(Permission.CHECK_IN), clock.now()
    today = club.today(now)
    since = day_bounds(today, club.timezone, club.day_cutoff_minutes)[0]
    capacity = club.settings.get("capacity")
    with reading() as session:
        inside = who_is_inside(session, club.id, now, limit=1)
        return {
            "inside_count": inside.count,
            "capacity": capacity if isinstance(capacity, int) and capacity > 0 else None,
            "visitors": visitors_on(session, club.id, today),
            "entries": latest_entries(session, club.id, since=since, limit=ENTRIES),
            "entry_look": look_of,
            "entry_words": chip_of,
        }


def _page(
    *,
    answer: Shown | None = None,
    inside: Inside | None = None,
    hits: dict[str, Any] | None = None,
    text: str = "",
    unknown: str | None = None,
) -> str:
    with reading() as session:
        is_new = not has_people(session, {current_club(Permission.CHECK_IN).id})
    return render_template(
        "frontdesk/desk/page.html",
        is_new=is_new,
        shown=answer,
        inside=inside,
        hits=hits,
        text=text,
        unknown=unknown,
        frozen_until=frozen_until,
        **_side(),
    )


def _shown(answer: Shown) -> str:
    return render_template(
        "frontdesk/desk/parts.html", shown=answer, frozen_until=frozen_until, **_side()
    )


def _go(entry_id: int | None) -> Page:
    """Show an answer: at once where a script asked, at its own address else."""
    if entry_id is None:
        abort(404)
    if is_fragment():
        return _shown(_answer(entry_id))
    return redirect(url_for("frontdesk.desk", entry=entry_id), 303)


def _unknown(code: str) -> tuple[str, int]:
    """A card nobody holds: said as an answer, with those whom the code may mean."""
    folded = fold_code(code)
    may_find = bool(principal().scope(Permission.SEE_MEMBERS))
    hits = _hits(folded) if folded and may_find else {"rows": [], "has_more": False}
    if is_fragment():
        return (
            render_template("frontdesk/desk/parts.html", unknown=folded, hits=hits, **_side()),
            404,
        )
    return _page(unknown=folded, hits=hits), 404
