"""The owner's page: who renews, who slips, what changed, what is late, and how the base grows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from babel.dates import get_day_names
from flask import render_template, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from clubcrm.accounts.access import current_club, requires
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.days import day_bounds, first_weekday
from clubcrm.core.formats import format_number, format_percent, format_time
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading
from clubcrm.frontdesk.charts import AreaChart, BarChart, area_chart, renewal_bars, sliced_bar
from clubcrm.frontdesk.views import blueprint
from clubcrm.frontdesk.views.owner.names import PART_WORDS, since_yesterday_at, why_at_risk
from clubcrm.frontdesk.views.renewals import month_days, month_short
from clubcrm.frontdesk.views.tasks import late_tasks
from clubcrm.messaging.queries import task_counts
from clubcrm.reports.queries.owner import (
    SPANS,
    Asked,
    Growth,
    Heat,
    growth,
    heat,
    money_moved,
    most_at_risk,
    summary_of,
)
from clubcrm.reports.queries.renewals import RenewalRow, total_of
from clubcrm.reports.states import DuePart, Group

SHOWN = 4
SHADES = 8
BAR_SIZE = {"width": 560, "height": 270}
AREA_SIZE = {"width": 560, "height": 230}

HAPPENED_WORDS = {
    Group.RENEWED: (_l("renewed"), _l("bought the next term")),
    Group.SLIPPED: (_l("slipped"), _l("come less than usual")),
    Group.CAME_BACK: (_l("came back"), _l("were away, and train again")),
    Group.JOINED: (_l("joined"), _l("began a first membership")),
    Group.NOTICE: (_l("gave notice"), _l("the contract still runs")),
    Group.LEFT: (_l("left"), _l("ended and did not renew")),
}
"""What happened, and what that means."""


@dataclass(frozen=True)
class HeatCell:
    """One hour of one weekday: its mean, and how dark it is; no mean where no such day is known."""

    mean: float | None
    shade: int


@blueprint.get("/home")
@requires(Permission.SEE_HOME)
def owner() -> str:
    """The page: what was kept of the whole club, and a few names and days, however large the club is."""
    club = current_club(Permission.SEE_HOME)
    now = clock.now()
    today = club.today(now)
    asked = Asked(club.id, Group.AT_RISK, today, since_yesterday_at(club, now))
    begins, _ends = day_bounds(today, club.timezone, club.day_cutoff_minutes)
    with reading() as session:
        summary = summary_of(session, club, now)
        found: dict[str, Any] = {
            "risk": summary.risk,
            "due": summary.due,
            "happened": summary.happened,
            "counted_at": summary.counted_at if summary.counted_at < now else None,
            "most": most_at_risk(session, club.id, limit=SHOWN),
            "moved": money_moved(session, asked, begins),
            "late": late_tasks(task_counts(session, club.id, today)),
            "base": growth(session, club.id, today),
        }
        hours = heat(session, club.id, today, cutoff_minutes=club.day_cutoff_minutes)
    return render_template(
        "frontdesk/owner/page.html",
        section="home",
        asked=asked,
        **found,
        risk_value=Money(found["risk"].value_minor, club.currency) if found["risk"].known else None,
        **_due_parts(found["due"]),
        **_month_parts(summary.months, club),
        base_chart=_base_chart(found["base"]),
        heat_days=_weekdays(club),
        heat_rows=_heat_rows(hours, club),
        happened_words=HAPPENED_WORDS,
        spans=SPANS,
        money=lambda minor: Money(minor, club.currency),
        names_url=names_url,
        why_at_risk=why_at_risk,
        signed=signed,
        signed_percent=signed_percent,
    )


def names_url(group: str, **more: Any) -> str:
    """The address of the names behind a figure."""
    return url_for("frontdesk.owner_names", group=group, **more)


def signed(number: int) -> str:
    """A change with its sign: +28, or −3 with a true minus."""
    written = format_number(abs(number))
    return f"+{written}" if number > 0 else f"\u2212{written}" if number < 0 else written


def signed_percent(share: float) -> str:
    """The same of a share of one, with one decimal."""
    written = format_percent(abs(share), decimals=1)
    return f"+{written}" if share > 0 else f"\u2212{written}" if share < 0 else written


def _is_from_right() -> bool:
    return get_locale().text_direction == "rtl"


def _due_parts(due: Any) -> dict[str, Any]:
    """The bar of what is due, and how many calls it asks for."""
    slices = [(str(row.part), row.counts[-1]) for row in due[1:]]
    return {
        "due_bar": sliced_bar(slices, from_right=_is_from_right()),
        "to_call": next(row.counts[-1] for row in due if row.part is DuePart.HIGH),
        "part_words": PART_WORDS,
    }


def _month_parts(months: Sequence[RenewalRow], club: ClubRow) -> dict[str, Any]:
    chart: BarChart | None = None
    if len(months) > 1:
        chart = renewal_bars(months, from_right=_is_from_right(), **BAR_SIZE)

    def month_url(row: RenewalRow) -> str:
        first, last = month_days(row.key, club)
        span: dict[str, Any] = {"from": first.isoformat(), "to": last.isoformat()}
        return url_for("frontdesk.renewal_names_page", group="due", **span)

    return {
        "month_chart": chart,
        "month_total": total_of(months),
        "month_url": month_url,
        "month_short": month_short(club),
    }


def _base_chart(base: Growth) -> AreaChart | None:
    if len(base.days) < 2:
        return None
    values = [members for _day, members in base.days]
    return area_chart(values, from_right=_is_from_right(), **AREA_SIZE)


def _weekdays(club: ClubRow) -> list[tuple[int, str]]:
    """The weekdays as they run where the club is, by their short names."""
    first = first_weekday(club.territory)
    names = get_day_names("abbreviated", locale=get_locale())
    return [((first + no) % 7, names[(first + no) % 7]) for no in range(7)]


def _heat_rows(hours: Heat, club: ClubRow) -> list[tuple[str, list[HeatCell]]]:
    """The cells of the heat map, hour by hour."""
    most = hours.most or 1
    weekdays = [weekday for weekday, _name in _weekdays(club)]
    rows = []
    for hour in hours.hours:
        cells = []
        for weekday in weekdays:
            mean = hours.means.get((weekday, hour), 0.0) if weekday in hours.days else None
            cells.append(HeatCell(mean, round(SHADES * (mean or 0) / most)))
        rows.append((format_time(datetime(2000, 1, 1, hour, tzinfo=UTC)), cells))
    return rows
