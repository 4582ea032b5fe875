"""What the timeline says of each thing, in the reader's language and the club's calendar."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from clubcrm.accounts.queries import ClubRow
from clubcrm.core.errors import Words
from clubcrm.core.formats import format_day, format_moment, format_money, format_number, format_time
from clubcrm.core.money import Money
from clubcrm.members.states import ConsentChannel
from clubcrm.messaging.states import Channel, Outcome, TaskKind, TaskState
from clubcrm.messaging.words import CHANNEL_WORDS, KIND_WORDS, outcome_words
from clubcrm.reports.queries.people.timeline import TimelineItem
from clubcrm.retention.states import Transition
from clubcrm.schedule.states import SessionState
from clubcrm.visits.states import Fact, VisitSource

FIELDS: Final[Mapping[str, Words]] = {
    "first_name": _l("first name"),
    "last_name": _l("last name"),
    "full_name": _l("name"),
    "phone": _l("phone"),
    "phone_as_given": _l("phone"),
    "email": _l("e-mail"),
    "birth_date": _l("date of birth"),
    "gender": _l("gender"),
    "national_id": _l("national number"),
    "address": _l("address"),
    "city": _l("city"),
    "postcode": _l("postcode"),
    "emergency_contact": _l("emergency contact"),
    "guardian": _l("guardian"),
    "payer": _l("who pays"),
    "trainer": _l("trainer"),
    "joined_on": _l("member since"),
    "locale": _l("language"),
    "note": _l("note"),
    "external_id": _l("number in another system"),
    "visits_known_from": _l("visits known from"),
    "no_contact": _l("not to be contacted"),
    "tags": _l("tags"),
}

TRANSITIONS: Final[Mapping[str, Words]] = {
    Transition.IMPORTED: _l("First seen, by an import"),
    Transition.JOINED: _l("Joined"),
    Transition.FIRST_VISIT: _l("First visit"),
    Transition.SETTLED: _l("Settled in"),
    Transition.SLIPPED: _l("Slipped"),
    Transition.FELL_ASLEEP: _l("Fell asleep"),
    Transition.RECOVERED: _l("Recovered"),
    Transition.WINDOW_OPENED: _l("Renewal window opened"),
    Transition.RENEWED: _l("Renewed"),
    Transition.EXPIRED: _l("Membership ended"),
    Transition.LAPSED: _l("Lapsed"),
    Transition.LOST: _l("Lost"),
    Transition.WON_BACK: _l("Came back"),
    Transition.FROZE: _l("Frozen"),
    Transition.UNFROZE: _l("Back from the freeze"),
    Transition.NOTICE: _l("Gave notice"),
    Transition.SAVED: _l("Stays after all"),
    Transition.MOVED: _l("Changed"),
}

CHANNELS: Final[Mapping[ConsentChannel, Words]] = {
    ConsentChannel.EMAIL: _l("e-mail"),
    ConsentChannel.SMS: _l("SMS"),
    ConsentChannel.CALL: _l("calls"),
}


STOPS: Final[Mapping[str, Words]] = {
    Fact.NO_MEMBERSHIP: _l("no membership"),
    Fact.EXPIRED: _l("membership ended"),
    Fact.NOT_STARTED: _l("membership not started yet"),
    Fact.FROZEN: _l("frozen"),
    Fact.NO_VISITS_LEFT: _l("no visits left"),
    Fact.WRONG_HOURS: _l("outside the plan’s hours"),
    Fact.WRONG_CLUB: _l("member of another club"),
    Fact.CLUB_CLOSED: _l("club closed"),
    Fact.DEBT: _l("debt"),
    Fact.NO_CONTACT: _l("not admitted"),
}


OUTCOMES: Final[Mapping[str, Words]] = {
    SessionState.CAME: _l("Session held"),
    SessionState.LATE: _l("Session held, came late"),
    SessionState.NO_SHOW: _l("Did not come to the session"),
    SessionState.CANCELLED_IN_TIME: _l("Session cancelled in time"),
    SessionState.MOVED: _l("Session moved"),
}


@dataclass(frozen=True)
class Told:
    """One thing in words: what it is, and what belongs to it."""

    title: str
    text: str = ""


def tell(items: Iterable[TimelineItem], club: ClubRow, today: date) -> list[Told]:
    """Things that happened, each in words."""
    reader = _Reader(club, today)
    return [_tell(item, reader) for item in items]


def _tell(item: TimelineItem, reader: "_Reader") -> Told:
    speaker = _TELL.get(item.what)
    if speaker is not None:
        return speaker(item.figures, reader)
    if item.what in TRANSITIONS:
        late = reader.club.today(item.at) != item.figures["from_on"]
        words = _since(item.figures, reader) if late else ""
        return Told(str(TRANSITIONS[item.what]), words)
    return Told(item.what)


class _Reader:
    """How days, times and amounts are written for this reader."""

    def __init__(self, club: ClubRow, today: date) -> None:
        self.club = club
        self.today = today
        self.visits: dict[tuple[Any, ...], Told] = {}
        """Visits as they were told: most are like the one before."""

    def day(self, told: str | date | None) -> str:
        """A day near today; from ISO text as events keep it."""
        if told is None:
            return _("open end")
        day = date.fromisoformat(told) if isinstance(told, str) else told
        calendar: Any = self.club.calendar
        return format_day(day, None, calendar, "near", today=self.today)

    def last_day(self, until: str | None) -> str:
        """The last valid day before a first day without it."""
        if until is None:
            return _("open end")
        return self.day(date.fromordinal(date.fromisoformat(until).toordinal() - 1))

    def money(self, minor: int, currency: str) -> str:
        """An amount."""
        return format_money(Money(minor, currency), None, self.club.shows_toman)

    def moment(self, told: str) -> str:
        """An instant on the club's clock, from ISO text as events keep it."""
        at = datetime.fromisoformat(told)
        calendar: Any = self.club.calendar
        zone = self.club.timezone
        return format_moment(at, zone, None, calendar, "near", today=self.today)

    def time(self, moment: Any) -> str:
        """A time of the club's clock."""
        return format_time(moment.astimezone(ZoneInfo(self.club.timezone)))


