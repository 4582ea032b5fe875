"""What a door's answer says, in the words of the desk and in the reader's language.

Facts are stored as codes and figures; words are made when somebody reads them, so that every reader
has them in his own language and calendar.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from clubcrm.core.errors import Words
from clubcrm.core.formats import (
    format_day,
    format_money,
    format_number,
    format_time,
    weekday_names,
)
from clubcrm.core.money import Money
from clubcrm.visits.policies import HoursNotReadable, read_hours
from clubcrm.visits.states import Fact, PromptCode, PromptReply

Figures = Mapping[str, Any]
Say = Words | Callable[[Mapping[str, Any], "Reader"], str]


@dataclass(frozen=True)
class Reader:
    """For whom words are made: the club's zone, calendar and today, and whether money is in toman."""

    timezone: str
    calendar: Any = None
    today: date | None = None
    toman: bool = False

    def day(self, iso: str) -> str:
        """A day near today."""
        return format_day(date.fromisoformat(iso), None, self.calendar, "near", today=self.today)

    def time(self, iso: str) -> str:
        """A time of the club's clock."""
        return format_time(datetime.fromisoformat(iso).astimezone(ZoneInfo(self.timezone)))

    def money(self, figures: Figures) -> str:
        """An amount owed."""
        return format_money(Money(figures["minor"], figures["currency"]), None, self.toman)


def headline(fact: Fact, figures: Figures, reader: Reader) -> str:
    """A reason in a few words, for the band and the lists: "ended 3 days ago"."""
    return _said(_HEADLINES[fact], figures, reader)


def sentence(fact: Fact, figures: Figures, reader: Reader) -> str:
    """A reason as a whole sentence, for the card and the API."""
    return _said(_SENTENCES[fact], figures, reader)


def question(prompt: PromptCode, figures: Figures, reader: Reader) -> str:
    """What the desk asks the person."""
    return _said(_QUESTIONS[prompt], figures, reader)


def why_asked(prompt: PromptCode, figures: Figures, reader: Reader) -> str:
    """What speaks for asking now, beneath the question; empty where the answer has said it all."""
    say = _WHYS.get(prompt)
    return say(figures, reader) if say else ""


def reply_words(prompt: PromptCode, reply: PromptReply) -> tuple[str, str]:
    """A reply on its key: what it is called, and what then happens."""
    called, then = _REPLIES[prompt, reply]
    return str(called), str(then)


def _said(say: Say, figures: Figures, reader: Reader) -> str:
    return say(figures, reader) if callable(say) else str(say)


# --- reasons --------------------------------------------------------------------------------


def _ended_headline(figures: Figures, _reader: Reader) -> str:
    days = figures["days"]
    return ngettext(
        "ended %(count)s day ago", "ended %(count)s days ago", days, count=format_number(days)
    )


def _ends_headline(figures: Figures, _reader: Reader) -> str:
    days = figures["days"]
    if days == 0:
        return _("ends today")
    return ngettext(
        "ends in %(count)s day", "ends in %(count)s days", days, count=format_number(days)
    )


def _starts_headline(figures: Figures, _reader: Reader) -> str:
    days = figures["days"]
    return ngettext(
        "starts in %(count)s day", "starts in %(count)s days", days, count=format_number(days)
    )


def _few_headline(figures: Figures, _reader: Reader) -> str:
    left = figures["left"]
    if left == 0:
        return _("the last visit")
    return ngettext(
        "%(count)s visit left", "%(count)s visits left", left, count=format_number(left)
    )


def _wrong_club_headline(figures: Figures, _reader: Reader) -> str:
    club = figures.get("club")
    return _("member of %(club)s", club=club) if club else _("member of another club")


_HEADLINES: Final[Mapping[Fact, Say]] = {
    Fact.NO_CONTACT: _l("not admitted"),
    Fact.CLUB_CLOSED: _l("club closed today"),
    Fact.NO_MEMBERSHIP: _l("no membership"),
    Fact.WRONG_CLUB: _wrong_club_headline,
    Fact.NOT_STARTED: _starts_headline,
    Fact.EXPIRED: _ended_headline,
    Fact.FROZEN: lambda f, r: _("frozen through %(day)s", day=r.day(_day_before(f["until"]))),
    Fact.NO_VISITS_LEFT: _l("no visits left"),
    Fact.WRONG_HOURS: _l("outside the plan’s hours"),
    Fact.DEBT: lambda f, r: _("owes %(amount)s", amount=r.money(f)),
    Fact.ENDS_SOON: _ends_headline,
    Fact.FEW_VISITS_LEFT: _few_headline,
    Fact.FIRST_VISIT: _l("first visit"),
    Fact.BIRTHDAY: _l("birthday"),
    Fact.ALREADY_IN: lambda f, r: _("since %(time)s", time=r.time(f["at"])),
}


