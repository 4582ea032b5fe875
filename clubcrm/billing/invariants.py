"""What must always hold for money owed and received."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from clubcrm.accounts.queries import get_club
from clubcrm.billing.models import Invoice, InvoiceSeries, Payment, PaymentAllocation
from clubcrm.billing.operations.blocks import IS_ITS_BLOCK
from clubcrm.billing.states import InvoiceState
from clubcrm.core.invariants import Examined, Invariant, rows_of
from clubcrm.messaging.models import ContactBlock
from clubcrm.messaging.states import BlockKind

A_DAY: Final = timedelta(days=1)


def _gaps(session: Session, examined: Examined) -> Iterator[str]:
    """Clubs whose invoice numbers do not run from 1 to the last one given out."""
    last_given = {
        row.club_id: row.last_number
        for row in session.execute(select(InvoiceSeries.club_id, InvoiceSeries.last_number))
    }
    numbers = session.execute(
        select(
            Invoice.club_id,
            func.min(Invoice.number).label("first"),
            func.max(Invoice.number).label("last"),
            func.count().label("many"),
        )
        .where(Invoice.club_id.in_(examined.clubs))
        .group_by(Invoice.club_id)
        .order_by(Invoice.club_id)
    )
    for row in numbers:
        last = last_given.get(row.club_id, 0)
        if row.first != 1 or row.last != last or row.many != last:
            missing = last - row.many
            yield f"club {row.club_id} (from {row.first} to {row.last} of {last}, {missing} missing)"


def _wrong_states(examined: Examined) -> Any:
    """Invoices that say paid and are not, or the other way round, or count their money wrong."""
    paid = (
        select(func.coalesce(func.sum(PaymentAllocation.amount_minor), 0))
        .where(PaymentAllocation.invoice_id == Invoice.id)
        .scalar_subquery()
    )
    is_paid = Invoice.paid_minor >= Invoice.total_minor
    return (
        select(
            Invoice.id,
            Invoice.state.label("state"),
            Invoice.total_minor.label("total"),
            Invoice.paid_minor.label("paid"),
            paid.label("received"),
        )
        .where(
            Invoice.club_id.in_(examined.clubs),
            or_(
                Invoice.paid_minor != paid,
                and_(Invoice.state == InvoiceState.PAID, ~is_paid),
                and_(Invoice.state == InvoiceState.ISSUED, is_paid),
            ),
        )
        .order_by(Invoice.id)
    )


def _wrong_parts(examined: Examined) -> Any:
    """Payments that give more to invoices than they are, or to somebody else's."""
    given = (
        select(
            PaymentAllocation.payment_id,
            func.sum(PaymentAllocation.amount_minor).label("minor"),
        )
        .group_by(PaymentAllocation.payment_id)
        .subquery()
    )
    strange = (
        select(PaymentAllocation.id)
        .join(Invoice, Invoice.id == PaymentAllocation.invoice_id)
        .where(
            PaymentAllocation.payment_id == Payment.id,
            or_(
                Invoice.person_id != Payment.person_id,
                Invoice.currency != Payment.currency,
                (PaymentAllocation.amount_minor > 0) != (Payment.amount_minor > 0),
            ),
        )
        .exists()
    )
    return (
        select(Payment.id, Payment.amount_minor.label("amount"), given.c.minor.label("given"))
        .join(given, given.c.payment_id == Payment.id)
        .where(
            Payment.club_id.in_(examined.clubs),
            or_(func.abs(given.c.minor) > func.abs(Payment.amount_minor), strange),
        )
        .order_by(Payment.id)
    )


def _bent_reversals(examined: Examined) -> Any:
    """Reversals that do not mirror what they take back."""
    taken = aliased(Payment)
    part, mirrored = aliased(PaymentAllocation), aliased(PaymentAllocation)
    lost_part = (
        select(part.id)
        .outerjoin(
            mirrored,
            and_(
                mirrored.payment_id == Payment.id,
                mirrored.invoice_id == part.invoice_id,
                mirrored.amount_minor == -part.amount_minor,
            ),
        )
        .where(part.payment_id == taken.id, mirrored.id.is_(None))
        .exists()
    )
    return (
        select(Payment.id, taken.id.label("takes_back"))
        .join(taken, taken.id == Payment.reverses_id)
        .where(
            Payment.club_id.in_(examined.clubs),
            or_(
                Payment.amount_minor != -taken.amount_minor,
                Payment.currency != taken.currency,
                taken.reverses_id.is_not(None),
                lost_part,
            ),
        )
        .order_by(Payment.id)
    )


def _money_from_nowhere(examined: Examined) -> Any:
    """Money given back that names no payment (an import may tell of such)."""
    return (
        select(Payment.id, Payment.amount_minor.label("amount"))
        .where(
            Payment.club_id.in_(examined.clubs),
            Payment.amount_minor < 0,
            Payment.reverses_id.is_(None),
            Payment.is_imported.is_(False),
        )
        .order_by(Payment.id)
    )


def _wrong_blocks(session: Session, examined: Examined) -> Iterator[str]:
    """Debtors who are contacted as if they owed nothing, and people who are not although they do not."""
    stands = and_(IS_ITS_BLOCK, ContactBlock.lifted_at.is_(None))
    for club_id in examined.clubs:
        today = get_club(session, club_id).today(examined.now)
        late = select(Invoice.id).where(
            Invoice.club_id == club_id,
            # What was due yesterday is found by the work that comes round, a few minutes into the day.
            _is_overdue(today - A_DAY),
            ~select(ContactBlock.id).where(stands).correlate(Invoice).exists(),
        )
        for invoice_id in session.scalars(late.order_by(Invoice.id)):
            yield f"invoice {invoice_id} (overdue, and blocks nobody)"
        owed = select(Invoice.id).where(IS_ITS_BLOCK, _is_overdue(today))
        idle = select(ContactBlock.id).where(
            ContactBlock.club_id == club_id,
            ContactBlock.kind == BlockKind.DEBT,
            ContactBlock.lifted_at.is_(None),
            ~owed.correlate(ContactBlock).exists(),
        )
        for block_id in session.scalars(idle.order_by(ContactBlock.id)):
            yield f"contact block {block_id} (for nothing overdue)"


def _is_overdue(today: date) -> ColumnElement[bool]:
    return and_(Invoice.state == InvoiceState.ISSUED, Invoice.due_on < today)


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "billing.numbers",
        _l("The invoice numbers of a club run without a gap."),
        _gaps,
    ),
    Invariant(
        "billing.invoices",
        _l("Every invoice's state agrees with the money received for it."),
        rows_of("invoice", _wrong_states),
    ),
    Invariant(
        "billing.parts",
        _l("No payment gives an invoice more than it is, or pays somebody else’s."),
        rows_of("payment", _wrong_parts),
    ),
    Invariant(
        "billing.reversals",
        _l("Every reversal mirrors the payment it takes back."),
        rows_of("payment", _bent_reversals),
    ),
    Invariant(
        "billing.given_back",
        _l("Money given back names the payment it takes back."),
        rows_of("payment", _money_from_nowhere),
    ),
    Invariant(
        "billing.blocks",
        _l("Whoever owes something overdue hears of the contract only, until it is settled."),
        _wrong_blocks,
    ),
)
"""The invariants of money."""
