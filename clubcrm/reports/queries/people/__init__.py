"""People as screens show them: the list, the card and the timeline, each in a few statements."""

from clubcrm.reports.queries.people.card import MemberCard, member_card
from clubcrm.reports.queries.people.lines import (
    BriefLine,
    Found,
    ListRow,
    hits_of,
    search_briefly,
    search_lines,
)
from clubcrm.reports.queries.people.members import (
    Figures,
    ListFilter,
    MemberList,
    Order,
    member_figures,
    member_list,
    who_may_stand,
)
from clubcrm.reports.queries.people.timeline import (
    Kind,
    Timeline,
    TimelineItem,
    timeline_figures,
    timeline_of,
)
from clubcrm.reports.queries.people.timeline_words import Told, tell

__all__ = [
    "BriefLine",
    "Figures",
    "Found",
    "Kind",
    "ListFilter",
    "ListRow",
    "MemberCard",
    "MemberList",
    "Order",
    "Timeline",
    "TimelineItem",
    "Told",
    "hits_of",
    "member_card",
    "member_figures",
    "member_list",
    "search_briefly",
    "search_lines",
    "tell",
    "timeline_figures",
    "timeline_of",
    "who_may_stand",
]
