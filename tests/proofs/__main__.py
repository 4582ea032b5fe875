"""`run.py prove`: lists the long proofs, or runs the one that is named."""

import ast
import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def proofs() -> dict[str, str]:
    """Name of each proof -> what it proves, in the words of its docstring."""
    found = {}
    for path in sorted(HERE.glob("[!_]*.py")):
        words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        found[path.stem] = words.partition("\n")[0]
    return found


def main(arguments: list[str]) -> int:
    """Without arguments list the proofs; else run the named one with the rest."""
    known = proofs()
    if not arguments or arguments[0] in {"-h", "--help"}:
        width = max((len(name) for name in known), default=0)
        for name, words in known.items():
            print(f"{name:{width}}  {words}")
        return 0
    name = arguments[0].replace("-", "_")
    if name not in known:
        print(f"There is no proof {name}. Known: {', '.join(known)}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"tests.proofs.{name}")
    return int(module.main(arguments[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
