"""Addresses of pages, put together from what each one looks like.

Flask looks an address up among all of them each time it is asked for one, and a page asks for dozens.
"""

import re
from typing import Any, Final
from urllib.parse import urlencode

from flask.sansio.app import App

_NUMBER: Final = re.compile(r"<int:(\w+)>")
_LEFT_AS_THEY_ARE: Final = "!$'()*,/:;?@"


class Addresses:
    """The addresses of an application that nothing stands before."""

    def __init__(self, app: App) -> None:
        self._app: Any = app
        self._known: dict[str, tuple[str, frozenset[str]] | None] = {}

    def url_for(self, endpoint: str, **values: Any) -> str:
        """The address of a page, as Flask's own `url_for` gives it."""
        if endpoint not in self._known:
            self._known[endpoint] = self._look(endpoint)
        known = self._known[endpoint]
        if known is None or not all(_is_simple(name, one) for name, one in values.items()):
            return str(self._app.url_for(endpoint, **values))
        pattern, places = known
        if not all(isinstance(values.get(place), int) for place in places):
            return str(self._app.url_for(endpoint, **values))
        address = pattern % values
        if len(values) == len(places):
            return address
        query = [(k, v) for k, v in values.items() if v is not None and k not in places]
        return f"{address}?{urlencode(query, safe=_LEFT_AS_THEY_ARE)}" if query else address

    def _look(self, endpoint: str) -> tuple[str, frozenset[str]] | None:
        """What the address looks like; None where it takes more than numbers to build it."""
        if endpoint.startswith(".") or endpoint not in self._app.view_functions:
            return None
        rules = list(self._app.url_map.iter_rules(endpoint))
        if len(rules) != 1 or self._app.url_default_functions:
            return None
        [rule] = rules
        pattern = _NUMBER.sub(r"%(\1)d", rule.rule.replace("%", "%%"))
        if "<" in pattern or rule.defaults or rule.subdomain or rule.host:
            return None
        return pattern, frozenset(rule.arguments)


def _is_simple(name: str, value: Any) -> bool:
    """Whether a value is written as it is; names with a line before them mean something to Flask."""
    return not name.startswith("_") and (value is None or isinstance(value, str | int))
