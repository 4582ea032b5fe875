"""How an answer of the door looks at the desk: its band, its question, and what can be done next."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import url_for
from flask_babel import gettext as _

from clubcrm.accounts.policies import Principal
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import Permission
from clubcrm.core.days import week_start
from clubcrm.frontdesk.views.tasks import Day, quick_days
from clubcrm.visits.queries import DeskCard, EntryRow
from clubcrm.visits.states import Decision, Effect, Fact, PromptCode, PromptReply


@dataclass(frozen=True)
class Look:
    """Colour and icon of an answer; words always stand beside them."""

    tone: str
    icon: str


WEEKS = 12
RECENT_DAYS = 28
ONE_DAY = timedelta(days=1)

IN = Look("in", icon="circle-check")
WARN = Look("warn", icon="alert-triangle")
STOP = Look("stop", icon="hand-stop")
AGAIN = Look("again", icon="repeat")
TAKEN_BACK = Look("again", icon="arrow-back-up")
BIRTHDAY = Look("info", icon="cake")
FIRST = Look("info", icon="user-star")

_LOOKS = {
    Decision.IN: IN,
    Decision.WARN: WARN,
    Decision.STOP: STOP,
    Decision.ALREADY_IN: AGAIN,
}


@dataclass(frozen=True)
class Reply:
    """One reply to the question: its key, its words, and where it leads (or it is posted)."""

    key: int
    value: str
    words: str
    then: str
    href: str | None
    is_first: bool


@dataclass(frozen=True)
class Week:
    """One of the last weeks: its first day, the days with a visit, and whether it is known."""

    start: date
    days: int
    is_known: bool


@dataclass(frozen=True)
class Answer:
    """An answer as the page shows it."""

    card: DeskCard
    look: Look
    state: str
    lines: list[str]
    facts: dict[str, str]  # fact of the grid -> tone
    replies: list[Reply]
    sell_href: str | None
    sell_words: str
    pay_href: str | None
    can_override: bool
    can_undo: bool
    undo_seconds: int
    recent: int  # days with a visit among the last 28
    recent_known: int  # how many of these 28 days are known at all
    weeks: list[Week]
    days: list[Day]  # offered where the question is for a day

    @property
    def entry(self) -> EntryRow:
        """The answer itself."""
        return self.card.entry

    @property
    def spoken(self) -> str:
        """What a screen reader says at once: who, and may they go in."""
        return f"{self.entry.full_name}. {self.state}."


def answer_of(card: DeskCard, who: Principal, now: datetime, club_row: ClubRow) -> Answer:
    """Put an answer together for the desk, with what this employee may do about it."""
    entry = card.entry
    club = entry.club_id
    lines = entry.sentences()
    if entry.is_undone:
        lines = [_("This visit counts nowhere; what it took is given back.")]
    elif entry.decision is Decision.ALREADY_IN:
        lines = [_("Nothing is counted twice.")]
    elif entry.override_reason:
        lines = [
            _("Let in by %(name)s: %(reason)s", name=entry.asked_by, reason=entry.override_reason)
        ]
        lines += entry.sentences()
    left = (card.undo_until - now).total_seconds() if card.undo_until else 0
    stopped = entry.decision is Decision.STOP
    sell, sell_words = _sell(card, who)
    return Answer(
        card=card,
        look=look_of(entry),
        state=state_of(entry),
        lines=lines or [_("One thing to say.") if card.prompt else _("Nothing to ask.")],
        facts=_tones(card),
        replies=_replies(card, who, sell),
        sell_href=sell,
        sell_words=sell_words,
        pay_href=_pay(card, who),
        can_override=stopped and who.may(Permission.OVERRIDE_STOP, club),
        can_undo=left >= 0 and card.undo_until is not None and who.may(Permission.UNDO_VISIT, club),
        undo_seconds=max(0, int(left)),
        recent=sum(1 for day in card.days_came if (card.today - day).days < RECENT_DAYS),
        recent_known=_known_of(card, card.today - (RECENT_DAYS - 1) * ONE_DAY, RECENT_DAYS),
        weeks=_weeks(card, club_row.territory),
        days=quick_days(club_row, card.today),
    )


def _known_of(card: DeskCard, first: date, days: int) -> int:
    """How many of so many days from a first one are known."""
    if card.known_from_on is None:
        return days
    return max(0, days - max(0, (card.known_from_on - first).days))


def _weeks(card: DeskCard, territory: str) -> list[Week]:
    """The last twelve weeks as they run in the club's country, the present one last."""
    this_week = week_start(card.today, territory)
    starts = [this_week - 7 * back * ONE_DAY for back in range(WEEKS - 1, -1, -1)]
    return [
        Week(
            start=start,
            days=sum(1 for day in card.days_came if start <= day < start + 7 * ONE_DAY),
            is_known=_known_of(card, start, 7) > 0,
        )
        for start in starts
    ]


