"""What every page needs: the reader's language, and the words, icons and numbers of the templates.

Templates write days, times and money through the filters registered here, so always in the reader's
language and in the club's calendar, zone and currency. Views need nothing of this package.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, session
from flask_babel import get_locale

from clubcrm.accounts.access import my_clubs
from clubcrm.core import clock
from clubcrm.presentation import drawings, figures, files, languages, looks, reader
from clubcrm.presentation.languages import Languages, choose_locale
from clubcrm.presentation.templates import Templates
from clubcrm.visits.words import hours_text

__all__ = ["Languages", "Templates", "choose_locale", "register_presentation"]


def register_presentation(app: Flask) -> None:
    """Give the templates their globals and filters."""
    app.extensions["languages"] = languages.translated()
    app.extensions["fingerprints"] = {}
    app.after_request(files.keep_assets)
    app.teardown_request(reader.end_page)
    app.jinja_env.globals.update(GLOBALS)
    if isinstance(app.jinja_env, Templates):
        app.jinja_env.put_in({"url_for": app.url_for, **SAME_FOR_ALL}, ASKED, OF_LANGUAGE)
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


GLOBALS: Mapping[str, Any] = {
    "across": figures.across,
    "asset": files.asset,
    "clubs_here": my_clubs,
    "day_of_year": figures.day_of_year_text,
    "days_text": figures.days_text,
    "draw_icon": files.draw_icon,
    "get_locale": get_locale,
    "has_page": reader.has_page,
    "here": reader.here,
    "icon": files.draw_icon,
    "initials": figures.initials,
    "is_fragment": reader.is_fragment,
    "is_from_right": languages.is_from_right,
    "look_of": looks.look_of,
    "may": reader.may,
    "now": clock.now,
    "offered_languages": languages.offered_languages,
    "rail": reader.rail,
    "reasons_in_words": looks.reasons_in_words,
    "session": session,
    "theme": reader.theme,
    "this_page": figures.this_page,
    "week_bars": drawings.week_bars,
    "today": reader.today,
    "who": reader.who,
}

SAME_FOR_ALL: Mapping[str, Callable[..., Any]] = {
    "asset": files.asset,
    "draw_icon": files.draw_icon,
    "has_page": reader.has_page,
    "icon": files.draw_icon,
    "is_from_right": languages.is_from_right,
}
"""What answers every reader of a language alike, as long as the program runs."""

ASKED: Mapping[str, Callable[..., Any]] = {
    "across": figures.across,
    "initials": figures.initials,
    "may": reader.may,
    "reasons_in_words": looks.reasons_in_words,
    "week_bars": drawings.week_bars,
}
"""What is asked again and again for a page, and says something else on another."""

OF_LANGUAGE: Mapping[str, Callable[[], Callable[..., Any]]] = {
    "draw_icon": files.icons,
    "icon": files.icons,
    "look_of": looks.looks_in_words,
    "rail": reader.rails,
}
"""What is made once for each language."""

FILTERS: Mapping[str, Callable[..., Any]] = {
    "ago": figures.ago_text,
    "as_json": figures.as_json,
    "code": figures.code_figure,
    "day": figures.day_text,
    "hours": hours_text,
    "moment": figures.moment_text,
    "moment_day": figures.moment_day_text,
    "money": figures.money_figure,
    "money_text": figures.money_text,
    "month": figures.month_text,
    "month_short": figures.month_name_text,
    "number": figures.number_text,
    "percent": figures.percent_text,
    "phone": figures.phone_figure,
    "time": figures.time_text,
}
