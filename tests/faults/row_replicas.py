"""Several workers on one PostgreSQL: order holds with any number of them, and one that was frozen past its lease is refused."""

from __future__ import annotations

import asyncio

from tests.faults.orders import plan
from tests.faults.plant import Plant, background, plant
from tests.faults.rows import Figures, Setting, figures, row

_LEASE, _QUARANTINE = 2.0, 4.0
_CHANGES = (("meshline.yaml", "lease: 3s", "lease: 2s"),)


@row("replicas-2", "two workers and two bots on one PostgreSQL", needs="postgres")
async def two(setting: Setting) -> Figures:
    return await _together(setting, ("bot", "bot", "worker", "worker"))


@row("replicas-4", "four workers on one PostgreSQL, few customers", needs="postgres")
async def four(setting: Setting) -> Figures:
    return await _together(setting, ("bot", "worker", "worker", "worker", "worker"))


async def _together(setting: Setting, roles: tuple[str, ...]) -> Figures:
    async with plant(setting.home, seed=setting.seed, roles=roles, url=setting.server().url()) as built:
        await built.target.weather(seed=setting.seed, late=0.01, lost=0.01)
        orders = plan(setting.rng, setting.many(2_500, least=200), customers=40, wrong=4)
        await built.sender(repeats=0.05).send(orders)
        verdict = await built.judge(held=4)
        shares = [_settled(one.log.read_text("utf-8", "replace")) for one in built.workers]
        idle = "one worker did everything" if sum(share > 0 for share in shares) < 2 else ""
        return figures(built, verdict, idle, settled_by_each=shares)


def _settled(log: str) -> int:
    return log.count('"settled"') or log.count("settled")


@row("frozen", "SIGSTOP of a worker past its lease, then SIGCONT: its late write is refused", needs="postgres")
async def frozen(setting: Setting) -> Figures:
    url, roles = setting.server().url(), ("bot", "worker", "worker", "worker")
    async with plant(setting.home, seed=setting.seed, roles=roles, url=url, changes=_CHANGES) as built:
        await built.target.weather(think=0.02)
        times = setting.many(10, least=2)
        sender = built.sender(lanes=16)
        done = asyncio.Event()
        sender.may_send = lambda: done.is_set() or len(built.promised) - built.look() < 300
        async with background(sender.send(plan(setting.rng, setting.many(3_000, least=600), customers=200))):
            for _ in range(times):
                await _freeze(built, setting)
            done.set()
        verdict = await built.judge(patience=40)
        refused = sum(one.log.read_text("utf-8", "replace").count("lease_lost") for one in built.workers)
        tame = "" if refused else "no late write was refused: nothing was in flight when it froze"
        return figures(built, verdict, tame, freezes=times, refused=refused)


async def _freeze(built: Plant, setting: Setting) -> None:
    """Two workers of three stop in the middle of what they do, until others have taken it over and written it."""
    stopped = setting.rng.sample(built.workers, 2)
    level = built.look() + setting.rng.randrange(5, 60)
    await built.until(lambda: built.look() >= level, patience=2.0, every=0.001)
    for one in stopped:
        one.freeze()
        await asyncio.sleep(setting.rng.uniform(0, 0.05))
    await asyncio.sleep(_LEASE + setting.rng.choice((0.3, _QUARANTINE + 0.8)))
    for one in stopped:
        one.thaw()
