"""The revenue example in a small world: what salespeople, support and the payment processor enter in the CRM, and what the books
must then say, worked out here in plain decimals and never by the product's code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from sync.model import Case
from tests.bot.hands import press
from tests.tryton.selling import reconciled
from tests.world import World, small_world

EXAMPLE = Path(__file__).parents[2] / "examples" / "revenue"
PLACES = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
DAY = "2026-11-20T10:00:00.000Z"
Line = tuple[str, str, str] | tuple[str, str, str, str]
"""Product, quantity, price, and where there is one the discount in percent, all as text."""


@asynccontextmanager
async def revenue(tmp_path: Path) -> AsyncIterator[World]:
    """A world that runs all the flows of the example."""
    async with small_world(tmp_path, workspace=EXAMPLE) as world:
        yield world
        await agree(world, tmp_path)
        assert world.slack.trouble == [] and world.slack.refused == []
        assert world.erp.duplicates() == ()


async def agree(world: World, directory: Path) -> None:
    """Every flow that is reconciled is held against the books, record by record, late enough that nothing is excused as young:
    nothing differs that is not an open exception."""
    for name, flow in world.parts.workspace.flows.items():
        if flow.reconcile is not None:
            report = await reconciled(world, directory / f"run-{name}", name)
            assert report.found == [], (name, report.found)


async def rest(world: World) -> None:
    """Until nothing waits for its turn any more: two flows that write one customer take turns."""
    await world.settle()
    await world.work()


def minor(amount: Decimal | str, currency: str) -> int:
    """An amount in minor units, half to even."""
    return int(Decimal(amount).scaleb(PLACES[currency]).to_integral_value(ROUND_HALF_EVEN))


def total_minor(lines: list[Line], currency: str) -> int:
    """What the lines come to, each rounded by itself."""
    found = 0
    for _, quantity, price, *off in lines:
        worth = Decimal(quantity) * Decimal(price) * (100 - Decimal(off[0] if off else "0")) / 100
        found += minor(worth, currency)
    return found


def text_of(units: int, currency: str) -> str:
    """Minor units as a salesperson types them."""
    return f"{Decimal(units).scaleb(-PLACES[currency]):.{PLACES[currency]}f}"


def linked(world: World, kind: str, properties: dict[str, Any], **links: str | list[str] | None) -> str:
    """A record of the CRM, linked to others by their object."""
    pairs = [
        (to, one)
        for to, ids in links.items()
        for one in ([ids] if isinstance(ids, str) else ids or [])
    ]  # fmt: skip
    return str(world.crm.create(kind, properties, links=pairs))


def sold(world: World, stage: str, company: str | None, lines: list[Line], currency: str = "EUR", **more: Any) -> str:
    """A deal in a stage, with its lines; the amount is what the lines come to unless given."""
    ids = []
    for product, quantity, price, *off in lines:
        line = {"name": product, "product_code": product, "quantity": quantity, "price": price}
        ids.append(linked(world, "line_items", line | ({"hs_discount_percentage": off[0]} if off else {})))
    contract = more.pop("contract", None)
    given = {
        "dealname": "Something sold", "dealstage": stage, "deal_currency_code": currency, "closedate": DAY,
        "amount": text_of(total_minor(lines, currency), currency),
    }  # fmt: skip
    return linked(world, "deals", given | more, line_items=ids, companies=company, contracts=contract)


def order(world: World, company: str | None, lines: list[Line], currency: str = "EUR", **more: Any) -> str:
    """An order with everything that quote to cash asks for."""
    given = {"price_basis": "net", "billing_code": "BC-1", "payment_terms": "NET45", "po_number": "PO-1",
             "contract_url": "https://contracts.example/1"}  # fmt: skip
    return sold(world, "closedwon", company, lines, currency, **(given | more))


def frame(world: World, **more: Any) -> str:
    """A signed frame contract."""
    given = {"title": "Frame contract", "contract_number": "FC-1", "status": "signed", "po_number": "45000",
             "payment_terms": "NET60", "cost_center": "CC-100", "valid_from": "2026-01-01", "valid_until": "2026-12-31"}  # fmt: skip
    return linked(world, "contracts", given | more)


async def invoice_of(world: World, reference: str) -> dict[str, Any]:
    """The one posted invoice or credit note with the reference."""
    [found] = [each for each in world.erp.posted() if each["reference"] == reference]
    return dict(found)


async def stopped(world: World) -> dict[str, Case]:
    """The open exceptions by the record that each is about."""
    return {case.subject.rpartition(":")[2].rpartition("/")[2]: case for case in await world.store.exceptions()}


async def answer(world: World, user: str, case: Case, entered: dict[str, str]) -> None:
    """Somebody opens the dialog of the card, answers and sends it."""
    [cause] = [each for each in await world.causes() if each.id == case.cause_id]
    ack = await press(world, user, cause, "resolve")
    assert ack.ok, ack
    ack = await world.slack.submit(user, entered)
    assert ack.ok and not ack.body, ack
    await world.work()


async def replayed(world: World, user: str, case: Case) -> None:
    """Somebody presses Replay."""
    [cause] = [each for each in await world.causes() if each.id == case.cause_id]
    ack = await press(world, user, cause, "replay")
    assert ack.ok, ack
    await world.work()
