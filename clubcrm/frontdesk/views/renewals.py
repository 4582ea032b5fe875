"""Renewals: how many of the terms that ended were followed, month by month, and the names behind."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from clubcrm.accounts.access import current_club, my_clubs, principal, requires
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.calendars import CalendarName, add_months, month_start, parse_jalali
from clubcrm.core.errors import NotFound, Words
from clubcrm.core.formats import format_month
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading
from clubcrm.frontdesk.charts import renewal_bars
from clubcrm.frontdesk.views import blueprint, read_place, written_place
from clubcrm.reports.queries.renewals import (
    GRACE_DAYS,
    RenewalRow,
    count_renewal_names,
    excluded_ends,
    renewal_names,
    renewals,
    total_of,
)
from clubcrm.reports.states import Bucket, By, Excluded

BUCKET_WORDS: dict[Bucket, Words] = {
    Bucket.EARLY: _l("renewed early"),
    Bucket.WINDOW: _l("renewed in the window"),
    Bucket.LATE: _l("renewed late"),
    Bucket.NOT_RENEWED: _l("not renewed"),
    Bucket.PENDING: _l("still open"),
}
BUCKET_TONES = {
    Bucket.EARLY: "in",
    Bucket.WINDOW: "in",
    Bucket.LATE: "in",
    Bucket.NOT_RENEWED: "stop",
    Bucket.PENDING: "warn",
}
BUCKET_ICONS = {
    Bucket.EARLY: "circle-check",
    Bucket.WINDOW: "circle-check",
    Bucket.LATE: "circle-check",
    Bucket.NOT_RENEWED: "door-exit",
    Bucket.PENDING: "clock",
}
RENEWED = (Bucket.EARLY, Bucket.WINDOW, Bucket.LATE)
GROUPS: dict[str, tuple[Bucket, ...]] = {
    "due": tuple(Bucket),
    "renewed": RENEWED,
    **{bucket.value: (bucket,) for bucket in Bucket},
}
GROUP_TITLES: dict[str, Words] = {
    "due": _l("Due for renewal"),
    "renewed": _l("Renewed"),
    Bucket.EARLY.value: _l("Renewed early"),
    Bucket.WINDOW.value: _l("Renewed in the window"),
    Bucket.LATE.value: _l("Renewed late"),
    Bucket.NOT_RENEWED.value: _l("Not renewed"),
    Bucket.PENDING.value: _l("Still open"),
}
EXCLUDED_WORDS: dict[Excluded, Words] = {
    Excluded.TRIAL: _l("trial and guest passes"),
    Excluded.UPGRADED: _l("replaced by an upgrade, due at the new end"),
    Excluded.TRANSFERRED: _l("moved to another club, due there"),
    Excluded.REFUNDED: _l("refunded in the first days"),
    Excluded.DIED: _l("died"),
    Excluded.COVERED: _l("covered by another term that runs on"),
}
BY_WORDS: dict[By, Words] = {
    By.MONTH: _l("Month"),
    By.PLAN: _l("Plan"),
    By.CLUB: _l("Club"),
    By.TRAINER: _l("Trainer"),
    By.STAFF: _l("Sold by"),
}
GRACES = (0, 14, GRACE_DAYS)
NAMES = 100


@dataclass(frozen=True)
class Wanted:
    """What the address asks for. Days are inclusive."""

    start: date
    end: date
    by: By
    grace: int
    clubs: frozenset[int]
    today: date


def _day(name: str, fallback: date) -> date:
    """A day of the address; what cannot be read is as if it were not there."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return fallback


def _wanted(club: ClubRow) -> Wanted:
    today = club.today(clock.now())
    calendar = calendar_of(club)
    this_month = month_start(today, calendar)
    start = _day("from", add_months(this_month, -10, calendar))
    end = _day("to", add_months(this_month, 2, calendar) - timedelta(days=1))
    by = request.args.get("by", By.MONTH.value)
    grace = request.args.get("grace", GRACE_DAYS, type=int)
    scope = principal().scope(Permission.SEE_REPORTS)
    one = request.args.get("club", type=int)
    return Wanted(
        start=start,
        end=max(start, end),
        by=By(by) if by in set(By) else By.MONTH,
        grace=grace if grace in GRACES else GRACE_DAYS,
        clubs=frozenset({one}) & scope if one else frozenset({club.id}) & scope or scope,
        today=today,
    )


