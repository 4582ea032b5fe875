"""Selling, renewing, freezing and ending memberships."""

from datetime import datetime

from sqlalchemy.orm import Session

from clubcrm.accounts.access import requires
from clubcrm.accounts.states import Permission as P
from clubcrm.api.answers import writes
from clubcrm.api.queries import (
    club_that_sells,
    membership_out,
    number_of,
    person_in,
    plan_at,
    sight,
    term_in,
)
from clubcrm.api.schemas.memberships import (
    CancellationNew,
    FreezeNew,
    MembershipNew,
    MembershipOut,
    MembershipPage,
    RenewalNew,
)
from clubcrm.api.views import api
from clubcrm.billing.operations import renew, sell_membership
from clubcrm.core import clock
from clubcrm.core.actor import Actor
from clubcrm.core.period import Period
from clubcrm.core.transactions import reading
from clubcrm.members.errors import UnknownFreeze
from clubcrm.members.operations import (
    cancel_freeze,
    end_freeze,
    freeze_membership,
    request_cancellation,
)
from clubcrm.members.queries import get_freeze, memberships_of


@api.get("/members/<member_id>/memberships")
@requires(P.SEE_MEMBERS)
@api.output(MembershipPage)
@api.doc(tags=["Memberships"])
def list_memberships(member_id: str) -> MembershipPage:
    """List a person's memberships at the clubs in sight, newest first."""
    now = clock.now()
    with reading() as session:
        seen = sight(P.SEE_MEMBERS)
        person = person_in(session, member_id, seen.scope)
        terms = memberships_of(session, person.id)
    items = [
        MembershipOut.of(term, seen.code_of(term.club_id), seen.by_id[term.club_id].today(now))
        for term in terms
        if term.club_id in seen.scope
    ]
    return MembershipPage(items=items, next=None)


@api.get("/memberships/<membership_id>")
@requires(P.SEE_MEMBERS)
@api.output(MembershipOut)
@api.doc(tags=["Memberships"])
def show_membership(membership_id: str) -> MembershipOut:
    """Show one membership."""
    with reading() as session:
        seen = sight(P.SEE_MEMBERS)
        term = term_in(session, membership_id, seen.scope)
        return membership_out(session, seen, term.id, clock.now())


@api.post("/memberships")
@requires(P.SELL)
@api.input(MembershipNew, arg_name="body")
@api.output(MembershipOut, status_code=201)
@api.doc(tags=["Memberships"])
@writes(201)
def sell(body: MembershipNew, session: Session, by: Actor, now: datetime) -> MembershipOut:
    """Sell a membership.

    Its invoice is due today; `paid` is taken at once, the rest is owed.
    """
    seen = sight(P.SELL)
    person = person_in(session, body.member_id, seen.scope)
    club, plan = club_that_sells(session, seen, body.plan, person, body.club)
    sale = sell_membership(
        session,
        person.id,
        plan.id,
        starts_on=body.starts_on or club.today(now),
        ends_on=body.ends_on,
        price=body.price.money() if body.price else None,
        paid=body.paid.money() if body.paid else None,
        method=body.method,
        by=by,
        now=now,
    )
    return membership_out(session, seen, sale.membership_id, now)


@api.post("/memberships/<membership_id>/renewals")
@requires(P.SELL)
@api.input(RenewalNew, arg_name="body")
@api.output(MembershipOut, status_code=201)
@api.doc(tags=["Memberships"])
@writes(201)
def sell_renewal(
    membership_id: str, body: RenewalNew, session: Session, by: Actor, now: datetime
) -> MembershipOut:
    """Renew a membership: a new one that follows it, queued where it is sold early."""
    seen = sight(P.SELL)
    term = term_in(session, membership_id, seen.scope)
    plan = plan_at(session, body.plan, term.club_id) if body.plan else None
    sale = renew(
        session,
        term.id,
        plan_id=plan.id if plan else None,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        price=body.price.money() if body.price else None,
        paid=body.paid.money() if body.paid else None,
        method=body.method,
        by=by,
        now=now,
    )
    return membership_out(session, seen, sale.membership_id, now)


@api.post("/memberships/<membership_id>/freezes")
@requires(P.FREEZE)
@api.input(FreezeNew, arg_name="body")
@api.output(MembershipOut, status_code=201)
@api.doc(tags=["Memberships"])
@writes(201)
def freeze(
    membership_id: str, body: FreezeNew, session: Session, by: Actor, now: datetime
) -> MembershipOut:
    """Freeze a membership for some days; it ends so much later."""
    seen = sight(P.FREEZE)
    term = term_in(session, membership_id, seen.scope)
    period = Period(body.from_, body.until)
    freeze_membership(session, term.id, period, reason=body.reason, by=by, now=now)
    return membership_out(session, seen, term.id, now)


@api.delete("/freezes/<freeze_id>")
@requires(P.FREEZE)
@api.output(MembershipOut)
@api.doc(tags=["Memberships"])
@writes()
def end_or_cancel_freeze(
    freeze_id: str, session: Session, by: Actor, now: datetime
) -> MembershipOut:
    """End a freeze today, or take it back where it has not begun.

    Today is then the first day back; the days that are not used are given back.
    """
    seen = sight(P.FREEZE)
    found = get_freeze(session, number_of(freeze_id, UnknownFreeze))
    if found.club_id not in seen.scope:
        raise UnknownFreeze
    today = seen.by_id[found.club_id].today(now)
    if today <= found.from_on:
        cancel_freeze(session, found.id, by=by, now=now)
    else:
        end_freeze(session, found.id, on=today, by=by, now=now)
    return membership_out(session, seen, found.membership_id, now)


@api.post("/memberships/<membership_id>/cancellation")
@requires(P.CANCEL_MEMBERSHIP)
@api.input(CancellationNew, arg_name="body")
@api.output(MembershipOut, status_code=201)
@api.doc(tags=["Memberships"])
@writes(201)
def cancel(
    membership_id: str, body: CancellationNew, session: Session, by: Actor, now: datetime
) -> MembershipOut:
    """Take a member's notice for a contract that would go on by itself."""
    seen = sight(P.CANCEL_MEMBERSHIP)
    term = term_in(session, membership_id, seen.scope)
    request_cancellation(
        session, term.id, last_day=body.last_day, reason=body.reason, by=by, now=now
    )
    return membership_out(session, seen, term.id, now)
