"""Reads about imports, and the tables of an export."""

from clubcrm.exchange.queries.imports import (
    BatchRow,
    LineRow,
    UndoPreview,
    batches_of,
    duplicate_lines,
    get_batch,
    lines_of,
    made_counts,
    rejected_lines,
    touched_count,
    undo_preview,
)
from clubcrm.exchange.queries.tables import TABLES, ExportTable

__all__ = [
    "TABLES",
    "BatchRow",
    "ExportTable",
    "LineRow",
    "UndoPreview",
    "batches_of",
    "duplicate_lines",
    "get_batch",
    "lines_of",
    "made_counts",
    "rejected_lines",
    "touched_count",
    "undo_preview",
]
