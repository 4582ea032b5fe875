"""The files of the browser: addresses that change with their content, and icons of the one sprite."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from flask import Response, current_app, g, request, url_for
from markupsafe import Markup

A_YEAR = 365 * 24 * 3600


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
    return _drawn(_sprite(), name, size, label)


def icons() -> Callable[..., Markup]:
    """`draw_icon` for one language, with the sprite looked up once."""
    sprite = _sprite()

    def draw(name: str, *, size: int = 20, label: str | None = None) -> Markup:
        return _drawn(sprite, name, size, label)

    return draw


@lru_cache(maxsize=1024)
def _drawn(sprite: str, name: str, size: int, label: str | None) -> Markup:
    kind = " icon-directional" if name in DIRECTIONAL else ""
    spoken = (
        Markup('role="img" aria-label="{}"').format(label)
        if label
        else Markup('aria-hidden="true"')
    )
    return Markup('<svg class="icon{}" width="{}" height="{}" {}><use href="{}#{}"/></svg>').format(
        kind, size, size, spoken, sprite, name
    )


def _sprite() -> str:
    """The address of the sprite, found once for each request: a page holds hundreds of icons."""
    if "icon_sprite" not in g:
        g.icon_sprite = asset("vendor/icons.svg")
    return str(g.icon_sprite)


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
