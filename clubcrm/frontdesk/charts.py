"""Where the parts of a drawn chart stand. Pure: figures in, places in the drawing's own units out.

Charts are drawn as SVG on the server: they need no script, print, and stand in the page's language.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from clubcrm.reports.queries.renewals import RenewalRow

WIDTH, HEIGHT = 1200, 300
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 16, 44


@dataclass(frozen=True)
class Bar:
    """One month: renewed solid, pending hatched above it, the range where its ends are final."""

    row: RenewalRow
    x: float
    width: float
    top_renewed: float
    top_pending: float
    foot: float
    low: float | None
    high: float | None

    @property
    def middle(self) -> float:
        """Where labels of the bar are centred."""
        return self.x + self.width / 2


@dataclass(frozen=True)
class BarChart:
    """The drawing: its bars, and its lines at full quarters as (place, share)."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, float], ...]
    start: int
    end: int
    axis: float


def _level(share: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)


def renewal_bars(rows: Sequence[RenewalRow], *, from_right: bool) -> BarChart:
    """Share of the terms due in each month that were renewed or are still pending."""
    start, end = (RIGHT, WIDTH - LEFT) if from_right else (LEFT, WIDTH - RIGHT)
    slot = (end - start) / max(1, len(rows))
    width = min(64.0, slot * 0.6)
    bars = []
    for position, row in enumerate(rows):
        place = len(rows) - 1 - position if from_right else position
        renewed, pending = row.renewed / row.due, row.pending / row.due
        is_final = row.final_due == row.due
        bars.append(
            Bar(
                row=row,
                x=round(start + slot * place + (slot - width) / 2, 1),
                width=round(width, 1),
                top_renewed=round(_level(renewed), 1),
                top_pending=round(_level(renewed + pending), 1),
                foot=_level(0),
                low=round(_level(row.low), 1) if is_final and row.low is not None else None,
                high=round(_level(row.high), 1) if is_final and row.high is not None else None,
            )
        )
    lines = tuple((round(_level(share), 1), share) for share in (0.0, 0.25, 0.5, 0.75, 1.0))
    axis = WIDTH - LEFT + 8 if from_right else LEFT - 8
    return BarChart(WIDTH, HEIGHT, tuple(bars), lines, start, end, axis)


@dataclass(frozen=True)
class Slice:
    """One part of a bar that is cut into parts, in units of a thousandth of the bar."""

    name: str
    x: float
    width: float


def sliced_bar(parts: Sequence[tuple[str, int]], *, from_right: bool) -> list[Slice]:
    """A bar cut into its parts in their order; parts of nothing are left out."""
    total = sum(count for _name, count in parts)
    slices, at = [], 0.0
    for name, count in parts:
        if count:
            width = 1000 * count / total
            x = 1000 - at - width if from_right else at
            slices.append(Slice(name, round(x, 1), round(width, 1)))
            at += width
    return slices
