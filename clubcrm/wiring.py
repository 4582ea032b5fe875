"""The one table of who hears of what, which jobs there are, and which pages are served."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Blueprint

from clubcrm.accounts import events as of_accounts
from clubcrm.accounts import invariants as accounts_invariants
from clubcrm.accounts import models as accounts
from clubcrm.accounts.views import blueprint as accounts_pages
from clubcrm.api.health import blueprint as health_pages
from clubcrm.api.views import api as api_calls
from clubcrm.billing import events as of_billing
from clubcrm.billing import invariants as billing_invariants
from clubcrm.billing import models as billing
from clubcrm.billing.handlers import invoices_are_voided
from clubcrm.billing.jobs import block_debtors_everywhere, roll_over_everywhere
from clubcrm.core import invariants as core_invariants
from clubcrm.core import models as core
from clubcrm.core.events import AFTERWARDS, TOGETHER, Event, Subscription, Wiring
from clubcrm.core.idempotency import forget_answers
from clubcrm.core.invariants import Invariant
from clubcrm.core.jobs import Work
from clubcrm.core.schedule import Scheduled
from clubcrm.core.schema import MEASURED_EVERY, keep_tables_measured
from clubcrm.exchange import invariants as exchange_invariants
from clubcrm.exchange import models as exchange
from clubcrm.exchange.jobs import check_batch, forget_uploads, run_batch, undo_batch
from clubcrm.exchange.operations.batches import CHECK_JOB, RUN_JOB, UNDO_JOB
from clubcrm.exchange.views import blueprint as exchange_pages
from clubcrm.floor.views import blueprint as floor_pages
from clubcrm.frontdesk.views import blueprint as frontdesk_pages
from clubcrm.members import events as of_members
from clubcrm.members import invariants as members_invariants
from clubcrm.members import models as members
from clubcrm.messaging import events as of_messaging
from clubcrm.messaging import invariants as messaging_invariants
from clubcrm.messaging import models as messaging
from clubcrm.messaging.jobs import send_message, settle
from clubcrm.messaging.operations.messages import SEND_JOB
from clubcrm.messaging.views import blueprint as messaging_pages
from clubcrm.reports import invariants as reports_invariants
from clubcrm.reports import models as reports
from clubcrm.reports.handlers import (
    count_renewals_again,
    keep_renewal_outcomes,
    keep_trainers,
)
from clubcrm.reports.jobs import count_everywhere
from clubcrm.retention import invariants as retention_invariants
from clubcrm.retention import models as retention
from clubcrm.retention.handlers import (
    contact_is_open_to_doubt,
    contact_stayed_here,
    contact_was_made,
    contact_went_out,
    follow_newcomers,
    look_again_at_all_days,
    look_again_at_everybody,
    look_again_at_everybody_on_all_days,
    look_again_by_new_rules,
    look_again_from_then,
    look_again_where_it_decides,
    take_over_imported,
)
from clubcrm.retention.jobs import contacts_due, run_due
from clubcrm.retention.triggers import Standing, Trigger
from clubcrm.retention.triggers.ends import before_end, ended
from clubcrm.retention.triggers.moves import returns, slipped, welcome, window_opened
from clubcrm.retention.triggers.spells import first_arrival, not_started, spell_day
from clubcrm.retention.triggers.standing import (
    asleep_before,
    idle_since,
    in_window,
    lapsed_before,
    near_end,
    slipped_before,
    slow_since,
)
from clubcrm.retention.triggers.unanswered import still_at_risk
from clubcrm.schedule import invariants as schedule_invariants
from clubcrm.schedule import models as schedule
from clubcrm.trainers import invariants as trainers_invariants
from clubcrm.trainers import models as trainers
from clubcrm.trainers.handlers import (
    assign_named_trainers,
    make_staff_trainers,
    reassign_clients,
)
from clubcrm.visits import events as of_visits
from clubcrm.visits import invariants as visits_invariants
from clubcrm.visits import models as visits

MODELS = (
    core,
    accounts,
    members,
    messaging,
    trainers,
    billing,
    visits,
    schedule,
    retention,
    reports,
    exchange,
)
"""Where the tables are: importing this module maps them all."""

TERM_CHANGED = (
    of_members.MembershipSold,
    of_members.MembershipImported,
    of_members.MembershipRenewed,
    of_members.MembershipUpgraded,
    of_members.MembershipVoided,
    of_members.MembershipEndedEarly,
    of_members.CancellationRequested,
    of_members.CancellationWithdrawn,
    of_members.MembershipFrozen,
    of_members.FreezeEnded,
    of_members.FreezeCancelled,
    of_members.TermsMoved,
)

PHASE_FROM_THEN = (
    of_members.MembershipSold,
    of_members.MembershipRenewed,
    of_members.CancellationRequested,
    of_members.MembershipFrozen,
    of_members.TermsMoved,
    of_visits.VisitRecorded,
    of_visits.VisitUndone,
    of_visits.VisitsRemoved,
)

PHASE_OF_ALL_DAYS = (
    of_members.MembershipUpgraded,
    of_members.MembershipVoided,
    of_members.MembershipEndedEarly,
    of_members.CancellationWithdrawn,
    of_members.FreezeEnded,
    of_members.FreezeCancelled,
    of_visits.OpeningBalanceSet,
)

PHASES_OF_THE_CLUB = (
    of_members.ClosureDeclared,
    of_members.SeasonDeclared,
    of_members.SeasonRemoved,
)

MONEY_MOVED = (of_billing.PaymentTaken, of_billing.PaymentReversed, of_billing.CreditUsed)


def _table(*lines: tuple[Sequence[type[Event]], Sequence[Subscription]]) -> Wiring:
    """Add up lines of (events, listeners) into one table."""
    table: dict[type[Event], tuple[Subscription, ...]] = {}
    for events, listeners in lines:
        for event in events:
            table[event] = (*table.get(event, ()), *listeners)
    return table


WIRING: Wiring = _table(
    ((of_members.MembershipVoided,), [TOGETHER(invoices_are_voided)]),
    ((of_accounts.StaffAdded,), [TOGETHER(make_staff_trainers)]),
    ((of_members.PersonAdded,), [TOGETHER(assign_named_trainers)]),
    ((of_members.PersonChanged,), [TOGETHER(reassign_clients)]),
    (TERM_CHANGED, [TOGETHER(keep_renewal_outcomes)]),
    (MONEY_MOVED, [TOGETHER(keep_renewal_outcomes)]),
    ((of_members.PersonChanged,), [TOGETHER(keep_trainers)]),
    ((of_accounts.ClubSettingsChanged,), [TOGETHER(count_renewals_again)]),
    ((of_members.PersonAdded,), [TOGETHER(follow_newcomers)]),
    ((of_members.PersonChanged,), [TOGETHER(look_again_where_it_decides)]),
    ((of_members.MembershipImported,), [TOGETHER(take_over_imported)]),
    (PHASE_FROM_THEN, [TOGETHER(look_again_from_then)]),
    (PHASE_OF_ALL_DAYS, [TOGETHER(look_again_at_all_days)]),
    (PHASES_OF_THE_CLUB, [TOGETHER(look_again_at_everybody)]),
    ((of_members.ClosureWithdrawn,), [TOGETHER(look_again_at_everybody_on_all_days)]),
    ((of_accounts.ClubSettingsChanged,), [TOGETHER(look_again_by_new_rules)]),
    ((of_messaging.MessageSent,), [AFTERWARDS(contact_went_out)]),
    ((of_messaging.MessageNotSent,), [AFTERWARDS(contact_stayed_here)]),
    ((of_messaging.MessageUncertain,), [AFTERWARDS(contact_is_open_to_doubt)]),
    ((of_messaging.TaskClosed,), [AFTERWARDS(contact_was_made)]),
)
"""Event -> listeners; TOGETHER in the recording transaction, AFTERWARDS through a delivery row."""

JOBS: Mapping[str, Work] = {
    CHECK_JOB: check_batch,
    RUN_JOB: run_batch,
    UNDO_JOB: undo_batch,
    SEND_JOB: send_message,
}
"""Kind of job -> function."""

TRIGGERS: Mapping[str, Trigger] = {
    "welcome": welcome,
    "not_started": not_started,
    "spell_day": spell_day,
    "first_arrival": first_arrival,
    "slipped": slipped,
    "still_at_risk": still_at_risk,
    "return": returns,
    "window_opened": window_opened,
    "before_end": before_end,
    "ended": ended,
}
"""What gives the occasion for a contact: the name by which plays ask for it -> the rule."""

STANDING: Mapping[str, Standing] = {
    "not_started": idle_since,
    "spell_day": slow_since,
    "slipped": slipped_before,
    "still_at_risk": asleep_before,
    "window_opened": in_window,
    "before_end": near_end,
    "ended": lapsed_before,
}
"""Trigger -> who is in its state since before the club made contacts; those without have no backlog."""

SCHEDULE: tuple[Scheduled, ...] = (
    Scheduled("answers.forget", timedelta(hours=1), forget_answers),
    Scheduled("tables.measure", MEASURED_EVERY, keep_tables_measured),
    Scheduled("uploads.forget", timedelta(hours=6), forget_uploads),
    Scheduled("terms.roll_over", timedelta(minutes=1), roll_over_everywhere),
    Scheduled("debts.block", timedelta(minutes=5), block_debtors_everywhere),
    Scheduled("phases.run", timedelta(seconds=30), run_due),
    Scheduled("contacts.run", timedelta(seconds=30), contacts_due),
    Scheduled("messages.settle", timedelta(seconds=30), settle),
    Scheduled("figures.count", timedelta(minutes=1), count_everywhere),
)
"""What comes round again; the embedded worker and the queue's schedule are both made from this."""

BLUEPRINTS: tuple[Blueprint, ...] = (
    accounts_pages,
    frontdesk_pages,
    floor_pages,
    exchange_pages,
    messaging_pages,
    health_pages,
    api_calls,
)
"""The pages and the API, in the order in which they are registered."""

INVARIANTS: tuple[Invariant, ...] = (
    *core_invariants.INVARIANTS,
    *accounts_invariants.INVARIANTS,
    *members_invariants.INVARIANTS,
    *trainers_invariants.INVARIANTS,
    *messaging_invariants.INVARIANTS,
    *billing_invariants.INVARIANTS,
    *visits_invariants.INVARIANTS,
    *schedule_invariants.INVARIANTS,
    *retention_invariants.INVARIANTS,
    *reports_invariants.INVARIANTS,
    *exchange_invariants.INVARIANTS,
)
"""What must always hold; the doctor asks it."""
