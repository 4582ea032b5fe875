"""The rules of the architecture as functions: the root of a source tree in, the breaks out.

Each is tried on the real tree, where it must find nothing, and on a planted break, which it must find.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

# What a package shows its neighbours. `core` is mechanism and open to all; `accounts.access` is the
# door every view uses; pure rules have no state to protect.
SHOWN = {"models", "queries", "operations", "events", "states", "errors", "policies"}
ALSO_SHOWN = {
    ("accounts", "access"),
    ("api", "problems"),
    ("retention", "words"),
    ("messaging", "words"),
}

# Who puts the parts together may name all of them.
ASSEMBLY = {
    "__main__",
    "app",
    "wiring",
    "cli",
    "worker",
    "simulator",
    "doctor",
    "bench",
    "presentation",
}

STANDARD_FILES = {
    "__init__", "states", "errors", "events", "models", "policies", "queries", "operations",
    "forms", "views", "handlers", "jobs", "invariants",
}  # fmt: skip
OWN_FILES = {
    "accounts": {"access", "sessions"},
    "api": {"problems", "schemas", "answers", "pages", "docs", "health"},
    "messaging": {"channels", "links", "words"},
    "retention": {"words", "facts", "shipped", "texts", "triggers"},
    "visits": {"words"},
    "exchange": {"readers", "writers", "uploads", "words"},
    "frontdesk": {"charts", "phase_line"},
}
FORBIDDEN_NAMES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "manager",
    "service",
    "services",
    "misc",
}
MECHANISMS = {"core"}

CLOCKS = {
    ("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
    ("time", "time"), ("time", "localtime"), ("time", "gmtime"),
}  # fmt: skip


def sources(root: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of the application, parsed."""
    for path in sorted((root / "clubcrm").rglob("*.py")):
        yield path.relative_to(root), ast.parse(path.read_text(encoding="utf-8"))


def package_of(path: Path) -> str:
    """`clubcrm/members/queries.py` -> `members`; `clubcrm/app.py` -> `app`."""
    return path.parts[1].removesuffix(".py")


def second_commits(root: Path) -> list[str]:
    """Places that commit, other than the one function that may."""
    allowed = Path("clubcrm/core/transactions.py")
    return [
        f"{path}:{node.lineno} commits"
        for path, tree in sources(root)
        if path != allowed
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "begin_nested")
        and not _is_schema(path)
    ]


def _is_schema(path: Path) -> bool:
    """Migrations run on a connection of their own, before there is anything to operate on."""
    return path == Path("clubcrm/core/schema.py")


def second_clocks(root: Path) -> list[str]:
    """Places that read the wall clock, other than `core.clock`."""
    allowed = Path("clubcrm/core/clock.py")
    found = []
    for path, tree in sources(root):
        for node in ast.walk(tree):
            if path == allowed or not isinstance(node, ast.Call):
                continue
            call = node.func
            if isinstance(call, ast.Attribute) and (_owner(call.value), call.attr) in CLOCKS:
                found.append(f"{path}:{node.lineno} reads the wall clock")
    return found


def _owner(value: ast.expr) -> str | None:
    """`datetime` in `datetime.now` and in `datetime.datetime.now`."""
    if isinstance(value, ast.Name):
        return value.id
    return value.attr if isinstance(value, ast.Attribute) else None


def hidden_imports(root: Path) -> list[str]:
    """Imports of the application inside a function, which hide a cycle."""
    found = []
    for path, tree in sources(root):
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            found += [
                f"{path}:{node.lineno} imports inside a function"
                for node in ast.walk(function)
                if isinstance(node, ast.Import | ast.ImportFrom)
                and any(name.startswith("clubcrm") for name in _imported(node))
            ]
    return found


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names] + [node.module or ""]


def looks_inside_neighbours(root: Path) -> list[str]:
    """Imports of a neighbour's inner files (its views, forms, handlers, jobs)."""
    packages = {path.name for path in (root / "clubcrm").iterdir() if path.is_dir()}
    found = []
    for path, tree in sources(root):
        own = package_of(path)
        if own in ASSEMBLY:
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            parts = node.module.split(".")
            if parts[0] != "clubcrm" or len(parts) < 2 or parts[1] in {own, *MECHANISMS}:
                continue
            if parts[1] not in packages:
                continue
            inner = parts[2] if len(parts) > 2 else node.names[0].name
            if inner not in SHOWN and (parts[1], inner) not in ALSO_SHOWN:
                found.append(f"{path}:{node.lineno} looks inside {parts[1]}.{inner}")
    return found


def unusual_files(root: Path) -> list[str]:
    """Files whose names nobody would guess, and drawers that take anything."""
    found = []
    for path, _tree in sources(root):
        stems = {part.removesuffix(".py") for part in path.parts}
        if stems & FORBIDDEN_NAMES:
            found.append(f"{path} is a drawer")
        own = package_of(path)
        if len(path.parts) < 3 or own in MECHANISMS | ASSEMBLY:
            continue
        inner = path.parts[2].removesuffix(".py")
        if inner not in STANDARD_FILES | OWN_FILES.get(own, set()):
            found.append(f"{path} is not one of the package's standard files")
    return found


def missing_words(root: Path) -> list[str]:
    """Modules, public classes and public functions without a docstring."""
    found = []
    for path, tree in sources(root):
        if not ast.get_docstring(tree):
            found.append(f"{path} says nothing about itself")
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                if _is_overload(node):
                    continue
                if not ast.get_docstring(node):
                    found.append(f"{path}:{node.lineno} {node.name} says nothing about itself")
    return found


def _is_overload(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """A signature for the type checker; the function below it has the words."""
    return any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)


# What a template computes is no markup: only='rejected' is not a handler.
COMPUTED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def _blank(computed: re.Match[str]) -> str:
    return "\n" * computed.group().count("\n")


def inline_style_or_script(root: Path) -> list[str]:
    """Templates with inline styles, scripts or handlers, which the content policy would stop."""
    pattern = re.compile(
        r"""\sstyle\s*=|\son[a-z]+\s*=\s*["']|<style|<script(?![^>]*\ssrc=)|javascript:|hx-on|hx-vals=["']js:""",
        re.IGNORECASE,
    )
    found = []
    for path in sorted((root / "clubcrm").rglob("templates/**/*.html")):
        markup = COMPUTED.sub(_blank, path.read_text(encoding="utf-8"))
        for number, line in enumerate(markup.splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(root)}:{number} is inline: {line.strip()[:60]}")
    return found


def unsafe_markup(root: Path) -> list[str]:
    """Templates and modules that switch escaping off."""
    found = []
    for path in sorted((root / "clubcrm").rglob("templates/**/*.html")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"\|\s*safe\b|autoescape\s+false", line):
                found.append(f"{path.relative_to(root)}:{number} switches escaping off")
    return found


RULES: dict[str, Callable[[Path], list[str]]] = {
    rule.__name__: rule
    for rule in (
        second_commits,
        second_clocks,
        hidden_imports,
        looks_inside_neighbours,
        unusual_files,
        missing_words,
        inline_style_or_script,
        unsafe_markup,
    )
}
