"""From a failure to its card, and from a click to its acknowledgement, while fifty records a minute fail over twenty channels."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from benchmarks.surface.company import Team
from benchmarks.surface.stand import Stand, process, stand
from bot.poster import CARD_EVENT
from bot.sandbox.slack.values import Ack, CannotDo

_ORDER = re.compile(r"\d\d-wrong-\d+")
_COMMANDS = ("/sync status", "/sync exceptions", "/sync help", "/sync exceptions mine", "/sync staus")
_KINDS = ("take", "resolve", "command", "home", "replay", "stranger", "resolve", "command", "old")
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Soon:
    """Seconds. `kinds` counts the clicks by what was clicked, `failed` those that Slack would call failed."""

    failures: int
    cards: int
    card_p50: float
    card_p99: float
    clicks: int
    click_p50: float
    click_p99: float
    failed: int
    kinds: dict[str, int]

    @property
    def right(self) -> bool:
        """Whether it keeps what the product promises."""
        shown = self.cards == self.failures and self.card_p50 < 2 and self.card_p99 < 5
        return shown and self.failed == 0 and self.click_p99 < 0.3


@dataclass(slots=True)
class _Seen:
    """When each order was taken in, when its card stood in Slack and where, and how long each click took."""

    sent: dict[str, float] = field(default_factory=dict)
    shown: dict[str, float] = field(default_factory=dict)
    cards: list[tuple[Team, str, str]] = field(default_factory=list)
    acks: list[Ack] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


async def soon(home: Path, *, seconds: float, per_minute: int = 50, channels: int = 20, clicks: float = 5.0) -> Soon:
    """Run it for so long; `clicks` a second go on meanwhile."""
    seen, random = _Seen(), Random(7)
    async with stand(home, channels) as on, process(on):
        watch = asyncio.create_task(_watch(on, seen))
        pressing = asyncio.create_task(_press(on, seen, random, 1 / clicks))
        began = time.monotonic()
        for number in range(int(seconds * per_minute / 60)):
            await asyncio.sleep(max(0.0, began + number * 60 / per_minute - time.monotonic()))
            await _fail(on, seen, number)
        await _all_shown(seen)
        for task in (pressing, watch):
            task.cancel()
        await asyncio.gather(pressing, watch, return_exceptions=True)
    return _figures(seen)


async def _fail(on: Stand, seen: _Seen, number: int) -> None:
    team = on.teams[number % len(on.teams)]
    seen.sent[team.order(number, right=False)["order"]] = time.monotonic()
    await on.send(team, number, right=False)
    for more in range(3):
        await on.send(on.teams[(number + more) % len(on.teams)], number * 3 + more, right=True)


async def _all_shown(seen: _Seen) -> None:
    for _ in range(int(_PATIENCE / 0.05)):
        if len(seen.shown) == len(seen.sent):
            return
        await asyncio.sleep(0.05)


async def _watch(on: Stand, seen: _Seen) -> None:
    by_channel = {team.channel: team for team in on.teams}
    async for change in on.slack.subscribe():
        if change["type"] != "message" or change.get("channel") not in by_channel:
            continue
        message = on.slack.state.workspace.find(change["channel"], change["ts"])
        found = _ORDER.search(message.text)
        if (message.metadata or {}).get("event_type") != CARD_EVENT or found is None or found[0] in seen.shown:
            continue
        seen.shown[found[0]] = time.monotonic()
        seen.cards.append((by_channel[message.channel], message.channel, message.ts))


async def _press(on: Stand, seen: _Seen, random: Random, every: float) -> None:
    began, number = time.monotonic(), 0
    pressing: set[asyncio.Task[None]] = set()
    while True:
        number += 1
        await asyncio.sleep(max(0.0, began + number * every - time.monotonic()))
        if seen.cards:
            task = asyncio.create_task(
                _one(on, seen, _KINDS[number % len(_KINDS)], random.randrange(len(seen.cards)), number)
            )
            pressing = {one for one in pressing if not one.done()} | {task}


async def _one(on: Stand, seen: _Seen, kind: str, which: int, number: int) -> None:
    team, channel, ts = seen.cards[which]
    stranger = on.teams[number % len(on.teams)].backup
    try:
        match kind:
            case "command":
                ack = await on.slack.command(team.owner, channel, _COMMANDS[number % len(_COMMANDS)])
            case "home":
                ack = await on.slack.open_home(team.owner)
            case "stranger":
                ack = await on.slack.click(stranger, channel, ts, "take")
            case "old":
                _, channel, ts = seen.cards[0]
                ack = await on.slack.click(seen.cards[0][0].owner, channel, ts, "resolve")
            case _:
                ack = await on.slack.click(team.owner, channel, ts, kind)
    except CannotDo:  # the button is not there any more
        return
    seen.acks.append(ack)
    seen.kinds[kind] += 1


def _figures(seen: _Seen) -> Soon:
    waits = [seen.shown[order] - at for order, at in seen.sent.items() if order in seen.shown]
    clicks = [ack.seconds for ack in seen.acks]
    return Soon(
        failures=len(seen.sent), cards=len(seen.shown), card_p50=_share(waits, 0.5), card_p99=_share(waits, 0.99),
        clicks=len(clicks), click_p50=_share(clicks, 0.5), click_p99=_share(clicks, 0.99),
        failed=sum(ack.error is not None for ack in seen.acks), kinds=dict(seen.kinds),
    )  # fmt: skip


def _share(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values) or [float("inf")]
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 4)
