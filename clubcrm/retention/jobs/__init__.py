"""The background work of the life cycle: the run of each club's day, and the full rebuild that proves it."""

from clubcrm.retention.jobs.daily import run_day, run_due, run_missed_days
from clubcrm.retention.jobs.rebuild import Answer, Difference, compare, rebuild

__all__ = [
    "Answer",
    "Difference",
    "compare",
    "rebuild",
    "run_day",
    "run_due",
    "run_missed_days",
]
