"""What must always hold for imports."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, or_, select

from clubcrm.core.invariants import Examined, Invariant, rows_of
from clubcrm.exchange.models import ImportBatch, ImportRow
from clubcrm.exchange.states import BatchState, RowOutcome


def _wrong_sums(examined: Examined) -> Any:
    counted = ImportBatch.stored + ImportBatch.unchanged + ImportBatch.rejected
    return (
        select(
            ImportBatch.id,
            ImportBatch.read.label("read"),
            ImportBatch.stored.label("stored"),
            ImportBatch.unchanged.label("unchanged"),
            ImportBatch.rejected.label("rejected"),
        )
        .where(ImportBatch.club_id.in_(examined.clubs), ImportBatch.read != counted)
        .order_by(ImportBatch.id)
    )


def _lost_rejections(examined: Examined) -> Any:
    """Finished imports whose rejected lines are not all listed."""
    listed = (
        select(func.count())
        .where(ImportRow.batch_id == ImportBatch.id, ImportRow.outcome == RowOutcome.REJECTED)
        .correlate(ImportBatch)
        .scalar_subquery()
    )
    return (
        select(
            ImportBatch.id,
            ImportBatch.rejected.label("rejected"),
            listed.label("listed"),
        )
        .where(
            ImportBatch.club_id.in_(examined.clubs),
            or_(ImportBatch.state == BatchState.DONE, ImportBatch.state == BatchState.CHECKED),
            ImportBatch.rejected != listed,
        )
        .order_by(ImportBatch.id)
    )


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "exchange.sums",
        _l("Every row an import read was stored, unchanged or rejected."),
        rows_of("import", _wrong_sums),
    ),
    Invariant(
        "exchange.rejected",
        _l("Every row an import rejected is listed with its line."),
        rows_of("import", _lost_rejections),
    ),
)
"""The invariants of imports."""
