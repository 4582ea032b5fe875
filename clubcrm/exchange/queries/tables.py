"""The tables of an export: their headings, and their rows read a few thousand at a time.

Where an import of the kind exists the headings are those it takes back, and a row that is taken back
changes nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Select, Table, func, select
from sqlalchemy.orm import Session

from clubcrm.accounts.models import StaffUser
from clubcrm.accounts.queries import ClubRow
from clubcrm.billing.models import Invoice, Payment
from clubcrm.billing.states import InvoiceState
from clubcrm.core.money import Money
from clubcrm.core.sql import chunks
from clubcrm.members.models import Closure, Freeze, Membership, Person, Plan
from clubcrm.members.queries import consents_of, tags_of
from clubcrm.members.states import ConsentChannel, EndReason, MembershipState
from clubcrm.messaging.models import Message, Task
from clubcrm.retention.models import PhaseChange, Touchpoint
from clubcrm.schedule.models import Appointment
from clubcrm.trainers.models import ClientAssignment, Trainer
from clubcrm.visits.models import AccessPoint, OpeningBalance, Visit
from clubcrm.visits.queries import codes_of

AT_ONCE: Final = 2000
_ONE_DAY: Final = timedelta(days=1)

Cell = str | int | float | Decimal | date | datetime | None
Clubs = Mapping[int, ClubRow]

_person = cast(Table, Person.__table__)
_term = cast(Table, Membership.__table__)
_plan = cast(Table, Plan.__table__)
_freeze = cast(Table, Freeze.__table__)
_closure = cast(Table, Closure.__table__)
_visit = cast(Table, Visit.__table__)
_point = cast(Table, AccessPoint.__table__)
_invoice = cast(Table, Invoice.__table__)
_payment = cast(Table, Payment.__table__)
_balance = cast(Table, OpeningBalance.__table__)
_task = cast(Table, Task.__table__)
_message = cast(Table, Message.__table__)
_touch = cast(Table, Touchpoint.__table__)
_staff = cast(Table, StaffUser.__table__)
_phase = cast(Table, PhaseChange.__table__)
_trainer = cast(Table, Trainer.__table__)
_assignment = cast(Table, ClientAssignment.__table__)
_appointment = cast(Table, Appointment.__table__)
_member = func.coalesce(_person.c.external_id, _person.c.number).label("member")


@dataclass(frozen=True)
class ExportTable:
    """One table: its name, its headings, and how its rows of some clubs are read."""

    name: str
    headings: tuple[str, ...]
    read: Callable[[Session, Clubs, datetime], Iterator[Sequence[Cell]]]


def _members(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = select(_person).where(
        _person.c.home_club_id.in_(list(clubs)), _person.c.merged_into_id.is_(None)
    )
    for rows in _pages(session, query, _person):
        ids = [row.id for row in rows]
        tags, cards, consents = (
            tags_of(session, ids),
            codes_of(session, ids),
            consents_of(session, ids),
        )
        balances = {
            row.person_id: row
            for row in session.execute(select(_balance).where(_balance.c.person_id.in_(ids)))
        }
        for row in rows:
            answers = consents.get(row.id, {})
            balance = balances.get(row.id)
            yield (
                row.external_id or row.number,
                row.first_name,
                row.last_name,
                row.full_name,
                row.phone or row.phone_as_given,
                row.email,
                row.birth_date,
                row.gender,
                row.national_id,
                row.address,
                row.city,
                row.postcode,
                row.emergency_contact,
                row.guardian,
                row.payer,
                row.trainer,
                row.joined_on,
                next(iter(cards.get(row.id, ())), None),
                clubs[row.home_club_id].code,
                _tags(tags.get(row.id, ())),
                row.locale,
                _yes_no(answers.get(ConsentChannel.EMAIL)),
                _yes_no(answers.get(ConsentChannel.SMS)),
                row.note,
                balance.last_visit_on if balance else None,
                balance.visits_total if balance else None,
                balance.visits_per_week if balance else None,
            )


def _memberships(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    before = _term.alias("before")
    query = (
        select(
            _term,
            _member,
            _plan.c.name.label("plan_name"),
            before.c.id.label("before_id"),
            before.c.external_id.label("before_external_id"),
        )
        .join(_person, _person.c.id == _term.c.person_id)
        .join(_plan, _plan.c.id == _term.c.plan_id)
        .outerjoin(before, before.c.id == _term.c.previous_id)
        .where(_term.c.club_id.in_(list(clubs)), _term.c.voided_at.is_(None))
    )
    for rows in _pages(session, query, _term):
        paid = _paid(session, [row.id for row in rows])
        for row in rows:
            club = clubs[row.club_id]
            yield (
                _term_id(row.external_id, row.id),
                row.member,
                row.plan_name,
                row.starts_on,
                None if row.until_on is None else row.until_on - _ONE_DAY,
                club.today(row.sold_at),
                _major(row.price_minor, row.currency),
                _major(
                    paid.get(row.id) if row.paid_before_minor is None else row.paid_before_minor,
                    row.currency,
                ),
                row.currency,
                row.visits_left,
                "yes" if row.auto_renew else "no",
                None if row.before_id is None else _term_id(row.before_external_id, row.before_id),
                row.renewals_before,
                _status(row, club.today(now)),
            )


def _freezes(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(_freeze, _member)
        .join(_person, _person.c.id == _freeze.c.person_id)
        .where(_freeze.c.club_id.in_(list(clubs)), _freeze.c.cancelled_at.is_(None))
    )
    for rows in _pages(session, query, _freeze):
        for row in rows:
            yield row.member, row.from_on, row.until_on, row.reason


def _closures(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = select(_closure).where(_closure.c.club_id.in_(list(clubs)))
    for rows in _pages(session, query, _closure):
        for row in rows:
            yield (
                clubs[row.club_id].code,
                row.from_on,
                row.until_on,
                Decimal(row.share_percent) / 100,
                row.name,
                "yes" if row.extends_terms else "no",
            )


def _visits(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    zones = {club_id: ZoneInfo(club.timezone) for club_id, club in clubs.items()}
    query = (
        select(_visit, _member, _point.c.code.label("point"))
        .join(_person, _person.c.id == _visit.c.person_id)
        .outerjoin(_point, _point.c.id == _visit.c.access_point_id)
        .where(_visit.c.club_id.in_(list(clubs)), _visit.c.undone_at.is_(None))
    )
    for rows in _pages(session, query, _visit):
        for row in rows:
            zone = zones[row.club_id]
            yield (
                row.member,
                row.checked_in_at.astimezone(zone),
                row.checked_out_at.astimezone(zone) if row.checked_out_at else None,
                row.point,
                "in",
            )


def _invoices(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(_invoice, _member, _term.c.external_id.label("term_external_id"))
        .join(_person, _person.c.id == _invoice.c.person_id)
        .outerjoin(_term, _term.c.id == _invoice.c.membership_id)
        .where(_invoice.c.club_id.in_(list(clubs)))
    )
    for rows in _pages(session, query, _invoice):
        for row in rows:
            term = row.membership_id
            yield (
                row.number,
                row.member,
                None if term is None else _term_id(row.term_external_id, term),
                row.issued_on,
                row.due_on,
                row.purpose,
                _major(row.total_minor, row.currency),
                _major(row.paid_minor, row.currency),
                row.currency,
                str(row.state),
                clubs[row.club_id].code,
            )


def _payments(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    zones = {club_id: ZoneInfo(club.timezone) for club_id, club in clubs.items()}
    query = (
        select(_payment, _member)
        .join(_person, _person.c.id == _payment.c.person_id)
        .where(_payment.c.club_id.in_(list(clubs)))
    )
    for rows in _pages(session, query, _payment):
        for row in rows:
            yield (
                row.external_id or f"payment-{row.id}",
                row.member,
                row.paid_at.astimezone(zones[row.club_id]),
                _major(row.amount_minor, row.currency),
                row.currency,
                str(row.method),
                row.purpose,
            )


def _debts(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(_invoice, _member)
        .join(_person, _person.c.id == _invoice.c.person_id)
        .where(
            _invoice.c.club_id.in_(list(clubs)),
            _invoice.c.state == InvoiceState.ISSUED,
            _invoice.c.total_minor > _invoice.c.paid_minor,
        )
    )
    for rows in _pages(session, query, _invoice):
        for row in rows:
            open_minor = row.total_minor - row.paid_minor
            yield (
                row.member,
                row.due_on,
                _major(open_minor, row.currency),
                row.currency,
                row.purpose,
            )


def _phase_history(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(_phase, _member)
        .join(_person, _person.c.id == _phase.c.person_id)
        .where(_phase.c.club_id.in_(list(clubs)), _phase.c.superseded_at.is_(None))
    )
    for rows in _pages(session, query, _phase):
        for row in rows:
            yield (
                row.member,
                row.from_on,
                str(row.phase),
                None if row.sub is None else str(row.sub),
                str(row.risk),
                str(row.transition),
                str(row.reason),
                row.recorded_at,
            )


def _trainers(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(_trainer, _staff.c.email)
        .outerjoin(_staff, _staff.c.id == _trainer.c.user_id)
        .where(_trainer.c.club_id.in_(list(clubs)))
    )
    for rows in _pages(session, query, _trainer):
        for row in rows:
            yield (row.name, row.email, clubs[row.club_id].code)


def _clients(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(_assignment, _member, _trainer.c.name.label("trainer"))
        .join(_person, _person.c.id == _assignment.c.person_id)
        .join(_trainer, _trainer.c.id == _assignment.c.trainer_id)
        .where(_assignment.c.club_id.in_(list(clubs)))
    )
    for rows in _pages(session, query, _assignment):
        for row in rows:
            until = row.until_on - _ONE_DAY if row.until_on else None
            yield (row.member, row.trainer, row.from_on, until)


def _sessions(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(
            _appointment,
            _member,
            _trainer.c.name.label("trainer"),
            _term.c.external_id.label("package_id"),
        )
        .join(_person, _person.c.id == _appointment.c.person_id)
        .join(_trainer, _trainer.c.id == _appointment.c.trainer_id)
        .outerjoin(_term, _term.c.id == _appointment.c.membership_id)
        .where(_appointment.c.club_id.in_(list(clubs)))
    )
    for rows in _pages(session, query, _appointment):
        for row in rows:
            zone = ZoneInfo(clubs[row.club_id].timezone)
            package = row.membership_id and _term_id(row.package_id, row.membership_id)
            yield (
                row.member,
                row.trainer,
                row.starts_at.astimezone(zone),
                row.ends_at.astimezone(zone),
                str(row.state),
                package,
                "yes" if row.took else "no",
                row.note,
                row.log,
            )


def _tasks(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(_task, _member, _staff.c.full_name.label("assignee"))
        .join(_person, _person.c.id == _task.c.person_id)
        .outerjoin(_staff, _staff.c.id == _task.c.assigned_to)
        .where(_task.c.club_id.in_(list(clubs)))
    )
    for rows in _pages(session, query, _task):
        for row in rows:
            yield (
                row.member,
                str(row.kind),
                row.title,
                str(row.state),
                row.due_on,
                row.attempts,
                None if row.outcome is None else str(row.outcome),
                row.note,
                row.promised_on,
                row.assignee,
                row.closed_at,
                row.closed_by,
                row.created_at,
            )


def _messages(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(_message, _member)
        .join(_person, _person.c.id == _message.c.person_id)
        .where(_message.c.club_id.in_(list(clubs)))
    )
    for rows in _pages(session, query, _message):
        for row in rows:
            yield (
                row.member,
                row.reference,
                str(row.channel),
                str(row.purpose),
                row.language,
                row.subject,
                row.body,
                row.address,
                str(row.state),
                row.reason,
                row.created_at,
                row.sent_at,
            )


def _touchpoints(session: Session, clubs: Clubs, now: datetime) -> Iterator[Sequence[Cell]]:
    del now
    query = (
        select(_touch, _member)
        .join(_person, _person.c.id == _touch.c.person_id)
        .where(_touch.c.club_id.in_(list(clubs)))
    )
    for rows in _pages(session, query, _touch):
        for row in rows:
            yield (
                row.member,
                row.play,
                row.version,
                row.cycle_on,
                None if row.arm is None else str(row.arm),
                str(row.state),
                row.reason,
                row.planned_at,
                row.sent_at,
                row.goal_at,
            )


TABLES: Final[tuple[ExportTable, ...]] = (
    ExportTable(
        "members",
        (
            *("external_id", "first_name", "last_name", "full_name", "phone", "email"),
            *("birth_date", "gender", "national_id", "address", "city", "postcode"),
            *("emergency_contact", "guardian", "payer", "trainer", "joined_on", "card_code"),
            *("club", "tags", "locale", "consent_email", "consent_sms", "notes"),
            *("last_visit_on", "visits_total", "visits_per_week"),
        ),
        _members,
    ),
    ExportTable(
        "memberships",
        (
            *("external_id", "member", "plan", "starts_on", "ends_on", "sold_on", "price", "paid"),
            *("currency", "visits_left", "auto_renew", "previous", "renewals_before", "status"),
        ),
        _memberships,
    ),
    ExportTable("freezes", ("member", "from", "until", "reason"), _freezes),
    ExportTable("closures", ("club", "from", "until", "share", "name", "extends_terms"), _closures),
    ExportTable(
        "visits",
        ("member", "checked_in_at", "checked_out_at", "access_point", "direction"),
        _visits,
    ),
    ExportTable(
        "invoices",
        (
            *("number", "member", "membership", "issued_on", "due_on", "for", "total", "paid"),
            *("currency", "state", "club"),
        ),
        _invoices,
    ),
    ExportTable(
        "payments",
        ("external_id", "member", "paid_at", "amount", "currency", "method", "for"),
        _payments,
    ),
    ExportTable("debts", ("member", "due_on", "amount", "currency", "for"), _debts),
    ExportTable(
        "tasks",
        (
            *("member", "kind", "title", "state", "due_on", "attempts", "outcome", "note"),
            *("promised_on", "assigned_to", "closed_at", "closed_by", "created_at"),
        ),
        _tasks,
    ),
    ExportTable(
        "messages",
        (
            *("member", "reference", "channel", "purpose", "language", "subject", "body"),
            *("address", "state", "reason", "created_at", "sent_at"),
        ),
        _messages,
    ),
    ExportTable(
        "phase_history",
        ("member", "from", "phase", "sub", "risk", "transition", "reason", "recorded_at"),
        _phase_history,
    ),
    ExportTable("trainers", ("name", "email", "club"), _trainers),
    ExportTable("clients", ("member", "trainer", "from", "until"), _clients),
    ExportTable(
        "sessions",
        (
            *("member", "trainer", "starts_at", "ends_at", "outcome", "package", "taken"),
            *("note", "log"),
        ),
        _sessions,
    ),
    ExportTable(
        "touchpoints",
        (
            *("member", "play", "version", "cycle", "arm", "state", "reason"),
            *("planned_at", "sent_at", "goal_at"),
        ),
        _touchpoints,
    ),
)
"""Every table there is, in the order in which an import would take them back."""


def _pages(session: Session, query: Select[Any], table: Table) -> Iterator[Sequence[Any]]:
    """The rows of a query in the order of the table's ids, page by page."""
    last = 0
    while True:
        page = query.where(table.c.id > last).order_by(table.c.id).limit(AT_ONCE)
        rows = session.execute(page).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _paid(session: Session, membership_ids: Collection[int]) -> dict[int, int]:
    """What was paid on the invoices of terms; terms whose debt was given up say nothing."""
    found: dict[int, int] = {}
    for chunk in chunks(sorted(membership_ids), AT_ONCE):
        query = (
            select(_invoice.c.membership_id, func.sum(_invoice.c.paid_minor))
            .where(_invoice.c.membership_id.in_(chunk), _invoice.c.state != InvoiceState.VOID)
            .group_by(_invoice.c.membership_id)
        )
        given_up = select(_invoice.c.membership_id).where(
            _invoice.c.membership_id.in_(chunk), _invoice.c.state == InvoiceState.WRITTEN_OFF
        )
        found.update({term: int(minor) for term, minor in session.execute(query)})
        for term in session.scalars(given_up):
            found.pop(term or 0, None)
    return found


def _status(row: Any, today: date) -> str:
    """What an import needs to know of how a term stands or ended."""
    if row.end_reason in (EndReason.REFUNDED, EndReason.TRANSFERRED, EndReason.DIED):
        return str(row.end_reason)
    if row.cancel_until_on is not None:
        return "cancelled"
    if row.is_trial:
        return "trial"
    if row.starts_on > today:
        return str(MembershipState.PENDING)
    is_over = row.until_on is not None and row.until_on <= today
    # A running freeze is told by the table of freezes.
    return str(MembershipState.ENDED if is_over else MembershipState.ACTIVE)


def _term_id(external_id: str | None, membership_id: int) -> str:
    return external_id or f"term-{membership_id}"


def _major(minor: int | None, currency: str) -> Decimal | None:
    return None if minor is None else Money(minor, currency).major


def _tags(tags: Sequence[str]) -> str:
    text = "; ".join(tags)
    is_split_wrongly = len(tags) == 1 and any(sign in text for sign in ",|،؛\n")
    return f"{text};" if is_split_wrongly else text


def _yes_no(answer: Any) -> str | None:
    return None if answer is None else ("yes" if answer.is_given else "no")
