"""What `/sync holds` answers. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import Block, few, message, section
from bot.glance import hold_line
from bot.wording import Around, counted
from sync.model import BillingHold

_MOST = 40


def holds_list(holds: Sequence[BillingHold], around: Around) -> Block:
    """Every hold with why, since when, who placed it, how many records wait, and its number."""
    if not holds:
        return message("No billing hold is on.", section("No billing hold is on."))
    lines = few([f"#{hold.id} {hold_line(hold, around)}" for hold in holds], _MOST)
    blocks = [section("\n".join(lines[at : at + 10])) for at in range(0, len(lines), 10)]
    words = "Release one by its number: `/sync release #5 they have paid`."
    return message(f"{counted(len(holds), 'billing hold')} on.", *blocks, section(words))
