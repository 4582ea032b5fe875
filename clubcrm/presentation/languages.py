"""In which language a page speaks, and which languages there are."""

from functools import cache, cached_property
from pathlib import Path
from typing import Any

from babel import Locale
from flask import current_app, has_request_context, request
from flask_babel import Babel, Domain, get_locale

from clubcrm.accounts.access import find_principal
from clubcrm.accounts.policies import Principal
from clubcrm.accounts.queries import clubs
from clubcrm.accounts.states import LANGUAGE_COOKIE, MIRRORED
from clubcrm.core.transactions import reading
from clubcrm.presentation.reader import here

ENGLISH = "en"
TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"


class MirroredLocale(Locale):
    """The locale of the mirrored language: English in everything but its direction."""

    def __init__(self) -> None:
        self._code = "en_GB"  # while Babel looks for the data of what it is made from
        super().__init__("en", territory="GB")
        self._code = MIRRORED

    @property
    def text_direction(self) -> str:
        """From right to left, like Persian and Arabic."""
        return "rtl"

    @property
    def character_order(self) -> str:
        """From right to left, like Persian and Arabic."""
        return "right-to-left"

    def __str__(self) -> str:
        return self._code


class Languages(Babel):
    """Flask-Babel with words that are found sooner."""

    @cached_property
    def domain_instance(self) -> Domain:
        """Where the words of the product come from."""
        return _Words(domain=self.domain)


class _Words(Domain):
    """The words of the product. A page asks for hundreds of them, all in one language."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain=domain)
        self._last: tuple[Locale | None, Any] = (None, None)

    def get_translations(self) -> Any:
        """The words in the language of the present page."""
        locale = get_locale()
        known, words = self._last
        if locale is None or locale is not known:
            words = super().get_translations()
            self._last = (locale, words)
        return words


def choose_locale() -> Locale:
    """The language of this page: the employee's own, the cookie, what the browser asks for, the club's."""
    if not has_request_context() or request.path.startswith("/static/"):
        return _locale(ENGLISH)
    who = find_principal()
    for wanted in (who.language if who else None, request.cookies.get(LANGUAGE_COOKIE)):
        if wanted and _is_offered(wanted):
            return _locale(wanted)
    asked = [code for code in current_app.extensions["languages"] if code != MIRRORED]
    found = request.accept_languages.best_match(asked) or _language_of_club(who)
    return _locale(found if found and _is_offered(found) else ENGLISH)


def _is_offered(code: str) -> bool:
    return code in current_app.extensions["languages"] and (
        code != MIRRORED or current_app.testing or _has_demo()
    )


def offered_languages() -> dict[str, str]:
    """The languages a reader may choose: code -> the language's own name for itself.

    The mirrored one only where a demo club lives, and in tests.
    """
    known: dict[str, str] = current_app.extensions["languages"]
    return {code: name for code, name in known.items() if _is_offered(code)}


def translated(folder: Path = TRANSLATIONS) -> dict[str, str]:
    """English, and every language with a catalogue."""
    codes = sorted(path.parent.parent.name for path in folder.glob("*/LC_MESSAGES/messages.po"))
    names = {ENGLISH: "English"}
    for code in codes:
        names[code] = "Mirrored" if code == MIRRORED else _own_name(code)
    return names


def _own_name(code: str) -> str:
    return Locale.parse(code).get_display_name(code) or code


@cache
def _locale(code: str) -> Locale:
    return MirroredLocale() if code == MIRRORED else Locale.parse(code)


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
