"""Every visible word is marked for translation, and every catalogue is whole."""

import ast
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from frontend import translations

ROOT = Path(__file__).resolve().parent.parent.parent
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
READ_ALOUD = {
    "placeholder",
    "title",
    "alt",
    "aria-label",
    "aria-description",
    "aria-roledescription",
}
# Commands speak English to whoever looks after the machine.
COMMANDS = {"cli", "bench", "doctor", "simulator", "worker.py"}
# What is the same in every language: the name of the program, single letters, names of files, and the
# strokes of a drawing.
SAME_EVERYWHERE = re.compile(r"clubcrm|[A-Za-z]|[\w-]+\.(?:json|csv|xlsx)|M[\sMVHLhvlz\d.,-]*")
LETTERS = re.compile(r"[^\W\d_]")


class _Words(HTMLParser):
    """Gathers the words of a template that stand in it bare."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[int, str]] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style")
        for name, value in attrs:
            if name in READ_ALOUD and value and _is_language(value):
                self.found.append((self.getpos()[0], f'{name}="{value}"'))

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self.silent and _is_language(data):
            self.found.append((self.getpos()[0], data.strip()))


def _is_language(text: str) -> bool:
    text = text.strip()
    return bool(LETTERS.search(text)) and not SAME_EVERYWHERE.fullmatch(text)


def bare_words_in_templates(root: Path) -> list[str]:
    """Words in templates that are not marked for translation."""
    found = []
    for path in sorted((root / "clubcrm").rglob("templates/**/*.html")):
        # As many lines as before, so that the places named are right.
        html = JINJA.sub(lambda m: "\n" * m.group().count("\n"), path.read_text(encoding="utf-8"))
        words = _Words()
        words.feed(html)
        words.close()
        found += [f"{path.relative_to(root)}:{line} {text[:60]!r}" for line, text in words.found]
    return found


def bare_words_in_python(root: Path) -> list[str]:
    """Flashes, form fields, validators and refusals whose words are not marked."""
    found = []
    for path in sorted((root / "clubcrm").rglob("*.py")):
        where = path.relative_to(root)
        if where.parts[1] in COMMANDS:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_shown(node) and _is_bare(_shown_argument(node)):
                found.append(f"{where}:{node.lineno} shows words that are not marked")
            if isinstance(node, ast.ClassDef):
                found += [
                    f"{where}:{line.lineno} refuses in words that are not marked"
                    for line in node.body
                    if isinstance(line, ast.Assign | ast.AnnAssign)
                    and _names(line) == ["message"]
                    and _is_bare(line.value)
                ]
    return found


def _is_shown(call: ast.Call) -> bool:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    return (
        name == "flash" or name.endswith("Field") or any(k.arg == "message" for k in call.keywords)
    )


def _shown_argument(call: ast.Call) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg in ("message", "label"):
            return keyword.value
    return call.args[0] if call.args else None


def _is_bare(value: ast.expr | None) -> bool:
    if isinstance(value, ast.JoinedStr):
        return True
    is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    return is_text and _is_language(value.value)  # type: ignore[union-attr]


def _names(line: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = line.targets if isinstance(line, ast.Assign) else [line.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_templates_hold_no_bare_words() -> None:
    assert bare_words_in_templates(ROOT) == []


def test_python_shows_no_bare_words() -> None:
    assert bare_words_in_python(ROOT) == []


def test_catalogues_are_whole() -> None:
    """After new words: `python frontend/translations.py update`."""
    assert translations.faults(ROOT) == []


def test_there_is_a_mirrored_language() -> None:
    assert "qps" in dict(translations.catalogues(ROOT))


# --- the checks themselves find a planted break ---------------------------------------------


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A small source tree with one template, one form and one catalogue, all in order."""
    (tmp_path / "clubcrm/templates").mkdir(parents=True)
    catalogue = tmp_path / "clubcrm/translations/qps/LC_MESSAGES/messages.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.touch()
    shutil.copy(ROOT / "babel.cfg", tmp_path / "babel.cfg")
    (tmp_path / "clubcrm/templates/page.html").write_text(
        '<p title="{{ _("Help") }}">{{ _("Good morning, %(name)s", name=name) }}</p>'
    )
    (tmp_path / "clubcrm/forms.py").write_text(
        'name = StringField(_l("Name"))\nflash(_("Saved"))\n'
    )
    translations.update(tmp_path)
    return tmp_path


def test_a_tree_in_order_passes(planted: Path) -> None:
    assert bare_words_in_templates(planted) == []
    assert bare_words_in_python(planted) == []
    assert translations.faults(planted) == []


@pytest.mark.parametrize(
    "html",
    [
        "<p>Good evening</p>",
        '<p title="Good evening"></p>',
        '<button aria-label="Close">{{ icon("x") }}</button>',
        "{% if name %}<b>Hello</b>{% endif %}",
        "<option>Cash</option>",
    ],
)
def test_bare_words_in_a_template_are_found(planted: Path, html: str) -> None:
    (planted / "clubcrm/templates/bare.html").write_text(html)
    assert len(bare_words_in_templates(planted)) == 1


@pytest.mark.parametrize(
    "line",
    [
        'flash("Saved")',
        'flash(f"{name} saved")',
        'name = StringField("Name")',
        'Email(message="This is no address.")',
        'class Refused(Exception):\n    message = "Not now."',
    ],
)
def test_bare_words_in_python_are_found(planted: Path, line: str) -> None:
    (planted / "clubcrm/bare.py").write_text(line + "\n")
    assert len(bare_words_in_python(planted)) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('msgid "Saved"\nmsgstr "⟦\u2066Šávéd\u2069⟧"\n', ""),
        ('msgstr "⟦\u2066Šávéd\u2069⟧"', 'msgstr ""'),
        ('msgid "Saved"', '#, fuzzy\nmsgid "Saved"'),
        ("ñîñğ, %(name)s", "ñîñğ, %(nom)s"),
        ("ñîñğ, %(name)s", "ñîñğ"),
        ('msgid "Saved"', 'msgid "Stored"'),
    ],
)
def test_a_catalogue_with_a_fault_is_found(planted: Path, before: str, after: str) -> None:
    path = planted / "clubcrm/translations/qps/LC_MESSAGES/messages.po"
    text = path.read_text(encoding="utf-8")
    assert before in text, text
    path.write_text(text.replace(before, after), encoding="utf-8")
    assert translations.faults(planted)


def test_words_that_no_source_has_any_more_are_found(planted: Path) -> None:
    (planted / "clubcrm/forms.py").write_text('name = StringField(_l("Name"))\n')
    assert translations.faults(planted) == ["qps: holds words that no source has any more"]
