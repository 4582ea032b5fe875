"""What whole columns tell: the order of days, the decimal mark, which rows share an identity."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from clubcrm.core.folding import ascii_digits, fold
from clubcrm.exchange.policies.columns import COLUMNS, Form
from clubcrm.exchange.policies.days import DayTally, Order, usual_order
from clubcrm.exchange.policies.figures import MarkTally, writes_m_for_female
from clubcrm.exchange.policies.guarding import unguarded
from clubcrm.exchange.policies.mapping import ColumnMapping, Layout
from clubcrm.exchange.policies.rows import Findings, Surroundings
from clubcrm.exchange.readers.port import RawRow

_DAYS: Final = (Form.DAY, Form.MOMENT)
_NUMBERS: Final = (Form.AMOUNT, Form.DECIMAL)


_NAMES: Final = ("phone", "email", "full_name", "first_name", "last_name")


@dataclass(frozen=True)
class Survey:
    """What a first look at all rows found.

    `ambiguous` columns took the usual order of the country. `repeated` are the identities (as
    `identity_of` reads them) that stand in more than one row.
    """

    rows: int
    findings: Findings
    ambiguous: tuple[tuple[str, Order], ...]
    repeated: frozenset[str]


def survey(
    rows: Iterable[RawRow], layout: Layout, mapping: ColumnMapping, about: Surroundings
) -> Survey:
    """Look at every row once, without keeping any."""
    table = COLUMNS[layout.kind]
    days = {name: DayTally() for name in layout.sources if table[name].form in _DAYS}
    marks = {name: MarkTally() for name in layout.sources if table[name].form in _NUMBERS}
    day_places = [(tally, layout.sources[name]) for name, tally in days.items()]
    mark_places = [(tally, layout.sources[name]) for name, tally in marks.items()]
    gender_places = layout.sources.get("gender", ())
    identity = identity_of(layout)
    genders: set[str] = set()
    seen: set[int] = set()
    repeated: set[str] = set()
    count = 0
    for row in rows:
        count += 1
        if row.fault is not None:
            continue
        for day_tally, places in day_places:
            for place in places:
                day_tally.add(unguarded(row.cells[place]).strip())
        for mark_tally, places in mark_places:
            for place in places:
                mark_tally.add(row.cells[place])
        for place in gender_places:
            if len(genders) < 50:
                genders.add(row.cells[place].strip().casefold())
        _note_repeated(identity(row.cells), seen, repeated)
    orders, ambiguous = _orders(days, mapping, about)
    findings = Findings(
        orders=orders,
        marks={name: tally.decide() for name, tally in marks.items()},
        m_is_female=writes_m_for_female(genders),
    )
    return Survey(count, findings, ambiguous, frozenset(repeated))


def identity_of(layout: Layout) -> Callable[[Sequence[str]], str]:
    """How to read from the cells of a row whom it speaks of: an identity, else contacts and name."""
    by_id = [
        place
        for name in ("member", "external_id")
        for place in layout.sources.get(name, ())
        if name != "external_id" or "member" not in layout.sources
    ]
    by_name = [place for name in _NAMES for place in layout.sources.get(name, ())]

    def read(cells: Sequence[str]) -> str:
        for place in by_id:
            identity = ascii_digits(unguarded(cells[place])).strip()
            if identity:
                return identity
        return "\x1f".join([fold(cells[place]) for place in by_name])

    return read


def _note_repeated(identity: str, seen: set[int], repeated: set[str]) -> None:
    if not identity:
        return
    mark = hash(identity)
    if mark in seen:
        repeated.add(identity)
    else:
        seen.add(mark)


def _orders(
    tallies: dict[str, DayTally], mapping: ColumnMapping, about: Surroundings
) -> tuple[dict[str, Order], tuple[tuple[str, Order], ...]]:
    """The order of each column of days; a column that tells decides for those that do not."""
    if mapping.order is not None:
        return dict.fromkeys(tallies, mapping.order), ()
    usual = usual_order(about.territory, about.calendar)
    decided = {name: tally.decide(usual) for name, tally in tallies.items()}
    told = {
        order for name, (order, is_open) in decided.items() if tallies[name].seen and not is_open
    }
    orders: dict[str, Order] = {}
    ambiguous = []
    for name, (order, is_open) in decided.items():
        orders[name] = order
        if not is_open:
            continue
        if len(told) == 1:
            orders[name] = tallies[name].decide(next(iter(told)))[0]
        else:
            ambiguous.append((name, order))
    return orders, tuple(ambiguous)
