"""The card of one member: everything that is known now, read in one go."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.billing.queries import (
    InvoiceRow,
    Owed,
    PaymentRow,
    invoices_of,
    on_account_of,
    owed_on,
    payments_of,
)
from clubcrm.billing.states import InvoiceState
from clubcrm.core.days import day_no
from clubcrm.core.money import Money
from clubcrm.members.policies import length_of
from clubcrm.members.queries import (
    ConsentRow,
    PersonRow,
    TermRow,
    closures_of,
    consents_of,
    get_person,
    memberships_of,
    shown_term,
    tags_of,
)
from clubcrm.members.states import ConsentChannel
from clubcrm.retention.policies import FAR, rules_of
from clubcrm.retention.policies.facts import Term
from clubcrm.retention.policies.terms import window
from clubcrm.retention.queries import StandingRow, phase_history_of, standing_at
from clubcrm.retention.states import Phase
from clubcrm.visits.queries import (
    BalanceRow,
    codes_of,
    opening_balances_of,
    visit_days_of,
)

SHOWN_DAYS = 366


@dataclass(frozen=True)
class PhaseSpan:
    """A phase from a day on; it lasts until the next one begins."""

    from_on: date
    phase: Phase


@dataclass(frozen=True)
class MemberCard:
    """All that the card shows. Money is of the person, whatever the club; see `visit_days`.

    `visit_days` are day numbers of the last year; days before `visits_known_from` are unknown.
    """

    person: PersonRow
    club: ClubRow
    today: date
    tags: tuple[str, ...]
    consents: Mapping[ConsentChannel, ConsentRow]
    cards: tuple[str, ...]
    terms: tuple[TermRow, ...]
    shown: TermRow | None
    standing: StandingRow
    window_days: int | None
    phases: tuple[PhaseSpan, ...]
    visit_days: tuple[int, ...]
    balance: BalanceRow | None
    closed_days: frozenset[int]
    owed: Owed | None
    invoices: tuple[InvoiceRow, ...]
    payments: tuple[PaymentRow, ...]
    on_account: tuple[Money, ...]

    @property
    def successor(self) -> TermRow | None:
        """The term that follows the one shown, sold already."""
        shown = self.shown
        return next((t for t in self.terms if shown and t.previous_id == shown.id), None)

    @property
    def renewals(self) -> int:
        """How often the shown chain was renewed, before this system too."""
        return self.standing.renewals

    @property
    def member_since(self) -> date | None:
        """Since when: as told, else the first day of the first term."""
        starts = [term.starts_on for term in self.terms]
        return self.person.joined_on or min(starts, default=None)

    @property
    def open_invoices(self) -> list[InvoiceRow]:
        """What is still owed, oldest first."""
        issued = [one for one in self.invoices if one.state is InvoiceState.ISSUED]
        return sorted(issued, key=lambda one: (one.due_on, one.id))

    @property
    def paid_this_term(self) -> Money | None:
        """What was paid for the shown term; None where nothing was asked for it."""
        if self.shown is None:
            return None
        asked = [one for one in self.invoices if one.membership_id == self.shown.id]
        if not asked:
            return None
        return Money(sum(one.paid_minor for one in asked), asked[0].currency)


def member_card(
    session: Session, person_id: int, *, scope: Collection[int], now: datetime
) -> MemberCard:
    """The card of a person seen at the clubs in scope. Raises UnknownPerson."""
    person = get_person(session, person_id, scope)
    club = get_club(session, person.home_club_id)
    today = club.today(now)
    ids = [person.id]
    terms = tuple(memberships_of(session, person.id))
    shown = shown_term(terms, today)
    invoices = tuple(invoices_of(session, person.id))
    first_no = day_no(today) - SHOWN_DAYS - 7
    return MemberCard(
        person=person,
        club=club,
        today=today,
        tags=tags_of(session, ids).get(person.id, ()),
        consents=consents_of(session, ids).get(person.id, {}),
        cards=tuple(codes_of(session, ids).get(person.id, ())),
        terms=terms,
        shown=shown,
        standing=standing_at(session, club, person.id, today),
        window_days=_window(shown, club),
        phases=tuple(_phases(session, person.id)),
        visit_days=tuple(visit_days_of(session, ids, first_no, day_no(today) + 1)[person.id]),
        balance=opening_balances_of(session, ids).get(person.id),
        closed_days=_closed(session, club.id, first_no, day_no(today) + 1),
        owed=owed_on(invoices),
        invoices=invoices,
        payments=tuple(payments_of(session, person.id)),
        on_account=tuple(on_account_of(session, person.id)),
    )


def _phases(session: Session, person_id: int) -> list[PhaseSpan]:
    found: list[PhaseSpan] = []
    for row in phase_history_of(session, person_id):
        span = PhaseSpan(row.from_on, row.phase)
        if found and found[-1].from_on == row.from_on:
            found[-1] = span
        elif not found or found[-1].phase is not row.phase:
            found.append(span)
    return found


def _window(term: TermRow | None, club: ClubRow) -> int | None:
    """How many days before its last one the term comes up for renewal; None = never."""
    if term is None or not term.is_access or term.is_trial or term.until_on is None:
        return None
    rules = rules_of(club.settings)
    if term.auto_renew and not rules.auto_window:
        return None
    agreed = term.agreed_until_on or term.until_on
    facts = Term(
        id=term.id,
        plan_id=term.plan_id,
        kind=term.kind,
        known=0,
        starts=day_no(term.starts_on),
        ends=(),
        length=length_of(term.months, term.days, term.starts_on, agreed) or FAR,
    )
    days = window(facts, rules)
    return days if days >= 0 else None


def _closed(session: Session, club_id: int, from_no: int, until_no: int) -> frozenset[int]:
    """The days on which the club was wholly closed."""
    start, until = date.fromordinal(from_no), date.fromordinal(until_no)
    closed: set[int] = set()
    for closure in closures_of(session, club_id, from_on=start, until_on=until):
        if closure.share_percent == 0:
            closed.update(range(day_no(closure.from_on), day_no(closure.until_on)))
    return frozenset(closed)
