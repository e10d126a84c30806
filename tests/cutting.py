"""A plan of five writes and a knife: the process dies, or the ledger goes away, at one point of one write. Beside it stands
what most people would write, which creates and, when anything goes wrong, begins again."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox.erp_contracts import Contracts
from bot.sandbox.stage import example
from store.ledger import Store
from sync.engine import Engine
from sync.errors import AnswerLost, LedgerUnavailable
from sync.line import Line
from sync.model import Found, Plan
from sync.prepare import Lookups, prepare, questions
from sync.writing import filled
from tests.faults.traps import ForgivingBooks
from tests.world import World, small_world

FLOW = "flows/quote_to_cash.yaml"
WRITES = ("customer", "contract", "invoice", "posted", "billed")
POINTS = ("before the intent", "before the call", "before the answer", "before the record")
CONTRACT = """
  - name: contract
    connection: erp
    entity: contract
    operation: upsert
    key: "crm-contract-{id}"
    record:
      - {to: customer_id, ref: customer}
      - {to: currency, from: deal_currency_code, transform: upper}
      - {to: payment_terms, from: payment_terms, transform: text}
      - {to: purchase_order, from: billing_code, transform: text}
      - {to: sync_reference, text: "{flow}/{id}"}
    verify:
      - {field: sync_reference, text: "{flow}/{id}"}

  - name: invoice
