"""What the company installed in its Slack: the entries that Meshline's manifest adds to Slack's own menus."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from bot.sandbox.slack import Shortcut


def manifest() -> Path:
    """The app's manifest: beside the packages in a checkout, inside them when installed."""
    here = Path(__file__).resolve().parents[1]
    beside = here.parent / "manifest.yml"
    return beside if beside.is_file() else here / "manifest.yml"


@cache
def shortcuts() -> tuple[Shortcut, ...]:
    """The manifest's shortcuts, in its order."""
    features = yaml.safe_load(manifest().read_text(encoding="utf-8"))["features"]
    return tuple(
        Shortcut(
            kind=one["type"], name=one["name"], description=one.get("description", ""), callback_id=one["callback_id"]
        )
        for one in features.get("shortcuts", ())
    )
