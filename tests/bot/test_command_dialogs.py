"""A completed command is the command as it would have been typed."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.completing import words


def view(**chosen: str) -> dict[str, Any]:
    """A submitted dialog: plain values, ticked boxes under `dry`."""

    def state(name: str, value: str) -> dict[str, Any]:
        return {"selected_options": [{"value": value}]} if name == "dry" else {"selected_option": {"value": value}}

    return {"state": {"values": {name: {"answer": state(name, value)} for name, value in chosen.items()}}}


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        ({"case": "EX-7"}, "EX-7"),
        ({"case": "EX-7", "dry": "dry"}, "EX-7 --dry-run"),
        ({"reason": "missing_field", "dry": "dry"}, "reason missing_field --dry-run"),
    ],
)
def test_who_only_wants_to_look_does_not_replay(chosen: dict[str, str], typed: str) -> None:
    assert words("replay", view(**chosen)) == (typed, {})
