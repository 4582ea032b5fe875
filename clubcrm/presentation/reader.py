"""Who reads a page, at which club, and which ways are open to them."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple, cast
from zoneinfo import ZoneInfo

from flask import current_app, g, request, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from clubcrm.accounts.access import current_club, find_principal
from clubcrm.accounts.policies import Principal
from clubcrm.accounts.queries import ClubRow
from clubcrm.accounts.states import THEME_COOKIE, Permission, Theme
from clubcrm.core import clock
from clubcrm.core.calendars import CalendarName
from clubcrm.core.errors import Words
from clubcrm.presentation.files import draw_icon


def who() -> Principal | None:
    """Who reads this page; None before sign-in."""
    return find_principal()


def here() -> ClubRow | None:
    """The club this page is about; None before sign-in."""
    kept: ClubRow | None = g.get("page_club")
    if kept is None:
        reader = find_principal()
        if reader is not None and reader.grants:
            kept = g.page_club = current_club()
    return kept


def may(permission: Permission | str, club_id: int | None = None) -> bool:
    """Whether the reader may do this, at one club or (without one) at the club of this page."""
    to = eye()
    if to.reader is None or to.club_id is None:
        return False
    return to.reader.may(Permission(permission), to.club_id if club_id is None else club_id)


def today() -> date:
    """The day at the club of this page."""
    kept: date | None = g.get("page_day")
    if kept is None:
        club = here()
        kept = g.page_day = club.today(clock.now()) if club else clock.now().date()
    return kept


@dataclass(frozen=True, slots=True)
class Eye:
    """For whom the figures of a page are written: the reader's language, and the club's clock and money."""

    language: str
    is_from_right: bool
    calendar: CalendarName | None
    zone: ZoneInfo
    today: date
    shows_toman: bool
    reader: Principal | None
    club_id: int | None


_eye: ContextVar[Eye | None] = ContextVar("eye", default=None)


def eye() -> Eye:
    """For whom figures are written now; found once for each page that is written."""
    kept = _eye.get()
    if kept is None:
        club, locale = here(), get_locale()
        kept = Eye(
            language=str(locale or "en"),
            is_from_right=locale is not None and locale.text_direction == "rtl",
            calendar=cast(CalendarName, club.calendar) if club else None,
            zone=ZoneInfo(club.timezone if club else "UTC"),
            today=today(),
            shows_toman=bool(club and club.shows_toman),
            reader=find_principal(),
            club_id=club.id if club else None,
        )
        _eye.set(kept)
    return kept


def begin_page() -> None:
    """A page is written from now on, for whoever reads it by now and in their language."""
    _eye.set(None)


def end_page(_error: BaseException | None = None) -> None:
    """The request is over: whoever asks next is somebody else."""
    _eye.set(None)


@dataclass(frozen=True, eq=False)
class RailItem:
    """One way in the rail: a page, and what opens it."""

    section: str
    endpoint: str
    words: Words
    icon: str
    permission: Permission


RAIL = (
    RailItem("home", "frontdesk.owner", _l("Home"), icon="home", permission=Permission.SEE_HOME),
    RailItem("desk", "frontdesk.desk", _l("Desk"), icon="scan", permission=Permission.CHECK_IN),
    RailItem(
        "people", "frontdesk.people", _l("People"), icon="users", permission=Permission.SEE_MEMBERS
    ),
    RailItem("floor", "floor.today", _l("Sessions"), icon="barbell", permission=Permission.TRAIN),
    RailItem(
        "tasks",
        "frontdesk.tasks",
        _l("Tasks"),
        icon="list-check",
        permission=Permission.WORK_TASKS,
    ),
    RailItem(
        "renewals",
        "frontdesk.renewals",
        _l("Renewals"),
        icon="refresh",
        permission=Permission.SEE_REPORTS,
    ),
    RailItem(
        "import", "exchange.imports", _l("Import"), icon="file-import", permission=Permission.IMPORT
    ),
)
SETTINGS = RailItem(
    "settings",
    "frontdesk.settings",
    _l("Settings"),
    icon="settings",
    permission=Permission.SEE_PLANS,
)


class Way(NamedTuple):
    """One way as the rail shows it."""

    href: str
    icon: Markup
    words: str
    is_here: bool
    is_last: bool


def rail(section: str) -> list[Way]:
    """The ways this reader has, in the order of the rail; settings come last."""
    return _ways(section, _open_ways())


def rails() -> Callable[[str], list[Way]]:
    """`rail` for one language, written once for whoever has the same ways."""
    written = lru_cache(maxsize=256)(_ways)
    return lambda section: written(section, _open_ways())


def _open_ways() -> tuple[RailItem, ...]:
    reader = find_principal()
    if reader is None:
        return ()
    pages = current_app.view_functions
    return tuple(
        item
        for item in (*RAIL, SETTINGS)
        if item.endpoint in pages and reader.scope(item.permission)
    )


def _ways(section: str, items: tuple[RailItem, ...]) -> list[Way]:
    return [
        Way(
            href=url_for(item.endpoint),
            icon=draw_icon(item.icon, size=22),
            words=str(item.words),
            is_here=item.section == section,
            is_last=item is SETTINGS,
        )
        for item in items
    ]


def has_page(endpoint: str) -> bool:
    """Whether this page is among those served."""
    return endpoint in current_app.view_functions


def is_fragment() -> bool:
    """Whether a page script asks for a part of a page only."""
    return request.headers.get("HX-Request") == "true"


def theme() -> Theme:
    """How bright this device wants its screens."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return Theme(chosen) if chosen in set(Theme) else Theme.AUTO
