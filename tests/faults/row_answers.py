"""What the target does to us, and what senders do: lost answers, late commits, refusals, dribbled and half answers, repeats
and reordering, and a payload that ends its worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp

from tests.faults.oracle import read_log
from tests.faults.orders import Order, plan, shuffled
from tests.faults.plant import Plant, background, plant
from tests.faults.rows import Figures, Setting, figures, row

_LOSSES = 3


@row("answers", "answers lost, commits 1.5 s late with and without a connection")
async def answers(setting: Setting) -> Figures:
    weather = {"lost": 0.04, "late": 0.02, "gone": 0.03, "wrong": 0.01, "reads": 0.1}
    async with plant(setting.home, seed=setting.seed) as built:
        return await _through(built, setting, 1_500, weather)


@row(
    "weather",
    "slow, 429 and 503 with Retry-After in seconds, milliseconds, as a date and absent, 500, slow-loris, half an answer",
)
async def weather(setting: Setting) -> Figures:
    wind = {"refused": 0.04, "busy": 0.02, "broken": 0.02, "half": 0.01, "loris": 0.005, "mute": 0.005, "slow": 0.01}
    async with plant(setting.home, seed=setting.seed) as built:
        await built.target.weather(retry_after=["s", "ms", "date", ""])
        return await _through(built, setting, 800, wind)


async def _through(built: Plant, setting: Setting, many: int, weather: dict[str, float]) -> Figures:
    """Send so many through this weather; tries stay within a few per event, and nobody asks before he may."""
    await built.target.weather(seed=setting.seed, **weather)
    orders = plan(setting.rng, setting.many(many, least=100), customers=max(20, many // 10))
    await built.sender(repeats=0.05).send(orders)
    verdict = await built.judge(patience=40)
    counts = await built.target.counts()
    struck = {name: counts.get(name, 0) for name in weather}
    tries = counts["writes"] / len(orders)
    storm = f"{tries:.1f} writes were tried per event" if tries > 1.5 else ""
    early = f"{counts['early']} came back before they may" if counts["early"] else ""
    return figures(built, verdict, storm, early, faults=struck, tries_per_event=round(tries, 2))


@row("order", "5% repeats, a window of 20 out of order; the newest state wins and late ones are journalled as stale")
async def order(setting: Setting) -> Figures:
    changes = [("flows/orders.yaml", "contract: order@1.0.0\n", "contract: order@1.0.0\nnewest: true\n")]
    async with plant(setting.home, seed=setting.seed, changes=changes) as built:
        orders = plan(setting.rng, setting.many(2_000, least=200), customers=60)
        last = {one.customer: one.sequence for one in orders}
        early = [one for one in orders if one.sequence < last[one.customer]]
        late = set(setting.rng.sample(early, len(orders) // 50))
        sender = built.sender(repeats=0.05, ordered=False, lanes=8)
        await sender.send(shuffled([one for one in orders if one not in late], setting.rng, window=20))
        await built.drained(0, patience=20)
        await sender.send(list(late))
        verdict = await built.judge(stale=True)
        missing = {one.key for one in orders} - {commit.key for commit in read_log(built.target.log)}
        tame = "" if missing else "nothing came too late"
        return figures(built, verdict, tame, late_and_stale=len(missing))


@row("identical", "the same event two thousand times at once is one event")
async def identical(setting: Setting) -> Figures:
    async with plant(setting.home, seed=setting.seed) as built:
        [one] = plan(setting.rng, 1, customers=1)
        many = setting.many(2_000, least=100)
        sender = built.sender()
        connector = aiohttp.TCPConnector(limit=100)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(sender.until_acked(session, one) for _ in range(many)))
        return figures(built, await built.judge(), posts=many)


@row("poison", "a record that ends its worker each time is buried after three lost leases, and the rest flows")
async def poison(setting: Setting) -> Figures:
    changes = [
        ("meshline.yaml", "max_losses: 100", f"max_losses: {_LOSSES}"),
        ("meshline.yaml", "lease: 3s", "lease: 1s"),
    ]
    async with plant(setting.home, seed=setting.seed, changes=changes) as built:
        orders = plan(setting.rng, setting.many(400, least=60), customers=80)
        bad = plan(setting.rng, 1, customers=1, prefix="poison")
        await built.target.weather(trap="arrived", trap_key=bad[0].key, trap_seconds=30.0)
        async with background(built.sender().send([*orders[:20], *bad, *orders[20:]])):
            await _worker_dies_of_it(built)
        rested = await built.until(lambda: built.look() >= len(orders), patience=30)
        return await _buried(built, bad, rested)


async def _worker_dies_of_it(built: Plant) -> None:
    """Whenever the target is asked for the poisoned record, the worker that asked is gone."""
    quiet, seen = 0, 0
    while quiet < 60 and built.kills < 3 * _LOSSES:
        built.look()
        if built.traps > seen:
            seen, quiet = built.traps, 0
            await built.meshlines[0].again()
            await built.meshlines[0].ready()
        quiet += 1
        await asyncio.sleep(0.1)


async def _buried(built: Plant, bad: Sequence[Order], rested: bool) -> Figures:
    """The poisoned record alone is dead, with one card."""
    for sender in built.senders:
        for one in bad:
            sender.acked.pop(one.key, None)
    verdict = await built.judge()
    dead = [words for words in verdict.ledger if words.endswith("deliveries are dead")]
    verdict.ledger = [words for words in verdict.ledger if words not in dead]
    alone = "" if dead == ["1 deliveries are dead"] else f"not the poisoned record alone was buried: {dead}"
    stuck = "" if rested else "the rest did not flow"
    cards = "" if len(built.cards()) == 1 else f"there are {len(built.cards())} cards"
    return figures(built, verdict, alone, stuck, cards)
