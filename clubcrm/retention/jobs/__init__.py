"""The background work of the life cycle: the run of each club's day, and the full rebuild that proves it."""

from clubcrm.retention.jobs.contacts import contacts_due, make_contacts, plan_day
from clubcrm.retention.jobs.daily import run_day, run_due, run_missed_days
from clubcrm.retention.jobs.rebuild import Answer, Difference, compare, rebuild

__all__ = [
    "Answer",
    "Difference",
    "compare",
    "contacts_due",
    "make_contacts",
    "plan_day",
    "rebuild",
    "run_day",
    "run_due",
    "run_missed_days",
]
