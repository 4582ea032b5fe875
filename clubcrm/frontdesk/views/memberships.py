"""What is done with a member's terms and money, each task on a page or in a drawer of the card.

Every task can be asked what it would do (`?quote=1`): it is then done in a transaction that is rolled
back, so that what is shown is what will happen, closures and queued renewals included.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import flash, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.accounts.states import Permission
from clubcrm.billing.errors import UnknownPayment
from clubcrm.billing.operations import renew as renew_term
from clubcrm.billing.operations import (
    reverse_payment,
    sell_membership,
    take_back_sale,
    take_payment,
)
from clubcrm.billing.operations import upgrade as upgrade_term
from clubcrm.billing.queries import get_payment, invoices_of, owed_by
from clubcrm.billing.states import InvoiceState
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.formats import format_day
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading, transaction
from clubcrm.frontdesk.forms import put_refusal
from clubcrm.frontdesk.forms.memberships import (
    FreezeForm,
    NoticeForm,
    PaymentForm,
    SellForm,
    TakeBackForm,
    TaskForm,
    UpgradeForm,
)
from clubcrm.frontdesk.views import OnlyAQuote, blueprint, go_to
from clubcrm.members.errors import UnknownFreeze, UnknownMembership
from clubcrm.members.operations import (
    cancel_freeze,
    end_freeze,
    freeze_membership,
    request_cancellation,
    withdraw_cancellation,
)
from clubcrm.members.queries import (
    FreezeRow,
    PersonRow,
    TermRow,
    get_freeze,
    get_person,
    get_term,
    memberships_of,
    plans,
    shown_term,
)

Done = TypeVar("Done")
Answer = Response | str | tuple[str, int]


def _answer(
    form: TaskForm,
    template: str,
    *,
    person: PersonRow,
    do: Callable[[Session], Done],
    told: Callable[[Done], str],
    quote: Callable[[Session, Done], dict[str, Any]] | None = None,
    **page: Any,
) -> Answer:
    """Show the form, say what it would do, or do it and go back to the card."""
    back = url_for("frontdesk.person", person_id=person.id)
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


def _day(day: Any, club: ClubRow) -> str:
    return format_day(day, None, club.calendar, "near", today=club.today(clock.now()))  # type: ignore[arg-type]


def _person(session: Session, person_id: int, permission: Permission) -> PersonRow:
    return get_person(session, person_id, principal().scope(permission))


def _term(session: Session, membership_id: int, permission: Permission) -> TermRow:
    """A term at a club where the permission is held; others do not exist for this reader."""
    term = get_term(session, membership_id)
    if not principal().may(permission, term.club_id):
        raise UnknownMembership
    return term


# --- selling --------------------------------------------------------------------------------


@blueprint.route("/people/<int:person_id>/sell", methods=["GET", "POST"])
@requires(Permission.SELL)
def sell(person_id: int) -> Answer:
    """A new term of a plan, with its payment."""
    club = current_club(Permission.SELL)
    with reading() as session:
        person = _person(session, person_id, Permission.SELL)
        offered = plans(session, club.id, on_sale=True)
        today = club.today(clock.now())
        running = shown_term(memberships_of(session, person.id), today)
    form = SellForm(club=club, plans=offered, starts_on=today)

    def do(session: Session) -> TermRow:
        price = form.agreed_price
        sale = sell_membership(
            session,
            person.id,
            int(form.plan.data),
            starts_on=form.starts_on.data,
            price=price,
            paid=form.paid(price),
            method=form.way,
            by=principal().actor,
            now=clock.now(),
        )
        return get_term(session, sale.membership_id)

    return _answer(
        form,
        "frontdesk/memberships/sell.html",
        person=person,
        do=do,
        told=lambda term: _sold(term, club),
        quote=lambda _session, term: _term_facts(term, form.paid(term.price)),
        running=running,
        offered=offered,
        today=today,
    )


def _sold(term: TermRow, club: ClubRow) -> str:
    if term.ends_on is None:
        return _("Sold: %(plan)s, month to month.", plan=term.plan_name)
    return _("Sold: %(plan)s, through %(day)s.", plan=term.plan_name, day=_day(term.ends_on, club))


def _term_facts(term: TermRow, paid: Money | None) -> dict[str, Any]:
    """What a sale would make: the term, and what is then owed."""
    price = term.price
    left = price - (paid or Money.zero(price.currency)) if price is not None else None
    return {"term": term, "price": price, "paid": paid, "left": left}


@blueprint.route("/memberships/<int:membership_id>/renew", methods=["GET", "POST"])
@requires(Permission.SELL)
def renew(membership_id: int) -> Answer:
    """The next term after one, queued when it is early."""
    with reading() as session:
        old = _term(session, membership_id, Permission.SELL)
        person = _person(session, old.person_id, Permission.SELL)
        club = get_club(session, old.club_id)
        offered = plans(session, club.id, on_sale=True)
    today = club.today(clock.now())
    starts_on = max(old.until_on or today, today)
    is_offered = any(plan.id == old.plan_id for plan in offered)
    form = SellForm(
        club=club,
        plans=offered,
        starts_on=starts_on,
        plan=str(old.plan_id) if is_offered else None,
    )

    def do(session: Session) -> TermRow:
        price = form.agreed_price
        sale = renew_term(
            session,
            old.id,
            plan_id=int(form.plan.data),
            starts_on=form.starts_on.data,
            price=price,
            paid=form.paid(price),
            method=form.way,
            by=principal().actor,
            now=clock.now(),
        )
        return get_term(session, sale.membership_id)

    return _answer(
        form,
        "frontdesk/memberships/renew.html",
        person=person,
        do=do,
        told=lambda term: _renewed(term, club),
        quote=lambda _session, term: _term_facts(term, form.paid(term.price)),
        old=old,
        today=today,
    )


def _renewed(term: TermRow, club: ClubRow) -> str:
    if term.ends_on is None:
        return _("Renewed: %(plan)s, month to month.", plan=term.plan_name)
    return _(
        "Renewed: %(plan)s, through %(day)s.", plan=term.plan_name, day=_day(term.ends_on, club)
    )


@blueprint.route("/memberships/<int:membership_id>/upgrade", methods=["GET", "POST"])
@requires(Permission.SELL)
def upgrade(membership_id: int) -> Answer:
    """Another plan in place of the running one, within its cycle."""
    with reading() as session:
        old = _term(session, membership_id, Permission.SELL)
        person = _person(session, old.person_id, Permission.SELL)
        club = get_club(session, old.club_id)
        offered = [p for p in plans(session, club.id, on_sale=True) if p.id != old.plan_id]
    today = club.today(clock.now())
    form = UpgradeForm(club=club, plans=offered, starts_on=today)

    def do(session: Session) -> TermRow:
        price = form.agreed_price
        sale = upgrade_term(
            session,
            old.id,
            int(form.plan.data),
            on=form.starts_on.data,
            price=price,
            paid=form.paid(price),
            method=form.way,
            by=principal().actor,
            now=clock.now(),
        )
        return get_term(session, sale.membership_id)

    return _answer(
        form,
        "frontdesk/memberships/upgrade.html",
        person=person,
        do=do,
        told=lambda term: _("Now %(plan)s.", plan=term.plan_name),
        quote=lambda _session, term: _term_facts(term, form.paid(term.price)),
        old=old,
        today=today,
        offered=offered,
    )


@blueprint.route("/memberships/<int:membership_id>/take-back", methods=["GET", "POST"])
@requires(Permission.CANCEL_MEMBERSHIP)
def take_back(membership_id: int) -> Answer:
    """A term sold by mistake: it counts nowhere, and the money goes back."""
    with reading() as session:
        term = _term(session, membership_id, Permission.CANCEL_MEMBERSHIP)
        person = _person(session, term.person_id, Permission.CANCEL_MEMBERSHIP)
        club = get_club(session, term.club_id)
    form = TakeBackForm(club=club)

    def do(session: Session) -> None:
        take_back_sale(
            session,
            term.id,
            reason=form.reason.data or "",
            by=principal().actor,
            now=clock.now(),
        )

    return _answer(
        form,
        "frontdesk/memberships/take_back.html",
        person=person,
        do=do,
        told=lambda _done: _("%(plan)s is taken back.", plan=term.plan_name),
        term=term,
    )


# --- pauses and notice ----------------------------------------------------------------------


@blueprint.route("/memberships/<int:membership_id>/freeze", methods=["GET", "POST"])
@requires(Permission.FREEZE)
def freeze(membership_id: int) -> Answer:
    """A pause; the end moves by the frozen days."""
    with reading() as session:
        term = _term(session, membership_id, Permission.FREEZE)
        person = _person(session, term.person_id, Permission.FREEZE)
        club = get_club(session, term.club_id)
    first = max(club.today(clock.now()), term.starts_on)
    form = FreezeForm(club=club, from_on=first, through=first + timedelta(days=13))

    def do(session: Session) -> TermRow:
        freeze_membership(
            session,
            term.id,
            form.period,
            reason=form.reason.data or "",
            by=principal().actor,
            now=clock.now(),
        )
        return get_term(session, term.id)

    return _answer(
        form,
        "frontdesk/memberships/freeze.html",
        person=person,
        do=do,
        told=lambda _after: _("Frozen through %(day)s.", day=_day(form.through.data, club)),
        quote=lambda _session, after: {
            "before": term,
            "after": after,
            "frozen_days": form.period.days,
            "first_day_back": form.period.until,
        },
        term=term,
    )


@blueprint.post("/freezes/<int:freeze_id>/end")
@requires(Permission.FREEZE)
def return_from_freeze(freeze_id: int) -> Response:
    """The member is back today: the rest of the freeze is given back."""
    frozen = _freeze(freeze_id)
    with transaction() as session:
        today = get_club(session, frozen.club_id).today(clock.now())
        end_freeze(session, freeze_id, on=today, by=principal().actor, now=clock.now())
    flash(_("The freeze is over. Welcome back."), "in")
    return go_to(url_for("frontdesk.person", person_id=frozen.person_id))


@blueprint.post("/freezes/<int:freeze_id>/cancel")
@requires(Permission.FREEZE)
def undo_freeze(freeze_id: int) -> Response:
    """A freeze entered by mistake is taken back altogether."""
    frozen = _freeze(freeze_id)
    with transaction() as session:
        cancel_freeze(session, freeze_id, by=principal().actor, now=clock.now())
    flash(_("The freeze is taken back; the membership ends as before it."), "in")
    return go_to(url_for("frontdesk.person", person_id=frozen.person_id))


def _freeze(freeze_id: int) -> FreezeRow:
    with reading() as session:
        frozen = get_freeze(session, freeze_id)
    if not principal().may(Permission.FREEZE, frozen.club_id):
        raise UnknownFreeze
    return frozen


@blueprint.route("/memberships/<int:membership_id>/cancel", methods=["GET", "POST"])
@requires(Permission.CANCEL_MEMBERSHIP)
def cancel(membership_id: int) -> Answer:
    """A member's notice."""
    with reading() as session:
        term = _term(session, membership_id, Permission.CANCEL_MEMBERSHIP)
        person = _person(session, term.person_id, Permission.CANCEL_MEMBERSHIP)
        club = get_club(session, term.club_id)
    form = NoticeForm(club=club)

    def do(session: Session) -> Any:
        return request_cancellation(
            session,
            term.id,
            last_day=form.last_day.data,
            reason=form.reason.data or "",
            by=principal().actor,
            now=clock.now(),
        )

    return _answer(
        form,
        "frontdesk/memberships/cancel.html",
        person=person,
        do=do,
        told=lambda last: _("Cancelled; the last day is %(day)s.", day=_day(last, club)),
        quote=lambda _session, last: {"last_day": last},
        term=term,
    )