Figures = Mapping[str, Any]


def _since(figures: Figures, reader: _Reader) -> str:
    return _("from %(day)s", day=reader.day(figures["from_on"]))


_OF_VISIT = ("left_at", "access_point", "override_reason", "took_a_visit", "source", "undone_by")


def _visit(figures: Figures, reader: _Reader) -> Told:
    like = tuple(figures[name] for name in _OF_VISIT)
    if like not in reader.visits:
        reader.visits[like] = _visit_told(figures, reader)
    return reader.visits[like]


def _visit_told(figures: Figures, reader: _Reader) -> Told:
    parts = []
    if figures["left_at"]:
        parts.append(_("left at %(time)s", time=reader.time(figures["left_at"])))
    if figures["access_point"]:
        parts.append(figures["access_point"])
    if figures["override_reason"]:
        parts.append(_("let in: %(reason)s", reason=figures["override_reason"]))
    if figures["took_a_visit"]:
        parts.append(_("one visit of the pack"))
    if figures["source"] == VisitSource.IMPORT:
        parts.append(_("by an import"))
    if figures["undone_by"]:
        parts.append(_("taken back by %(name)s", name=figures["undone_by"]))
    return Told(_("Visit"), ", ".join(parts))


def _payment(figures: Figures, reader: _Reader) -> Told:
    amount = reader.money(figures["amount_minor"], figures["currency"])
    return Told(_("Paid %(amount)s", amount=amount), figures["purpose"])


def _reversal(figures: Figures, reader: _Reader) -> Told:
    amount = reader.money(-figures["amount_minor"], figures["currency"])
    return Told(_("Given back %(amount)s", amount=amount), figures["reason"])


def _invoice(figures: Figures, reader: _Reader) -> Told:
    amount = reader.money(figures["total_minor"], figures["currency"])
    number = format_number(figures["number"])
    return Told(
        _("Invoice %(number)s, %(amount)s", number=number, amount=amount),
        _("due %(day)s", day=reader.day(figures["due_on"])),
    )


