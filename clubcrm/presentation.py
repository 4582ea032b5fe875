"""What every page needs: the reader's language, and the words, icons and numbers of the templates.

Templates write days, times and money through the filters registered here, so always in the reader's
language and in the club's calendar, zone and currency. Views need nothing of this module.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel import Locale
from flask import Flask, Response, current_app, request, session, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from markupsafe import Markup, escape

from clubcrm.accounts.access import current_club, find_principal, my_clubs
from clubcrm.accounts.policies import Principal
from clubcrm.accounts.queries import ClubRow, clubs
from clubcrm.accounts.states import LANGUAGE_COOKIE, MIRRORED, THEME_COOKIE, Permission, Theme
from clubcrm.core import clock, formats
from clubcrm.core.errors import Words
from clubcrm.core.money import Money
from clubcrm.core.transactions import reading

ENGLISH = "en"
TRANSLATIONS = Path(__file__).resolve().parent / "translations"
A_YEAR = 365 * 24 * 3600


# --- the reader's language ------------------------------------------------------------------


class MirroredLocale(Locale):
    """The locale of the mirrored language: English in everything but its direction."""

    def __init__(self) -> None:
        super().__init__("en", territory="GB")

    @property
    def text_direction(self) -> str:
        """From right to left, like Persian and Arabic."""
        return "rtl"

    @property
    def character_order(self) -> str:
        """From right to left, like Persian and Arabic."""
        return "right-to-left"

    def __str__(self) -> str:
        return MIRRORED


def choose_locale() -> Locale:
    """The language of this page: the employee's own, the cookie, what the browser asks for, the club's."""
    if not request or request.path.startswith("/static/"):
        return _locale(ENGLISH)
    who = find_principal()
    offered = offered_languages()
    for wanted in (who.language if who else None, request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in offered:
            return _locale(wanted)
    asked = [code for code in offered if code != MIRRORED]
    found = request.accept_languages.best_match(asked) or _language_of_club(who)
    return _locale(found if found in offered else ENGLISH)


def offered_languages() -> dict[str, str]:
    """The languages a reader may choose: code -> the language's own name for itself.

    The mirrored one only where a demo club lives, and in tests.
    """
    found: dict[str, str] = dict(current_app.extensions["languages"])
    if MIRRORED in found and not (current_app.testing or _has_demo()):
        del found[MIRRORED]
    return found


def _translated(folder: Path) -> dict[str, str]:
    """English, and every language with a catalogue."""
    codes = sorted(path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/messages.po"))
    names = {ENGLISH: "English"}
    for code in codes:
        names[code] = "Mirrored" if code == MIRRORED else _own_name(code)
    return names


def _own_name(code: str) -> str:
    return Locale.parse(code).get_display_name(code) or code


def _locale(code: str | None) -> Locale:
    return MirroredLocale() if code == MIRRORED else Locale.parse(code or ENGLISH)


def _has_demo() -> bool:
    if not current_app.extensions.get("has_demo"):
        with reading() as db_session:
            current_app.extensions["has_demo"] = any(club.is_demo for club in clubs(db_session))
    return bool(current_app.extensions["has_demo"])


def _language_of_club(who: Principal | None) -> str | None:
    club = here() if who is not None else None
    if club is not None:
        return club.language
    with reading() as db_session:
        found = clubs(db_session)
    return found[0].language if found else None


def is_from_right() -> bool:
    """Whether the present page runs from right to left."""
    return get_locale().text_direction == "rtl"


# --- who reads, and where -------------------------------------------------------------------


def who() -> Principal | None:
    """Who reads this page; None before sign-in."""
    return find_principal()


def here() -> ClubRow | None:
    """The club this page is about; None before sign-in."""
    reader = find_principal()
    return current_club() if reader is not None and reader.grants else None


def may(permission: Permission | str, club_id: int | None = None) -> bool:
    """Whether the reader may do this, at one club or (without one) at the club of this page."""
    reader = find_principal()
    club = here()
    if reader is None or club is None:
        return False
    return reader.may(Permission(permission), club.id if club_id is None else club_id)


def today() -> date:
    """The day at the club of this page."""
    club = here()
    return club.today(clock.now()) if club else clock.now().date()


@dataclass(frozen=True)
class RailItem:
    """One way in the rail: a page that exists and that the reader may open."""

    section: str
    endpoint: str
    words: Words
    icon: str
    permission: Permission


RAIL = (
    RailItem("desk", "frontdesk.desk", _l("Desk"), icon="scan", permission=Permission.CHECK_IN),
    RailItem(
        "people", "frontdesk.people", _l("People"), icon="users", permission=Permission.SEE_MEMBERS
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


def rail() -> list[RailItem]:
    """The ways this reader has, in the order of the rail; settings come last."""
    reader = find_principal()
    if reader is None:
        return []
    return [
        item
        for item in (*RAIL, SETTINGS)
        if has_page(item.endpoint) and reader.scope(item.permission)
    ]


def has_page(endpoint: str) -> bool:
    """Whether this page is among those served."""
    return endpoint in current_app.view_functions


def theme() -> Theme:
    """How bright this device wants its screens."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return Theme(chosen) if chosen in set(Theme) else Theme.AUTO


# --- files and icons ------------------------------------------------------------------------


def asset(name: str) -> str:
    """The address of a static file, changing with its content, so that browsers may keep it for good."""
    return url_for("static", filename=name, v=_fingerprint(name))


