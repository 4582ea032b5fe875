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


def renewal_bars(
    rows: Sequence[RenewalRow], *, from_right: bool, width: int = WIDTH, height: int = HEIGHT
) -> BarChart:
    """Share of the terms due in each month that were renewed or are still pending."""
    start, end = (RIGHT, width - LEFT) if from_right else (LEFT, width - RIGHT)

    def level(share: float) -> float:
        return TOP + (height - TOP - BOTTOM) * (1 - share)

    slot = (end - start) / max(1, len(rows))
    bar = min(64.0, slot * 0.6)
    bars = []
    for position, row in enumerate(rows):
        place = len(rows) - 1 - position if from_right else position
        renewed, pending = row.renewed / row.due, row.pending / row.due
        is_final = row.final_due == row.due
        bars.append(
            Bar(
                row=row,
                x=round(start + slot * place + (slot - bar) / 2, 1),
                width=round(bar, 1),
                top_renewed=round(level(renewed), 1),
                top_pending=round(level(renewed + pending), 1),
                foot=level(0),
                low=round(level(row.low), 1) if is_final and row.low is not None else None,
                high=round(level(row.high), 1) if is_final and row.high is not None else None,
            )
        )
    lines = tuple((round(level(share), 1), share) for share in (0.0, 0.25, 0.5, 0.75, 1.0))
    axis = width - LEFT + 8 if from_right else LEFT - 8
    return BarChart(width, height, tuple(bars), lines, start, end, axis)


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


@dataclass(frozen=True)
class AreaChart:
    """A figure day by day as a line over its ground, from nothing up: no axis is cut."""

    width: int
    height: int
    line: str
    ground: str
    first: tuple[float, float]
    last: tuple[float, float]
    foot: float


def area_chart(values: Sequence[int], *, from_right: bool, width: int, height: int) -> AreaChart:
    """The line of a figure, the oldest day first; at least two days."""
    top, foot, most = 18, height - 20, max(*values, 1)
    step = (width - 12) / (len(values) - 1)
    points = []
    for no, value in enumerate(values):
        x = 6 + step * no
        y = foot - (foot - top) * value / most
        points.append((round(width - x if from_right else x, 1), round(y, 1)))
    line = "M" + "L".join(f"{x} {y}" for x, y in points)
    ground = f"{line}L{points[-1][0]} {foot}L{points[0][0]} {foot}Z"
    return AreaChart(width, height, line, ground, points[0], points[-1], foot)
