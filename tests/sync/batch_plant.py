"""A flow that sends orders to a target with a bulk call: a ledger, an engine, and books that keep every record they ever took."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.ledger import Store
from sync import connectors
from sync.engine import Engine
from sync.errors import ConnectorError, Rejected
from sync.line import Line
from sync.model import Case, Cause, Change, Found, Record
from sync.workspace.loader import load
from sync.workspace.workspace import Workspace
from tests.ledgers import ledger_url
from tests.world import Clock

JOB = Path(__file__).parents[1] / "faults" / "job"
FLOW = "orders"
CREATE = "    create: {method: POST, path: /orders, reference: reference}\n"
BULK = "    bulk: {path: /orders/bulk, records: orders, items: items, reference: reference}\n"
RETRY = "retry: {attempts: 40, first: 200ms, factor: 2, cap: 2s}\n"
LEASE = "  lease: 3s\n  quarantine: 2500ms    # the target commits at most 1.5 s after a request\n"


@dataclass
class Books:
    """The target. It takes a reference twice, so that nothing but Meshline keeps a record single. Of what `forgets` names its
    answers say nothing so many times, after it was written or, where `drops` names it too, without writing it."""

    kept: list[tuple[str, Record]] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    forgets: Counter[str] = field(default_factory=Counter)
    drops: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)
    fail: Callable[[], None] = lambda: None
    after: Callable[[], Any] | None = None

    @property
    def references(self) -> list[str]:
        return [reference for reference, _ in self.kept]

    def many(self) -> list[int]:
        """How many records each bulk call held."""
        return [many for what, many in self.calls if what == "many"]

    def takes_many(self, entity: str) -> bool:
        return True

    async def create_many(
        self, entity: str, records: Sequence[tuple[str, Record]]
    ) -> list[Found | ConnectorError | None]:
        self.calls.append(("many", len(records)))
        self.fail()
        told = [self._one(reference, body) for reference, body in records]
        if self.after is not None:
            await self.after()
        return told

    def _one(self, reference: str, body: Record) -> Found | ConnectorError | None:
        if reference in self.refuses:
            return Rejected("the account is closed", code="closed")
        if self.forgets[reference] > 0:
            self.forgets[reference] -= 1
            if reference not in self.drops:
                self._keep(reference, body)
            return None
        return self._keep(reference, body)

    def _keep(self, reference: str, body: Record) -> Found:
        self.kept.append((reference, body))
        return Found(id=f"t{len(self.kept)}", record=body)

    async def find(self, entity: str, reference: str) -> Found | None:
        self.calls.append(("find", 1))
        return next((Found(id=each, record=body) for each, body in self.kept if each == reference), None)

    async def get(self, entity: str, target_id: str) -> Found | None:
        return None

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        self.calls.append(("one", 1))
        if reference in self.refuses:
            raise Rejected("the account is closed", code="closed")
        return self._keep(reference, body)

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        raise AssertionError("orders do not change")

    async def post(self, entity: str, target_id: str) -> Found:
        raise AssertionError("orders are not posted")


@dataclass
class Plant:
    """What the story is told with. Orders of different customers are different subjects."""

    clock: Clock
    store: Store
    books: Books
    workspace: Workspace
    engine: Engine
    sent: int = 0

    async def order(self, many: int = 1, *, customer: str = "") -> list[str]:
        """So many orders come in at once, each of a customer of its own unless one is named; their references."""
        changes = []
        for _ in range(many):
            self.sent += 1
            key = f"order-{self.sent:07d}"
            who = customer or f"customer-{self.sent:07d}"
            payload = {"order": key, "customer": who, "sequence": self.sent, "at": "2026-11-23T09:00:00Z",
                       "amount": "12.50", "currency": "EUR"}  # fmt: skip
            changes.append(
                Change(entity="orders", record_id=who, key=key, kind="order.changed", occurred_at=self.clock.now,
                       sequence=self.sent, payload=payload)
            )  # fmt: skip
        await self.store.receive("crm", changes, {"orders": [FLOW]}, now=self.clock.now)
        return [change.key for change in changes]

    async def settle(self, *, rounds: int = 60, **by: float) -> None:
        """Deliver and let the clock go on until nothing waits for its time."""
        for _ in range(rounds):
            await self.engine.drain()
            if await self.store.next_due(now=self.clock.now) is None:
                return
            self.clock.forward(**(by or {"seconds": 5}))
        raise AssertionError("it does not come to rest")

    async def states(self) -> dict[str, int]:
        return next((one.states for one in await self.store.status()), {})

    async def cases(self) -> list[Case]:
        return await self.store.exceptions(limit=1000)

    async def causes(self) -> list[Cause]:
        return await self.store.open_causes()

    async def mode(self) -> str:
        return next((one.mode for one in await self.store.modes()), "")

    async def told(self, noun: str, verb: str) -> list[Record]:
        """The journal's lines of this kind, oldest first."""
        entries = await self.store.entries(noun=noun, limit=10_000)
        return [entry.data for entry in reversed(entries) if entry.verb == verb]

    def another_engine(self, target: object | None = None) -> Engine:
        """A second process on the same ledger, with another target if one is given."""
        return _engine(self.store, self.workspace, target or self.books, self.clock)


def _engine(store: Store, workspace: Workspace, books: object, clock: Clock) -> Engine:
    options = {"secrets": ["whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"], "entity": "orders"}
    crm = connectors.build("webhook", options, name="crm")
    line = Line(ledger=store, workspace=workspace, connections={"crm": crm, "erp": books}, clock=clock)
    return Engine(line, jitter=lambda: 0.0)


def workspace_of(home: Path, batch: str) -> Workspace:
    """The workspace of the fault runs with a longer lease, a bulk call and this batch."""
    directory = home / "workspace"
    shutil.copytree(JOB, directory)
    for file, old, new in (
        ("meshline.yaml", LEASE, "  lease: 60s\n  quarantine: 10s\n"),
        ("connections/erp.yaml", CREATE, CREATE + BULK),
        ("flows/orders.yaml", RETRY, f"{RETRY}batch: {batch}\n"),
    ):
        text = (directory / file).read_text(encoding="utf-8")
        assert old in text
        (directory / file).write_text(text.replace(old, new), encoding="utf-8")
    return load(directory, connectors.kinds())


@asynccontextmanager
async def plant(home: Path, batch: str) -> AsyncIterator[Plant]:
    """A plant whose flow has this `batch` block."""
    workspace, clock, books = workspace_of(home, batch), Clock(), Books()
    store = Store(ledger_url(home))
    await store.open()
    try:
        yield Plant(clock, store, books, workspace, _engine(store, workspace, books, clock))
    finally:
        await store.close()


async def until(true: Callable[[], object], *, patience: float = 10.0) -> None:
    """Let the background work until something is so."""
    async with asyncio.timeout(patience):
        while not true():  # noqa: ASYNC110  what the background does has no event
            await asyncio.sleep(0.005)
