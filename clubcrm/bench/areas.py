"""What is measured: each page in turns with its floor, and whether what it answered is right."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from clubcrm.bench.load import Call, Run, Server, ask
from clubcrm.core.folding import fold
from clubcrm.core.transactions import reading
from clubcrm.members.models import PersonSearch
from clubcrm.visits.models import Visit

CLIENTS: Final = (1, 8)
ROUNDS: Final = 5
WORDS: Final = ("sil", "ana", "mar", "ped", "cos", "silva", "rod", "joana", "fer", "teix")
SHOWN: Final = 10
LAST: Final = "\U0010ffff"


@dataclass(frozen=True)
class Area:
    """One page, what it is asked, and its floor. `most` is the bar in times the floor's processor.

    `fresh`: nobody may be asked about twice. `is_right` judges what was answered.
    """

    name: str
    calls: Callable[[int, int], Sequence[Call]]
    floor_calls: Callable[[int, int], Sequence[Call]]
    most: float | None
    is_right: Callable[[Sequence[Any]], bool]
    most_p99: float | None = None


@dataclass
class Figures:
    """What was seen. Times in milliseconds; those of the floor beside those of the product."""

    name: str
    cpu: float = 0.0
    floor_cpu: float = 0.0
    ratio: float = 0.0
    p50: dict[int, float] = field(default_factory=dict)
    p99: dict[int, float] = field(default_factory=dict)
    per_second: dict[int, float] = field(default_factory=dict)
    floor_per_second: dict[int, float] = field(default_factory=dict)
    statements: int = 0
    is_right: bool = False
    most: float | None = None
    most_p99: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it was answered right and every bar of it is reached."""
        is_cheap = self.most is None or self.ratio <= self.most
        is_quick = self.most_p99 is None or self.p99[CLIENTS[0]] <= self.most_p99
        return self.is_right and is_cheap and is_quick

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        return {**asdict(self), "holds": self.holds}


def areas_of(people: Sequence[int]) -> list[Area]:
    """The pages that are measured; members of `people` come in and are looked at."""
    half = len(people) // 2
    mine, its = people[:half], people[half:]
    return [
        Area(
            "search", _searches("/api/v1/members?limit=10&q="), _searches("/search?q="), 2.5, _found
        ),
        Area(
            "check-in",
            _entries("/api/v1/check-ins", mine),
            _entries("/check-in", its),
            3.0,
            _all_recorded,
        ),
        Area("card", _cards("/people/", people), _cards("/person/", people), 8.0, _answered),
        Area("home", _same("/home"), _cards("/person/", people), None, _answered, most_p99=50.0),
    ]


def _searches(path: str) -> Callable[[int, int], list[Call]]:
    return lambda start, count: [
        Call(path + WORDS[(start + no) % len(WORDS)]) for no in range(count)
    ]


def _entries(path: str, people: Sequence[int]) -> Callable[[int, int], list[Call]]:
    def calls(start: int, count: int) -> list[Call]:
        return [Call(path, {"member_id": str(one)}) for one in people[start : start + count]]

    return calls


def _cards(path: str, people: Sequence[int]) -> Callable[[int, int], list[Call]]:
    return lambda start, count: [
        Call(f"{path}{people[(start + no) % len(people)]}") for no in range(count)
    ]


def _same(path: str) -> Callable[[int, int], list[Call]]:
    return lambda _start, count: [Call(path)] * count


# --- whether it is right --------------------------------------------------------------------


def _found(answers: Sequence[Any]) -> bool:
    """Whoever was found has a word that begins so, and nobody is missing from a page."""
    with reading() as session:
        return all(_is_found(session, call, answer) for call, answer in answers[: len(WORDS)])


def _is_found(session: Session, call: Call, answer: Any) -> bool:
    word = call.path.rpartition("=")[2]
    fits = (PersonSearch.token >= word, PersonSearch.token < word + LAST)
    those = select(func.count(PersonSearch.person_id.distinct())).where(*fits)
    people = [one["name"] for one in answer["items"]]
    are_named = all(any(part.startswith(word) for part in fold(name).split()) for name in people)
    return are_named and len(people) == min(SHOWN, session.scalar(those) or 0)


def _all_recorded(answers: Sequence[Any]) -> bool:
    """Every visit that was acknowledged is there, and of the person who came."""
    told = {int(answer["visit_id"]): int(call.body["member_id"]) for call, answer in answers}
    kept: dict[int, int] = {}
    with reading() as session:
        ids = sorted(told)
        for start in range(0, len(ids), 5000):
            query = select(Visit.id, Visit.person_id).where(Visit.id.in_(ids[start : start + 5000]))
            kept |= {row.id: row.person_id for row in session.execute(query)}
    return len(told) == len(answers) and kept == told


def _answered(answers: Sequence[Any]) -> bool:
    return bool(answers)


# --- measuring ------------------------------------------------------------------------------


def measure(
    area: Area, server: Server, bare: Server, *, count: int, statements: int, rounds: int = ROUNDS
) -> Figures:
    """Ask page and floor in turns: once to warm up, then some rounds of which the middle one counts."""
    figures = Figures(
        area.name, statements=statements, most=area.most, most_p99=area.most_p99, is_right=True
    )
    start = 0
    cpu: list[float] = []
    floor_cpu: list[float] = []
    for clients in CLIENTS:
        runs: list[Run] = []
        floors: list[Run] = []
        for no in range(rounds + (clients == CLIENTS[0])):
            run = ask(server, area.calls(start, count), clients)
            under = ask(bare, area.floor_calls(start, count), clients)
            start += count
            figures.is_right = figures.is_right and area.is_right(run.answers)
            if no or clients != CLIENTS[0]:
                runs.append(run)
                floors.append(under)
        cpu += [run.cpu for run in runs]
        floor_cpu += [run.cpu for run in floors]
        times = sorted(one for run in runs for one in run.times)
        figures.p50[clients] = round(statistics.median(times), 2)
        figures.p99[clients] = round(times[min(len(times) - 1, int(len(times) * 0.99))], 2)
        figures.per_second[clients] = _rate(runs, count)
        figures.floor_per_second[clients] = _rate(floors, count)
    figures.cpu = round(statistics.median(cpu), 3)
    figures.floor_cpu = round(statistics.median(floor_cpu), 3)
    figures.ratio = round(figures.cpu / max(figures.floor_cpu, 0.001), 2)
    return figures


def needed(count: int, rounds: int = ROUNDS) -> int:
    """How many different people a page is asked about."""
    return count * (rounds * len(CLIENTS) + 1)


def _rate(runs: Sequence[Run], count: int) -> float:
    return round(statistics.median(count / run.seconds for run in runs), 1)