def _day_before(iso: str) -> str:
    return date.fromordinal(date.fromisoformat(iso).toordinal() - 1).isoformat()


def _ended(figures: Figures, reader: Reader) -> str:
    day, days = reader.day(figures["on"]), figures["days"]
    return ngettext(
        "The membership ended on %(day)s, %(count)s day ago.",
        "The membership ended on %(day)s, %(count)s days ago.",
        days,
        day=day,
        count=format_number(days),
    )


def _ends(figures: Figures, reader: Reader) -> str:
    day, days = reader.day(figures["on"]), figures["days"]
    if days == 0:
        return _("Today is the last day of the membership.")
    return ngettext(
        "The membership ends on %(day)s, in %(count)s day.",
        "The membership ends on %(day)s, in %(count)s days.",
        days,
        day=day,
        count=format_number(days),
    )


def _starts(figures: Figures, reader: Reader) -> str:
    day, days = reader.day(figures["on"]), figures["days"]
    return ngettext(
        "The membership starts on %(day)s, in %(count)s day.",
        "The membership starts on %(day)s, in %(count)s days.",
        days,
        day=day,
        count=format_number(days),
    )


def _few(figures: Figures, _reader: Reader) -> str:
    left = figures["left"]
    if left == 0:
        return _("This is the last visit that was paid for.")
    return ngettext(
        "After this one %(count)s visit is left.",
        "After this one %(count)s visits are left.",
        left,
        count=format_number(left),
    )


def _frozen(figures: Figures, reader: Reader) -> str:
    return _(
        "The membership is frozen from %(first)s through %(last)s.",
        first=reader.day(figures["from"]),
        last=reader.day(_day_before(figures["until"])),
    )


def _hours(figures: Figures, _reader: Reader) -> str:
    return _(
        "%(plan)s opens the door at these hours only: %(hours)s.",
        plan=figures["plan"],
        hours=hours_text(figures["hours"]),
    )


def hours_text(written: str) -> str:
    """The hours of a plan in words: "Mon–Fri 06:00–16:00; Sat, Sun 08:00–20:00"."""
    try:
        spans = read_hours(written)
    except HoursNotReadable:
        return written
    return "; ".join(
        _("%(days)s %(start)s–%(end)s", days=_weekdays(days), start=_clock(start), end=_clock(end))
        for days, start, end in spans
    )


def _weekdays(days: frozenset[int]) -> str:
    if len(days) == 7:
        return _("every day")
    names = weekday_names()
    runs: list[list[int]] = []
    # From a day whose eve is closed, so that Sat–Wed is one run wherever the week begins.
    first = next(day for day in sorted(days) if (day - 1) % 7 not in days)
    for day in sorted(days, key=lambda day: (day - first) % 7):
        if runs and runs[-1][-1] == (day - 1) % 7:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = []
    for run in runs:
        if len(run) > 2:
            parts.append(f"{names[run[0]]}–{names[run[-1]]}")
        else:
            parts += [names[day] for day in run]
    return ", ".join(parts)


