"""What happens with imports and exports."""

from dataclasses import dataclass

from clubcrm.core.events import Event


@dataclass(frozen=True, kw_only=True)
class FileImported(Event):
    """A file was taken in; figures of its rows."""

    batch_id: int
    kind: str
    read: int
    stored: int
    unchanged: int
    rejected: int


@dataclass(frozen=True, kw_only=True)
class ImportUndone(Event):
    """An import was taken back; figures of what went, what was given back and what was kept."""

    batch_id: int
    kind: str
    removed: int
    restored: int
    reversed: int
    kept: int
