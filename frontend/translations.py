"""The words of the screens: gathered from the sources, kept in one catalogue a language, and checked.

    python frontend/translations.py update    gather the words, bring every catalogue up to date
    python frontend/translations.py check     say what is missing; exit 1 when something is

A catalogue is `clubcrm/translations/LANG/LC_MESSAGES/messages.po`. English stands in the sources
themselves. The mirrored language (`qps`) is made here from the English words: accents and brackets
show at once which words were never marked, and its pages run from the right.
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
MIRRORED = "qps"
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None, "lazy_ngettext": (1, 2)}

# What the machine reads within a message: places for values, tags, entities.
UNTOUCHED = re.compile(r"(%\(\w+\)[sd]|%[sd%]|<[^>]*>|&\w+;)")
PLACES = re.compile(r"%\((\w+)\)[sd]")
ACCENTED = str.maketrans(
    "aceginorsuyzACEGINORSUYZ",
    "áçéğîñöřšüýžÁÇÉĞÎÑÖŘŠÜÝŽ",
)
CHANGING = re.compile(
    r'^"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By|'
    r"Report-Msgid-Bugs-To)[^\n]*\n",
    re.MULTILINE,
)


def words_of_sources(root: Path = ROOT) -> Catalog:
    """Every message that the sources mark for translation."""
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        method_map, options_map = parse_mapping_cfg(file)
    found = Catalog(project="clubcrm", fuzzy=False)
    for _name, _line, message, comments, context in extract_from_dir(
        root / "clubcrm", method_map, options_map, keywords=KEYWORDS, comment_tags=("Translators:",)
    ):
        found.add(message, None, auto_comments=comments, context=context)
    return found


def catalogues(root: Path = ROOT) -> Iterator[tuple[str, Path]]:
    """The languages that have a catalogue, each with its file."""
    for path in sorted((root / "clubcrm/translations").glob("*/LC_MESSAGES/messages.po")):
        yield path.parent.parent.name, path


def mirrored(text: str) -> str:
    """A text in the mirrored language; what the machine reads stays as it is."""
    parts = UNTOUCHED.split(text)
    written = "".join(
        part if number % 2 else part.translate(ACCENTED) for number, part in enumerate(parts)
    )
    # Its letters are Latin: without the isolate, figures and signs at the ends would change sides.
    return f"⟦\u2066{written}\u2069⟧"


def mirrored_catalogue(words: Catalog) -> Catalog:
    """The whole mirrored language."""
    made = Catalog(project="clubcrm", fuzzy=False)
    for message in words:
        if not message.id:
            continue
        if isinstance(message.id, tuple | list):
            made.add(message.id, tuple(mirrored(text) for text in message.id))
        else:
            made.add(message.id, mirrored(message.id), context=message.context)
    return made


def update(root: Path = ROOT) -> None:
    """Bring every catalogue up to date; words that are new wait for their translation, empty."""
    words = words_of_sources(root)
    for language, path in catalogues(root):
        if language == MIRRORED:
            catalogue = mirrored_catalogue(words)
        else:
            catalogue = read(path)
            catalogue.update(words, no_fuzzy_matching=True)
            catalogue.obsolete.clear()
        path.write_text(written(catalogue, language), encoding="utf-8", newline="\n")


def read(path: Path) -> Catalog:
    """A catalogue from its file."""
    with path.open("rb") as file:
        return read_po(file, locale=None)


def written(catalogue: Catalog, language: str) -> str:
    """A catalogue as its file holds it: sorted, without what changes at every run."""
    out = io.BytesIO()
    catalogue.header_comment = "# Words of clubcrm's screens."
    write_po(out, catalogue, sort_output=True, no_location=True, width=0)
    text = CHANGING.sub("", out.getvalue().decode("utf-8"))
    if f'"Language: {language}' not in text:
        plural = r'"Plural-Forms: nplurals=2; plural=(n != 1);\n"' + "\n"
        text = text.replace(plural, "")
        head = f'"Language: {language}\\n"\n{plural}"MIME-Version'
        text = text.replace('"MIME-Version', head, 1)
    return text


def faults(root: Path = ROOT) -> list[str]:
    """What the catalogues lack, one sentence each."""
    words = words_of_sources(root)
    wanted = [message for message in words if message.id]
    found = []
    for language, path in catalogues(root):
        catalogue = read(path)
        for message in wanted:
            told = catalogue.get(message.id, message.context)
            wrong = _wrong_with(message, told)
            if wrong:
                found.append(f"{language}: {_first(message.id)!r} {wrong}")
        made = written(mirrored_catalogue(words), language)
        if language == MIRRORED and not found and path.read_text(encoding="utf-8") != made:
            found.append(f"{language}: holds words that no source has any more")
    return found


def _wrong_with(message: Message, told: Message | None) -> str | None:
    if told is None:
        return "is missing"
    if told.fuzzy:
        return "is only guessed"
    strings = told.string if isinstance(told.string, tuple | list) else (told.string,)
    if not strings or not all(strings):
        return "is not translated"
    ids = message.id if isinstance(message.id, tuple | list) else (message.id,)
    known = {name for text in ids for name in PLACES.findall(text)}
    for text in strings:
        if not set(PLACES.findall(str(text))) <= known:
            return "names a value that the message does not have"
    if len(strings) == 1 and set(PLACES.findall(str(strings[0]))) != known:
        return "leaves a value out"
    return None


def _first(message_id: object) -> str:
    return str(message_id[0] if isinstance(message_id, tuple | list) else message_id)


def main(arguments: list[str]) -> int:
    """Do what was asked for on the command line."""
    if arguments == ["update"]:
        update()
        return 0
    if arguments == ["check"]:
        found = faults()
        for fault in found:
            print(fault)  # noqa: T201 - this is a command
        return 1 if found else 0
    print(__doc__)  # noqa: T201
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