def look_of(entry: EntryRow) -> Look:
    """Colour and icon of an answer."""
    if entry.is_undone:
        return TAKEN_BACK
    codes = [reason.code for reason in entry.reasons]
    if entry.decision is Decision.IN and Fact.FIRST_VISIT in codes:
        return FIRST
    if entry.decision is Decision.IN and Fact.BIRTHDAY in codes:
        return BIRTHDAY
    return _LOOKS[entry.decision]


def state_of(entry: EntryRow) -> str:
    """The answer in one line: "In – ends in 12 days"."""
    if entry.is_undone:
        return _("Taken back")
    why = next(iter(entry.headlines()), None)
    if entry.decision is Decision.ALREADY_IN:
        return _("Already in %(since)s", since=why or "")
    if entry.decision is Decision.STOP:
        return _("Stop – %(why)s", why=why) if why else _("Stop")
    if entry.override_reason:
        return _("Let in – %(why)s", why=why) if why else _("Let in")
    return _("In – %(why)s", why=why) if why else _("In")


def chip_of(entry: EntryRow) -> str:
    """The answer in two words, for the list of entries."""
    if entry.is_undone:
        return _("taken back")
    why = next(iter(entry.headlines()), None)
    if entry.decision is Decision.ALREADY_IN:
        return _("already in")
    if entry.decision is Decision.IN and why is None:
        return _("in")
    return why or _("in")


def _tones(card: DeskCard) -> dict[str, str]:
    """Which facts of the grid the reasons speak of, and how grave they are."""
    fields = {
        Fact.ENDS_SOON: "days",
        Fact.EXPIRED: "days",
        Fact.NOT_STARTED: "days",
        Fact.NO_MEMBERSHIP: "plan",
        Fact.FROZEN: "days",
        Fact.NO_VISITS_LEFT: "visits",
        Fact.FEW_VISITS_LEFT: "visits",
        Fact.WRONG_HOURS: "plan",
        Fact.WRONG_CLUB: "plan",
    }
    tones: dict[str, str] = {}
    for reason in card.entry.reasons:
        field = fields.get(reason.code)
        if field is not None:
            tone = "stop" if reason.effect is Effect.BLOCK else "warn"
            tones.setdefault(field, tone)
    if card.debt_effect is not None:
        tones["debt"] = "stop" if card.debt_effect is Effect.BLOCK else "warn"
    return tones


def _sell(card: DeskCard, who: Principal) -> tuple[str | None, str]:
    """Where the next membership is sold: a renewal of the last term here, or a first one."""
    entry = card.entry
    if not card.is_seen or not who.may(Permission.SELL, entry.club_id):
        return None, ""
    term = card.term
    if term is None or term.club_id != entry.club_id:
        href = url_for("frontdesk.sell", person_id=entry.person_id, entry=entry.id)
        return href, _("sell a membership")
    can_renew = card.next_starts_on is None and (
        term.ends_on is not None or term.visits_left is not None
    )
    if can_renew:
        return url_for("frontdesk.renew", membership_id=term.id, entry=entry.id), _("renew")
    return None, ""


def _pay(card: DeskCard, who: Principal) -> str | None:
    can_pay = card.is_seen and card.owes_here
    if not can_pay or not who.may(Permission.TAKE_PAYMENT, card.entry.club_id):
        return None
    return url_for("frontdesk.pay", person_id=card.entry.person_id, entry=card.entry.id)


def _replies(card: DeskCard, who: Principal, sell: str | None) -> list[Reply]:
    """The replies this employee may give; none at all where the first one is not allowed."""
    asked = card.prompt
    if asked is None:
        return []
    may_do = {
        PromptCode.END_FREEZE: who.may(Permission.FREEZE, card.entry.club_id),
        PromptCode.TAKE_PAYMENT: _pay(card, who) is not None,
        PromptCode.RENEW: sell is not None,
    }
    if not may_do.get(asked.code, True):
        return []
    ways = {PromptCode.TAKE_PAYMENT: _pay(card, who), PromptCode.RENEW: sell}
    return [
        Reply(
            key=key,
            value=value.value,
            words=words,
            then=then,
            href=ways.get(asked.code) if value is PromptReply.YES else None,
            is_first=key == 1,
        )
        for key, (value, words, then) in enumerate(card.replies(), start=1)
    ]


def frozen_until(card: DeskCard) -> date | None:
    """The last day of the freeze."""
    until = card.frozen_until_on
    return None if until is None else date.fromordinal(until.toordinal() - 1)
