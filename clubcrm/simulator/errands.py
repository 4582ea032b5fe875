"""Who comes to the desk for what on a day."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from clubcrm.billing.queries import InvoiceRow
from clubcrm.core.calendars import add_months
from clubcrm.members.queries import TermRow
from clubcrm.members.states import EndReason, PlanKind
from clubcrm.simulator.decisions import BACK_UNTIL, paying_of
from clubcrm.simulator.desk import Desk
from clubcrm.simulator.dice import chance, happens, pick_weighted, whole
from clubcrm.simulator.habits import Spell
from clubcrm.simulator.people import Newcomer
from clubcrm.simulator.plans import ANNUAL, QUARTER, ROLLING, first_plan
from clubcrm.simulator.roster import Member

FORGOTTEN_AFTER = BACK_UNTIL + 10
"""Whoever left so many days ago has nothing more to do with the club."""

SMALL_THINGS = 0.0022
"""The odds that a member has some small thing to settle at the desk on a day."""

Do = Callable[[Session, datetime], None]
Wish = tuple[str, Do]


@dataclass(frozen=True)
class Errand:
    """Something somebody comes to the desk for, at a minute of the day."""

    minute: int
    what: str  # for the tally: joined, renewed, froze ...
    do: Do


@dataclass(frozen=True)
class Errands:
    """What people come for on the day of one desk."""

    desk: Desk

    @property
    def day(self) -> date:
        """The day."""
        return self.desk.day

    def newcomer(self, somebody: Newcomer, *, before: int) -> Errand:
        """Somebody joins, at this minute at the latest."""
        minute = min(somebody.minute, before)
        return Errand(minute, "joined", partial(self.desk.join, somebody))

    def of(self, member: Member, owed: Sequence[InvoiceRow]) -> Iterator[Errand]:
        """What a member comes for today."""
        latest = member.latest
        ended_on = latest.until_on if latest is not None else None
        if not owed and ended_on is not None and (self.day - ended_on).days > FORGOTTEN_AFTER:
            return
        minute = whole(9 * 60, 19 * 60, member.key, self.day, "errand")
        spell = member.spell_on(self.day)
        for what, do in self._wanted(member):
            yield Errand(minute, what, do)
        for invoice in owed:
            paying = paying_of(
                member.key,
                spell.character.pays_late,
                (invoice.purpose, invoice.issued_on),
                invoice.issued_on,
            )
            if paying.rest_on is not None and paying.rest_on <= self.day:
                yield Errand(minute, "paid a debt", partial(self.desk.pay, member, invoice))
        yield from self._small_things(member, spell, minute)

    def _wanted(self, member: Member) -> Iterator[Wish]:
        """What a member wants with the terms; at most one thing a day."""
        latest = member.latest
        if latest is None:
            return
        if latest.is_trial:
            if self._buys_after_trial(member, latest):
                yield "joined for good", partial(self.desk.sell, member, first_plan(member.key))
            return
        if latest.id in member.followed:
            return
        if latest.until_on is not None and latest.until_on <= self.day:
            yield from self._after_the_end(member, latest)
        elif latest.kind is PlanKind.ROLLING:
            yield from self._rolling(member, latest)
        else:
            yield from self._running(member, latest)

    def _running(self, member: Member, term: TermRow) -> Iterator[Wish]:
        """A term with an end that has not come yet."""
        if term.starts_on > self.day:
            return
        wish = member.intents
        renewal = wish.renewal
        is_empty = term.kind is PlanKind.PACK and term.visits_left == 0
        if wish.regrets_on == self.day and term.previous_id is None:
            yield "gave a sale back", partial(self.desk.refund, term)
        elif wish.upgrade_on == self.day and term.freeze_on(self.day) is None and not term.freezes:
            yield "upgraded", partial(self.desk.upgrade, member, term)
        elif renewal is not None and (renewal.on <= self.day or is_empty):
            yield "renewed", partial(self.desk.renew, member, term, renewal.plan)
        else:
            yield from self._pauses(member, term)

    def _after_the_end(self, member: Member, term: TermRow) -> Iterator[Wish]:
        """A term that is over and that nothing follows."""
        if term.end_reason in (EndReason.REFUNDED, EndReason.DIED):
            return
        renewal = member.intents.renewal
        is_in_time = term.ends_on is not None and self.day <= term.ends_on + timedelta(days=29)
        if renewal is not None and renewal.on <= self.day and is_in_time:
            yield "renewed late", partial(self.desk.renew, member, term, renewal.plan)
            return
        back = member.intents.back_on
        if back is not None and back <= self.day <= back + timedelta(days=7):
            plan = pick_weighted(
                [(QUARTER, 0.45), (ROLLING, 0.35), (ANNUAL, 0.2)], member.key, term.id, "back to"
            )
            yield "came back", partial(self.desk.sell, member, plan)

    def _rolling(self, member: Member, term: TermRow) -> Iterator[Wish]:
        """A contract without an end: monthly money, notice, and notice taken back."""
        notice = member.intents.notice
        assert notice is not None, "a contract without an end is left by notice"
        asked_at = term.cancel_requested_at
        if term.cancel_until_on is not None and asked_at is not None:
            asked_on = self.desk.house.club.today(asked_at)
            waits = notice.withdrawn_after
            if (
                waits is not None
                and asked_on < notice.again_on
                and asked_on + timedelta(days=waits) <= self.day < term.cancel_until_on
            ):
                yield "took notice back", partial(self.desk.stay, term)
                return
        elif self.day >= term.starts_on:
            is_saved = notice.withdrawn_after is not None and self.day > notice.on + timedelta(
                days=notice.withdrawn_after
            )
            due = notice.again_on if is_saved else notice.on
            if due <= self.day:
                yield "gave notice", partial(self.desk.leave, term, notice.reason)
                return
        if self._owes_a_month(term):
            yield "paid a month", partial(self.desk.charge_month, member, term)
        else:
            yield from self._pauses(member, term)

    def _pauses(self, member: Member, term: TermRow) -> Iterator[Wish]:
        """Freezes: asked for, thought better of, ended by a return."""
        pause = member.intents.pause
        if pause is None:
            return
        until = pause.period.until
        if term.id not in member.once_frozen:
            fits = term.until_on is None or pause.period.start < term.until_on
            if pause.asked_on <= self.day <= pause.period.start and fits:
                yield (
                    "froze",
                    partial(self.desk.freeze, term, pause.period.start, until, pause.reason),
                )
            return
        for freeze in term.freezes:
            if pause.is_taken_back and self.day == freeze.from_on - timedelta(days=1):
                yield "took a freeze back", partial(self.desk.unfreeze, freeze.id)
            elif (
                pause.returns_after is not None
                and freeze.from_on < self.day < freeze.until_on
                and freeze.from_on + timedelta(days=pause.returns_after) <= self.day
            ):
                yield "ended a freeze", partial(self.desk.come_back, freeze.id)

    def _small_things(self, member: Member, spell: Spell, minute: int) -> Iterator[Errand]:
        """Notes, lost cards, money booked wrongly."""
        turn = chance(member.key, self.day, "small")
        if turn > SMALL_THINGS or not spell.zeal_on(self.day) or not member.running_on(self.day):
            return
        if turn < 0.0004:
            yield Errand(minute, "lost a card", partial(self.desk.new_card, member))
        elif turn < 0.0018 and spell.character.is_talkative:
            yield Errand(minute, "talked", partial(self.desk.note, member))
        else:
            latest = member.latest
            if latest is not None and self._sold_on(latest) == self.day - timedelta(days=1):
                yield Errand(minute, "paid again", partial(self.desk.book_again, member, latest))

    def _buys_after_trial(self, member: Member, trial: TermRow) -> bool:
        if trial.until_on is None or not happens(0.62, member.key, "stays after trial"):
            return False
        buys_on = trial.until_on + timedelta(days=whole(-3, 4, member.key, "after trial"))
        return buys_on <= self.day <= buys_on + timedelta(days=10)

    def _owes_a_month(self, term: TermRow) -> bool:
        """Whether a month of the contract begins today (the first one was paid at the sale)."""
        if term.starts_on >= self.day or term.freeze_on(self.day) is not None:
            return False
        months = (self.day.year - term.starts_on.year) * 12 + self.day.month - term.starts_on.month
        return add_months(term.starts_on, months, "gregorian") == self.day

    def _sold_on(self, term: TermRow) -> date:
        return self.desk.house.club.today(term.sold_at)
