"""The desk: what a clerk does for somebody, through the same operations as the screens."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clubcrm.billing.operations import (
    Sale,
    renew,
    reverse_payment,
    sell_membership,
    take_back_sale,
    take_payment,
    upgrade,
)
from clubcrm.billing.operations.invoices import DebtValues, issue_invoices
from clubcrm.billing.queries import InvoiceRow, payments_of_membership
from clubcrm.billing.states import PaymentMethod
from clubcrm.core.actor import Actor
from clubcrm.core.money import Money
from clubcrm.core.period import Period
from clubcrm.members.operations import (
    ConsentValues,
    add_person,
    cancel_freeze,
    change_person,
    end_freeze,
    end_membership,
    freeze_membership,
    record_consents,
    request_cancellation,
    withdraw_cancellation,
)
from clubcrm.members.queries import TermRow
from clubcrm.members.states import ConsentChannel, EndReason
from clubcrm.simulator.club import House
from clubcrm.simulator.decisions import paying_of
from clubcrm.simulator.dice import happens, pick_weighted
from clubcrm.simulator.habits import character_of
from clubcrm.simulator.people import Newcomer, card_of, note_of
from clubcrm.simulator.plans import ANNUAL, TRIAL, first_plan
from clubcrm.simulator.roster import Member
from clubcrm.visits.operations import issue_card, replace_card

CONSENT_WORDS = "I agree that Aurora Fitness writes to me about offers and events by %s."

_METHODS = (
    (PaymentMethod.CARD, 0.62),
    (PaymentMethod.CASH, 0.18),
    (PaymentMethod.TRANSFER, 0.08),
    (PaymentMethod.ONLINE, 0.12),
)


@dataclass(frozen=True)
class Desk:
    """The desk of one house on one day."""

    house: House
    day: date

    def _clerk(self, *words: object) -> Actor:
        return self.house.clerk(self.day, *words)

    def join(self, somebody: Newcomer, session: Session, now: datetime) -> None:
        """Write somebody down, hand out the card, ask for consent, sell the first term."""
        by = self._clerk(somebody.no)
        club_id = self.house.club.id
        person_id = add_person(session, somebody.values, club_id=club_id, by=by, now=now)
        issue_card(session, person_id, somebody.card, club_id=club_id, by=by, now=now)
        consents = [
            ConsentValues(
                person_id=person_id,
                channel=channel,
                is_given=channel in somebody.consents,
                source="desk",
                wording=CONSENT_WORDS % channel,
            )
            for channel in ConsentChannel
        ]
        record_consents(session, consents, now=now)
        key = somebody.values.email or str(somebody.no)
        plan = TRIAL if happens(0.1, key, "trial") else first_plan(key)
        sale = self._sell_to(session, person_id, key, plan, by=by, now=now)
        if plan != TRIAL and happens(0.006, key, "wrong sale"):
            # The wrong button: taken back a few minutes later, and sold again.
            later = now + timedelta(minutes=4)
            reason = "Wrong plan chosen"
            take_back_sale(session, sale.membership_id, reason=reason, by=by, now=later)
            self._sell_to(session, person_id, key, plan, by=by, now=later)

    def sell(self, member: Member, plan: str, session: Session, now: datetime) -> None:
        """Sell somebody a term that starts today."""
        self._sell_to(session, member.id, member.key, plan, by=self._clerk(member.id), now=now)

    def _sell_to(
        self, session: Session, person_id: int, key: str, plan: str, *, by: Actor, now: datetime
    ) -> Sale:
        chosen = self.house.plans[plan]
        price = chosen.price or Money.zero(chosen.currency)
        return sell_membership(
            session,
            person_id,
            chosen.id,
            starts_on=self.day,
            paid=self._paid(key, plan, price),
            method=self._method(key, plan),
            by=by,
            now=now,
        )

    def renew(
        self, member: Member, term: TermRow, plan: str, session: Session, now: datetime
    ) -> None:
        """Renew a term."""
        # A plan the club has taken off its list is sold on as it was.
        chosen = self.house.plans.get(plan) or self.house.plans[term.plan_name]
        price = chosen.price or Money.zero(chosen.currency)
        renew(
            session,
            term.id,
            plan_id=chosen.id,
            paid=self._paid(member.key, chosen.name, price),
            method=self._method(member.key, chosen.name),
            by=self._clerk(member.id),
            now=now,
        )

    def upgrade(self, member: Member, term: TermRow, session: Session, now: datetime) -> None:
        """Exchange a running term for a whole year; what was paid for it counts."""
        chosen = self.house.plans[ANNUAL]
        full = chosen.price or Money.zero(chosen.currency)
        price = Money(max(0, full.minor - (term.price_minor or 0)), full.currency)
        upgrade(
            session,
            term.id,
            chosen.id,
            on=self.day,
            price=price,
            paid=price,
            method=self._method(member.key, chosen.name),
            by=self._clerk(member.id),
            now=now,
        )

    def refund(self, term: TermRow, session: Session, now: datetime) -> None:
        """Give a sale back within the first fortnight, money and all."""
        by = self._clerk(term.id)
        standing = [p.id for p in payments_of_membership(session, term.id) if p.stands]
        for payment_id in standing:
            reverse_payment(session, payment_id, reason="Cooling-off", by=by, now=now)
        end_membership(
            session,
            term.id,
            on=self.day,
            end_reason=EndReason.REFUNDED,
            note="Cooling-off",
            by=by,
            now=now,
        )

    def leave(self, term: TermRow, reason: str, session: Session, now: datetime) -> None:
        """Take a notice."""
        by = self._clerk(term.id)
        request_cancellation(session, term.id, last_day=None, reason=reason, by=by, now=now)

    def stay(self, term: TermRow, session: Session, now: datetime) -> None:
        """Take a notice back."""
        withdraw_cancellation(session, term.id, by=self._clerk(term.id), now=now)

    def freeze(
        self,
        term: TermRow,
        start: date,
        until: date | None,
        reason: str,
        session: Session,
        now: datetime,
    ) -> None:
        """Freeze a term."""
        period = Period(start, until)
        by = self._clerk(term.id)
        freeze_membership(session, term.id, period, reason=reason, by=by, now=now)

    def unfreeze(self, freeze_id: int, session: Session, now: datetime) -> None:
        """Take a freeze back before it begins."""
        cancel_freeze(session, freeze_id, by=self._clerk(freeze_id), now=now)

    def come_back(self, freeze_id: int, session: Session, now: datetime) -> None:
        """End a freeze: its owner stands here."""
        end_freeze(session, freeze_id, on=self.day, by=self._clerk(freeze_id), now=now)

    def pay(self, member: Member, invoice: InvoiceRow, session: Session, now: datetime) -> None:
        """Take what is owed on an invoice."""
        take_payment(
            session,
            member.id,
            invoice.open_amount,
            method=self._method(member.key, invoice.id),
            invoice_id=invoice.id,
            by=self._clerk(member.id),
            now=now,
        )

    def charge_month(self, member: Member, term: TermRow, session: Session, now: datetime) -> None:
        """Charge the month that begins, by direct debit; now and then the bank says no."""
        by = self._clerk(term.id)
        price = term.price or Money.zero(term.currency)
        if not price:
            return
        debt = DebtValues(
            person_id=member.id,
            amount=price,
            due_on=self.day,
            purpose=f"{term.plan_name}, {self.day:%Y-%m}",
            membership_id=term.id,
        )
        (invoice_id,) = issue_invoices(session, [debt], club_id=self.house.club.id, by=by, now=now)
        paying = paying_of(
            member.key, character_of(member.key).pays_late, (debt.purpose, self.day), self.day
        )
        if paying.share < 1:
            return
        take_payment(
            session,
            member.id,
            price,
            method=PaymentMethod.DIRECT_DEBIT,
            invoice_id=invoice_id,
            by=by,
            now=now,
        )

    def book_again(self, member: Member, term: TermRow, session: Session, now: datetime) -> None:
        """Yesterday's money was booked under the wrong method: taken back, and booked again."""
        standing = [p for p in payments_of_membership(session, term.id) if p.stands]
        if not standing or standing[-1].invoice_id is None:
            return
        by = self._clerk(member.id)
        reverse_payment(session, standing[-1].id, reason="Wrong method", by=by, now=now)
        take_payment(
            session,
            member.id,
            standing[-1].amount,
            method=PaymentMethod.CASH,
            invoice_id=standing[-1].invoice_id,
            by=by,
            now=now,
        )

    def new_card(self, member: Member, session: Session, now: datetime) -> None:
        """Replace a lost card."""
        code = card_of(member.id, 1 + self.day.toordinal() % 7)
        by = self._clerk(member.id)
        club_id = self.house.club.id
        replace_card(session, member.id, f"{code}9", club_id=club_id, by=by, now=now)

    def note(self, member: Member, session: Session, now: datetime) -> None:
        """Note something down."""
        changes = {"note": note_of(member.key, self.day)}
        change_person(session, member.id, changes, by=self._clerk(member.id), now=now)

    def _paid(self, key: str, plan: str, price: Money) -> Money | None:
        """What is paid at once."""
        paying = paying_of(key, character_of(key).pays_late, (plan, self.day), self.day)
        paid = Money(int(price.minor * paying.share) // 100 * 100, price.currency)
        return price if paying.share == 1 else (paid or None)

    def _method(self, key: str, what: object) -> PaymentMethod:
        return pick_weighted(_METHODS, key, what, self.day, "method")
