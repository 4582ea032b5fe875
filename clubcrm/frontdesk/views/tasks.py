"""Tasks: what staff are asked to do about people, the most valuable first, and what came of it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires, safe_next
from clubcrm.accounts.errors import NotAllowed
from clubcrm.accounts.policies import GRANTS
from clubcrm.accounts.queries import ClubRow, get_club, staff
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.calendars import CalendarName
from clubcrm.core.days import day_bounds
from clubcrm.core.errors import DomainError, Invalid
from clubcrm.core.formats import format_day, format_number
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.tasks import QUICK_DAYS, OutcomeForm, WriteTaskForm
from clubcrm.frontdesk.views import blueprint, go_to
from clubcrm.members.queries import get_person
from clubcrm.messaging.operations import (
    TaskValues,
    assign_tasks,
    close_task,
    reopen_task,
    write_task,
)
from clubcrm.messaging.queries import TaskCount, calls_made, get_task, task_counts
from clubcrm.messaging.queries import tasks as tasks_of
from clubcrm.messaging.states import (
    BY_HAND,
    OUTCOMES,
    TRIES_AGAIN,
    Outcome,
    Purpose,
    TaskKind,
    TaskState,
)
from clubcrm.messaging.words import KIND_WORDS, outcome_words
from clubcrm.reports.queries.tasks import TaskLine, with_standing
from clubcrm.retention.policies.choices import choices_of

AT_ONCE = 60
ONE_DAY = timedelta(days=1)
KINDS = (TaskKind.CALL, TaskKind.FOLLOW_UP, TaskKind.TODO)

OUTCOME_ICONS = {
    Outcome.REACHED_PLAN: "calendar-check",
    Outcome.REACHED_NO: "phone-check",
    Outcome.LEFT_MESSAGE: "message",
    Outcome.NO_ANSWER: "phone-off",
    Outcome.WRONG_NUMBER: "phone-x",
    Outcome.DO_NOT_CALL: "hand-stop",
    Outcome.INJURED: "bandage",
    Outcome.MOVED: "truck",
    Outcome.COMPLAINT: "mood-sad",
    Outcome.SAID: "message-check",
    Outcome.DONE: "circle-check",
}

Answer = Response | str | tuple[str, int]


@dataclass(frozen=True)
class Wanted:
    """What the address asks for."""

    is_mine: bool
    is_late: bool
    kind: TaskKind | None
    of: int | None

    @property
    def at_arrival(self) -> bool:
        """Whether what is said at arrival is asked for."""
        return self.kind is TaskKind.ARRIVAL

    @property
    def is_narrowed(self) -> bool:
        """Whether some are left out."""
        return self.is_late or self.kind is not None or self.of is not None


@dataclass(frozen=True)
class Late:
    """How many tasks of somebody are late; without a name those that are nobody's."""

    name: str | None
    count: int
    of: int


@dataclass(frozen=True)
class Day:
    """A day that is offered for a promise."""

    day: date
    words: str


@blueprint.get("/tasks", endpoint="tasks")
@requires(Permission.WORK_TASKS)
def show_tasks() -> str:
    """The list: what is due at this club, the most valuable first, and what is beyond the day."""
    club = current_club(Permission.WORK_TASKS)
    now, me = clock.now(), principal().actor.id
    today = club.today(now)
    wanted = _wanted()
    offset = max(0, request.args.get("offset", 0, type=int))
    since = day_bounds(today, club.timezone, club.day_cutoff_minutes)[0]
    may_assign = principal().may(Permission.ASSIGN_TASKS, club.id)
    with reading() as session:
        found = tasks_of(
            session,
            {club.id},
            today=today,
            staff_id=me if wanted.is_mine and wanted.of is None else None,
            only_of=wanted.of,
            is_late=wanted.is_late,
            kinds=() if wanted.kind is None or wanted.at_arrival else (wanted.kind,),
            at_arrival=wanted.at_arrival,
            limit=AT_ONCE + 1,
            offset=offset,
        )
        lines = with_standing(session, found[:AT_ONCE])
        counts = task_counts(session, club.id, today)
        made = calls_made(session, club.id, today, since)
        doers = doers_at(session, club) if may_assign else []
    most = choices_of(club.settings).calls_per_day
    now_lines, later = _parted(lines, max(0, most - made)) if not offset else ([], lines)
    return render_template(
        "frontdesk/tasks/page.html",
        section="tasks",
        wanted=wanted,
        now_lines=now_lines,
        later=later,
        is_first_page=not offset,
        has_more=len(found) > AT_ONCE,
        next_offset=offset + AT_ONCE,
        figures=_figures(counts, me),
        late=late_tasks(counts),
        made=made,
        most=most,
        doers=doers,
        kinds=KINDS,
        kind_words=KIND_WORDS,
        next=request.full_path,
        **task_parts(club, today),
    )


