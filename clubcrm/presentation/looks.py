"""How states look: words, an icon and a tone, always together, so that colour alone says nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from clubcrm.billing.states import InvoiceState, PaymentMethod
from clubcrm.core.calendars import CalendarName
from clubcrm.core.errors import Words
from clubcrm.members.states import MembershipState
from clubcrm.presentation.reader import here, today
from clubcrm.retention.states import Phase, Risk, Status, Sub
from clubcrm.retention.words import reason_text
from clubcrm.schedule.states import SessionState


@dataclass(frozen=True)
class Look:
    """One state on a page: its words, its icon, its tone (in, warn, stop, info, accent, plain)."""

    words: Words
    icon: str = "point"
    tone: str = "plain"


LOOKS: Mapping[type[StrEnum], Mapping[StrEnum, Look]] = {
    Phase: {
        Phase.PENDING: Look(_l("Starts later"), icon="calendar-event", tone="info"),
        Phase.LOST: Look(_l("Lost"), icon="user-off", tone="plain"),
        Phase.LAPSED: Look(_l("Lapsed"), icon="calendar-off", tone="plain"),
        Phase.GRACE: Look(_l("Just ended"), icon="hourglass", tone="stop"),
        Phase.FROZEN: Look(_l("Frozen"), icon="snowflake", tone="info"),
        Phase.LEAVING: Look(_l("Leaving"), icon="door-exit", tone="stop"),
        Phase.RENEWAL: Look(_l("Renewal due"), icon="refresh", tone="accent"),
        Phase.WON_BACK: Look(_l("Came back"), icon="arrow-back-up", tone="info"),
        Phase.ADAPTATION: Look(_l("New"), icon="seedling", tone="info"),
        Phase.SLEEPING: Look(_l("Sleeping"), icon="zzz", tone="stop"),
        Phase.AT_RISK: Look(_l("At risk"), icon="trending-down", tone="warn"),
        Phase.ACTIVE: Look(_l("Active"), icon="circle-check", tone="in"),
    },
    Sub: {
        Sub.NOT_STARTED: Look(_l("not started"), icon="circle-dashed"),
        Sub.EARLY: Look(_l("first weeks"), icon="seedling"),
        Sub.SETTLING: Look(_l("settling in"), icon="seedling"),
        Sub.CORE: Look(_l("core"), icon="flame"),
        Sub.REGULAR: Look(_l("regular"), icon="circle-check"),
        Sub.LIGHT: Look(_l("light"), icon="circle-check"),
    },
    Risk: {
        Risk.NONE: Look(_l("No risk"), icon="circle-check", tone="in"),
        Risk.WATCH: Look(_l("Watch"), icon="eye", tone="warn"),
        Risk.HIGH: Look(_l("High risk"), icon="alert-triangle", tone="stop"),
    },
    Status: {
        Status.POTENTIAL: Look(_l("Potential"), icon="user-question", tone="plain"),
        Status.ACTIVE: Look(_l("Member"), icon="user-check", tone="in"),
        Status.LOYAL: Look(_l("Loyal"), icon="heart-handshake", tone="in"),
        Status.LOST: Look(_l("Former member"), icon="user-off", tone="plain"),
    },
    MembershipState: {
        MembershipState.PENDING: Look(_l("starts later"), icon="calendar-event", tone="info"),
        MembershipState.ACTIVE: Look(_l("running"), icon="circle-check", tone="in"),
        MembershipState.FROZEN: Look(_l("frozen"), icon="snowflake", tone="info"),
        MembershipState.ENDED: Look(_l("ended"), icon="calendar-off", tone="plain"),
    },
    InvoiceState: {
        InvoiceState.ISSUED: Look(_l("open"), icon="receipt", tone="warn"),
        InvoiceState.PAID: Look(_l("paid"), icon="circle-check", tone="in"),
        InvoiceState.VOID: Look(_l("taken back"), icon="ban", tone="plain"),
        InvoiceState.WRITTEN_OFF: Look(_l("written off"), icon="ban", tone="plain"),
    },
    PaymentMethod: {
        PaymentMethod.CASH: Look(_l("Cash"), icon="cash"),
        PaymentMethod.CARD: Look(_l("Card"), icon="credit-card"),
        PaymentMethod.TRANSFER: Look(_l("Bank transfer"), icon="building-bank"),
        PaymentMethod.CHEQUE: Look(_l("Cheque"), icon="file-text"),
        PaymentMethod.DIRECT_DEBIT: Look(_l("Direct debit"), icon="repeat"),
        PaymentMethod.ONLINE: Look(_l("Online"), icon="world"),
        PaymentMethod.OTHER: Look(_l("Other"), icon="dots"),
    },
    SessionState: {
        SessionState.PLANNED: Look(_l("Planned"), icon="calendar-event", tone="plain"),
        SessionState.CAME: Look(_l("Came"), icon="check", tone="in"),
        SessionState.LATE: Look(_l("Late"), icon="clock", tone="warn"),
        SessionState.NO_SHOW: Look(_l("No-show"), icon="user-off", tone="stop"),
        SessionState.CANCELLED_IN_TIME: Look(_l("Cancelled"), icon="calendar-x", tone="plain"),
        SessionState.MOVED: Look(_l("Moved"), icon="arrow-right", tone="plain"),
    },
}
"""Vocabulary -> word -> look. Apart by vocabulary: words of two of them are equal as text."""

UNKNOWN = Look(_l("not known yet"), icon="help-circle")


def look_of(state: StrEnum | None) -> Look:
    """How a state looks; what is not known is said to be unknown."""
    return UNKNOWN if state is None else LOOKS[type(state)][state]


def looks_in_words() -> Callable[[StrEnum | None], Look]:
    """`look_of` with its words in the language that is read now, for all who read it."""

    def told(look: Look) -> Look:
        return replace(look, words=Markup(str(look.words)))  # noqa: S704

    unknown = told(UNKNOWN)
    known = {
        (vocabulary, state): told(look)
        for vocabulary, looks in LOOKS.items()
        for state, look in looks.items()
    }

    def look(state: StrEnum | None) -> Look:
        return unknown if state is None else known[type(state), state]

    return look


def reasons_in_words(reasons: Sequence[Any] | None) -> list[str]:
    """Why somebody is in a phase, strongest first, from the codes and figures that are kept."""
    club = here()
    calendar = cast(CalendarName, club.calendar) if club else None
    return [
        reason_text(code, figures, today=today(), calendar=calendar)
        for code, figures in reasons or ()
    ]
