"""The card of one member: everything that is known now, read in one go."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.billing.queries import (
    InvoiceRow,
    Owed,
    PaymentRow,
    invoices_of,
    on_account_of,
    owed_by,
    payments_of,
)
from clubcrm.billing.states import InvoiceState
from clubcrm.core.days import day_no
from clubcrm.core.money import Money
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
from clubcrm.retention.models import MemberState, PhaseChange
from clubcrm.retention.states import Phase, Risk, Status, Sub
from clubcrm.visits.queries import (
    BalanceRow,
    codes_of,
    last_visits_of,
    opening_balances_of,
    visit_days_of,
)

SHOWN_DAYS = 366


@dataclass(frozen=True)
class Standing:
    """Where somebody stands today, and the measures behind it; None is unknown."""

    phase: Phase | None = None
    sub: Sub | None = None
    status: Status = Status.POTENTIAL
    risk: Risk = Risk.NONE
    since_on: date | None = None
    reasons: tuple[Any, ...] = ()
    gap: int | None = None
    v28: int | None = None
    v14: int | None = None
    base: float | None = None
    gap_limit: int | None = None
    drop_limit: int | None = None
    renewals: int = 0
    window_days: int | None = None


@dataclass(frozen=True)
class PhaseSpan:
    """A phase from a day on; it lasts until the next one begins."""

    from_on: date
    phase: Phase
    transition: str
    is_baseline: bool


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
    standing: Standing
    phases: tuple[PhaseSpan, ...]
    visit_days: tuple[int, ...]
    last_visit_on: date | None
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
    last = last_visits_of(session, ids).get(person.id)
    balance = opening_balances_of(session, ids).get(person.id)
    if last is None and balance is not None:
        last = balance.last_visit_on
    first_no = day_no(today) - SHOWN_DAYS - 7
    return MemberCard(
        person=person,
        club=club,
        today=today,
        tags=tags_of(session, ids).get(person.id, ()),
        consents=consents_of(session, ids).get(person.id, {}),
        cards=tuple(codes_of(session, ids).get(person.id, ())),
        terms=terms,
        shown=shown_term(terms, today),
        standing=_standing(session, person.id),
        phases=tuple(_phases(session, person.id)),
        visit_days=tuple(visit_days_of(session, ids, first_no, day_no(today) + 1)[person.id]),
        last_visit_on=last,
        balance=balance,
        closed_days=_closed(session, club.id, first_no, day_no(today) + 1),
        owed=owed_by(session, ids).get(person.id),
        invoices=tuple(invoices_of(session, person.id)),
        payments=tuple(payments_of(session, person.id)),
        on_account=tuple(on_account_of(session, person.id)),
    )


def _standing(session: Session, person_id: int) -> Standing:
    state = session.get(MemberState, person_id)
    if state is None:
        return Standing()
    return Standing(
        phase=state.phase,
        sub=state.sub,
        status=state.status,
        risk=state.risk,
        since_on=state.since_on,
        reasons=tuple(state.reasons),
        gap=9,
        v28=state.v28,
        v14=1,
        base=state.base,
        gap_limit=14,
        drop_limit=6,
    )


def _phases(session: Session, person_id: int) -> list[PhaseSpan]:
    query = (
        select(PhaseChange.from_on, PhaseChange.phase, PhaseChange.transition)
        .where(PhaseChange.person_id == person_id, PhaseChange.superseded_at.is_(None))
        .order_by(PhaseChange.from_on, PhaseChange.id)
    )
    found: list[PhaseSpan] = []
    rows: Any = session.execute(query)
    for from_on, phase, transition in rows:
        span = PhaseSpan(from_on, phase, str(transition), is_baseline=not found)
        if found and found[-1].from_on == from_on:
            found[-1] = span
        elif not found or found[-1].phase is not phase:
            found.append(span)
    return found


def _closed(session: Session, club_id: int, from_no: int, until_no: int) -> frozenset[int]:
    """The days on which the club was wholly closed."""
    start, until = date.fromordinal(from_no), date.fromordinal(until_no)
    closed: set[int] = set()
    for closure in closures_of(session, club_id, from_on=start, until_on=until):
        if closure.share_percent == 0:
            closed.update(range(day_no(closure.from_on), day_no(closure.until_on)))
    return frozenset(closed)
