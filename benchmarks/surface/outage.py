"""An hour without Slack under load: the records go on at the same speed, and afterwards every card is right within two minutes at
one message a second and channel, none of them twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.surface.company import WRONG
from benchmarks.surface.stand import Stand, stand, utc_now
from bot.app import Parts, wire
from bot.poster import CARD_EVENT
from bot.service import Service
from bot.settings import read_settings
from store.cases import Press
from store.ledger import Store
from sync import connectors
from sync.workspace.loader import load

_HOUR, _PARTS, _AT_ONCE, _PATIENCE = timedelta(hours=1), 12, 32, 300.0
_TAKEN = 3  # cards of each channel that somebody takes while Slack is away


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """Speeds in records a second; `wrong` counts cards that are missing, doubled or out of date at the end."""

    records: int
    speed_with: float
    speed_without: float
    cards: int
    changed: int
    seconds: float
    fastest: float
    wrong: int
    calls_while_away: int

    @property
    def right(self) -> bool:
        """Whether it keeps what the product promises. A tenth is what two runs differ by."""
        return (
            self.speed_without >= 0.9 * self.speed_with
            and self.seconds <= 120
            and self.wrong == 0
            and self.fastest >= 0.95
        )


class Moved:
    """The real clock and what it was put forward."""

    def __init__(self) -> None:
        self.by = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.by


async def outage(home: Path, *, channels: int = 20, records: int = 3000, wrong: int = 1600) -> Outage:
    """So many records with Slack and so many without, of which so many fail."""
    clock, few = Moved(), channels * _TAKEN
    async with stand(home, channels, clock) as on, meshline(on, clock) as parts:
        await _load(on, parts, 0, few, wrong=few)
        await _right(on, parts.store)
        some = records // 4, wrong // 4
        with_slack = await _load(on, parts, 100_000, some[0], wrong=some[1])
        await _right(on, parts.store)
        on.slack.faults.down = True
        calls = on.slack.calls.total()
        without = await _load(on, parts, 200_000, records, wrong=wrong, move=clock)
        await _take(parts, few)
        calls = on.slack.calls.total() - calls
        clock.by = _HOUR
        on.slack.faults.down = False
        began = time.monotonic()
        await _right(on, parts.store)
        seconds = time.monotonic() - began
        cards = _cards(on)
        return Outage(
            records=records, speed_with=round(some[0] / with_slack, 1), speed_without=round(records / without, 1),
            cards=len(cards), changed=few, seconds=round(seconds, 1), fastest=_fastest(on), calls_while_away=calls,
            wrong=await _wrong(on, parts.store) + abs(len(cards) - few - some[1] - wrong),
        )  # fmt: skip


@asynccontextmanager
async def meshline(on: Stand, clock: Moved) -> AsyncIterator[Parts]:
    """The whole service in this process, for its clock is put forward."""
    settings = read_settings(on.environ)
    parts = await wire(settings, load(settings.workspace, connectors.kinds()), on.environ, clock=clock)
    service = Service(parts)
    await service.start()
    try:
        yield parts
    finally:
        await service.stop()


async def _load(on: Stand, parts: Parts, first: int, many: int, *, wrong: int, move: Moved | None = None) -> float:
    """Send so many, of which so many fail, evenly spread, in twelve parts; the seconds that they took until the last was
    delivered or stopped. The clock is put forward between two parts, for in a moment that lasts minutes every lease ends."""
    seconds, done = 0.0, 0
    for part in range(1, _PARTS + 1):
        until = many * part // _PARTS
        bad = [number * wrong // many != (number + 1) * wrong // many for number in range(done, until)]
        seconds += await _part(on, parts, first + done, bad)
        done = until
        if move is not None:
            move.by = _HOUR * part / _PARTS
    return seconds


async def _part(on: Stand, parts: Parts, first: int, bad: list[bool]) -> float:
    before, began = await _settled(parts.store), time.monotonic()
    numbers = iter(range(len(bad)))

    async def sender() -> None:
        for number in numbers:
            await on.send(on.teams[(first + number) % len(on.teams)], first + number, right=not bad[number])

    await asyncio.gather(*(sender() for _ in range(_AT_ONCE)))
    for _ in range(6000):
        if await _settled(parts.store) - before >= len(bad):
            return time.monotonic() - began
        await asyncio.sleep(0.02)
    raise RuntimeError("the records were not settled")


async def _settled(store: Store) -> int:
    found = [one.states for one in await store.status()]
    return sum(count for states in found for state, count in states.items() if state not in ("pending", "running"))


async def _take(parts: Parts, many: int) -> None:
    """Somebody takes the oldest cards, which Slack showed before it went away."""
    found = sorted(await parts.store.open_causes(limit=100_000), key=lambda cause: cause.id)
    for cause in found[:many]:
        case = cause.first[0]
        press = Press(verb="take", cases=[case.id], by=case.owner, words=f"@{{{case.owner}}} takes it.")
        await parts.store.act(press, now=parts.clock())
    parts.changed()


async def _right(on: Stand, store: Store) -> None:
    for _ in range(int(_PATIENCE / 0.25)):
        if not any((await store.backlog()).values()):
            return
        await asyncio.sleep(0.25)


def _cards(on: Stand) -> dict[int, int]:
    """How many cards each cause has in Slack, found by their metadata."""
    found = [message for team in on.teams for message in on.slack.messages(team.channel)]
    about = [one.metadata for one in found if (one.metadata or {}).get("event_type") == CARD_EVENT]
    return dict(Counter(one["event_payload"]["cause"] for one in about if one))


async def _wrong(on: Stand, store: Store) -> int:
    shown = _cards(on)
    versions = {
        one.metadata["event_payload"]["cause"]: one.metadata["event_payload"]["version"]
        for team in on.teams for one in on.slack.messages(team.channel)
        if one.metadata and one.metadata.get("event_type") == CARD_EVENT
    }  # fmt: skip
    causes = {cause.id: cause.version for cause in await store.open_causes(limit=100_000)}
    return sum(shown.get(cause) != 1 or versions.get(cause) != version for cause, version in causes.items())


def _fastest(on: Stand) -> float:
    """The shortest mean time between two messages of a channel, over any twenty in a row, in seconds."""
    found = []
    for team in on.teams:
        at = sorted(one.at for one in on.slack.messages(team.channel) if WRONG in one.text)
        found += [(last - first).total_seconds() / 20 for first, last in zip(at, at[20:], strict=False)]
    return round(min(found, default=1.0), 2)
