"""A company under kill -9: deals are entered, edited and won, people press buttons, the ERP and Slack have bad days, and
Meshline, a process of its own that starts cold each time, is killed again and again."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from bot.sandbox.crm import Crm
from bot.sandbox.slack.values import CannotDo
from bot.sandbox.stage import example
from bot.sandbox.world import SandboxWorld, free_port
from store.ledger import Store
from sync.lifecycle import DeliveryState
from tests.faults.judge import Verdict, judge, unheard
from tests.faults.plant import KEY
from tests.faults.selling import Sales
from tests.faults.service import TREE, Service
from tests.faults.traps import Trap, watch

DANA = "U0DANA0001"
LATE = 1.2
_AHEAD = 1
_CHANGES = (
    ("flows/quote_to_cash.yaml", "poll: 5m", "poll: 2s"),
    (
        "flows/quote_to_cash.yaml",
        "retry: {attempts: 6, first: 2s, factor: 3, cap: 5m}",
        "retry: {attempts: 30, first: 500ms, factor: 2, cap: 5s}",
    ),
    ("meshline.yaml", "lease: 60s", "lease: 3s"),
    ("meshline.yaml", "quarantine: 30s", "quarantine: 2s"),
    ("meshline.yaml", "quarantine: 5s", "quarantine: 2s"),
    ("meshline.yaml", "max_losses: 5", "max_losses: 50"),  # here the operator kills, not the record
    ("meshline.yaml", "    kind: hubspot\n", "    kind: hubspot\n    lag: 100ms\n    overlap: 2s\n"),
)


_AIMED = (
    ("customer", 1), ("invoice", 3), ("post", 5), ("late", 1), ("late", 1), ("card", 1), ("card", 2), ("redraw", 1), ("line", 1),
)  # fmt: skip


def utc_now() -> datetime:
    return datetime.now(UTC)


async def _soon(_: float) -> None:
    await asyncio.sleep(0.3)


@dataclass
class Story:
    """One company, one Meshline that does not live long."""

    world: SandboxWorld
    sales: Sales
    service: Service
    store: Store
    trap: Trap
    rng: Random
    kills: int = 0

    async def kill_at_random(self) -> bool:
        """Some seconds after the start, which may be before it is up. It always hits."""
        await asyncio.sleep(self.rng.uniform(0.3, 4.5))
        self.service.kill()
        await self._again()
        return True

    async def kill_at(self, what: str, nth: int, *, patience: float = 10.0) -> bool:
        """At the moment at which it has happened for the nth time from now and before it is answered; whether it did."""
        await self.service.ready()
        if what == "late":
            self.world.erp.faults.late_commit, self.world.erp.faults.lose_answers = LATE, 1
        self.trap.set(what, nth)
        try:
            async with asyncio.timeout(patience):
                await self.service.ended()
        except TimeoutError:
            self.trap.set("", 0)
            return False
        await self._again()
        return True

    async def _again(self) -> None:
        await self.service.ended()
        self.kills += 1
        await self.service.start()

    async def weather(self) -> None:
        """A write in fifty loses its answer and half of these commit late; the ERP and Slack refuse and lose some calls."""
        faults, slack, known = self.world.erp.faults, self.world.slack.faults, 0
        while True:
            for deal in list(self.sales.company_of)[known:]:
                known += 1
                company = self.sales.company_of[deal]
                for reference, operation in (
                    (f"crm-deal-{deal}", "create"),
                    (f"crm-deal-{deal}", "post"),
                    (f"crm-company-{company}", "create"),
                ):
                    if self.rng.random() < 0.02:
                        faults.lose_answer_for.add((reference, operation))
            faults.late_commit = LATE - faults.late_commit
            faults.throttle += self.rng.randint(0, 2)
            # no more than two in line: Meshline asks a Slack that is away less and less often
            slack.rate_limited_for = min(2, slack.rate_limited_for + (self.rng.random() < 0.1))
            slack.lose_answers = min(2, slack.lose_answers + (self.rng.random() < 0.2))
            await asyncio.sleep(0.5)

    async def people(self) -> None:
        """Dana takes the cards of her team; when Meshline is down she sees an error and tries again later."""
        taken: set[str] = set()
        while True:
            for card in self.world.slack.messages("C0SALESOPS"):
                if card.ts in taken or not self.service.alive:
                    continue
                try:
                    ack = await self.world.slack.click(DANA, "C0SALESOPS", card.ts, "take")
                except CannotDo:
                    continue
                if ack.ok:
                    taken.add(card.ts)
            await asyncio.sleep(1.0)

    async def rest(self, *, patience: float) -> None:
        """Until every change is heard, delivered and shown. Raises AssertionError when nothing moves any more."""
        await self.world.crm.webhooks.flush()
        left, moved = await self._left(), time.monotonic()
        while any(left.values()):
            assert time.monotonic() < moved + patience, f"nothing moves any more: {left}"
            await asyncio.sleep(0.25)
            before, left = left, await self._left()
            moved = moved if left == before else time.monotonic()

    async def _left(self) -> dict[str, int]:
        states = {state: many for flow in await self.store.status() for state, many in flow.states.items()}
        return {
            "webhooks": len(self.world.crm.webhooks.pending),
            "unheard": await unheard(self.world, self.store),
            "late": len(self.world.erp.late),
            "running": states.get(DeliveryState.RUNNING, 0),
            "due": await self.store.due_now(now=utc_now() + timedelta(days=1)),
            **await self.store.backlog(),
        }


@asynccontextmanager
async def company(tmp_path: Path, *, seed: int, tree: Path = TREE) -> AsyncIterator[Story]:
    """The sandbox in this process, and Meshline in one that can be killed."""
    workspace, port, rng = _workspace(tmp_path), free_port(), Random(seed)
    world = SandboxWorld(utc_now)
    world.crm = Crm(
        clock=utc_now, token=world.crm.token, client_secret=world.crm.webhooks.client_secret, sleep=_soon, seed=seed
    )
    world.crm.webhooks.max_attempts, world.crm.webhooks.batch_size = 100_000, 25
    world.crm.webhooks.repeat_share, world.crm.webhooks.reorder_window = 0.05, 20
    world.slack.throttle.enabled = False
    url = f"sqlite:///{tmp_path}/ledger.db"
    await world.start()
    environ = world.environ(workspace=workspace, database_url=url, port=port) | {"MESHLINE_KEY": KEY}
    service = Service(environ, port=port, log=tmp_path / "meshline.log", tree=tree)
    trap = Trap(service.kill)
    watch(world, trap)
    store = Store(url, KEY)
    await store.open()
    sales = Sales(world, rng)
    world.meshline_at(f"http://127.0.0.1:{port}")
    await service.start()
    try:
        yield Story(world, sales, service, store, trap, rng)
    finally:
        service.kill()
        await service.ended()
        await store.close()
        await world.stop()


def _workspace(tmp_path: Path) -> Path:
    workspace = tmp_path / "workspace"
    shutil.copytree(example(), workspace)
    _change(workspace, _CHANGES)
    return workspace


def _change(directory: Path, changes: tuple[tuple[str, str, str], ...]) -> None:
    for name, old, new in changes:
        file = directory / name
        text = file.read_text(encoding="utf-8")
        assert old in text, f"{name} does not say {old}"
        file.write_text(text.replace(old, new), encoding="utf-8")


async def verdict_on(story: Story, *, patience: float) -> Verdict:
    """Let everything come to rest, stop Meshline like an operator and ask the oracle."""
    await story.rest(patience=patience)
    assert await story.service.stop() == 0
    return await judge(story.world, story.sales, story.store)


async def played(
    home: Path, *, seed: int, deals: int, at_random: int, say: Callable[[str], None]
) -> tuple[Verdict, int, float]:
    """The whole story with so many random kills and nine aimed ones; what the oracle says, how many kills hit, and the seconds."""
    begun = time.monotonic()
    async with company(home, seed=seed) as story:
        plan: list[tuple[str, int] | None] = [*([None] * at_random), *_AIMED]
        story.rng.shuffle(plan)
        done: list[bool] = []  # on a slow machine, too, there is something left to sell at the last kill
        selling = asyncio.create_task(
            story.sales.sell(
                deals,
                seconds=max(2.5 * len(plan), deals / 8),
                may_go_on=lambda share: share * len(plan) <= len(done) + _AHEAD,
            )
        )
        around = [asyncio.create_task(story.weather()), asyncio.create_task(story.people())]
        for number, point in enumerate(plan):
            if number % 5 == 0:
                say(f"{story.kills} kills, {len(story.sales.won)} deals won")
            done.append(await story.kill_at_random() if point is None else await story.kill_at(*point))
        await selling
        for task in around:
            task.cancel()
        await asyncio.gather(*around, return_exceptions=True)
        verdict = await verdict_on(story, patience=60)
    return verdict, story.kills, time.monotonic() - begun


def changed_tree(tree: Path, changes: tuple[tuple[str, str, str], ...]) -> Path:
    """A copy of the program with these (file, old, new), to see that the oracle finds what a missing protection does."""
    for package in ("bot", "store", "sync"):
        shutil.copytree(TREE / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    _change(tree, changes)
    return tree