def task_parts(club: ClubRow, today: date) -> dict[str, Any]:
    """What the part of a page that shows tasks needs."""
    return {
        "outcomes_of": OUTCOMES,
        "outcome_words": outcome_words,
        "outcome_icons": OUTCOME_ICONS,
        "quick_days": quick_days(club, today),
        "outcome_form": OutcomeForm(formdata=None, club=club),
    }


def quick_days(club: ClubRow, today: date) -> list[Day]:
    """The days offered for a promise: tomorrow, the day after, in a week."""
    calendar = cast(CalendarName, club.calendar)
    days = [today + days * ONE_DAY for days in QUICK_DAYS]
    return [
        Day(
            day,
            _("tomorrow") if after == 1 else format_day(day, None, calendar, "near", today=today),
        )
        for after, day in zip(QUICK_DAYS, days, strict=True)
    ]


def _wanted() -> Wanted:
    told = request.args.get("kind", "")
    return Wanted(
        is_mine=request.args.get("who", "mine") != "all",
        is_late=request.args.get("late") == "1",
        kind=TaskKind(told) if told in set(TaskKind) else None,
        of=request.args.get("of", type=int),
    )


def _parted(lines: Sequence[TaskLine], calls: int) -> tuple[list[TaskLine], list[TaskLine]]:
    """What fits into the day, and what comes later: so many calls, and all that is no call."""
    today, later = [], []
    for line in lines:
        if line.task.kind is not TaskKind.CALL:
            today.append(line)
        elif calls > 0:
            calls -= 1
            today.append(line)
        else:
            later.append(line)
    return today, later


def _figures(counts: Sequence[TaskCount], me: int | None) -> dict[str, int]:
    """How many there are behind each way to narrow the list."""
    due = [one for one in counts if not one.on_arrival]
    mine = [one for one in due if one.assigned_to in (None, me)]
    return {
        "mine": sum(one.count for one in mine),
        "all": sum(one.count for one in due),
        "late": sum(one.count for one in due if one.is_late),
        "arrival": sum(one.count for one in counts if one.on_arrival),
        **{kind.value: sum(one.count for one in due if one.kind is kind) for kind in KINDS},
    }


def late_tasks(counts: Sequence[TaskCount]) -> list[Late]:
    """How many are late, employee by employee; nobody's last."""
    found: dict[int | None, Late] = {}
    for one in counts:
        if one.is_late and not one.on_arrival:
            before = found.get(one.assigned_to)
            count = one.count + (before.count if before else 0)
            found[one.assigned_to] = Late(one.assignee, count, one.assigned_to or 0)
    return sorted(found.values(), key=lambda late: (late.name is None, -late.count, late.name))


def doers_at(session: Session, club: ClubRow) -> list[tuple[int, str]]:
    """Who works at a club and may do tasks there, by name."""
    return [
        (row.id, row.full_name)
        for row in staff(session, {club.id})
        if row.is_active and any(Permission.WORK_TASKS in GRANTS[role] for role, _at in row.roles)
    ]


# --- what is done ---------------------------------------------------------------------------


def _back() -> str:
    return safe_next(request.values.get("next"), url_for("frontdesk.tasks"))


@blueprint.post("/tasks/<int:task_id>/outcome")
@requires(Permission.WORK_TASKS)
def task_outcome(task_id: int) -> Response:
    """Write down what came of a task, with a note and a promised day."""
    now = clock.now()
    with reading() as session:
        task = get_task(session, task_id, principal().scope(Permission.WORK_TASKS))
        club = get_club(session, task.club_id)
    form = OutcomeForm(club=club)
    outcome = form.result()
    if not form.validate() or outcome is None:
        flash(_first_error(form), "stop")
        return go_to(_back())
    promised_on = None if outcome in TRIES_AGAIN else form.day()
    try:
        with transaction() as session:
            state = close_task(
                session,
                task.id,
                outcome,
                club_id=task.club_id,
                note=form.note.data or "",
                promised_on=promised_on,
                by=principal().actor,
                now=now,
            )
    except DomainError as refusal:
        flash(refusal.text(), "stop")
        return go_to(_back())
    words = _(
        "%(name)s: %(outcome)s", name=task.person_name, outcome=outcome_words(outcome, task.kind)
    )
    if state is TaskState.OPEN:
        flash(_("%(words)s. It comes up again tomorrow.", words=words), "info")
    else:
        if promised_on is not None:
            day = format_day(
                promised_on, None, cast(CalendarName, club.calendar), "near", today=club.today(now)
            )
            words = _("%(words)s for %(day)s", words=words, day=day)
        undo = url_for("frontdesk.task_reopen", task_id=task.id, next=_back())
        flash(cast(Any, {"words": f"{words}.", "undo": undo}), "in")
    return go_to(_back())


