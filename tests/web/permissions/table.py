"""`docs/permissions.md`, the table that says who may do what, read into cells."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from clubcrm.accounts.access import PUBLIC, rule_of
from clubcrm.accounts.policies import GRANTS
from clubcrm.accounts.states import Permission, Role
from tests.web.permissions.examples import EXAMPLES, PART, WORDS, Example

PLACE = Path(__file__).parents[3] / "docs" / "permissions.md"
NOTHING = "–"
MAY = "●"
EVERYBODY = "everybody"
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_CELL = re.compile(r"[1-5]\d\d\+?")


class TableError(Exception):
    """The table cannot be read; its text says where."""


@dataclass(frozen=True)
class Line:
    """A route: what it asks for, and what it answers to whoever has that, scope by scope."""

    route: str
    asks: str
    own: str
    other: str
    none: str
    gone: str

    @property
    def method(self) -> str:
        """GET or another."""
        return self.route.split()[0]

    @property
    def rule(self) -> str:
        """The path, as the application knows it."""
        return self.route.split()[1]


@dataclass(frozen=True)
class OpenLine:
    """A route for everybody: what it answers to nobody, to who is signed in, and for a word nobody knows."""

    route: str
    nobody: str
    own: str
    none: str


@dataclass(frozen=True)
class Field:
    """An id in a form or a body: what is answered where it is not one of the own club."""

    route: str
    name: str
    other: str
    none: str
    gone: str


@dataclass(frozen=True)
class Table:
    """Everything that is written down."""

    roles: tuple[str, ...]
    grants: Mapping[str, frozenset[str]]  # permission -> roles
    lines: Mapping[str, Line]
    open_lines: Mapping[str, OpenLine]
    fields: Mapping[tuple[str, str], Field]

    def may(self, role: Role, asks: str) -> bool:
        """Whether a role gets in where this is asked for."""
        return asks == "signed_in" or role.value in self.grants[asks]


def read(text: str | None = None) -> Table:
    """Read the table. Raises TableError."""
    parts = _parts(PLACE.read_text(encoding="utf-8") if text is None else text)
    header, *rows = parts["Roles"]
    roles = tuple(header[1:-1])
    grants = {}
    for name, *marks, _words in rows:
        if set(marks) - {MAY, ""}:
            raise TableError(f"Roles, {name}: a cell holds {MAY} or nothing.")
        grants[name] = frozenset(role for role, mark in zip(roles, marks) if mark)
    return Table(
        roles,
        grants,
        {row[0]: Line(*row) for row in _lines(parts, "Pages") + _lines(parts, "API")},
        {row[0]: OpenLine(*row) for row in _lines(parts, "Open to everybody")},
        {(row[0], row[1]): Field(*row) for row in _lines(parts, "Ids in forms and bodies")},
    )


def _parts(text: str) -> dict[str, list[list[str]]]:
    """The tables by their headings, each row a list of cells, the header first."""
    parts: dict[str, list[list[str]]] = {}
    heading = ""
    for line in text.splitlines():
        if line.startswith("## "):
            heading = line[3:].strip()
        elif line.startswith("|") and not line.startswith("|-"):
            cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
            parts.setdefault(heading, []).append(cells)
    return parts


def _lines(parts: Mapping[str, list[list[str]]], heading: str) -> list[list[str]]:
    header, *rows = parts[heading]
    for row in rows:
        if len(row) != len(header):
            raise TableError(f"{heading}, {row[0]}: {len(row)} cells, {len(header)} wanted.")
        outcomes = [
            cell for name, cell in zip(header, row) if name not in ("Route", "Asks for", "Field")
        ]
        for cell in outcomes:
            if cell != NOTHING and not _CELL.fullmatch(cell):
                raise TableError(f"{heading}, {row[0]}: {cell} is no outcome.")
        if row[0].startswith("GET") and any(cell.endswith("+") for cell in outcomes):
            raise TableError(f"{heading}, {row[0]}: whoever only reads changes nothing.")
    return rows


# --- what is missing ------------------------------------------------------------------------


def routes_of(app: Flask) -> Iterator[tuple[str, Rule]]:
    """Every route there is: `GET /people/<int:person_id>`."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & METHODS):
            yield f"{method} {rule.rule}", rule


