"""Why somebody is in a phase, in the club's words and the reader's language.

Reasons are kept as codes and figures; the words are made when somebody reads them. With `today` the
figures that grow by the day are brought up to it.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from babel.lists import format_list
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from clubcrm.core.calendars import CalendarName
from clubcrm.core.errors import Words
from clubcrm.core.formats import format_day, format_number, reader_locale, relative_day
from clubcrm.messaging.states import Refusal
from clubcrm.messaging.words import LEFT_OUT
from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.states import Goal, Reason, TouchpointState

Figures = Mapping[str, Any]


class Reader:
    """For whom the words are made: the club's calendar and its today, where they are known."""

    def __init__(self, today: date | None = None, calendar: CalendarName | None = None) -> None:
        self.today = today
        self.calendar = calendar

    def day(self, iso: str) -> str:
        """A day near today."""
        day = date.fromisoformat(iso)
        if self.today is None:
            return format_day(day, None, self.calendar)
        return format_day(day, None, self.calendar, "near", today=self.today)

    def when(self, figures: Figures) -> str:
        """A day as seen from today: 3 days ago, in 12 days; the day itself where today is unknown."""
        if self.today is None:
            return self.day(figures["on"])
        return relative_day(date.fromisoformat(figures["on"]), self.today)

    def days_since(self, figures: Figures) -> int:
        """Days that have passed since the day told."""
        if self.today is None:
            return int(figures["days"])
        return max(0, (self.today - date.fromisoformat(figures["on"])).days)

    def gap(self, figures: Figures) -> int:
        """Days away, up to today."""
        grown = 0
        if self.today is not None and figures.get("seen_on"):
            grown = (self.today - date.fromisoformat(figures["seen_on"])).days
        return int(figures["gap"]) + max(0, grown)


def reason_text(
    code: Reason | str,
    figures: Figures | None = None,
    *,
    today: date | None = None,
    calendar: CalendarName | None = None,
) -> str:
    """One reason in words: "usually every 2 days, now 7", "membership ended 12 days ago"."""
    reason, figures = Reason(code), figures or {}
    if reason in _DATED:
        return _DATED[reason](figures, Reader(today, calendar))
    return _COUNTED[reason](figures) if reason in _COUNTED else str(_PLAIN[reason])


def _starts_later(figures: Figures, reader: Reader) -> str:
    return _("membership starts %(when)s", when=reader.when(figures))


def _ended(figures: Figures, reader: Reader) -> str:
    return _("membership ended %(when)s", when=reader.when(figures))


def _freeze(figures: Figures, reader: Reader) -> str:
    return _("frozen, back on %(day)s", day=reader.day(figures["back_on"]))


def _notice(figures: Figures, reader: Reader) -> str:
    return _("gave notice, last day %(day)s", day=reader.day(figures["on"]))


def _window(figures: Figures, reader: Reader) -> str:
    return _("membership ends %(when)s", when=reader.when(figures))


def _few_visits_left(figures: Figures) -> str:
    left = int(figures["left"])
    if left == 0:
        return _("no visit left in the pack")
    return ngettext(
        "%(count)s visit left in the pack",
        "%(count)s visits left in the pack",
        left,
        count=format_number(left),
    )


def _came_back(figures: Figures, reader: Reader) -> str:
    away = int(figures["away"])
    return ngettext(
        "came back %(when)s after %(count)s day away",
        "came back %(when)s after %(count)s days away",
        away,
        when=reader.when(figures),
        count=format_number(away),
    )


def _new(figures: Figures, reader: Reader) -> str:
    days = reader.days_since(figures)
    if days == 0:
        return _("member since today")
    return ngettext(
        "member for %(count)s day",
        "member for %(count)s days",
        days,
        count=format_number(days),
    )


def _no_visit_yet(figures: Figures, reader: Reader) -> str:
    days = reader.days_since(figures)
    if days == 0:
        return _("member since today, no visit yet")
    return ngettext(
        "member for %(count)s day, no visit yet",
        "member for %(count)s days, no visit yet",
        days,
        count=format_number(days),
    )


def _long_gap(figures: Figures, reader: Reader) -> str:
    gap = reader.gap(figures)
    return ngettext(
        "no visit for %(count)s day", "no visit for %(count)s days", gap, count=format_number(gap)
    )


def _gap(figures: Figures, reader: Reader) -> str:
    now = format_number(reader.gap(figures))
    usual = int(figures["usual"])
    if usual == 1:
        return _("usually every day, now %(now)s days away", now=now)
    return ngettext(
        "usually every %(usual)s day, now %(now)s",
        "usually every %(usual)s days, now %(now)s",
        usual,
        usual=format_number(usual),
        now=now,
    )


def _drop(figures: Figures) -> str:
    usual = int(figures["usual"])
    return ngettext(
        "usually %(usual)s visit in four weeks, now %(now)s",
        "usually %(usual)s visits in four weeks, now %(now)s",
        usual,
        usual=format_number(usual),
        now=format_number(figures["v28"]),
    )


def _slow_start(figures: Figures) -> str:
    visits = int(figures["v28"])
    if visits == 0:
        return _("a slow start: no visit in the last four weeks")
    return ngettext(
        "a slow start: %(count)s visit in the last four weeks",
        "a slow start: %(count)s visits in the last four weeks",
        visits,
        count=format_number(visits),
    )


