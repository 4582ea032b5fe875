"""The cells of the matrix, asked one by one: each broken one is a sentence."""

import re
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

from clubcrm.accounts.states import Role
from clubcrm.messaging.links import unsubscribe_token
from tests.web.permissions.examples import (
    EXAMPLES,
    NOT_WORDS,
    PART,
    WORDS,
    Example,
    filled,
)
from tests.web.permissions.life import calls_key
from tests.web.permissions.table import NOTHING, Field, Line, Table
from tests.web.permissions.visitors import API, Answer, Visitor, Visitors
from tests.web.permissions.world import HERE, MARK, World

NEVER = "999999937"
"""An id that nothing ever had."""

KIND_OF = {
    "club_id": "",
    "club": "",
    "coach_id": "",
    "calls": "",
    "plus_plan_id": "plan_id",
    "free_id": "person_id",
    "package_id": "membership_id",
    "arrival_id": "task_id",
}
"""Name of an id -> the kind of thing under which a gone one is found; "" where none of a kind can go."""


class Scope(StrEnum):
    """Whose thing a request is about."""

    OWN = "own"
    OTHER = "other"
    NONE = "none"
    GONE = "gone"


@dataclass(frozen=True)
class Sight:
    """The ids of each scope, by their names."""

    ids: Mapping[Scope, Mapping[str, str]]

    @classmethod
    def of(cls, world: World) -> "Sight":
        """What there is in a world."""
        secret = world.app.secret_key
        letter = unsubscribe_token(str(secret), int(world.own.ids["message_id"]))
        own = {**world.own.ids, "calls": calls_key(HERE), "unsubscribe": letter}
        other = {**world.foreign.ids, "calls": calls_key(MARK)}
        return cls({Scope.OWN: own, Scope.OTHER: other, Scope.GONE: world.gone})

    def id_of(self, name: str, scope: Scope) -> str:
        """A thing that an example names, or what stands for it in a scope."""
        if scope is Scope.NONE:
            return NEVER
        kind = KIND_OF.get(name, name) if scope is Scope.GONE else name
        if kind not in self.ids[scope]:
            where = "gone.py" if scope is Scope.GONE else "life.py"
            raise LookupError(
                f"There is no {kind} ({scope}): make one in tests/web/permissions/{where}."
            )
        return self.ids[scope][kind]

    def address(self, rule: str, example: Example, scope: Scope) -> str:
        """The path of a route with a thing of a scope."""

        def part(name: str) -> str:
            if name not in WORDS:
                gone = scope is Scope.GONE
                return self.id_of(name if gone else example.ids.get(name, name), scope)
            if scope is Scope.NONE:
                return NOT_WORDS.get(name, "nothing")
            return str(filled(example.ids.get(name, WORDS[name]), self.ids[Scope.OWN]))

        return PART.sub(lambda found: part(found[1]), rule)

    def asked(self, probe: str) -> str:
        """An address with ids of the own club, and those of the other one as `other_`."""
        other = {f"other_{name}": value for name, value in self.ids[Scope.OTHER].items()}
        return str(filled(probe, {**self.ids[Scope.OWN], **other}))


