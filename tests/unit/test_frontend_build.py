"""The build of the browser's files: which icons it takes, and when it has nothing to do."""

import shutil
from pathlib import Path

import pytest

from frontend import build

SPRITE = (
    '<svg xmlns="http://www.w3.org/2000/svg" id="tabler-icons"><defs>'
    '<symbol id="tabler-check" viewBox="0 0 24 24"><path d="M5 12l5 5" /></symbol>'
    '<symbol id="tabler-check-off" viewBox="0 0 24 24"><path d="M1 1" /></symbol>'
    '<symbol id="tabler-hand-stop" viewBox="0 0 24 24"><path d="M8 13v-7" /></symbol>'
    "</defs></svg>"
)
FILLED = SPRITE.replace("tabler-check-off", "tabler-filled-star")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout whose packages have been built, with one page and one catalogue."""
    real = Path(build.__file__).parent
    (tmp_path / "frontend/.built").mkdir(parents=True)
    for name in ("build.py", "charts.js", "package-lock.json"):
        shutil.copy(real / name, tmp_path / "frontend" / name)
    (tmp_path / "frontend/icons.txt").write_text("# Names no source spells out.\n")
    (tmp_path / "frontend/.built/tabler-sprite.svg").write_text(SPRITE)
    (tmp_path / "frontend/.built/tabler-sprite-filled.svg").write_text(FILLED)
    pages = tmp_path / "clubcrm/visits/templates/visits"
    pages.mkdir(parents=True)
    (pages / "desk.html").write_text("{{ icon('check') }}")
    vendor = tmp_path / "clubcrm/static/vendor"
    vendor.mkdir(parents=True)
    (vendor / "NOTICES.txt").write_text("")
    (vendor / "tabler.min.js").write_text("icon('not-ours')")
    words = tmp_path / "clubcrm/translations/ar/LC_MESSAGES"
    words.mkdir(parents=True)
    (words / "messages.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Members"\nmsgstr "الأعضاء"\n',
        encoding="utf-8",
    )
    packages = build._wanted_stamps(tmp_path)["packages"]
    build._stamp_file(tmp_path).write_text(f'{{"packages": "{packages}"}}')
    return tmp_path


def _quiet(_line: str) -> None:
    """Progress that nobody reads."""


@pytest.mark.parametrize(
    ("file", "source", "names"),
    [
        (
            "page.html",
            "{{ icon('check') }} {{ icon(\"hand-stop\", 'icon-lg') }}",
            "check hand-stop",
        ),
        (
            "page.html",
            "{{ icon('check' if row.kind == 'in' else 'hand-stop') }}",
            "check hand-stop",
        ),
        ("page.html", "{% set icon = 'check' %}{{ tile(icon='hand-stop') }}", "check hand-stop"),
        ("page.html", "{% macro icon(name, class='') %}<use href='#{{ name }}'>", ""),
        ("page.html", "{{ lexicon('check') }} icons('check')", ""),
        ("pages.py", "Entry(icon='check')", "check"),
        ("pages.py", "    icon: str = 'check'\n", "check"),
        ("chart.js", "legend: { icon: 'rect' }, mark(icon('check'))", "check"),
        ("notes.txt", "icon('check')", ""),
    ],
)
def test_icons_are_found_where_sources_name_them(
    root: Path, file: str, source: str, names: str
) -> None:
    (root / "clubcrm/visits/templates/visits/desk.html").write_text("")
    (root / "clubcrm" / file).write_text(source)
    assert build.icons_used(root) == names.split()


def test_names_in_the_list_count_too(root: Path) -> None:
    with (root / "frontend/icons.txt").open("a") as listed:
        listed.write("hand-stop\n")
    assert build.icons_used(root) == ["check", "hand-stop"]


def test_the_sprite_holds_the_named_icons_only(root: Path) -> None:
    assert build.build_assets(root, _quiet)
    sprite = (root / "clubcrm/static/vendor/icons.svg").read_text()
    assert '<symbol id="check" viewBox="0 0 24 24"><path d="M5 12l5 5" /></symbol>' in sprite
    assert sprite.count("<symbol") == 1


def test_nothing_is_built_twice_and_a_new_icon_is_noticed(root: Path) -> None:
    assert build.build_assets(root, _quiet)
    assert build.is_current(root)
    assert not build.build_assets(root, _quiet)
    (root / "clubcrm/visits/templates/visits/door.html").write_text("{{ icon('filled-star') }}")
    assert not build.is_current(root)
    assert build.build_assets(root, _quiet)
    assert 'id="filled-star"' in (root / "clubcrm/static/vendor/icons.svg").read_text()


def test_an_icon_that_does_not_exist_is_refused_by_name(root: Path) -> None:
    (root / "clubcrm/pages.py").write_text("icon = 'chek'")
    with pytest.raises(build.BuildError, match="no Tabler icon named chek"):
        build.build_assets(root, _quiet)
    assert not build.is_current(root)


def test_catalogues_are_compiled_and_dropped_ones_go(root: Path) -> None:
    words = root / "clubcrm/translations/ar/LC_MESSAGES"
    gone = root / "clubcrm/translations/fa/LC_MESSAGES"
    gone.mkdir(parents=True)
    (gone / "messages.mo").write_bytes(b"old")
    assert build.build_assets(root, _quiet)
    first = (words / "messages.mo").read_bytes()
    assert "الأعضاء".encode() in first
    assert not (gone / "messages.mo").exists()
    catalogue = words / "messages.po"
    catalogue.write_text(
        catalogue.read_text(encoding="utf-8").replace("الأعضاء", "المشتركون"), "utf-8"
    )
    assert not build.is_current(root)
    assert build.build_assets(root, _quiet)
    assert (words / "messages.mo").read_bytes() != first


def test_files_that_were_deleted_are_built_again(root: Path) -> None:
    build.build_assets(root, _quiet)
    (root / "clubcrm/static/vendor/icons.svg").unlink()
    assert not build.is_current(root)
    assert build.build_assets(root, _quiet)
    assert build.is_current(root)


def test_source_maps_are_no_longer_pointed_at(tmp_path: Path) -> None:
    for name, text in {
        "a.js": "run();\n//# sourceMappingURL=a.js.map",
        "a.css": "a{color:red}\n/*# sourceMappingURL=a.css.map */",
    }.items():
        (tmp_path / name).write_text(text)
        build._copy_text(tmp_path / name, tmp_path / f"copy-{name}")
        copied = (tmp_path / f"copy-{name}").read_text()
        assert copied == text.splitlines()[0] + "\n"