def _at_own_pattern(figures: Figures) -> str:
    visits = int(figures["v28"])
    if visits == 0:
        return _("comes seldom, as always")
    return ngettext(
        "%(count)s visit in four weeks, as usual",
        "%(count)s visits in four weeks, as usual",
        visits,
        count=format_number(visits),
    )


_PLAIN: Final[Mapping[Reason, Words]] = {
    Reason.IMPORTED: _l("as the imported list had it"),
}

_COUNTED: Final[Mapping[Reason, Callable[[Figures], str]]] = {
    Reason.FEW_VISITS_LEFT: _few_visits_left,
    Reason.DROP: _drop,
    Reason.SLOW_START: _slow_start,
    Reason.AT_OWN_PATTERN: _at_own_pattern,
}

_DATED: Final[Mapping[Reason, Callable[[Figures, Reader], str]]] = {
    Reason.STARTS_LATER: _starts_later,
    Reason.ENDED: _ended,
    Reason.FREEZE: _freeze,
    Reason.NOTICE: _notice,
    Reason.WINDOW: _window,
    Reason.CAME_BACK: _came_back,
    Reason.NEW: _new,
    Reason.NO_VISIT_YET: _no_visit_yet,
    Reason.LONG_GAP: _long_gap,
    Reason.GAP: _gap,
}


# --- contacts -------------------------------------------------------------------------------

PLAYS: Final[Mapping[str, Words]] = {
    "K01": _l("Welcome"),
    "K02": _l("Not started yet"),
    "K03": _l("First month"),
    "K07": _l("Missed rhythm"),
    "K08": _l("Call after a week away"),
    "K13": _l("Renew early"),
    "K14": _l("Renewal call"),
    "K15": _l("Come back"),
    "K18": _l("First visit"),
    "K19": _l("Back again"),
}

_OCCASIONS: Final[Mapping[str, Words]] = {
    "welcome": _l("When somebody joins"),
    "slipped": _l("When somebody comes less than usual"),
    "window_opened": _l("When the time to renew begins"),
    "before_end": _l("Near the end, where nothing is renewed"),
    "first_arrival": _l("At the first visit"),
    "return": _l("At the first visit after a while away"),
}

CONTACT_STATES: Final[Mapping[TouchpointState, Words]] = {
    TouchpointState.PLANNED: _l("waits its turn"),
    TouchpointState.SKIPPED: _l("left out"),
    TouchpointState.HELD_OUT: _l("left alone on purpose, to compare"),
    TouchpointState.PROGRAMME_HELD_OUT: _l("left alone on purpose, to compare"),
    TouchpointState.QUEUED: _l("planned"),
    TouchpointState.SENT: _l("sent"),
    TouchpointState.TASK_OPEN: _l("to be done by staff"),
    TouchpointState.DONE: _l("done"),
    TouchpointState.FAILED: _l("did not get through"),
    TouchpointState.UNCERTAIN: _l("nobody can tell whether it arrived"),
    TouchpointState.CANCELLED: _l("not needed any more"),
    TouchpointState.EXPIRED: _l("its time was over"),
}

_CONTACT_REASONS: Final[Mapping[str, Words]] = {
    "phase_left": _l("things had changed by then"),
    "goal_met": _l("its aim was reached before"),
    "play_off": _l("the club does not make this contact any more"),
    "missed": _l("came by, and it was not said"),
    "ramp_ended": _l("the club left alone whoever was still waiting"),
}


def play_words(play: str) -> str:
    """The name of a contact in words; a club's own one has its code alone."""
    return str(PLAYS.get(play, play))


def occasion_words(rules: PlayRules) -> str:
    """When a contact is made: its occasion in words."""
    days = _listed([format_number(day) for day in rules.after])
    if rules.trigger == "not_started":
        return _("No visit by day %(days)s", days=days)
    if rules.trigger == "spell_day":
        return _("On day %(days)s of the membership", days=days)
    if rules.trigger == "still_at_risk":
        return _("Still away %(days)s days after the message", days=days)
    if rules.trigger == "ended":
        return _("%(days)s days after the end", days=days)
    return str(_OCCASIONS.get(rules.trigger, rules.trigger))


def step_words(rules: PlayRules) -> str:
    """When a later step of a contact is made."""
    if rules.before_days:
        return _("%(days)s days before the end", days=format_number(rules.before_days))
    days = _listed([format_number(day) for day in rules.after])
    return _("%(days)s days after the end", days=days)


def goal_words(rules: PlayRules) -> str:
    """What a contact is for, in words."""
    days = ngettext(
        "%(days)s day", "%(days)s days", rules.goal_days, days=format_number(rules.goal_days)
    )
    if rules.goal is Goal.VISIT:
        return _("a visit within %(days)s", days=days)
    if rules.goal is Goal.VISIT_DAYS:
        visits = format_number(rules.goal_visits)
        return _("visits on %(visits)s days within %(days)s", visits=visits, days=days)
    return _("a new term within %(days)s", days=days)


def _listed(words: list[str]) -> str:
    return format_list(words, style="or", locale=reader_locale()) if words else ""


def contact_reason(reason: str) -> str:
    """Why a contact was not made, in words; nothing where there is no more to say."""
    if reason in set(Refusal):
        return str(LEFT_OUT[Refusal(reason)])
    return str(_CONTACT_REASONS.get(reason, ""))
