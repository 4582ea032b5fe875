"""Drawings of so many parts that a template would take long over them."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Final

from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from clubcrm.frontdesk.phase_line import WeekBar
from clubcrm.presentation.figures import across, day_text, number_text
from clubcrm.presentation.looks import look_of
from clubcrm.presentation.reader import eye
from clubcrm.retention.states import Phase

_FOOT: Final = 126
_TALL: Final = 58
_SLIPPING: Final = frozenset(phase for phase in Phase if look_of(phase).tone in ("warn", "stop"))


def week_bars(bars: Iterable[WeekBar]) -> Markup:
    """The visits of each week on a member's line; what one points at is told in words."""
    drawn = []
    for x, width, share, visits, from_on, phase, is_closed in bars:
        place = f'x="{across(x, width)}" width="{width:.3f}%"'
        if share is None:
            words = _words(from_on, None)
            drawn.append(
                f'<rect class="bar-unknown" {place} y="122" height="4" rx="2">'
                f"<title>{words}</title></rect>"
            )
            continue
        height = round(_TALL * share, 1)
        kind = "bar bar-warn" if phase in _SLIPPING else "bar"
        drawn.append(
            f'<rect class="{kind}" {place} y="{_FOOT - height}" height="{height}" rx="2"/>'
            f'<rect class="bar-reach" {place} y="62" height="66">'
            f"<title>{_words(from_on, visits, is_closed)}</title></rect>"
        )
    return Markup("\n".join(drawn))  # noqa: S704  All of it is figures, but for the words.


def _words(from_on: date, visits: int | None, is_closed: bool = False) -> Markup:
    """What came of a week: Week of Mon 2 Nov: 3 visits; None = not known."""
    day = day_text(from_on, "near")
    return _week(day, visits, is_closed, number_text(visits or 0), eye().language)


@lru_cache(maxsize=4096)
def _week(day: str, visits: int | None, is_closed: bool, count: str, _language: str) -> Markup:
    if visits is None:
        return escape(_("Week of %(day)s: not known", day=day))
    if is_closed:
        return escape(_("Week of %(day)s: closed", day=day))
    words = ngettext(
        "Week of %(day)s: %(count)s visit",
        "Week of %(day)s: %(count)s visits",
        visits,
        day=day,
        count=count,
    )
    return escape(words)
