"""Selling terms: the term, its invoice and the money, in one transaction."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clubcrm.accounts.queries import get_club
from clubcrm.billing.errors import MoreThanOwed, NoAmount
from clubcrm.billing.operations.invoices import DebtValues, issue_invoices
from clubcrm.billing.operations.payments import reverse_payments, take_payment, use_credit
from clubcrm.billing.queries import payments_of_membership
from clubcrm.billing.states import PaymentMethod
from clubcrm.core.actor import Actor
from clubcrm.core.errors import CurrencyMismatch
from clubcrm.core.money import Money
from clubcrm.members.operations import (
    TermValues,
    renew_membership,
    start_membership,
    upgrade_membership,
    void_membership,
)
from clubcrm.members.queries import get_plan, get_term, usual_end


@dataclass(frozen=True)
class Sale:
    """What a sale made; no invoice where nothing is to be paid, no payment where none was made."""

    membership_id: int
    invoice_id: int | None
    payment_id: int | None


def sell_membership(
    session: Session,
    person_id: int,
    plan_id: int,
    *,
    starts_on: date,
    ends_on: date | None = None,
    price: Money | None = None,
    paid: Money | None = None,
    method: PaymentMethod = PaymentMethod.CASH,
    due_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Sale:
    """Sell somebody a term of a plan, and take the money that is paid at once.

    Without a last valid day, for as long as the plan says, or where an import left that open, for as
    long as its terms mostly run. Without a price, at the plan's. A price of nothing, or one that is
    not known, makes no invoice. What is not paid is owed from `due_on` (None = today). Raises
    MoreThanOwed, NoAmount, CurrencyMismatch, and what `members.operations.start_membership` refuses.
    """
    plan = get_plan(session, plan_id)
    price = plan.price if price is None else price
    _check(price, paid)
    values = TermValues(
        person_id=person_id, plan_id=plan_id, starts_on=starts_on, price=price, seller=by.name
    )
    if ends_on is not None:
        values = replace(values, agreed_until_on=ends_on + timedelta(days=1))
    elif not plan.has_length:
        until_on = usual_end(session, plan, starts_on)
        values = replace(
            values,
            agreed_until_on=until_on,
            until_on=values.until_on if until_on is not None else None,
        )
    term_id = start_membership(session, values, club_id=plan.club_id, by=by, now=now)
    return _charge(session, term_id, paid, method, due_on, by=by, now=now)


def renew(
    session: Session,
    membership_id: int,
    *,
    plan_id: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    price: Money | None = None,
    paid: Money | None = None,
    method: PaymentMethod = PaymentMethod.CASH,
    due_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Sale:
    """Renew a term and take the money that is paid at once.

    Refusals as `sell_membership` and `members.operations.renew_membership`.
    """
    _check(price, paid)
    term_id = renew_membership(
        session,
        membership_id,
        plan_id=plan_id,
        starts_on=starts_on,
        ends_on=ends_on,
        price=price,
        by=by,
        now=now,
    )
    return _charge(session, term_id, paid, method, due_on, by=by, now=now)


def roll_over(session: Session, membership_id: int, *, by: Actor, now: datetime) -> Sale:
    """Go on with a term that renews by itself: the same again, from the day it ended, owed from today.

    Same plan, length, price and seller, as it was agreed. Refusals as
    `members.operations.renew_membership`.
    """
    term = get_term(session, membership_id)
    term_id = renew_membership(
        session,
        membership_id,
        starts_on=term.until_on,
        price=term.price,
        auto_renew=True,
        by=by,
        now=now,
        seller=term.seller,
    )
    return _charge(session, term_id, None, PaymentMethod.CASH, None, by=by, now=now)


def upgrade(
    session: Session,
    membership_id: int,
    plan_id: int,
    *,
    on: date,
    price: Money | None = None,
    paid: Money | None = None,
    method: PaymentMethod = PaymentMethod.CASH,
    due_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Sale:
    """Replace a running term by another plan and take the money that is paid at once.

    Refusals as `sell_membership` and `members.operations.upgrade_membership`.
    """
    _check(price, paid)
    term_id = upgrade_membership(
        session, membership_id, plan_id, on=on, price=price, by=by, now=now
    )
    return _charge(session, term_id, paid, method, due_on, by=by, now=now)


def take_back_sale(
    session: Session, membership_id: int, *, reason: str, by: Actor, now: datetime
) -> None:
    """Take back a term sold by mistake, with its invoice and the money taken for it.

    Refusals as `members.operations.void_membership`.
    """
    standing = [p.id for p in payments_of_membership(session, membership_id) if p.stands]
    if standing:
        reverse_payments(session, standing, reason=reason, by=by, now=now)
    void_membership(session, membership_id, reason=reason, by=by, now=now)


def _check(price: Money | None, paid: Money | None) -> None:
    """Refuse amounts that make no sense before anything is written."""
    if (price is not None and price.minor < 0) or (paid is not None and paid.minor < 0):
        raise NoAmount
    if price is None or paid is None:
        return
    if paid.currency != price.currency:
        raise CurrencyMismatch(left=paid.currency, right=price.currency)
    if paid > price:
        raise MoreThanOwed(owed=f"{price.major} {price.currency}")


def _charge(
    session: Session,
    term_id: int,
    paid: Money | None,
    method: PaymentMethod,
    due_on: date | None,
    *,
    by: Actor,
    now: datetime,
) -> Sale:
    """The invoice of a new term, and its first payment."""
    term = get_term(session, term_id)
    price = term.price
    _check(price or Money.zero(term.currency), paid)
    if not price:
        return Sale(term_id, None, None)
    debt = DebtValues(
        person_id=term.person_id,
        amount=price,
        due_on=due_on or get_club(session, term.club_id).today(now),
        purpose=term.plan_name,
        membership_id=term_id,
    )
    (invoice_id,) = issue_invoices(session, [debt], club_id=term.club_id, by=by, now=now)
    payment_id = None
    if paid:
        payment_id = take_payment(
            session,
            term.person_id,
            paid,
            method=method,
            invoice_id=invoice_id,
            by=by,
            now=now,
        )
    open_minor = price.minor - (paid.minor if paid else 0)
    if open_minor:
        use_credit(
            session,
            term.person_id,
            invoice_id,
            Money(open_minor, price.currency),
            club_id=term.club_id,
            by=by,
            now=now,
        )
    return Sale(term_id, invoice_id, payment_id)
