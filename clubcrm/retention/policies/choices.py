"""What a club chose about its contacts, out of its settings. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

SETTING: Final = "contacts"
"""Name under which a club's choices about contacts stand in its settings."""

CALLS_PER_DAY: Final = 15
"""So many calls of contacts fit into a day, unless the club says otherwise."""

MOST_CALLS: Final = 500


@dataclass(frozen=True, slots=True)
class Choices:
    """`learning` is one of `full`, `small`, `none` (see `policies.arms`), or empty: what suits the club.

    `price_minor` is what one message costs the club; None = not known.
    """

    learning: str = ""
    calls_per_day: int = CALLS_PER_DAY
    price_minor: int | None = None

    def as_setting(self) -> dict[str, Any]:
        """As it stands in the settings of the club."""
        return {SETTING: asdict(self)}


def choices_of(settings: Mapping[str, Any]) -> Choices:
    """The choices of a club; what was never chosen, or makes no sense, is as it is shipped."""
    told = settings.get(SETTING) or {}
    calls, price = told.get("calls_per_day"), told.get("price_minor")
    return Choices(
        learning=str(told.get("learning") or ""),
        calls_per_day=calls if isinstance(calls, int) and calls >= 0 else CALLS_PER_DAY,
        price_minor=price if isinstance(price, int) and price >= 0 else None,
    )
