"""A sequence of operations on the real engine and the real store, with a CRM, an ERP and a clock in the process of the test."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

from store.ledger import Store
from sync.engine import Engine
from sync.errors import IllegalMove, MeshlineError
from sync.line import Line
from sync.model import Delivery, WriteSpec
from tests.model import company
from tests.model.changing import Changing
from tests.model.crm import Company, Crm, CrmPort, Deal
from tests.model.deciding import Deciding
from tests.model.erp import Document, Erp, ErpPort
from tests.model.operations import COMPANIES, DEALS, Op
from tests.model.ports import LedgerPort, Life
from tests.model.reference import Reference
from tests.model.weather import Killed, Strike
from tests.world import Clock

FLOWS = {"bill": "deals", "refund": "refunds"}
_MOST_ROUNDS = 120


class Playing(Changing, Deciding):
    """One world under one sequence. `wrong` is what must never be, as it is noticed."""

    def __init__(self, store: Store, seed: int) -> None:
        self.clock, self.store, self.rng = Clock(), store, Random(seed)
        self.crm = Crm(clock=self.clock, carries=self.rng.random() < 0.25)
        self.erp = Erp(clock=self.clock, strict=self.rng.random() < 0.5, asked_to_post=self._posts)
        self.reference = Reference(crm=self.crm)
        self.wrong: list[str] = []
        self.engines: list[Engine] = []
        self.lives: list[Life] = []
        self.retired = False
        self.tick = 0
        self.nights = 0
        self._permits: dict[tuple[str, str], int] = {}
        self._between: list[tuple[int, Op]] = []
        self._steps, self._crash, self._turns = 0, 0, Random(0)
        self.proposed: dict[int, tuple[Any, ...]] = {}

    async def begin(self) -> None:
        """Companies, open deals and cursors that stand at the beginning."""
        for number in range(COMPANIES):
            self.crm.put(Company(id=f"C{number}", name=f"Company {number}"))
        front = self._engine(self._life())
        for flow in front.line.workspace.flows.values():
            await front.poll(flow)
        for number in range(DEALS):
            lines = (("P1", 1 + number % 3, 10_000 + number), ("P3", 1, 501))[: 1 + number % 2]
            deal = Deal(
                id=f"D{number}", company=f"C{number % COMPANIES}", stage="open", currency="EUR", code="BC", lines=lines
            )
            self.crm.put(deal)

    async def apply(self, op: Op) -> None:
        """One operation. What people and sources are refused is an answer as good as any."""
        self.tick += 1
        name, *given = op
        await getattr(self, f"do_{name}")(*given)
        self.erp.catch_up()
        if self.erp.complaints:
            self.wrong += self.erp.complaints
            self.erp.complaints = []

    # The machine

    async def do_work(self, engines: int, seed: int, crash: int, between: tuple[tuple[int, Op], ...]) -> None:
        self._steps, self._crash, self._turns = 0, crash, Random(seed)
        self._between = list(between)
        while len(self.engines) < engines:
            self.lives.append(self._life())
            self.engines.append(self._engine(self.lives[-1]))
        for life in self.lives:
            life.wire = self._turns.choice((0, 0, 3, 15))
        ends = await asyncio.gather(*(each.drain(limit=60) for each in self.engines[:engines]), return_exceptions=True)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)  # what a dead engine had begun
        self._crash = 0
        self.wrong += [f"an engine fell: {each!r}" for each in ends if isinstance(each, Exception)]
        alive = [(life, engine) for life, engine in zip(self.lives, self.engines, strict=True) if not life.dead]
        self.lives, self.engines = [life for life, _ in alive], [engine for _, engine in alive]
        await self.see_holds()
        left, self._between = self._between, []
        for _, op in left:
            await self.apply(op)

    async def _turn(self, life: Life) -> None:
        """Who goes next is up to the seed; meanwhile things happen."""
        self._steps += 1
        self.tick += 1
        if self._crash and self._steps >= self._crash:
            life.dead, self._crash = True, 0
            raise Killed
        while self._between and self._between[0][0] <= self._steps:
            await self.apply(self._between.pop(0)[1])
        for _ in range(self._turns.choice((0, 0, 1, 2, 4))):
            await asyncio.sleep(0)

    def _life(self) -> Life:
        return Life(turn=self._turn, number=len(self.lives))

    def _engine(self, life: Life) -> Engine:
        ledger: Any = LedgerPort(self.store, life, lambda: self.tick, self._permitted)
        line = Line(
            ledger=ledger,
            workspace=company.workspace(retired=self.retired),
            connections={"crm": CrmPort(self.crm, life.call), "erp": ErpPort(self.erp, life.call)},
            clock=self.clock,
        )
        return Engine(line, jitter=self.rng.random)

    def _permitted(self, delivery: Delivery, spec: WriteSpec, asked: int) -> None:
        if spec.operation == "post":
            self._permits[delivery.flow, delivery.event.record_id] = asked

    def _posts(self, document: Document) -> None:
        """Nothing is posted for what was on hold when the permit to post was asked for."""
        if document.entity == "invoice":
            payer = self.erp.documents[document.fields["customer_id"]].reference
            flow, customer, record = "bill", payer.removeprefix("company-"), document.fields["contract_reference"]
        else:
            record = document.reference.removeprefix("refund-")
            flow, customer = "refund", self.crm.refunds[record].company
        asked = self._permits.get((flow, record))
        if asked is None or self.reference.held(flow, customer, record, asked):
            self.wrong.append(f"{document.entity} {document.reference} was posted while its billing was on hold")

    # Time and news

    async def do_hook(self, many: int, order: int, doubled: bool) -> None:
        picks = Random(order)
        for _ in range(min(many, len(self.crm.outbox))):
            if not self.crm.outbox:
                break  # an engine that works meanwhile has made room for others
            change = self.crm.outbox.pop(picks.randrange(len(self.crm.outbox)))
            await self._front([change, change] if doubled else [change])
            if doubled:
                await self._front([change])

    async def _front(self, changes: list[Any]) -> None:
        incoming: Any = changes
        await self._engine(self._quiet()).receive("crm", incoming)

    def _quiet(self) -> Life:
        async def at_once(_: Life) -> None:
            return None

        return Life(turn=at_once, number=-1)

    async def do_lose(self, which: int) -> None:
        if self.crm.outbox:
            self.crm.outbox.pop(which % len(self.crm.outbox))

    async def do_poll(self) -> None:
        engine = self._engine(self._quiet())
        for flow in engine.line.workspace.flows.values():
            try:
                await engine.poll(flow)
            except MeshlineError:
                continue

    async def do_strike(self, crm: bool, kind: str, verb: str, count: int, seconds: int) -> None:
        system = self.crm if crm else self.erp
        system.weather.strikes = [*system.weather.strikes[-2:], Strike(kind, verb, count, seconds)]

    async def do_calm(self) -> None:
        self.crm.weather.strikes.clear()
        self.erp.weather.strikes.clear()

    async def do_clock(self, seconds: int) -> None:
        self.clock.forward(seconds=seconds)

    async def do_beat(self) -> None:
        now = self.clock()
        await self.store.escalate(now=now)
        await self.store.wake(now=now)
        await self.store.look_again(now=now)
        while await self.store.expire(now=now):
            continue
        await self.see_holds()

    async def do_night(self) -> None:
        self.nights += 1
        now, night = self.clock(), f"{self.nights:06}"
        before = now - timedelta(hours=1)
        while await self.store.forget(before=before, night=night, now=now):
            continue
        while await self.store.archive(before=before, night=night, now=now):
            continue

    async def rest(self) -> bool:
        """The weather is fair, what was sent has arrived, and time goes on until nothing waits for it. False where that never comes."""
        await self.do_calm()
        await self.do_hook(len(self.crm.outbox), 0, False)
        for _ in range(_MOST_ROUNDS):
            await self.do_poll()
            await self.do_work(1, 0, 0, ())
            self.erp.catch_up()
            now = self.clock()
            if not await self.store.due_now(now=now) and await self.store.next_due(now=now) is None:
                return True
            self.clock.forward(seconds=31)
        return False


async def refused(asked: Any) -> bool:
    """Whether what a person asked for was not to be had."""
    try:
        await asked
    except (IllegalMove, MeshlineError):
        return True
    return False
