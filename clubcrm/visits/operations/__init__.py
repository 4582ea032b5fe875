"""What is done at the door: one public function a use case.

A person's row is locked first, then the membership a visit is taken from, then the day's count; so
two doors that are asked for one person answer one after the other.
"""

from clubcrm.visits.operations.balances import BalanceValues, set_opening_balances
from clubcrm.visits.operations.cards import (
    CardClash,
    end_card,
    fold_code,
    issue_card,
    issue_cards,
    replace_card,
)
from clubcrm.visits.operations.entry import CheckIn, check_in
from clubcrm.visits.operations.leaving import check_out, undo_visit
from clubcrm.visits.operations.log import VisitValues, record_visits, remove_visits
from clubcrm.visits.operations.prompts import answer_prompt

__all__ = [
    "BalanceValues",
    "CardClash",
    "CheckIn",
    "VisitValues",
    "answer_prompt",
    "check_in",
    "check_out",
    "end_card",
    "fold_code",
    "issue_card",
    "issue_cards",
    "record_visits",
    "remove_visits",
    "replace_card",
    "set_opening_balances",
    "undo_visit",
]