def asked_by(app: Flask, rule: Rule) -> str | None:
    """What a route declares, in the words of the table; None = nothing."""
    declared = rule_of(app.view_functions[rule.endpoint])
    is_file = rule.endpoint.rpartition(".")[2] == "static"
    return EVERYBODY if declared == PUBLIC or is_file else declared


def gaps(app: Flask, table: Table, examples: Mapping[str, Example] = EXAMPLES) -> list[str]:
    """What the table does not say of the application, or says of what there is no more."""
    found = [*_gaps_of_roles(table), *_gaps_of_fields(table, examples), *_gaps_of_lines(table)]
    known = {*table.lines, *table.open_lines}
    for route, rule in routes_of(app):
        asks = asked_by(app, rule)
        line = table.lines.get(route)
        if asks is None:
            found.append(
                f"{route} says nothing of who may: put @requires(Permission.X), @signed_in or @public "
                "before the view."
            )
        elif route not in known:
            found.append(_line_wanted(route, asks))
        elif (line.asks if line else EVERYBODY) != asks:
            found.append(f"{route} asks for {asks}; docs/permissions.md says otherwise.")
        is_read = route.startswith(("GET", "DELETE"))
        if asks is not None and not is_read and route not in examples:
            found.append(
                f"{route} has no example: add a form or body that does its work at the own club to "
                "EXAMPLES in tests/web/permissions/examples.py."
            )
    there = {route for route, _rule in routes_of(app)}
    found += [
        f"docs/permissions.md has a line for {route}; there is no such route."
        for route in sorted(known - there)
    ]
    return found


def _line_wanted(route: str, asks: str) -> str:
    place = "Open to everybody" if asks == EVERYBODY else "Pages"
    place = "API" if "/api/" in route and asks != EVERYBODY else place
    wanted = f"| `{route}` | {asks} | own | other | none | gone |"
    if asks == EVERYBODY:
        wanted = f"| `{route}` | nobody | signed in | none |"
    return f"{route} stands nowhere in docs/permissions.md: add under {place} the line {wanted}"


def _gaps_of_roles(table: Table) -> list[str]:
    found = [
        f"The role {role} has no column under Roles in docs/permissions.md: add one."
        for role in Role
        if role.value not in table.roles
    ]
    for permission in Permission:
        roles = table.grants.get(permission.value)
        if roles is None:
            found.append(f"{permission} has no line under Roles in docs/permissions.md: add one.")
            continue
        found += [
            f"GRANTS and docs/permissions.md differ in whether {role} has {permission}."
            for role in map(Role, table.roles)
            if (permission in GRANTS[role]) != (role.value in roles)
        ]
    gone = table.grants.keys() - {permission.value for permission in Permission}
    return found + [f"docs/permissions.md has a permission {name}; there is none." for name in gone]


def _gaps_of_lines(table: Table) -> list[str]:
    """Lines that leave out what their path needs, or let the other club be told from nothing."""
    found = []
    for line in table.lines.values():
        names = PART.findall(line.rule)
        has_id, has_word = (
            any((name in WORDS) is told for name in names) for told in (False, True)
        )
        is_whole = (line.other == line.gone == NOTHING) is not has_id
        is_whole &= (line.none == NOTHING) is not (has_id or has_word)
        if not is_whole or (has_id and NOTHING in (line.other, line.gone)):
            found.append(f"{line.route}: docs/permissions.md leaves out, or makes up, a scope.")
        elif has_id and (line.other, line.none) != ("404", "404"):
            found.append(
                f"{line.route}: an id of the other club, and one that never was, is a 404."
            )
    return found + [
        f"{field.route}, {field.name}: an id of the other club is answered like one that never was."
        for field in table.fields.values()
        if field.other != field.none or field.other.endswith("+")
    ]


def _gaps_of_fields(table: Table, examples: Mapping[str, Example]) -> list[str]:
    there = {(route, name) for route, example in examples.items() for name, _id in example.told()}
    found = [
        f"EXAMPLES in tests/web/permissions/examples.py has {route}; the table has no such line."
        for route in sorted(examples.keys() - table.lines.keys() - table.open_lines.keys())
    ]
    found += [
        f"{route} takes an id as {name}: add the line | `{route}` | {name} | other | none | gone | "
        "under Ids in forms and bodies in docs/permissions.md."
        for route, name in sorted(there - table.fields.keys())
    ]
    return found + [
        f"docs/permissions.md has a field {name} of {route}; no example has one."
        for route, name in sorted(table.fields.keys() - there)
    ]
