"""Rows of a file that say exactly the same: which of them a row is."""


class Counted:
    """Counts equal rows of one file, and forgets those of a part that was given up."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int]] = {}  # content -> how many, first line
        self._before: list[tuple[int, tuple[int, int] | None]] = []

    def count(self, content: str, line: int) -> tuple[int, int | None]:
        """The how-manieth row of this content it is, and the first one's line if it is not that."""
        key = hash(content)
        before = self._seen.get(key)
        self._before.append((key, before))
        many, first = before or (0, line)
        self._seen[key] = (many + 1, first)
        return many + 1, first if before else None

    def line_of(self, content: str, line: int) -> int | None:
        """The line of the first row of this content, None where this is it."""
        return self.count(content, line)[1]

    def settle(self, done: bool) -> None:
        """Keep or forget what the last part taught."""
        if not done:
            for key, before in reversed(self._before):
                if before is None:
                    self._seen.pop(key, None)
                else:
                    self._seen[key] = before
        self._before.clear()
