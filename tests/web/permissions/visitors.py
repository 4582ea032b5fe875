"""Who asks in the matrix, and what a request did: nobody signs in through the form here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from clubcrm.accounts.models import ApiToken, StaffUser
from clubcrm.accounts.operations import (
    add_staff,
    create_token,
    revoke_token,
    set_language,
    take_role,
)
from clubcrm.accounts.states import Role
from clubcrm.core.actor import OPERATOR
from clubcrm.core.db import db
from clubcrm.core.transactions import reading, transaction
from tests.conftest import NOW, PASSWORD
from tests.web.permissions.watch import Watch
from tests.web.permissions.world import World

API = "/api/"
TOKENS = re.compile(r'[\w.-]+\.[\w-]{6}\.[\w-]{27}(?![\w-])|(?<=value=")[0-9a-f]{24,32}(?=")')
"""Guards and keys of forms, which are others in every answer."""


@dataclass(frozen=True)
class Answer:
    """What came back, and whether it changed something: `200`, `303+`."""

    told: TestResponse
    changes: bool

    @property
    def outcome(self) -> str:
        """The cell of the table."""
        return f"{self.told.status_code}{'+' if self.changes else ''}"

    @cached_property
    def text(self) -> str:
        """The body in the clear, also that of an archive."""
        body = self.told.get_data()
        self.told.close()
        if body.startswith(b"PK"):
            with ZipFile(BytesIO(body)) as archive:
                body = b"\n".join(archive.read(name) for name in archive.namelist())
        return body.decode(errors="replace")

    def bare(self, address: str = "") -> str:
        """The body without what differs from request to request: guards of forms, and its address."""
        body = TOKENS.sub("", self.text)
        return body.replace(address, "@") if address else body


@dataclass(frozen=True)
class Visitor:
    """Somebody who asks: by a session on pages, by a token on the API; None = by nothing."""

    name: str
    app: Flask
    watch: Watch
    cookie: str | None = None
    guard: str | None = None
    token: str | None = None

    def ask(
        self,
        method: str,
        address: str,
        *,
        guard: bool = True,
        by: str = "",
        part: bool = False,
        **told: Any,
    ) -> Answer:
        """Send a request.

        `guard` False leaves out the token of its form, `by` forces the way; `part` asks as a script
        does that puts the answer into its page.
        """
        headers = {"HX-Request": "true"} if part else {}
        if (by or ("token" if address.startswith(API) else "session")) == "token":
            if self.token:
                headers["Authorization"] = f"Bearer {self.token}"
        else:
            if self.cookie:
                headers["Cookie"] = f"{self.app.config['SESSION_COOKIE_NAME']}={self.cookie}"
            if guard and self.guard and method not in ("GET", "HEAD"):
                headers["X-CSRFToken"] = self.guard
        self.watch.forget()
        client: FlaskClient = self.app.test_client(use_cookies=False)
        answer = client.open(address, method=method, headers=headers, **told)
        if self.watch.is_kept and not self.watch.rehearses:
            self.watch.kept.append(f"{self.name}: {method} {address}")
        return Answer(answer, self.watch.is_kept)

    def held(self, answer: Answer) -> Mapping[str, Any]:
        """What the session holds after an answer, in the clear."""
        name = self.app.config["SESSION_COOKIE_NAME"]
        for header in answer.told.headers.getlist("Set-Cookie"):
            told, _, value = header.partition(";")[0].partition("=")
            if told == name and value:
                kept: Mapping[str, Any] = _serializer(self.app).loads(value)
                return kept
        return {}


class Visitors:
    """Everybody who may stand at the door of the own club."""

    def __init__(self, world: World, watch: Watch) -> None:
        self.world = world
        self.watch = watch
        here, there = world.own.club_id, world.foreign.club_id
        self.nobody = self._made("nobody", None, None)
        self.of_role = {role: self._staff(role, {here: role}) for role in Role}
        self.elsewhere = {
            role: self._staff(role, {here: role, there: Role.OWNER}, "also owner elsewhere", here)
            for role in Role
        }
        self.stranger = self._staff(Role.OWNER, {there: Role.OWNER}, "of the other club")
        self.powerless = self._powerless(here)
        self.gone = self._gone(here)
        with world.app.app_context(), reading() as session:
            watch.start(session)

    def _staff(
        self, role: Role, roles: Mapping[int, Role], more: str = "", chosen: int | None = None
    ) -> Visitor:
        """An employee with roles, and a token with the role at the first of the clubs.

        The session says which club was chosen; else the other one, where no role is held any more.
        """
        user_id, token = self._hired(f"{role.title()} {min(roles)} {more}".strip(), roles)
        return self._made(f"{role} {more}".strip(), user_id, token, chosen)

    def _hired(self, name: str, roles: Mapping[int, Role]) -> tuple[int, str]:
        user_id, token = 0, ""
        with self.world.app.app_context(), transaction() as session:
            for club_id, role in roles.items():
                user_id = add_staff(
                    session,
                    full_name=name,
                    email=f"{name.replace(' ', '-')}@example.com",
                    password=PASSWORD,
                    role=role,
                    club_id=club_id,
                    by=OPERATOR,
                    now=NOW,
                )
                token = token or create_token(
                    session, name=name, role=role, club_id=club_id, by=OPERATOR, now=NOW
                )
            set_language(session, user_id, "en")
        return user_id, token

    def _powerless(self, club_id: int) -> Visitor:
        """An employee from whom the only role was taken."""
        user_id, _token = self._hired("powerless", {club_id: Role.DESK})
        with self.world.app.app_context(), transaction() as session:
            take_role(session, user_id, Role.DESK, club_id, by=OPERATOR, now=NOW)
        return self._made("no role left", user_id, None)

    def _gone(self, club_id: int) -> Visitor:
        """An owner who was put out of use, and whose token was."""
        user_id, token = self._hired("gone owner", {club_id: Role.OWNER})
        made = self._made("gone", user_id, token)
        with self.world.app.app_context(), transaction() as session:
            session.execute(
                update(StaffUser).where(StaffUser.id == user_id).values(is_active=False)
            )
            token_id = session.scalars(select(ApiToken.id).order_by(ApiToken.id.desc())).first()
            revoke_token(session, token_id or 0, by=OPERATOR, now=NOW)
        return made

    def _made(
        self, name: str, user_id: int | None, token: str | None, chosen: int | None = None
    ) -> Visitor:
        app = self.world.app
        held: dict[str, Any] = {"csrf_token": "a" * 40, "_permanent": True}
        if user_id is not None:
            with app.app_context():
                key = db.session.scalars(
                    select(StaffUser.session_key).where(StaffUser.id == user_id)
                ).one()
            held |= {"_user_id": f"{user_id}:{key}", "_fresh": True}
            held["club_id"] = chosen or self.world.foreign.club_id
        guard = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token")
        return Visitor(
            name,
            app,
            self.watch,
            cookie=str(_serializer(app).dumps(held)),
            guard=str(guard.dumps(held["csrf_token"])),
            token=token,
        )


def _serializer(app: Flask) -> Any:
    return SecureCookieSessionInterface().get_signing_serializer(app)
