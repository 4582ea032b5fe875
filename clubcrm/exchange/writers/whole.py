"""Files that stand under their name only when they are whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place beside the file to write to; it gets the file's name at the end, or goes.

    Readable by its owner alone: exports hold what people told the club.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
