"""kill -9 in the middle of 500 deals, again and again, then a restart: nothing is lost, nothing is doubled, order is kept,
and every cause has one card. The target forgives doubles, so that only Meshline can prevent them."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.sandbox.crm import Crm
from bot.sandbox.slack.values import CannotDo
from bot.sandbox.stage import example
from bot.sandbox.world import SandboxWorld, free_port
from store.ledger import Store
from sync.lifecycle import DeliveryState
from tests.faults.judge import Verdict, judge, unheard
from tests.faults.selling import Sales
from tests.faults.service import TREE, Service
from tests.faults.traps import Trap, watch

pytestmark = pytest.mark.slow

DANA = "U0DANA0001"
LATE = 1.2
_CHANGES = (
    ("flows/quote_to_cash.yaml", "poll: 5m", "poll: 2s"),
    ("meshline.yaml", "lease: 60s", "lease: 3s"),
    ("meshline.yaml", "quarantine: 30s", "quarantine: 2s"),
    ("meshline.yaml", "quarantine: 5s", "quarantine: 2s"),
    ("meshline.yaml", "max_losses: 5", "max_losses: 50"),  # here the operator kills, not the record
    ("meshline.yaml", "    kind: hubspot\n", "    kind: hubspot\n    lag: 100ms\n    overlap: 2s\n"),
)


def _seeds() -> list[int]:
    """One seed, or those of KILL_SEEDS."""
    return [int(seed) for seed in os.environ.get("KILL_SEEDS", "1").split(",")]


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

    async def kill_at_random(self) -> None:
        """Some seconds after the start, which may be before it is up."""
        await asyncio.sleep(self.rng.uniform(0.3, 4.5))
        self.service.kill()
        await self._again()

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
            slack.rate_limited_for += self.rng.random() < 0.1
            slack.lose_answers += self.rng.random() < 0.2
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
    environ = world.environ(workspace=workspace, database_url=url, port=port)
    service = Service(environ, port=port, log=tmp_path / "meshline.log", tree=tree)
    trap = Trap(service.kill)
    watch(world, trap)
    store = Store(url)
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


@pytest.mark.parametrize("seed", _seeds())
async def test_killed_again_and_again_in_the_middle_of_500_deals_it_loses_and_doubles_nothing(
    tmp_path: Path, seed: int
) -> None:
    started = time.monotonic()
    async with company(tmp_path, seed=seed) as story:
        plan: list[tuple[str, int] | None] = [None] * 10
        plan += [
            ("customer", 1),
            ("invoice", 3),
            ("post", 5),
            ("late", 1),
            ("late", 1),
            ("card", 1),
            ("card", 2),
            ("redraw", 1),
            ("line", 1),
        ]
        story.rng.shuffle(plan)
        selling = asyncio.create_task(story.sales.sell(500, seconds=50))
        around = [asyncio.create_task(story.weather()), asyncio.create_task(story.people())]
        for point in plan:
            if point is None:
                await story.kill_at_random()
            else:
                await story.kill_at(*point)
        killed = time.monotonic()
        await selling
        for task in around:
            task.cancel()
        await asyncio.gather(*around, return_exceptions=True)
        verdict = await verdict_on(story, patience=60)
    print(_figures(story, verdict, seconds=(killed - started, time.monotonic() - started)))
    assert verdict.wrong == []
    assert story.kills >= 15


def _figures(story: Story, verdict: Verdict, *, seconds: tuple[float, float]) -> str:
    counted = {name: len(getattr(verdict, name)) for name in ("lost", "doubled", "reordered")}
    doubled_cards = sum("cards" in words for words in verdict.cards)
    figures = {"kills": story.kills, **counted, "cards_doubled": doubled_cards, **verdict.figures}
    return (
        "kill -9: "
        + ", ".join(f"{many} {name}" for name, many in figures.items())
        + f", {seconds[0]:.0f}/{seconds[1]:.0f} s"
    )


_WITHOUT_LOOKING = (
    ("sync/writing.py", "if look_first:", "if False:"),
    ("bot/poster.py", "await self._find_card(card) if card.unsure else None", "None"),
)


async def test_without_looking_before_repeating_the_oracle_finds_doubles(tmp_path: Path) -> None:
    """The control: the same kills of a copy of the program that repeats without looking what became of its first try."""
    async with company(tmp_path, seed=1, tree=_changed_tree(tmp_path / "tree", _WITHOUT_LOOKING)) as story:
        selling = asyncio.create_task(story.sales.sell(34, seconds=2))
        assert await story.kill_at("invoice", 2)
        assert await story.kill_at("card", 1)
        await selling
        verdict = await verdict_on(story, patience=60)
    assert any("committed 2 times" in words for words in verdict.doubled), verdict
    assert any("has 2 cards" in words for words in verdict.cards), verdict


def _changed_tree(tree: Path, changes: tuple[tuple[str, str, str], ...]) -> Path:
    for package in ("bot", "store", "sync"):
        shutil.copytree(TREE / package, tree / package, ignore=shutil.ignore_patterns("__pycache__"))
    _change(tree, changes)
    return tree
