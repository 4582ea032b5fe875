"""Python's collector of cycles, told to look less often while very many rows are made."""

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SELDOM: Final = 200_000
"""So many new objects more than were freed, about 20 MB of rows, before it looks at the youngest."""

_lock = threading.Lock()
_before: list[tuple[int, int, int]] = []
_inside = 0


@contextmanager
def looking_seldom() -> Iterator[None]:
    """Let the collector look seldom inside the block: rows of a file are many, and hold no cycles.

    It holds for the whole process, until the last of the blocks open at the same time is over.
    """
    global _inside
    with _lock:
        if not _inside:
            _before.append(gc.get_threshold())
            gc.set_threshold(SELDOM, *_before[0][1:])
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                gc.set_threshold(*_before.pop())