"""


class Killed(BaseException):
    """The process is gone: nothing that it would have said is said."""


@dataclass(slots=True)
class Knife:
    """Cuts once, at one point of the write of that name. With `kill` the process dies; else the ledger or the answer is lost."""

    write: str
    point: str
    kill: bool
    fell: bool = False
    _in_hand: str = ""

    def cuts(self, point: str, write: str) -> bool:
        if self.fell or (write, point) != (self.write, self.point):
            return False
        self.fell = True
        return True

    def cut(self, point: str, write: str) -> None:
        if self.cuts(point, write):
            raise Killed if self.kill else LedgerUnavailable(f"{point} of {write}")

    async def call(self, made: Callable[..., Awaitable[Found]], *args: Any) -> Found:
        """A call to a target, which happens, and of which nothing may be heard."""
        write = self._in_hand
        found = await made(*args)
        if self.cuts("before the answer", write):
            raise Killed if self.kill else AnswerLost("the connection was cut")
        self.cut("before the record", write)
        return found

    def hold(self, store: Store) -> None:
        """Take the ledger in hand."""
        begin = store.begin_write

        async def begin_write(delivery: Any, spec: Any, *args: Any, **more: Any) -> Any:
            self._in_hand = spec.name
            self.cut("before the intent", spec.name)
            permit = await begin(delivery, spec, *args, **more)
            self.cut("before the call", spec.name)
            return permit

        store.begin_write = begin_write  # type: ignore[method-assign]  # that is the point

    def hold_target(self, target: Any) -> None:
        """Take a target in hand."""
        for name in ("create", "update", "post", "credit"):
            if (made := getattr(type(target), name, None)) is not None:
                setattr(target, name, self._around(made.__get__(target)))

    def _around(self, made: Callable[..., Awaitable[Found]]) -> Callable[..., Awaitable[Found]]:
        return lambda *args: self.call(made, *args)


class ForgivingContracts(Contracts):
    """As forgiving as the books."""

    def is_taken(self, reference: str) -> bool:
        return False


@dataclass
class Five:
    """A world in which a won deal becomes five writes, on an ERP that takes the same reference twice."""

    world: World
    stores: list[Store] = field(default_factory=list)

    async def deliver_cut(self, knife: Knife) -> None:
        """Deliver what waits, with the knife; then, when its lease is over, by another process on the same ledger."""
        await self.world.crm.webhooks.flush()
        with_knife = await self._engine(knife)
        with suppress(Killed):
            await with_knife.drain()
        assert knife.fell, f"nothing was cut {knife.point} of {knife.write}"
        other = await self._engine(None)
        for _ in range(8):
            self.world.clock.forward(seconds=31)
            await self.world.crm.webhooks.flush()
            await other.drain()

    async def _engine(self, knife: Knife | None) -> Engine:
        parts = self.world.parts
        store = Store(parts.settings.database_url.get_secret_value())
        await store.open()
        self.stores.append(store)
        connections = dict(parts.connections)
        for target in connections.values():
            for name in ("create", "update", "post", "credit"):
                vars(target).pop(name, None)
            if knife is not None:
                knife.hold_target(target)
        if knife is not None:
            knife.hold(store)
        line = Line(ledger=store, workspace=parts.workspace, connections=connections, clock=parts.clock)
        return Engine(line, jitter=lambda: 0.5)

    async def plan(self, deal: str) -> Plan:
        """What the deal is to become."""
        parts = self.world.parts
        record = await parts.connections["crm"].read("deals", deal)
        flow = parts.workspace.flows["quote_to_cash"]
        lookups = Lookups(answers=[(asked, []) for asked in questions(record, flow)])
        made = prepare(record, flow, parts.workspace, lookups=lookups)
        assert isinstance(made, Plan)
        return made

    async def naively(self, plan: Plan, knife: Knife) -> None:
        """Create and retry: every write in order, and from the start again when something went wrong."""
        targets = self.world.parts.connections
        for _ in range(2):
            done: dict[str, Found] = {}
            try:
                for spec in plan.writes:
                    knife._in_hand = spec.name
                    knife.cut("before the call", spec.name)
                    target, body = targets[spec.connection], filled(spec.body, done)
                    of = done[spec.of].id if spec.of in done else spec.of
                    match spec.operation:
                        case "create" | "upsert":
                            done[spec.name] = await knife.call(target.create, spec.entity, spec.key, body)
                        case "update":
                            done[spec.name] = await knife.call(target.update, spec.entity, of, body)
                        case "post":
                            done[spec.name] = await knife.call(target.post, spec.entity, of)
            except (Killed, AnswerLost, LedgerUnavailable):
                continue
            return

    def wrong(self, deal: str, company: str) -> list[str]:
        """What is not as it must be for this deal: exactly one right set of records, nothing else."""
        erp, found = self.world.erp, []
        customers = [one for one in erp.customers() if one["reference"] == f"crm-company-{company}"]
        contracts = [one for one in erp.contracts() if one["reference"] == f"crm-contract-{deal}"]
        invoices = [one for one in erp.invoices() if one["contract_reference"] == deal]
        for noun, records in (("customers", customers), ("contracts", contracts), ("invoices", invoices)):
            if len(records) != 1:
                found.append(f"{len(records)} {noun}")
        found += [f"a draft {one['id']}" for one in invoices if one["status"] != "posted"]
        found += [f"an invoice over {one['total_minor']}" for one in invoices if one["total_minor"] != 498000]
        found += [f"sync reference {one['sync_reference']}" for one in (*contracts, *invoices)
                  if one["sync_reference"] != f"quote_to_cash/{deal}"]  # fmt: skip
        if customers and any(one["customer_id"] != customers[0]["id"] for one in (*contracts, *invoices)):
            found.append("another customer")
        shown = self.world.crm.deal(deal)
        if invoices and shown.get("invoice_number") != invoices[0]["number"]:
            found.append(f"the CRM shows {shown.get('invoice_number')}")
        return found


@asynccontextmanager
async def five_writes(folder: Path) -> AsyncIterator[Five]:
    """The shipped flow with a contract between the customer and the invoice."""
    directory = folder / "workspace"
    shutil.copytree(example(), directory)
    text = (directory / FLOW).read_text(encoding="utf-8")
    text = text.replace("\n  - name: invoice\n", CONTRACT, 1)
    (directory / FLOW).write_text(text, encoding="utf-8")
    async with small_world(folder, workspace=directory) as world:
        books = world.erp.books
        forgiving = ForgivingBooks(books.payment_terms, books.accounts, lambda: {})
        forgiving.contracts = ForgivingContracts(books.payment_terms, forgiving.customers.__contains__, None)
        world.erp.books = forgiving
        five = Five(world)
        yield five
        for store in five.stores:
            await store.close()
