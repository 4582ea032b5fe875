"""Reads about the door: who is inside, who came, and what a door must know."""

from clubcrm.visits.queries.cards import Holder, codes_of, holders_of
from clubcrm.visits.queries.desk import (
    DeskCard,
    EntryRow,
    Inside,
    InsideRow,
    desk_card,
    entry_row,
    latest_entries,
    visitors_on,
    who_is_inside,
)
from clubcrm.visits.queries.entry import TermFigures, read_entry, term_figures
from clubcrm.visits.queries.visits import (
    BalanceRow,
    VisitRow,
    last_visits_of,
    opening_balances_of,
    visit_days_of,
    visits_of,
)

__all__ = [
    "BalanceRow",
    "DeskCard",
    "EntryRow",
    "Holder",
    "Inside",
    "InsideRow",
    "TermFigures",
    "VisitRow",
    "codes_of",
    "desk_card",
    "entry_row",
    "holders_of",
    "last_visits_of",
    "latest_entries",
    "opening_balances_of",
    "read_entry",
    "term_figures",
    "visit_days_of",
    "visitors_on",
    "visits_of",
    "who_is_inside",
]