@blueprint.get("/renewals", endpoint="renewals")
@requires(Permission.SEE_REPORTS)
def renewals_page() -> str:
    """The report as a page: figures, chart by month, table by what the reader chooses."""
    club = current_club(Permission.SEE_REPORTS)
    wanted = _wanted(club)
    clubs = frozenset(one.id for one in my_clubs()) if wanted.by is By.CLUB else wanted.clubs
    scope = clubs & principal().scope(Permission.SEE_REPORTS)

    def report(session: Session, by: By, *, is_brief: bool = False) -> list[RenewalRow]:
        return renewals(
            session,
            scope=scope,
            start=wanted.start,
            end=wanted.end,
            today=wanted.today,
            grace=wanted.grace,
            by=by,
            is_brief=is_brief,
        )

    with reading() as session:
        rows = report(session, wanted.by)
        by_month = wanted.by is By.MONTH
        months = rows if by_month else report(session, By.MONTH, is_brief=True)
        left_out = excluded_ends(session, scope=scope, start=wanted.start, end=wanted.end)
    total = total_of(rows)
    return render_template(
        "frontdesk/renewals/page.html",
        section="renewals",
        wanted=wanted,
        rows=rows,
        total=total,
        chart=renewal_bars(months, from_right=get_locale().text_direction == "rtl")
        if len(months) > 1
        else None,
        value_rate=total.value_renewed / total.value_due if total.value_due else None,
        value_due=Money(total.value_due, club.currency),
        left_out={EXCLUDED_WORDS[reason]: count for reason, count in left_out.items()},
        by_words=BY_WORDS,
        graces=GRACES,
        row_name=_row_name(wanted, club),
        month_short=month_short(club),
        names_url=_names_url(wanted, club),
        month_url=lambda row: _names_url(wanted, club)(row, "due", By.MONTH),
    )


def month_days(key: str, club: ClubRow) -> tuple[date, date]:
    """First and last day of the month a key of the report names."""
    calendar = calendar_of(club)
    year, month = (int(part) for part in key.split("-"))
    first = parse_jalali(year, month, 1) if calendar == "jalali" else date(year, month, 1)
    return first, add_months(first, 1, calendar) - timedelta(days=1)


def calendar_of(club: ClubRow) -> CalendarName:
    """The calendar in which a club counts its months."""
    return "jalali" if club.calendar == "jalali" else "gregorian"


def _row_name(wanted: Wanted, club: ClubRow) -> Any:
    def name(row: RenewalRow) -> str:
        if wanted.by is By.MONTH:
            return format_month(month_days(row.key, club)[0], None, calendar_of(club))
        return row.label or _("not stated")

    return name


def month_short(club: ClubRow) -> Any:
    """What a month of the report is called on an axis."""

    def name(row: RenewalRow) -> str:
        written = format_month(month_days(row.key, club)[0], None, calendar_of(club))
        return "".join(part for part in written if not part.isdigit()).strip(" ,/")

    return name


def _names_url(wanted: Wanted, club: ClubRow) -> Any:
    """The address of the names behind a figure of a line (None = all lines)."""

    def url(row: RenewalRow | None, group: str, by: By | None = None) -> str:
        by = by or wanted.by
        start, end = wanted.start, wanted.end
        more: dict[str, Any] = {}
        if row is not None and by is By.MONTH:
            first, last = month_days(row.key, club)
            start, end = max(start, first), min(end, last)
        elif row is not None:
            more = {"by": by.value, "key": row.key}
        if request.args.get("club"):
            more["club"] = request.args["club"]
        more |= {"from": start.isoformat(), "to": end.isoformat()}
        return url_for("frontdesk.renewal_names_page", group=group, grace=wanted.grace, **more)

    return url


@blueprint.get("/renewals/names/<group>")
@requires(Permission.SEE_REPORTS)
def renewal_names_page(group: str) -> str:
    """The people behind a figure of the report."""
    if group not in GROUPS:
        raise NotFound
    club = current_club(Permission.SEE_REPORTS)
    wanted = _wanted(club)
    key = request.args.get("key")
    by_club = wanted.by is By.CLUB and key is not None
    scope = principal().scope(Permission.SEE_REPORTS) if by_club else wanted.clubs
    asked: dict[str, Any] = {
        "scope": scope,
        "start": wanted.start,
        "end": wanted.end,
        "today": wanted.today,
        "grace": wanted.grace,
        "buckets": GROUPS[group],
        "by": wanted.by if key is not None else None,
        "key": key,
    }
    with reading() as session:
        count = count_renewal_names(session, **asked)
        names = renewal_names(session, **asked, after=_after(), limit=NAMES + 1)
    has_more = len(names) > NAMES
    names = names[:NAMES]
    return render_template(
        "frontdesk/renewals/names.html",
        section="renewals",
        wanted=wanted,
        names=names,
        count=count,
        next_place=written_place(_told(names[-1].place)) if has_more else None,
        key=key if key != "" else _("not stated"),
        title=GROUP_TITLES[group],
        shows_bucket=len(GROUPS[group]) > 1,
        bucket_words=BUCKET_WORDS,
        bucket_tones=BUCKET_TONES,
        bucket_icons=BUCKET_ICONS,
    )


def _told(place: tuple[date, str, int]) -> list[Any]:
    return [place[0].isoformat(), *place[1:]]


def _after() -> tuple[date, str, int] | None:
    """After whom the names go on; what cannot be read is the start."""
    try:
        ends_on, name, term_id = read_place(request.args.get("after")) or []
        return date.fromisoformat(ends_on), str(name), int(term_id)
    except (ValueError, TypeError):
        return None