def _invoice_voided(figures: Figures, reader: _Reader) -> Told:
    amount = reader.money(figures["total_minor"], figures["currency"])
    return Told(_("Invoice of %(amount)s taken back", amount=amount))


def _written_off(figures: Figures, reader: _Reader) -> Told:
    amount = reader.money(figures["open_minor"], figures["currency"])
    return Told(_("%(amount)s written off", amount=amount))


def _credit(figures: Figures, reader: _Reader) -> Told:
    amount = reader.money(figures["amount_minor"], figures["currency"])
    return Told(_("%(amount)s paid from the account", amount=amount))


def _term(title: Words) -> Callable[[Figures, _Reader], Told]:
    """A term that began: its plan and its days."""

    def told(figures: Figures, reader: _Reader) -> Told:
        days = _(
            "%(plan)s, %(first)s – %(last)s",
            plan=figures["plan"] or "",
            first=reader.day(figures["starts_on"]),
            last=reader.last_day(figures["until_on"]),
        )
        return Told(str(title), days)

    return told


def _frozen(figures: Figures, reader: _Reader) -> Told:
    text = _(
        "%(first)s – %(last)s",
        first=reader.day(figures["freeze_from_on"]),
        last=reader.last_day(figures["freeze_until_on"]),
    )
    return Told(_("Freeze"), f"{text}; {_ends(figures, reader)}" if figures["until_on"] else text)


def _ends(figures: Figures, reader: _Reader) -> str:
    return _("the membership ends %(day)s", day=reader.last_day(figures["until_on"]))


def _freeze_over(title: Words) -> Callable[[Figures, _Reader], Told]:
    return lambda figures, reader: Told(str(title), _ends(figures, reader))


def _moved(figures: Figures, reader: _Reader) -> Told:
    return Told(
        _("End moved"),
        _(
            "from %(before)s to %(after)s",
            before=reader.last_day(figures["was_until_on"]),
            after=reader.last_day(figures["until_on"]),
        ),
    )


def _notice(figures: Figures, reader: _Reader) -> Told:
    last = reader.last_day(figures["cancel_until_on"])
    return Told(_("Cancelled"), _("the last day is %(day)s", day=last))


def _ended_early(figures: Figures, reader: _Reader) -> Told:
    return Told(_("Ended early"), reader.last_day(figures["until_on"]))


def _changed(figures: Figures, _reader: _Reader) -> Told:
    changes = figures["changes"]
    if not changes:
        names = [str(FIELDS.get(name, name)) for name in figures.get("fields", ())]
        return Told(_("Changed"), ", ".join(dict.fromkeys(names)))
    words = [
        _(
            "%(field)s: %(old)s → %(new)s",
            field=str(FIELDS.get(name, name)),
            old=_short(old),
            new=_short(new),
        )
        for name, old, new in changes
    ]
    return Told(_("Changed"), "; ".join(words))


def _short(value: str | None) -> str:
    if not value:
        return _("nothing")
    return value if len(value) <= 60 else value[:59] + "…"


def _consent(title: Words) -> Callable[[Figures, _Reader], Told]:
    return lambda figures, _reader: Told(str(title), str(CHANNELS[figures["channel"]]))


def _only(title: Words) -> Callable[[Figures, _Reader], Told]:
    """What its title says in full."""
    return lambda _figures, _reader: Told(str(title))


def _stopped(figures: Figures, _reader: _Reader) -> Told:
    reasons = [str(STOPS[code]) for code in figures.get("reasons", ()) if code in STOPS]
    return Told(_("Stopped at the door"), ", ".join(reasons))


def _added(figures: Figures, _reader: _Reader) -> Told:
    return Told(_("Added by an import") if figures.get("is_imported") else _("Added"))


def _balance(_figures: Figures, _reader: _Reader) -> Told:
    return Told(_("Opening balance of visits"), _("as the import told them"))


def _visits_removed(figures: Figures, _reader: _Reader) -> Told:
    count = figures.get("visits", 0)
    text = ngettext("%(count)s visit", "%(count)s visits", count, count=format_number(count))
    return Told(_("Imported visits removed"), text)