def _clock(minute: int) -> str:
    return format_time(time(minute // 60 % 24, minute % 60))


def _elsewhere(figures: Figures, _reader: Reader) -> str:
    club = figures.get("club")
    if not club:
        return _("The membership is for another club.")
    return _("The membership is for %(club)s.", club=club)


def _owes(figures: Figures, reader: Reader) -> str:
    due = reader.day(figures["due"])
    if figures["in_grace"]:
        grace = reader.day(figures["grace"])
        return _(
            "%(amount)s is owed since %(due)s; there is time until %(grace)s.",
            amount=reader.money(figures),
            due=due,
            grace=grace,
        )
    return _("%(amount)s is owed since %(due)s.", amount=reader.money(figures), due=due)


_SENTENCES: Final[Mapping[Fact, Say]] = {
    Fact.NO_CONTACT: _l("This person is not admitted. Ask a manager."),
    Fact.CLUB_CLOSED: _l("The club is closed today."),
    Fact.NO_MEMBERSHIP: _l("There is no membership yet."),
    Fact.WRONG_CLUB: _elsewhere,
    Fact.NOT_STARTED: _starts,
    Fact.EXPIRED: _ended,
    Fact.FROZEN: _frozen,
    Fact.NO_VISITS_LEFT: _l("All visits that were paid for are used."),
    Fact.WRONG_HOURS: _hours,
    Fact.DEBT: _owes,
    Fact.ENDS_SOON: _ends,
    Fact.FEW_VISITS_LEFT: _few,
    Fact.FIRST_VISIT: _l("This is the first visit."),
    Fact.BIRTHDAY: _l("It is this person’s birthday."),
    Fact.ALREADY_IN: lambda f, r: _("Came in at %(time)s already.", time=r.time(f["at"])),
}


# --- questions ------------------------------------------------------------------------------


def _renew(figures: Figures, _reader: Reader) -> str:
    if figures["fact"] in (Fact.EXPIRED, Fact.NO_VISITS_LEFT):
        return _("“Shall we go on with a new membership right now?”")
    return _("“Shall I renew your membership while you are here?”")


_QUESTIONS: Final[Mapping[PromptCode, Say]] = {
    PromptCode.END_FREEZE: _l("“Shall I end the freeze today?”"),
    PromptCode.TAKE_PAYMENT: lambda f, r: _(
        "“%(amount)s is still open. Shall we settle it now?”", amount=r.money(f)
    ),
    PromptCode.RENEW: _renew,
    PromptCode.GREET: _l("“Welcome! Shall I show you around?”"),
    PromptCode.CONGRATULATE: _l("“Happy birthday!”"),
    PromptCode.CONTACT: lambda figures, _reader: str(figures["title"]),
}


def _why_end_the_freeze(figures: Figures, _reader: Reader) -> str:
    days = figures["days"]
    return ngettext(
        "Ended today, the end of the membership comes %(count)s day nearer.",
        "Ended today, the end of the membership comes %(count)s days nearer.",
        days,
        count=format_number(days),
    )


def _why_pay(figures: Figures, reader: Reader) -> str:
    if figures["in_grace"]:
        return _("After %(day)s the door stops for it.", day=reader.day(figures["grace"]))
    return _("Once it is paid, the door opens again.")


def _why_renew(figures: Figures, reader: Reader) -> str:
    if figures["fact"] == Fact.ENDS_SOON:
        following = date.fromordinal(date.fromisoformat(figures["on"]).toordinal() + 1)
        return _(
            "The new membership begins on %(day)s, so no day is lost by renewing early.",
            day=reader.day(following.isoformat()),
        )
    if figures["fact"] == Fact.FEW_VISITS_LEFT:
        return _("Then nobody stands at the door with no visits left.")
    return _("The new membership begins today.")


_WHYS: Final[Mapping[PromptCode, Callable[[Figures, Reader], str]]] = {
    PromptCode.END_FREEZE: _why_end_the_freeze,
    PromptCode.TAKE_PAYMENT: _why_pay,
    PromptCode.RENEW: _why_renew,
    PromptCode.GREET: lambda _figures, _reader: _(
        "A face and a name to ask for make the second visit easier."
    ),
    PromptCode.CONTACT: lambda figures, _reader: str(figures["script"]),
}

_ASK_TOMORROW: Final = _l("ask again tomorrow")
_ASK_IN_DAYS: Final = _l("ask again in 3 days")

_REPLIES: Final[Mapping[tuple[PromptCode, PromptReply], tuple[Words, Words]]] = {
    (PromptCode.END_FREEZE, PromptReply.YES): (_l("End the freeze"), _l("and let in")),
    (PromptCode.END_FREEZE, PromptReply.LATER): (_l("Not today"), _ASK_TOMORROW),
    (PromptCode.TAKE_PAYMENT, PromptReply.YES): (_l("Take the payment"), _l("amount filled in")),
    (PromptCode.TAKE_PAYMENT, PromptReply.LATER): (_l("Not today"), _ASK_IN_DAYS),
    (PromptCode.RENEW, PromptReply.YES): (_l("Renew now"), _l("plan and price filled in")),
    (PromptCode.RENEW, PromptReply.LATER): (_l("Not today"), _ASK_IN_DAYS),
    (PromptCode.RENEW, PromptReply.NO): (_l("Will not renew"), _l("not asked again for a month")),
    (PromptCode.GREET, PromptReply.YES): (_l("Shown around"), _l("and greeted by name")),
    (PromptCode.GREET, PromptReply.LATER): (_l("Not now"), _ASK_TOMORROW),
    (PromptCode.CONGRATULATE, PromptReply.YES): (_l("Done"), _l("congratulated")),
    (PromptCode.CONTACT, PromptReply.SAID): (_l("Said"), _l("no day was agreed")),
    (PromptCode.CONTACT, PromptReply.AGREED): (_l("Agreed a day"), _l("choose which")),
    (PromptCode.CONTACT, PromptReply.LATER): (_l("Not now"), _l("ask at the next visit")),
}
