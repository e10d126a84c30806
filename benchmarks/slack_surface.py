"""`python -m benchmarks.slack_surface`: how soon a failure is a card and a click is answered, and an hour without Slack. One line
of figures for each; with --json one object on one line. It exits with 1 when a promise is not kept."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import structlog

from benchmarks.surface.outage import Outage, outage
from benchmarks.surface.soon import Soon, soon


def soon_words(found: Soon) -> str:
    """One line."""
    return (
        f"soon: {found.cards} of {found.failures} failures became cards, p50 {found.card_p50:.2f} s, p99 {found.card_p99:.2f} s; "
        f"{found.clicks} clicks, {found.failed} failed, acknowledged in p50 {found.click_p50 * 1000:.0f} ms, "
        f"p99 {found.click_p99 * 1000:.0f} ms: {_verdict(found.right)}"
    )


def outage_words(found: Outage) -> str:
    """One line."""
    return (
        f"outage: {found.speed_with} records/s with Slack, {found.speed_without} without; {found.cards} cards, {found.changed} of them "
        f"changed meanwhile, all right {found.seconds} s after it was back, {found.wrong} wrong or doubled, a message every "
        f"{found.fastest} s in a channel, {found.calls_while_away} calls while it was away: {_verdict(found.right)}"
    )


def _verdict(right: bool) -> str:
    return "kept" if right else "NOT KEPT"


def main(words: Sequence[str] | None = None) -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks.slack_surface", description=__doc__)
    parser.add_argument("--only", choices=("soon", "outage"), help="one of the two")
    parser.add_argument("--seconds", type=float, default=90, help="how long failures and clicks come (90)")
    parser.add_argument("--json", action="store_true", help="one object on one line")
    asked = parser.parse_args(words)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    found: dict[str, Soon | Outage] = {}
    with tempfile.TemporaryDirectory(prefix="surface-") as home:
        if asked.only != "outage":
            found["soon"] = asyncio.run(soon(_made(home, "soon"), seconds=asked.seconds))
        if asked.only != "soon":
            found["outage"] = asyncio.run(outage(_made(home, "outage")))
    if asked.json:
        print(json.dumps({name: asdict(one) | {"right": one.right} for name, one in found.items()}))
    else:
        for one in found.values():
            print(soon_words(one) if isinstance(one, Soon) else outage_words(one))
    return 0 if all(one.right for one in found.values()) else 1


def _made(home: str, name: str) -> Path:
    path = Path(home) / name
    path.mkdir()
    return path


if __name__ == "__main__":
    raise SystemExit(main())
