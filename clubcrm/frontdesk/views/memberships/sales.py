"""Terms are sold, renewed, exchanged for another plan, and taken back."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from clubcrm.accounts.access import current_club, principal, requires
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.accounts.states import Permission
from clubcrm.billing.operations import Sale, sell_membership, take_back_sale
from clubcrm.billing.operations import renew as renew_term
from clubcrm.billing.operations import upgrade as upgrade_term
from clubcrm.core import clock
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading
from clubcrm.frontdesk.forms.memberships import SellForm, TakeBackForm, UpgradeForm
from clubcrm.frontdesk.views import blueprint
from clubcrm.frontdesk.views.memberships.task import (
    Answer,
    answer_task,
    near_day,
    person_for,
    term_for,
)
from clubcrm.members.queries import (
    PersonRow,
    TermRow,
    get_plan,
    get_term,
    memberships_of,
    plans,
    shown_term,
)


@blueprint.route("/people/<int:person_id>/sell", methods=["GET", "POST"])
@requires(Permission.SELL)
def sell(person_id: int) -> Answer:
    """A new term of a plan, with its payment."""
    club = current_club(Permission.SELL)
    with reading() as session:
        person = person_for(session, person_id, Permission.SELL)
        offered = plans(session, club.id, on_sale=True)
        today = club.today(clock.now())
        running = shown_term(memberships_of(session, person.id), today)
    form = SellForm(club=club, plans=offered, starts_on=today)

    def make(session: Session) -> Sale:
        price = form.agreed_price
        return sell_membership(
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

    return _answer_sale(
        form,
        "frontdesk/memberships/sell.html",
        person=person,
        make=make,
        told=lambda term: _sold(term, club),
        running=running,
        offered=offered,
        today=today,
    )


def _answer_sale(
    form: SellForm | UpgradeForm,
    template: str,
    *,
    person: PersonRow,
    make: Callable[[Session], Sale],
    told: Callable[[TermRow], str],
    **page: Any,
) -> Answer:
    """Show the form of a sale, say what term it would make and what is then owed, or make it."""
    return answer_task(
        form,
        template,
        person=person,
        do=lambda session: get_term(session, make(session).membership_id),
        told=told,
        quote=lambda _session, term: _term_facts(term, form.paid(term.price)),
        **page,
    )


def _sold(term: TermRow, club: ClubRow) -> str:
    if term.ends_on is None:
        return _("Sold: %(plan)s, month to month.", plan=term.plan_name)
    return _(
        "Sold: %(plan)s, through %(day)s.", plan=term.plan_name, day=near_day(term.ends_on, club)
    )


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
        old = term_for(session, membership_id, Permission.SELL)
        person = person_for(session, old.person_id, Permission.SELL)
        club = get_club(session, old.club_id)
        offered = plans(session, club.id, on_sale=True)
        own = get_plan(session, old.plan_id)
    if own.is_imported and own not in offered:
        # Who came with a list renews the same again, though nobody has put it on sale yet.
        offered = [own, *offered]
    today = club.today(clock.now())
    starts_on = max(old.until_on or today, today)
    is_offered = any(plan.id == old.plan_id for plan in offered)
    form = SellForm(
        club=club,
        plans=offered,
        starts_on=starts_on,
        plan=str(old.plan_id) if is_offered else None,
    )

    def make(session: Session) -> Sale:
        price = form.agreed_price
        if price is None and int(form.plan.data) == own.id:
            price = old.price
        return renew_term(
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

    return _answer_sale(
        form,
        "frontdesk/memberships/renew.html",
        person=person,
        make=make,
        told=lambda term: _renewed(term, club),
        old=old,
        offered=offered,
        today=today,
    )


def _renewed(term: TermRow, club: ClubRow) -> str:
    if term.ends_on is None:
        return _("Renewed: %(plan)s, month to month.", plan=term.plan_name)
    return _(
        "Renewed: %(plan)s, through %(day)s.", plan=term.plan_name, day=near_day(term.ends_on, club)
    )


@blueprint.route("/memberships/<int:membership_id>/upgrade", methods=["GET", "POST"])
@requires(Permission.SELL)
def upgrade(membership_id: int) -> Answer:
    """Another plan in place of the running one, within its cycle."""
    with reading() as session:
        old = term_for(session, membership_id, Permission.SELL)
        person = person_for(session, old.person_id, Permission.SELL)
        club = get_club(session, old.club_id)
        offered = [p for p in plans(session, club.id, on_sale=True) if p.id != old.plan_id]
    today = club.today(clock.now())
    form = UpgradeForm(club=club, plans=offered, starts_on=today)

    def make(session: Session) -> Sale:
        price = form.agreed_price
        return upgrade_term(
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

    return _answer_sale(
        form,
        "frontdesk/memberships/upgrade.html",
        person=person,
        make=make,
        told=lambda term: _("Now %(plan)s.", plan=term.plan_name),
        old=old,
        today=today,
        offered=offered,
    )


@blueprint.route("/memberships/<int:membership_id>/take-back", methods=["GET", "POST"])
@requires(Permission.CANCEL_MEMBERSHIP)
def take_back(membership_id: int) -> Answer:
    """A term sold by mistake: it counts nowhere, and the money goes back."""
    with reading() as session:
        term = term_for(session, membership_id, Permission.CANCEL_MEMBERSHIP)
        person = person_for(session, term.person_id, Permission.CANCEL_MEMBERSHIP)
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

    return answer_task(
        form,
        "frontdesk/memberships/take_back.html",
        person=person,
        do=do,
        told=lambda _done: _("%(plan)s is taken back.", plan=term.plan_name),
        term=term,
    )