class Matrix:
    """The table, held against a world."""

    def __init__(
        self,
        table: Table,
        visitors: Visitors,
        examples: Mapping[str, Example] = EXAMPLES,
    ) -> None:
        self.table = table
        self.visitors = visitors
        self.examples = examples
        self.sight = Sight.of(visitors.world)
        self.watch = visitors.watch

    def ask(
        self,
        visitor: Visitor,
        line: Line,
        scope: Scope,
        *,
        keeps: bool = False,
        also: str = "",
        **more: object,
    ) -> Answer:
        """Ask for a route with a thing of a scope. Unless it `keeps`, what it does is only rehearsed.

        `also` is a further id that its form may name.
        """
        example = self.examples.get(line.route, Example())
        if also in example.also:
            example = _with(example, also, example.also[also])
        address = self.sight.address(line.rule, example, scope)
        with nullcontext() if keeps else self.watch.rehearsal():
            return visitor.ask(
                line.method,
                address,
                **example.sent(self.sight.ids[Scope.OWN]),
                **more,  # type: ignore[arg-type]
            )

    def cells(self, line: Line) -> Iterator[tuple[Scope, str]]:
        """The scopes that a route knows, each with the outcome for who may."""
        for scope in Scope:
            outcome: str = getattr(line, scope)
            if outcome != NOTHING:
                yield scope, outcome

    def may_open(self, role: Role, address: str) -> bool:
        """Whether a role may read what stands at an address."""
        routes = self.visitors.world.app.url_map.bind("localhost")
        rule, _parts = routes.match(address.split("?", maxsplit=1)[0], "GET", return_rule=True)
        return self.table.may(role, self.table.lines[f"GET {rule.rule}"].asks)

    # --- what one visitor finds ---------------------------------------------------------------

    def breaks_for(self, visitor: Visitor, role: Role) -> Iterator[str]:
        """What is not as it is written, for an employee with a role at the own club and its token."""
        for line in self.table.lines.values():
            may = self.table.may(role, line.asks)
            found: dict[Scope, Answer] = {}
            for scope, written in self.cells(line):
                wanted = written if may else "403"
                # Where something may change, it is rehearsed; a refusal is meant to be harmless itself.
                # It is asked for as scripts do, since the whole page of a refusal takes twice the time;
                # the owner's are whole.
                part = role is not Role.OWNER and wanted in ("403", "404")
                answer = self.ask(visitor, line, scope, keeps=not wanted.endswith("+"), part=part)
                found[scope] = answer
                yield from self._breaks(visitor, line, scope, wanted, answer)
            alike = [one for one in (Scope.OTHER, Scope.NONE) if Scope.OTHER in found]
            yield from self._told_apart(line, {one: found[one] for one in alike})

    def breaks_for_outsider(self, visitor: Visitor) -> Iterator[str]:
        """What lets in somebody who is not signed in, or not any more."""
        for line in self.table.lines.values():
            for scope, _written in self.cells(line):
                if scope not in (Scope.OWN, Scope.OTHER):
                    continue
                part = line.method != "GET"
                answer = self.ask(visitor, line, scope, keeps=True, part=part)
                is_page = line.method == "GET" and not line.rule.startswith(API)
                yield from self._breaks(visitor, line, scope, "302" if is_page else "401", answer)
                leads = answer.told.headers.get("Location", "")
                if is_page and not leads.startswith("/sign-in"):
                    yield f"{line.route} leads {visitor.name} to {leads}, not to the sign-in page"

    def breaks_for_powerless(self, visitor: Visitor) -> Iterator[str]:
        """What lets in somebody who is signed in and holds no role any more."""
        for line in self.table.lines.values():
            if line.rule.startswith(API):
                continue
            for scope, written in self.cells(line):
                if scope not in (Scope.OWN, Scope.OTHER):
                    continue
                wanted = written if line.asks == "signed_in" else "403"
                part = scope is not Scope.OWN
                answer = self.ask(visitor, line, scope, keeps=not wanted.endswith("+"), part=part)
                yield from self._breaks(visitor, line, scope, wanted, answer)

    def breaks_of_open(self, visitor: Visitor) -> Iterator[str]:
        """What is not as it is written of what is open to everybody."""
        for told in self.table.open_lines.values():
            line = Line(told.route, "", told.own, NOTHING, told.none, NOTHING)
            is_nobody = visitor is self.visitors.nobody
            wanted = {Scope.OWN: told.nobody if is_nobody else told.own, Scope.NONE: told.none}
            for scope, _outcome in self.cells(line):
                answer = self.ask(visitor, line, scope, keeps=not wanted[scope].endswith("+"))
                yield from self._breaks(visitor, line, scope, wanted[scope], answer)

    def breaks_elsewhere(self, visitor: Visitor, role: Role) -> Iterator[str]:
        """What a permission of the other club opens here, where only a smaller role is held."""
        for line in self.table.lines.values():
            if self.table.may(role, line.asks) or line.rule.startswith(API):
                continue
            if line.other == NOTHING:
                yield from self._breaks_of_choice(visitor, line)
                continue
            scopes = (Scope.OWN, Scope.NONE)
            found = {
                scope: self.ask(visitor, line, scope, keeps=True, part=True) for scope in scopes
            }
            yield from self._breaks(visitor, line, Scope.OWN, line.other, found[Scope.OWN], mark="")
            yield from self._told_apart(line, found)

    def _breaks_of_choice(self, visitor: Visitor, line: Line) -> Iterator[str]:
        """What is shown of the own club, or done there, because it was chosen in the top bar."""
        own = self.visitors.world.own.club_id
        answer = self.ask(visitor, line, Scope.OWN)
        told = answer.text.casefold().replace(f"{HERE} fitness", "")
        if (line.method == "GET" and HERE in told) or own in self.watch.clubs:
            yield f"{line.route}, {visitor.name}: is about the club chosen, where one may not"

    def _breaks(
        self,
        visitor: Visitor,
        line: Line,
        scope: Scope,
        wanted: str,
        answer: Answer,
        mark: str = MARK,
    ) -> Iterator[str]:
        cell = f"{line.route}, {visitor.name}, {scope}:"
        if answer.outcome != wanted:
            yield f"{cell} answers {answer.outcome}, written is {wanted}"
        if line.method == "GET" and (self.watch.writes or self.watch.begins):
            yield f"{cell} only reads, and runs {self.watch.writes[:1] or 'a writing transaction'}"
        if mark and mark in self.all_of(visitor, answer):
            yield f"{cell} tells of the other club"
        if self.visitors.world.foreign.club_id in self.watch.clubs:
            yield f"{cell} does something at the other club"

    def all_of(self, visitor: Visitor, answer: Answer) -> str:
        """All that goes out with an answer: body, headers, and what its session holds in the clear."""
        headers = "".join(f"{told}\n" for told in answer.told.headers if told[0] != "Set-Cookie")
        return f"{answer.text}{headers}{dict(visitor.held(answer))}".casefold()

    def _told_apart(self, line: Line, found: Mapping[Scope, Answer]) -> Iterator[str]:
        """An id of a club where one may not is answered to the byte like one that never was."""
        example = self.examples.get(line.route, Example())
        bodies = {
            answer.bare(self.sight.address(line.rule, example, scope)) + answer.outcome
            for scope, answer in found.items()
        }
        if len(bodies) > 1:
            yield f"{line.route}: whether an id exists at the other club can be told from the answer"

    # --- ids in forms ---------------------------------------------------------------------------

    def breaks_of_field(self, visitor: Visitor, told: Field) -> Iterator[str]:
        """What is not as it is written where one id of a form is not of the own club."""
        line = self.table.lines[told.route]
        example = self.examples[told.route]
        named = dict(example.told())[told.name]
        own = self.sight.ids[Scope.OWN]
        address = self.sight.address(line.rule, example, Scope.OWN)
        bodies = {}
        for scope in (Scope.OTHER, Scope.NONE, Scope.GONE):
            wanted: str = getattr(told, scope)
            if wanted == NOTHING:
                continue
            value = self.sight.id_of(named, scope)
            sent = _with(example, told.name, value).sent(own)
            with self.watch.rehearsal() if wanted.endswith("+") else nullcontext():
                answer = visitor.ask(line.method, address, **sent)
            yield from self._breaks(visitor, line, scope, f"{wanted}", answer)
            bodies[scope] = answer.bare(address)
        # Whatever is typed may come back: both values are left out of both answers.
        values = (NEVER, self.sight.id_of(named, Scope.OTHER))
        typed = re.compile(rf"\b({'|'.join(map(re.escape, values))})\b")
        bodies = {scope: typed.sub("@", unquote(body)) for scope, body in bodies.items()}
        if bodies[Scope.OTHER] != bodies[Scope.NONE]:
            yield f"{told.route}, {told.name}: an id of the other club is told from one that never was"


def _with(example: Example, name: str, value: str) -> Example:
    """The example with another value in one of its fields."""
    parts = {"query": example.query, "form": example.form, "json": example.json}
    changed = {
        part: {**held, name: value}
        for part, held in parts.items()
        if held is not None and name in held
    }
    if not changed:
        part = "json" if example.json is not None else "form"
        changed = {part: {**(parts[part] or {}), name: value}}
    return Example(**{**vars(example), **changed})
