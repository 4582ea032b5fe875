"""What a demo must have to show on its last day, where life alone did not bring it about.

Through the same errands as everybody's: somebody frozen, leaving, won back, in debt, just past the end,
nearly through with the ten visits, with a birthday, and people on the floor right now.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from clubcrm.members.queries import TermRow
from clubcrm.members.states import PlanKind
from clubcrm.simulator.desk import Desk
from clubcrm.simulator.dice import chance, whole
from clubcrm.simulator.door import Coming
from clubcrm.simulator.errands import Errand
from clubcrm.simulator.plans import PACK, QUARTER
from clubcrm.simulator.roster import Member

_LOOKS_AHEAD = 24
"""Days before the last one from which on it is seen to."""

ON_THE_FLOOR = 8
"""So many people at least are inside at the end, where the club has so many."""


@dataclass
class Showcase:
    """What is still wanted by the last day of a demo."""

    last: date
    seed: int
    unwilling: set[int] = field(default_factory=set)  # people who let their term end
    eager: set[int] = field(default_factory=set)  # people who come every day
    _done: set[str] = field(default_factory=set)

    def has_birthday(self, no: int) -> bool:
        """Whether the newcomer with this number is one of those whose birthday is the last day."""
        return no % 47 == 7

    def errands(self, desk: Desk, members: Sequence[Member]) -> Iterator[Errand]:
        """What must happen today for the last day to have it all."""
        left = (self.last - desk.day).days
        if left > _LOOKS_AHEAD:
            return
        self._choose(members, desk.day, left)
        if left == 13 and "pack" not in self._done:
            yield from self._win_back(desk, members, PACK)
        if left == 4:
            yield from self._freeze(desk, members)
        if left == 3:
            recently = desk.day - timedelta(days=50)
            if not any(_came_back_since(member, recently) for member in members):
                yield from self._win_back(desk, members, QUARTER)
        if left == 2:
            yield from self._leave(desk, members)

    def fill_the_floor(
        self, coming: Sequence[Coming], members: Sequence[Member], day: date, until: int
    ) -> list[Coming]:
        """Let some more come within the last hour where too few are inside."""
        inside = [one for one in coming if one.minute + one.stays > until]
        here = {one.member.id for one in coming}
        wanted = ON_THE_FLOOR - len(inside)
        more = [
            Coming(max(0, until - whole(1, 55, member.key, day, "extra")), member, 80, True)
            for member in _by_lot(members, self.seed)
            if member.id not in here and _is_keen(member, day)
        ]
        return [*coming, *more[: max(0, wanted)]]

    def _choose(self, members: Sequence[Member], day: date, left: int) -> None:
        """Name who lets a term end, and who uses up the visits."""
        for member in _by_lot(members, self.seed):
            term = member.latest
            if term is None or term.id in member.followed or term.is_trial:
                continue
            ends_in = (term.until_on - day).days if term.until_on else 999
            if "grace" not in self._done and _may_lapse(term, ends_in, left):
                self.unwilling.add(member.id)
                self._done.add("grace")
            if "pack" not in self._done and _may_run_out(term, day, ends_in, left):
                self.eager.add(member.id)
                self._done.add("pack")
        self._calm(members)

    def _calm(self, members: Sequence[Member]) -> None:
        """Whoever has two visits left comes no more than usual."""
        for member in members:
            if member.id in self.eager and member.latest and (member.latest.visits_left or 0) <= 2:
                self.eager.discard(member.id)

    def _freeze(self, desk: Desk, members: Sequence[Member]) -> Iterator[Errand]:
        start = desk.day + timedelta(days=1)
        if any(t.freeze_on(self.last) for m in members for t in m.terms):
            return
        for _, term in _running(members, desk.day, self.seed):
            if term.kind is PlanKind.TERM and _ends_after(term, self.last + timedelta(days=20)):
                until = start + timedelta(days=21)
                do = partial(desk.freeze, term, start, until, "Knee")
                yield Errand(11 * 60, "froze", do)
                return

    def _leave(self, desk: Desk, members: Sequence[Member]) -> Iterator[Errand]:
        running = list(_running(members, desk.day, self.seed))
        if any(t.cancel_until_on and t.cancel_until_on > self.last for _, t in running):
            return
        for _, term in running:
            if term.kind is PlanKind.ROLLING and term.cancel_until_on is None:
                yield Errand(12 * 60, "gave notice", partial(desk.leave, term, "Moving away"))
                return

    def _win_back(self, desk: Desk, members: Sequence[Member], plan: str) -> Iterator[Errand]:
        """Somebody who left some time ago buys again; of those who left, the first by lot."""
        for member in _by_lot(members, self.seed):
            term = member.latest
            if term is None or term.is_trial or term.until_on is None:
                continue
            if timedelta(31) < desk.day - term.until_on < timedelta(170):
                yield Errand(17 * 60, "came back", partial(desk.sell, member, plan))
                return


def _by_lot(members: Iterable[Member], seed: int) -> list[Member]:
    return sorted(members, key=lambda member: chance(seed, member.key, "showcase"))


def _running(members: Sequence[Member], day: date, seed: int) -> Iterator[tuple[Member, TermRow]]:
    for member in _by_lot(members, seed):
        term = member.running_on(day)
        if term is not None and not term.is_trial and term.id not in member.followed:
            yield member, term


def _may_lapse(term: TermRow, ends_in: int, left: int) -> bool:
    """Whether a term ends three to nine days before the last day."""
    return term.kind is PlanKind.TERM and ends_in > 0 and left - 9 <= ends_in <= left - 3


def _may_run_out(term: TermRow, day: date, ends_in: int, left: int) -> bool:
    """Whether ten visits may be nearly used up by the last day."""
    fits = term.kind is PlanKind.PACK and term.starts_on <= day and ends_in > left
    return fits and 2 <= (term.visits_left or 0) <= left - 2


def _ends_after(term: TermRow, day: date) -> bool:
    return term.until_on is None or term.until_on > day


def _is_keen(member: Member, day: date) -> bool:
    term = member.running_on(day)
    return (
        term is not None
        and not term.hours
        and term.visits_left is None
        and member.spell_on(day).zeal_on(day) == 1
    )


def _came_back_since(member: Member, day: date) -> bool:
    """Whether a new spell, not the first, began since a day."""
    starts, latest = member.spell_starts, member.latest
    # A pack that is nearly used up is shown as one to renew.
    is_pack = latest is not None and latest.kind is PlanKind.PACK
    return len(starts) > 1 and starts[-1] >= day and not is_pack