def _first_error(form: Any) -> str:
    for errors in form.errors.values():
        for error in errors:
            return str(error)
    return Invalid().text()


@blueprint.post("/tasks/<int:task_id>/reopen")
@requires(Permission.WORK_TASKS)
def task_reopen(task_id: int) -> Response:
    """Take back what was written down."""
    with transaction() as session:
        task = get_task(session, task_id, principal().scope(Permission.WORK_TASKS))
        reopen_task(session, task.id, club_id=task.club_id, by=principal().actor, now=clock.now())
    flash(_("Taken back: %(name)s is on the list again.", name=task.person_name), "info")
    return go_to(_back())


@blueprint.post("/tasks/assign")
@requires(Permission.ASSIGN_TASKS)
def tasks_assign() -> Response:
    """Give the ticked tasks to somebody, or back to everybody."""
    club = current_club(Permission.ASSIGN_TASKS)
    chosen = request.form.get("staff", "")
    ticked = {int(one) for one in request.form.getlist("task") if one.isascii() and one.isdigit()}
    with reading() as session:
        names = dict(doers_at(session, club))
    staff_id = int(chosen) if chosen.isascii() and chosen.isdigit() else None
    if staff_id is not None and staff_id not in names:
        raise NotAllowed
    if not ticked:
        flash(_("Tick the tasks first, then choose who does them."), "warn")
        return go_to(_back())
    with transaction() as session:
        count = assign_tasks(
            session, ticked, staff_id, club_id=club.id, by=principal().actor, now=clock.now()
        )
    words = ngettext("%(count)s task", "%(count)s tasks", count, count=format_number(count))
    if staff_id is None:
        flash(_("%(tasks)s: whoever has time does them.", tasks=words), "in")
    else:
        flash(_("%(tasks)s for %(name)s.", tasks=words, name=names[staff_id]), "in")
    return go_to(_back())


@blueprint.route("/people/<int:person_id>/task", methods=["GET", "POST"])
@requires(Permission.WORK_TASKS)
def write_down_task(person_id: int) -> Answer:
    """Write down something to do about somebody."""
    now, who = clock.now(), principal()
    with reading() as session:
        person = get_person(session, person_id, who.scope(Permission.WORK_TASKS))
        seen_at = person.home_club_id
        if not who.may(Permission.WORK_TASKS, seen_at):
            seen_at = current_club(Permission.WORK_TASKS).id
        club = get_club(session, seen_at)
        doers = doers_at(session, club)
    if not who.may(Permission.ASSIGN_TASKS, club.id):
        doers = [(id_, name) for id_, name in doers if id_ == who.actor.id]
    form = WriteTaskForm(club=club, people=doers, today=club.today(now))
    refusal = None
    if form.validate_on_submit():
        values = TaskValues(
            club_id=club.id,
            person_id=person.id,
            reference=f"hand:{secrets.token_hex(12)}",
            kind=TaskKind(form.kind.data),
            title=form.title.data or "",
            script=form.script.data or "",
            due_on=cast(date, form.due_on.data),
            purpose=Purpose.SERVICE,
            rank=BY_HAND,
            assigned_to=form.doer(),
        )
        try:
            with transaction() as session:
                write_task(session, values, by=who.actor, now=now)
        except DomainError as error:
            refusal = put_refusal(form, error)
        else:
            flash(_("It is in the list of tasks from its day on."), "in")
            return go_to(url_for("frontdesk.person", person_id=person.id))
    page = render_template(
        "frontdesk/tasks/write.html",
        form=form,
        person=person,
        refusal=refusal,
        back=url_for("frontdesk.person", person_id=person.id),
    )
    return (page, 422) if request.method == "POST" else page
