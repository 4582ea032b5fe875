"""What every page needs: the reader's language, and the words, icons and numbers of the templates."""

from flask import Flask, request, session
from flask_babel import get_locale

from clubcrm.accounts.access import find_principal

LANGUAGES = ("en",)
LANGUAGE_COOKIE = "clubcrm_language"


def choose_locale() -> str:
    """The language of this page: the employee's own, else the cookie, else what the browser asks for."""
    who = find_principal() if request and not request.path.startswith("/static/") else None
    wanted = (who.language if who else None) or request.cookies.get(LANGUAGE_COOKIE)
    if wanted in LANGUAGES:
        return wanted
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def register_presentation(app: Flask) -> None:
    """Give the templates their globals and filters."""
    app.jinja_env.globals.update(get_locale=get_locale, session=session)
