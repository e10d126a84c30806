"""Builds a whole small world: the sandbox CRM, ERP and Slack on loopback, and Meshline wired to them with a clock that moves."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import Parts, wire
from bot.sandbox.stage import example
from bot.sandbox.world import SandboxWorld, free_port
from bot.service import Service
from bot.settings import read_settings
from sync import connectors
from sync.lifecycle import BreakerState
from sync.model import Case, Cause
from sync.workspace.loader import load
from sync.workspace.workspace import Workspace
from tests.ledgers import ledger_url

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Berlin, a working day


class Clock:
    """Stands still until it is told to move."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@dataclass
class World:
    """`work()` brings everything to rest: webhooks sent, deliveries settled, cards posted."""

    clock: Clock
    sandbox: SandboxWorld
    parts: Parts
    service: Service
    url: str
    environ: dict[str, str]

    @property
    def store(self) -> Any:
        return self.parts.store

    @property
    def slack(self) -> Any:
        return self.sandbox.slack

    @property
    def crm(self) -> Any:
        return self.sandbox.crm

    @property
    def erp(self) -> Any:
        return self.sandbox.erp

    def company(self, name: str = "Acme GmbH", **properties: str) -> str:
        given = {"name": name, "domain": "acme.example", "vat_id": "DE123456789", "country": "DE", "city": "Berlin",
                 "zip": "10115", "billing_email": "ap@acme.example", "currency": "EUR"}  # fmt: skip
        return str(self.crm.create("companies", given | properties))

    def deal(self, company: str | None, lines: list[tuple[str, int, str]] | None = None, **properties: str) -> str:
        """A won deal; `lines` are (product, quantity, price text). The amount is the sum unless given."""
        lines = lines if lines is not None else [("Atlas Pro", 2, "2490.00")]
        ids = [
            self.crm.create("line_items", {"name": p, "product_code": p, "quantity": str(q), "price": price})
            for p, q, price in lines
        ]
        cents = sum(q * round(float(price) * 100) for _, q, price in lines if price.replace(".", "").isdigit())
        given = {
            "dealname": "Workstations", "amount": f"{cents // 100}.{cents % 100:02d}", "deal_currency_code": "EUR",
            "dealstage": "closedwon", "closedate": "2026-11-20T10:00:00.000Z", "billing_code": "BC-DE-1001",
            "payment_terms": "NET30", "contract_url": "https://contracts.example/1",
        }  # fmt: skip
        links = [("line_items", one) for one in ids] + ([("companies", company)] if company else [])
        return str(self.crm.create("deals", given | properties, links=links))

    async def work(self, *, patience: int = 400) -> None:
        """Until nothing moves any more at this moment of the clock."""
        for _ in range(patience):
            await self.crm.webhooks.flush()
            settled = await self.parts.engine.drain()
            moved = await self.parts.rollouts.look(self.clock()) if self.parts.rollouts else 0
            posted = await self.parts.poster.once() if self.parts.poster else False
            backlog = await self.store.backlog()
            if not settled and not moved and not posted and not self.crm.webhooks.pending and not any(backlog.values()):
                return
            if not posted:
                await asyncio.sleep(0.02)
        raise AssertionError(f"the world does not come to rest: {await self.store.backlog()}")

    async def deliver(self) -> None:
        """Webhooks sent and deliveries settled; Slack is left alone."""
        await self.crm.webhooks.flush()
        await self.parts.engine.drain()

    async def settle(self, *, rounds: int = 40, **by: float) -> None:
        """Deliver and let the clock go on (a second a round unless told otherwise) until nothing waits for its time."""
        for _ in range(rounds):
            await self.deliver()
            if self.parts.rollouts and await self.parts.rollouts.look(self.clock()):
                continue
            broken = any(each.state != BreakerState.CLOSED for each in await self.store.breakers())
            now = self.clock.now
            if not broken and not await self.store.due_now(now=now) and await self.store.next_due(now=now) is None:
                return
            self.clock.forward(**(by or {"seconds": 1}))

    async def causes(self) -> list[Cause]:
        return list(await self.store.open_causes())

    async def only_case(self) -> Case:
        [case] = await self.store.exceptions()
        return case

    async def card(self, cause_id: int) -> tuple[str, str]:
        channel, ts = await self.store.card_at(cause_id)
        return channel, ts


def loaded(directory: Path) -> Workspace:
    """The workspace; what is word for word the same is read once."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    whole = hashlib.sha256()
    for path in files:
        text = path.read_bytes()
        whole.update(f"{path.relative_to(directory)}\0{len(text)}\0".encode() + text)
    known = _READ.get(whole.digest())
    if known is None:
        known = _READ[whole.digest()] = load(directory, connectors.kinds())
    return replace(known, directory=directory)


_READ: dict[bytes, Workspace] = {}


@asynccontextmanager
async def small_world(
    tmp_path: Path, *, workspace: Path | None = None, environ: Mapping[str, str] | None = None
) -> AsyncIterator[World]:
    """A world that listens but works only when told to: no background engine, poster or clock."""
    clock = Clock()
    sandbox = SandboxWorld(clock)
    await sandbox.start()
    sandbox.slack.throttle.enabled = False
    port = free_port()
    given = sandbox.environ(workspace=workspace or example(), database_url=ledger_url(tmp_path), port=port)
    environ = given | dict(environ or {})
    settings = read_settings(environ)
    parts = await wire(settings, loaded(settings.workspace), environ, clock=clock)
    if parts.poster is not None:
        parts.poster.unpaced()
    service = Service(parts)
    await service.listen()
    url = f"http://127.0.0.1:{port}"
    sandbox.slack.bot_url = url
    sandbox.crm.webhooks.public_url = url
    sandbox.crm.webhooks.webhook_url = f"{url}/hooks/crm"
    try:
        yield World(clock, sandbox, parts, service, url, environ)
    finally:
        await service.stop()
        await sandbox.stop()
