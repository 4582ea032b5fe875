"""The vocabularies of import and export."""

from enum import StrEnum


class Kind(StrEnum):
    """What a file holds."""

    MEMBERS = "members"
    MEMBERSHIPS = "memberships"
    VISITS = "visits"
    PAYMENTS = "payments"
    DEBTS = "debts"
    FREEZES = "freezes"
    CLOSURES = "closures"


class BatchState(StrEnum):
    """How far an import is: `uploaded -> checked -> queued -> running -> done -> undone`, or failed."""

    UPLOADED = "uploaded"
    CHECKED = "checked"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    UNDONE = "undone"
    FAILED = "failed"


class RowOutcome(StrEnum):
    """What became of one row."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class Touch(StrEnum):
    """What an import did to a row of another table."""

    CREATED = "created"
    CHANGED = "changed"