def _session(title: Words) -> Callable[[Figures, _Reader], Told]:
    """A session with a trainer: when it is, and with whom."""
    return lambda figures, reader: Told(str(title), _with_whom(figures, reader))


def _with_whom(figures: Figures, reader: _Reader) -> str:
    when = reader.moment(figures["starts_at"])
    return _("%(when)s with %(name)s", when=when, name=figures["trainer"])


def _session_told(figures: Figures, reader: _Reader) -> Told:
    parts = [_with_whom(figures, reader)]
    if figures.get("moved_to"):
        parts.append(_("to %(when)s", when=reader.moment(figures["moved_to"])))
    left = figures.get("left")
    if figures.get("took_from_id") and left is not None:
        words = ngettext(
            "%(count)s session left", "%(count)s sessions left", left, count=format_number(left)
        )
        parts.append(words)
    return Told(str(OUTCOMES[figures["outcome"]]), ", ".join(parts))


def _message(figures: Figures, _reader: _Reader) -> Told:
    channel = CHANNEL_WORDS[Channel(figures["channel"])]
    return Told(_("Message"), f"{figures.get('title', '')} ({channel})".strip())


def _task_closed(figures: Figures, reader: _Reader) -> Told:
    kind, state = TaskKind(figures["kind"]), TaskState(figures["state"])
    about = figures.get("title", "")
    if state is TaskState.OPEN:
        return Told(_("Outcome taken back"), about)
    if figures["outcome"] is None:
        return Told(str(KIND_WORDS[kind]), _("%(about)s: not needed any more", about=about))
    parts = [outcome_words(Outcome(figures["outcome"]), kind)]
    if figures["promised_on"]:
        parts.append(_("promised for %(day)s", day=reader.day(figures["promised_on"])))
    if figures.get("note"):
        parts.append(f"“{_short(figures['note'])}”")
    return Told(str(KIND_WORDS[kind]), f"{about}: {', '.join(parts)}")


def _task_tried(figures: Figures, reader: _Reader) -> Told:
    outcome = outcome_words(Outcome(figures["outcome"]))
    again = _("again %(day)s", day=reader.day(figures["due_on"]))
    return Told(_("Call tried"), f"{figures.get('title', '')}: {outcome}, {again}")


_TELL: Final[Mapping[str, Callable[[Figures, _Reader], Told]]] = {
    "visit": _visit,
    "payment": _payment,
    "reversal": _reversal,
    "consent_given": _consent(_l("Agreed to")),
    "consent_withdrawn": _consent(_l("No longer agrees to")),
    "EntryStopped": _stopped,
    "MessageSent": _message,
    "TaskClosed": _task_closed,
    "TaskTried": _task_tried,
    "OpeningBalanceSet": _balance,
    "VisitsRemoved": _visits_removed,
    "SessionPlanned": _session(_l("Session planned")),
    "SessionLogged": _session_told,
    "SessionReopened": _session(_l("Outcome of the session taken back")),
    "SessionNoted": _session(_l("Session written up")),
    "InvoiceIssued": _invoice,
    "InvoiceVoided": _invoice_voided,
    "InvoiceWrittenOff": _written_off,
    "CreditUsed": _credit,
    "MembershipSold": _term(_l("Membership sold")),
    "MembershipImported": _term(_l("Membership, by an import")),
    "MembershipRenewed": _term(_l("Renewal sold")),
    "MembershipUpgraded": _term(_l("Plan changed")),
    "MembershipVoided": _only(_l("Sale taken back")),
    "MembershipEndedEarly": _ended_early,
    "CancellationRequested": _notice,
    "CancellationWithdrawn": _only(_l("Cancellation withdrawn")),
    "MembershipFrozen": _frozen,
    "FreezeEnded": _freeze_over(_l("Freeze ended")),
    "FreezeCancelled": _freeze_over(_l("Freeze taken back")),
    "TermsMoved": _moved,
    "PersonAdded": _added,
    "PersonChanged": _changed,
    "CardIssued": _only(_l("Card issued")),
    "CardEnded": _only(_l("Card put out of use")),
}
