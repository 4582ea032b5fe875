"""Days and instants as seen from now, in words."""

from datetime import date, datetime, tzinfo
from zoneinfo import ZoneInfo

from babel import Locale
from flask_babel import gettext, ngettext

from clubcrm.core.clock import utc
from clubcrm.core.formats.figures import format_number


def relative_day(day: date, today: date, locale: str | Locale | None = None) -> str:
    """A day as seen from today: yesterday, 3 days ago, in 12 days, 4 months ago.

    In days up to 59, then in months of 30.4 days, from two years on in years. The words are those
    of the reader's language; the figures are written for ``locale``.
    """
    distance = (day - today).days
    if distance == 0:
        return gettext("today")
    if distance == -1:
        return gettext("yesterday")
    if distance == 1:
        return gettext("tomorrow")
    size = abs(distance)
    if size < 60:
        return _ago_or_in("day", size, distance, locale)
    if size < 730:
        return _ago_or_in("month", max(2, int(size / 30.4375)), distance, locale)
    return _ago_or_in("year", int(size / 365.25 + 0.01), distance, locale)


def relative_moment(
    moment: datetime, now: datetime, timezone: str | tzinfo, locale: str | Locale | None = None
) -> str:
    """An instant as seen from now: just now, 5 minutes ago, in 2 hours, then as ``relative_day``.

    Minutes within the hour, hours within the same local day; days are those of the zone's midnight.
    """
    seconds = (utc(moment) - utc(now)).total_seconds()
    zone = ZoneInfo(timezone) if isinstance(timezone, str) else timezone
    minutes = int(abs(seconds) // 60)
    if minutes == 0:
        return gettext("just now")
    if minutes < 60:
        return _ago_or_in("minute", minutes, seconds, locale)
    day, today = utc(moment).astimezone(zone).date(), utc(now).astimezone(zone).date()
    if day == today:
        return _ago_or_in("hour", minutes // 60, seconds, locale)
    return relative_day(day, today, locale)


def _ago_or_in(unit: str, count: int, direction: float, locale: str | Locale | None) -> str:
    figure = format_number(count, locale)
    if unit == "minute" and direction < 0:
        return ngettext("%(count)s minute ago", "%(count)s minutes ago", count, count=figure)
    if unit == "minute":
        return ngettext("in %(count)s minute", "in %(count)s minutes", count, count=figure)
    if unit == "hour" and direction < 0:
        return ngettext("%(count)s hour ago", "%(count)s hours ago", count, count=figure)
    if unit == "hour":
        return ngettext("in %(count)s hour", "in %(count)s hours", count, count=figure)
    if unit == "day" and direction < 0:
        return ngettext("%(count)s day ago", "%(count)s days ago", count, count=figure)
    if unit == "day":
        return ngettext("in %(count)s day", "in %(count)s days", count, count=figure)
    if unit == "month" and direction < 0:
        return ngettext("%(count)s month ago", "%(count)s months ago", count, count=figure)
    if unit == "month":
        return ngettext("in %(count)s month", "in %(count)s months", count, count=figure)
    if direction < 0:
        return ngettext("%(count)s year ago", "%(count)s years ago", count, count=figure)
    return ngettext("in %(count)s year", "in %(count)s years", count, count=figure)
