"""The draw: who is held out. Pure, and the same for the same member, play, version and cycle."""

import hashlib
from datetime import date
from typing import Final

from clubcrm.retention.policies.plays import PlayRules
from clubcrm.retention.states import Arm

SMALL_CLUB: Final = 1000
"""Active members from which a club learns enough to hold out by the shipped shares."""

SMALL_SHARE: Final = 10
"""Below that: so many per cent of automatic messages, and no calls."""


def suggested(active: int) -> str:
    """What suits a club with so many active members."""
    return "full" if active >= SMALL_CLUB else "small"


def share_held_out(rules: PlayRules, learning: str, active: int) -> int:
    """The share in per cent of a play's members that is not contacted.

    `learning` is the club's choice: `full` (the shares of the plays), `small` (10 % of automatic
    messages, no calls), `none`, or empty: what suits a club with so many active members.
    """
    choice = learning or suggested(active)
    if choice == "none" or rules.hold_out == 0:
        return 0
    if choice == "small":
        return min(SMALL_SHARE, rules.hold_out) if rules.is_automatic else 0
    return rules.hold_out


def draw(seed: str, person_id: int, play: str, version: int, cycle_on: date, share: int) -> Arm:
    """Which arm a member is in: held out with the probability of the share (per cent).

    A digest stands in for the dice, so that whoever draws again, after a crash or on another machine,
    draws the same. `seed` is the club's own and never told, so that nobody can choose the lot.
    """
    if share <= 0:
        return Arm.TREATED
    text = f"{seed}|{person_id}|{play}|{version}|{cycle_on.isoformat()}"
    lot = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
    return Arm.HELD_OUT if lot * 100 < share else Arm.TREATED