@blueprint.post("/memberships/<int:membership_id>/withdraw")
@requires(Permission.CANCEL_MEMBERSHIP)
def withdraw(membership_id: int) -> Response:
    """The member stays after all."""
    with reading() as session:
        term = _term(session, membership_id, Permission.CANCEL_MEMBERSHIP)
    with transaction() as session:
        withdraw_cancellation(session, membership_id, by=principal().actor, now=clock.now())
    flash(_("The cancellation is withdrawn; the membership goes on."), "in")
    return go_to(url_for("frontdesk.person", person_id=term.person_id))


# --- money ----------------------------------------------------------------------------------


@blueprint.route("/people/<int:person_id>/pay", methods=["GET", "POST"])
@requires(Permission.TAKE_PAYMENT)
def pay(person_id: int) -> Answer:
    """Money from a member: for one invoice, or for the oldest debts first."""
    with reading() as session:
        person = _person(session, person_id, Permission.TAKE_PAYMENT)
        club = get_club(session, person.home_club_id)
        issued = [
            invoice
            for invoice in reversed(invoices_of(session, person.id))
            if invoice.state is InvoiceState.ISSUED
        ]
        owed = owed_by(session, [person.id]).get(person.id)
    form = PaymentForm(club=club, invoices=issued, amount=owed.amount if owed else None)

    def do(session: Session) -> Money:
        amount: Money = form.amount.data
        take_payment(
            session,
            person.id,
            amount,
            method=form.way,
            invoice_id=form.invoice_id,
            by=principal().actor,
            now=clock.now(),
        )
        return amount

    return _answer(
        form,
        "frontdesk/memberships/pay.html",
        person=person,
        do=do,
        told=lambda amount: _("%(amount)s received.", amount=form.money(amount)),
        owed=owed,
    )


@blueprint.route("/payments/<int:payment_id>/reverse", methods=["GET", "POST"])
@requires(Permission.TAKE_PAYMENT)
def reverse(payment_id: int) -> Answer:
    """A payment taken by mistake, or money given back."""
    with reading() as session:
        payment = get_payment(session, payment_id)
        if not principal().may(Permission.TAKE_PAYMENT, payment.club_id):
            raise UnknownPayment
        person = _person(session, payment.person_id, Permission.TAKE_PAYMENT)
        club = get_club(session, payment.club_id)
    form = TakeBackForm(club=club)

    def do(session: Session) -> None:
        reverse_payment(
            session,
            payment.id,
            reason=form.reason.data or "",
            by=principal().actor,
            now=clock.now(),
        )

    return _answer(
        form,
        "frontdesk/memberships/reverse.html",
        person=person,
        do=do,
        told=lambda _done: _("%(amount)s given back.", amount=form.money(payment.amount)),
        payment=payment,
    )
