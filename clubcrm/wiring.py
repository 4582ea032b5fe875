"""The one table of who hears of what, which jobs there are, and which pages are served."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import Blueprint

from clubcrm.accounts import models as accounts
from clubcrm.accounts.views import blueprint as accounts_pages
from clubcrm.api.health import blueprint as health_pages
from clubcrm.api.views import api as api_calls
from clubcrm.billing import events as of_billing
from clubcrm.billing import models as billing
from clubcrm.billing.handlers import invoices_are_voided
from clubcrm.core import models as core
from clubcrm.core.events import TOGETHER, Event, Subscription, Wiring
from clubcrm.core.idempotency import forget_answers
from clubcrm.core.jobs import Work
from clubcrm.core.schedule import Scheduled
from clubcrm.exchange import models as exchange
from clubcrm.frontdesk.views import blueprint as frontdesk_pages
from clubcrm.members import events as of_members
from clubcrm.members import models as members
from clubcrm.reports import models as reports
from clubcrm.reports.handlers import keep_renewal_outcomes
from clubcrm.retention import models as retention
from clubcrm.visits import models as visits

MODELS = (core, accounts, members, billing, visits, retention, reports, exchange)
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
    (TERM_CHANGED, [TOGETHER(keep_renewal_outcomes)]),
    (MONEY_MOVED, [TOGETHER(keep_renewal_outcomes)]),
)
"""Event -> listeners; TOGETHER in the recording transaction, AFTERWARDS through a delivery row."""

JOBS: Mapping[str, Work] = {}
"""Kind of job -> function."""

SCHEDULE: tuple[Scheduled, ...] = (Scheduled("answers.forget", timedelta(hours=1), forget_answers),)
"""What comes round again; the embedded worker and the queue's schedule are both made from this."""

BLUEPRINTS: tuple[Blueprint, ...] = (
    accounts_pages,
    frontdesk_pages,
    health_pages,
    api_calls,
)
"""The pages and the API, in the order in which they are registered."""
