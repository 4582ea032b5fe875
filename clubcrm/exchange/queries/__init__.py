"""Reads about imports, and the tables of an export."""

from clubcrm.exchange.queries.imports import (
    Alike,
    BatchRow,
    LineRow,
    UndoPreview,
    batches_of,
    duplicate_lines,
    get_batch,
    lines_of,
    made_counts,
    names_of_kept,
    problems_alike,
    rejected_lines,
    touched_count,
    undo_preview,
    undo_progress,
)
from clubcrm.exchange.queries.tables import TABLES, ExportTable

__all__ = [
    "TABLES",
    "Alike",
    "BatchRow",
    "ExportTable",
    "LineRow",
    "UndoPreview",
    "batches_of",
    "duplicate_lines",
    "get_batch",
    "lines_of",
    "made_counts",
    "names_of_kept",
    "problems_alike",
    "rejected_lines",
    "touched_count",
    "undo_preview",
    "undo_progress",
]
