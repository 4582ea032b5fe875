"""Reads about imports, and the tables of an export."""

from clubcrm.exchange.queries.imports import (
    BatchRow,
    LineRow,
    batches_of,
    duplicate_lines,
    get_batch,
    lines_of,
    made_counts,
    rejected_lines,
    touched_count,
)
from clubcrm.exchange.queries.tables import TABLES, ExportTable

__all__ = [
    "TABLES",
    "BatchRow",
    "ExportTable",
    "LineRow",
    "batches_of",
    "duplicate_lines",
    "get_batch",
    "lines_of",
    "made_counts",
    "rejected_lines",
    "touched_count",
]
