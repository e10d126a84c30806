"""kill -9: at random in the middle of many events, and aimed at every commit and every call. Nothing is lost or doubled, order
is kept, and every case has one card."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from random import Random

from tests.faults.lives import Meshline
from tests.faults.orders import plan
from tests.faults.plant import Change, Plant, background, counted, plant
from tests.faults.rows import Figures, Setting, figures, row
from tests.postgres import Cluster

WEATHER: dict[str, float] = {"lost": 0.01, "late": 0.01, "gone": 0.005, "refused": 0.005, "wrong": 0.005}
_CREATE = "    create: {method: POST, path: /orders, reference: reference}\n"
_BULK = "    bulk: {path: /orders/bulk, records: orders, items: items, reference: reference}\n"
_RETRY = "retry: {attempts: 40, first: 200ms, factor: 2, cap: 2s}\n"
_WIDE = "    concurrency: 32\n"
_IN_BATCHES: tuple[Change, ...] = (
    ("connections/erp.yaml", _CREATE, _CREATE + _BULK),
    (
        "meshline.yaml",
        _WIDE,
        f"{_WIDE}    breaker: {{minimum: 500}}\n",
    ),  # a call that fails counts for each of its records
    ("flows/orders.yaml", _RETRY, f"{_RETRY}batch: {{mode: always, size: 25, window: 200ms}}\n"),
)
_PATIENCE = 4.0
_MOMENTS = ("commit", "committed", "call", "answered")


@row("kill-sqlite", "10,000 events, 200 random kill -9, SQLite")
async def kill_sqlite(setting: Setting) -> Figures:
    return await _killed(setting, events=10_000, kills=200, roles=("all",))


@row(
    "kill-postgres",
    "10,000 events, 200 random kill -9 of two workers and a bot, ten database restarts",
    needs="postgres",
)
async def kill_postgres(setting: Setting) -> Figures:
    return await _killed(
        setting, events=10_000, kills=200, roles=("bot", "worker", "worker"), server=setting.server(), restarts=10
    )


@row("kill-batch", "2,000 events in bulk calls that leave some out, 30 random kill -9, SQLite")
async def kill_batch(setting: Setting) -> Figures:
    weather = {name: 4 * share for name, share in WEATHER.items()} | {"forgotten": 0.02}
    return await _killed(
        setting, events=2_000, kills=30, roles=("all",), customers=500, changes=_IN_BATCHES, weather=weather, always=("bulk", "forgotten"),
    )  # fmt: skip


@row("long-postgres", "100,000 events, four workers and two bots, 200 random kill -9", needs="postgres", long=True)
async def long_postgres(setting: Setting) -> Figures:
    roles = ("bot", "bot", "worker", "worker", "worker", "worker")
    many = [
        ("meshline.yaml", "  concurrency: 16\n", "  concurrency: 64\n"),
        ("meshline.yaml", _WIDE, "    concurrency: 128\n"),
    ]
    return await _killed(setting, events=100_000, kills=200, roles=roles, server=setting.server(), changes=many)


async def _killed(
    setting: Setting,
    *,
    events: int,
    kills: int,
    customers: int = 0,
    roles: tuple[str, ...],
    server: Cluster | None = None,
    restarts: int = 0,
    changes: Sequence[Change] = (),
    weather: Mapping[str, float] = WEATHER,
    always: Sequence[str] = (),
) -> Figures:
    """`always` are counts of the target, beside those of the weather, that must not be zero."""
    many, deaths = setting.many(events, least=200), setting.many(kills, least=8)
    url = server.url() if server else ""
    async with plant(setting.home, seed=setting.seed, roles=roles, url=url, changes=changes) as built:
        await built.target.weather(seed=setting.seed, **weather)
        orders = plan(setting.rng, many, customers=customers or max(20, many // 20), wrong=8)
        storm = Storm(built, setting, many, deaths, restarts=setting.many(restarts) if restarts else 0, server=server)
        async with background(built.sender(repeats=0.05, may_send=storm.may_send).send(orders)):
            await storm.rage()
            await built.revive()
        wrong = sum(not order.right for order in orders)
        verdict = await built.judge(held=wrong)
        counts = await built.target.counts()
        faults = {name: counts.get(name, 0) for name in (*weather, *always)}
        tame = [f"the target never did {name}" for name in always if not faults[name]]
        few = f"only {built.kills} of {deaths} kills hit" if built.kills < deaths else ""
        return figures(built, verdict, few, *tame, restarts=storm.restarted, faults=faults)


class Storm:
    """Kills spread over the whole run: most when the target's log has grown to a random point, some at any moment of a life."""

    def __init__(
        self, built: Plant, setting: Setting, events: int, kills: int, *, restarts: int, server: Cluster | None
    ) -> None:
        self._plant, self._rng, self._say = built, Random(f"storm:{setting.seed}"), setting.say
        self._events, self._kills, self._server = events, kills, server
        self._restart_at = set(self._rng.sample(range(kills), min(restarts, kills)))
        self.restarted = 0

    def may_send(self) -> bool:
        """Whether the sender, who must not be done before the last kill, may go on."""
        allowed = self._events * (self._plant.kills + 1) / self._kills + 600
        return self._plant.kills >= self._kills or len(self._plant.promised) < allowed

    async def rage(self) -> None:
        """All kills, each followed by a new life at once."""
        levels = sorted(self._rng.uniform(0, self._events * 0.97) for _ in range(self._kills))
        for number, level in enumerate(levels):
            if number % max(1, self._kills // 10) == 0:
                self._say(f"{self._plant.kills} kills, {self._plant.look()} of {self._events} committed")
            if number in self._restart_at:
                await self._restart()
            await self._moment(level)
            await self._kill()

    async def _moment(self, level: float) -> None:
        if self._rng.random() < 0.3:
            await asyncio.sleep(self._rng.uniform(0, 0.8))
            return
        await self._plant.until(lambda: self._plant.look() >= level, patience=_PATIENCE, every=0.002)
        await asyncio.sleep(self._rng.uniform(0, 0.03))

    async def _kill(self) -> None:
        alive = [one for one in self._plant.meshlines if one.alive]
        if not alive:
            await self._plant.revive()
            alive = self._plant.meshlines
        await _again(self._rng.choice(alive))
        for one in self._plant.meshlines:
            if not one.alive:  # it could not start while the database was away
                await one.start()

    async def _restart(self) -> None:
        if self._server is not None:
            await asyncio.to_thread(self._server.restart, self._rng.choice(("immediate", "fast", "kill")))
            self.restarted += 1


async def _again(one: Meshline) -> None:
    one.kill()
    await one.ended()
    await one.start()


@row("aimed-sqlite", "kill -9 before and after every commit and call of a small story, SQLite")
async def aimed_sqlite(setting: Setting) -> Figures:
    return await _aimed(setting, "")


@row("aimed-postgres", "the same on PostgreSQL", needs="postgres")
async def aimed_postgres(setting: Setting) -> Figures:
    return await _aimed(setting, setting.server().url())


async def _aimed(setting: Setting, url: str) -> Figures:
    async with plant(setting.home, seed=setting.seed, url=url) as built:
        seen = await _rehearse(built)
        points = [(where, nth) for where in _MOMENTS for nth in range(1, min(seen.get(where, 0), 30) + 1)]
        chosen = points[:: max(1, round(1 / setting.size))] if setting.size < 1 else points
        hit: dict[str, int] = dict.fromkeys(_MOMENTS, 0)
        for number, (where, nth) in enumerate(chosen):
            hit[where] += await _die_at(built, where, nth, number)
            if number % 20 == 0:
                setting.say(f"{number} of {len(chosen)} points, last {where} {nth}")
        hit |= await _die_at_target(built, setting)
        verdict = await built.judge(held=sum(not order.right for order in built.promised.values()))
        missed = [f"no kill at any {where}" for where, times in hit.items() if not times]
        return figures(built, verdict, *missed, points=len(chosen), hit=hit)


async def _story(built: Plant, name: str) -> None:
    """Five events of three customers, one of which is wrong and gets a card."""
    orders = plan(Random(name), 5, customers=2, prefix=name)
    wrong = plan(Random(name), 1, customers=1, prefix=f"{name}x", wrong=1)
    await built.sender(repeats=0.3, lanes=2).send([*orders[:2], *wrong, *orders[2:]])


async def _rehearse(built: Plant) -> dict[str, int]:
    """Play the story once without a kill; how often each moment came."""
    [one] = built.meshlines
    await one.stop()
    file = built.home / "moments.json"
    await one.start(bomb={"where": "", "nth": 0, "count": str(file)})
    await one.ready()
    await _story(built, "rehearsal")
    await built.until(lambda: built.look() >= 5 and built.cards(), patience=20)
    await asyncio.sleep(0.3)
    await one.stop()
    await one.start()
    return counted(file)


async def _die_at(built: Plant, where: str, nth: int, number: int) -> bool:
    """Let a life end at the nth such moment of the story; whether it came to that."""
    [one] = built.meshlines
    one.kill()
    await one.ended()
    await one.start(bomb={"where": where, "nth": nth})
    async with background(_story(built, _letters(number))):
        died = await built.until(lambda: not one.alive, patience=2.5)
        one.kills += died
        one.kill()
        await one.ended()
        await one.start()
    return died


async def _die_at_target(built: Plant, setting: Setting) -> dict[str, int]:
    """Kill while the target has the request and has not committed it, and when it has and has not answered."""
    [one] = built.meshlines
    hit = {"arrived": 0, "in_target": 0}
    for number in range(setting.many(8, least=2)):
        for moment, name in (("arrived", "arrived"), ("committed", "in_target")):
            await one.ready()
            await built.target.weather(trap=moment, trap_nth=1 + number % 4)
            async with background(_story(built, f"{_letters(number)}{name[0]}z")):
                hit[name] += await built.sprung(patience=5.0)
                await _again(one)
    return hit


def _letters(number: int) -> str:
    """A word of its own for each number."""
    return f"k{chr(97 + number // 26)}{chr(97 + number % 26)}"