def _fingerprint(name: str) -> str:
    kept: dict[str, tuple[int, str]] = current_app.extensions["fingerprints"]
    path = Path(current_app.static_folder or "") / name
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return "missing"
    known = kept.get(name)
    if known is None or known[0] != changed:
        known = kept[name] = (changed, hashlib.sha256(path.read_bytes()).hexdigest()[:12])
    return known[1]


def draw_icon(name: str, *, size: int = 20, label: str | None = None) -> Markup:
    """An icon of the sprite. It is silent for screen readers unless it has a label of its own.

    Icons that point along the line turn round where lines run from the right.
    """
    kind = " icon-directional" if name in DIRECTIONAL else ""
    spoken = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true"')
    )
    return Markup('<svg class="icon{}" width="{}" height="{}" {}><use href="{}#{}"/></svg>').format(
        kind, size, size, spoken, asset("vendor/icons.svg"), name
    )


DIRECTIONAL = frozenset(
    {
        "arrow-back-up",
        "arrow-left",
        "arrow-right",
        "chevron-left",
        "chevron-right",
        "door-enter",
        "door-exit",
        "list-check",
        "logout",
        "trending-down",
        "trending-up",
        "walk",
    }
)


def keep_assets(response: Response) -> Response:
    """Let browsers keep what was asked for by its fingerprint."""
    if request.endpoint == "static" and request.args.get("v"):
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


# --- numbers, days and money ----------------------------------------------------------------


def _isolated(text: str, kind: str = "num") -> Markup:
    """A figure that keeps its own direction within any line."""
    return Markup('<bdi class="{}">{}</bdi>').format(kind, text)


def _calendar() -> Any:
    club = here()
    return club.calendar if club else None


def _zone() -> str:
    club = here()
    return club.timezone if club else "UTC"


def day_text(day: date | None, style: formats.DayStyle = "short") -> str:
    """A day in words; nothing for no day."""
    return "" if day is None else formats.format_day(day, None, _calendar(), style, today=today())


def moment_text(moment: datetime | None, style: formats.DayStyle = "near") -> str:
    """An instant on the club's clock: Sat 21 Nov, 10:14."""
    if moment is None:
        return ""
    return formats.format_moment(moment, _zone(), None, _calendar(), style, today=today())


def time_text(moment: datetime | None) -> str:
    """The time of day of an instant on the club's clock."""
    if moment is None:
        return ""
    return formats.format_time(moment.astimezone(ZoneInfo(_zone())))


def ago_text(when: date | datetime | None) -> str:
    """A day or an instant as seen from now: 3 days ago, in 12 days."""
    if when is None:
        return ""
    if isinstance(when, datetime):
        return formats.relative_moment(when, clock.now(), _zone())
    return formats.relative_day(when, today())


def money_text(money: Money | None, *, is_summary: bool = False) -> str:
    """An amount in the reader's form, without markup (for labels and attributes)."""
    if money is None:
        return ""
    club = here()
    toman = bool(club and club.settings.get("shows_toman"))
    return formats.format_money(money, None, toman, is_summary=is_summary)


def money_figure(money: Money | None, *, is_summary: bool = False) -> Markup:
    """An amount as it stands on a page: set in figures, isolated from the line's direction."""
    return Markup("") if money is None else _isolated(money_text(money, is_summary=is_summary))


def number_text(number: float, decimals: int | None = None) -> str:
    """A number in the reader's digits."""
    return formats.format_number(number, decimals=decimals)


def percent_text(share: float, decimals: int = 0) -> str:
    """A share of one as per cent."""
    return formats.format_percent(share, decimals=decimals)


def code_figure(code: str | None) -> Markup:
    """A phone number, a card or another code: always read from left to right."""
    return Markup('<bdi dir="ltr" class="num">{}</bdi>').format(code) if code else Markup("")


def initials(name: str) -> str:
    """The letters that stand for a photo: of the first and the last word of a name."""
    words = [word for word in name.split() if word[0].isalpha()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    # Joining scripts would melt two letters into one shape.
    return "\u200c".join(letter.upper() for letter in letters)


def this_page(**changes: Any) -> str:
    """The address of this page with some of its query changed; None takes an entry away."""
    query = {name: values for name, values in request.args.lists() if name not in changes}
    for name, value in changes.items():
        if value is not None:
            query[name] = value if isinstance(value, list) else [value]
    written = urlencode([(name, value) for name, values in query.items() for value in values])
    return f"{request.path}?{written}" if written else request.path


def as_json(value: Any) -> Markup:
    """Values for a page script, to stand in a data attribute."""
    return escape(current_app.json.dumps(value, ensure_ascii=False))


def register_presentation(app: Flask) -> None:
    """Give the templates their globals and filters."""
    app.extensions["languages"] = _translated(TRANSLATIONS)
    app.extensions["fingerprints"] = {}
    app.after_request(keep_assets)
    app.jinja_env.globals.update(GLOBALS)
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


GLOBALS: Mapping[str, Any] = {
    "asset": asset,
    "clubs_here": my_clubs,
    "draw_icon": draw_icon,
    "get_locale": get_locale,
    "has_page": has_page,
    "here": here,
    "icon": draw_icon,
    "initials": initials,
    "is_from_right": is_from_right,
    "may": may,
    "now": clock.now,
    "offered_languages": offered_languages,
    "rail": rail,
    "session": session,
    "theme": theme,
    "this_page": this_page,
    "today": today,
    "who": who,
}

FILTERS: Mapping[str, Callable[..., Any]] = {
    "ago": ago_text,
    "as_json": as_json,
    "code": code_figure,
    "day": day_text,
    "moment": moment_text,
    "money": money_figure,
    "money_text": money_text,
    "number": number_text,
    "percent": percent_text,
    "time": time_text,
}
