"""What is done to people and their terms: one public function a use case.

Operations never commit and never read the clock. Those that handle many take a sequence and cost a
handful of statements; the single form calls the batch form. Locks are taken in the order that
`docs/locking.md` tells.
"""

from clubcrm.members.operations.consents import ConsentValues, record_consents
from clubcrm.members.operations.corrections import (
    correct_memberships,
    remove_freezes,
    remove_memberships,
    remove_people,
    void_imported,
)
from clubcrm.members.operations.locks import hold_people
from clubcrm.members.operations.notice import (
    end_membership,
    request_cancellation,
    void_membership,
    withdraw_cancellation,
)
from clubcrm.members.operations.pauses import (
    FreezeValues,
    cancel_freeze,
    end_freeze,
    freeze_membership,
    freeze_memberships,
)
from clubcrm.members.operations.people import (
    PersonValues,
    add_people,
    add_person,
    change_people,
    change_person,
)
from clubcrm.members.operations.plans import PlanValues, add_plan, change_plan
from clubcrm.members.operations.renewals import renew_membership, upgrade_membership
from clubcrm.members.operations.search_index import set_card_words, show_at_clubs
from clubcrm.members.operations.seasons import (
    SeasonValues,
    declare_closure,
    declare_season,
    remove_season,
    withdraw_closure,
)
from clubcrm.members.operations.tags import set_tags
from clubcrm.members.operations.terms import (
    BY_PLAN,
    ByPlan,
    TermValues,
    start_membership,
    start_memberships,
)

__all__ = [
    "BY_PLAN",
    "ByPlan",
    "ConsentValues",
    "FreezeValues",
    "PersonValues",
    "PlanValues",
    "SeasonValues",
    "TermValues",
    "add_people",
    "add_person",
    "add_plan",
    "cancel_freeze",
    "change_people",
    "change_person",
    "change_plan",
    "correct_memberships",
    "declare_closure",
    "declare_season",
    "end_freeze",
    "end_membership",
    "freeze_membership",
    "freeze_memberships",
    "hold_people",
    "record_consents",
    "remove_freezes",
    "remove_memberships",
    "remove_people",
    "remove_season",
    "renew_membership",
    "request_cancellation",
    "set_card_words",
    "set_tags",
    "show_at_clubs",
    "start_membership",
    "start_memberships",
    "upgrade_membership",
    "void_imported",
    "void_membership",
    "withdraw_cancellation",
    "withdraw_closure",
]
