"""The signed cookie of a browser; a program shows its token and has none."""

from typing import Any

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer

PROGRAMS = "/api/"


class NoSession(SecureCookieSession):
    """What a program has: nothing of it is kept."""


class Sessions(SecureCookieSessionInterface):
    """Sessions of browsers, as Flask keeps them."""

    def __init__(self) -> None:
        self._made: dict[Any, URLSafeTimedSerializer | None] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs and reads the cookie: made once for each key, where Flask makes it at each request."""
        key = app.secret_key
        if key not in self._made:
            self._made[key] = super().get_signing_serializer(app)
        return self._made[key]

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """What the cookie holds; nothing for a program, whatever it sends."""
        if request.path.startswith(PROGRAMS):
            return NoSession()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Send the cookie where something in it changed. A program is sent none."""
        if not isinstance(session, NoSession):
            super().save_session(app, session, response)
