"""Quote to cash with Stripe as the billing system, whose search knows nothing yet: whatever answer is lost, and wherever the process
dies, there is exactly one right finalized invoice in the end, and both systems agree."""

from __future__ import annotations

import csv
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness_stripe import STRIPE

from bot.sandbox.stage import example
from sync.connectors.testing.front import Front, served
from tests.cutting import POINTS, Five, Knife
from tests.sync.fakes.stripe import Stripe
from tests.tryton.selling import reconciled
from tests.world import World, small_world

pytestmark = pytest.mark.slow
LOST: list[dict[str, Any]] = [
    {"what": what, "after": True, **where, **more}
    for where in (
        {"method": "POST", "path": "/v1/customers"}, {"method": "POST", "path": "/v1/invoices"}, {"method": "POST", "path": "/add_lines"},
        {"method": "POST", "path": "/finalize"}, {"method": "GET", "path": ""},
    )
    for what, more in (("cut", {}), ("say", {"status": 500}), ("say", {"body": "<html>Welcome</html>"}), ("truncate", {}))
]  # fmt: skip
TURNED_AWAY: list[dict[str, Any]] = [
    {"what": "say", "status": status, "method": "POST", "path": path}
    for status in (429, 503) for path in ("/v1/customers", "/v1/invoices", "/add_lines", "/finalize")
]  # fmt: skip


@dataclass
class Sold(Five):
    """A world that bills through Stripe."""

    fake: Stripe = None  # type: ignore[assignment]  # given when it is made
    front: Front = None  # type: ignore[assignment]  # given when it is made

    def deal(self, number: int) -> tuple[str, str]:
        company = self.world.company(f"Company {number}", vat_id=f"DE{100000000 + number}")
        return self.world.deal(company), company

    def carrying(self, entity: str, reference: str) -> list[dict[str, Any]]:
        records = self.fake.records[entity].values()
        return [each for each in records if each["metadata"].get("meshline_reference") == reference]

    def wrong(self, deal: str, company: str) -> list[str]:
        customers = self.carrying("customer", f"crm-company-{company}")
        invoices = self.carrying("invoice", f"crm-deal-{deal}")
        found = [
            f"{len(each)} {noun}" for noun, each in (("customers", customers), ("invoices", invoices)) if len(each) != 1
        ]
        for each in invoices:
            worth = sum(line["amount"] for line in each["lines"]["data"])
            found += [f"invoice is {each['status']}"] * (each["status"] != "open") + [f"over {worth}"] * (
                worth != 498000
            )
            if customers and each["customer"] != customers[0]["id"]:
                found.append("another customer")
            if self.world.crm.deal(deal).get("invoice_number") != each["number"]:
                found.append(f"the CRM shows {self.world.crm.deal(deal).get('invoice_number')}")
        return found


def on_stripe(directory: Path, url: str) -> Path:
    """A copy of the example in which only the connection of the ERP is another."""
    workspace = directory / "workspace"
    shutil.copytree(example(), workspace)
    file = workspace / "meshline.yaml"
    whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    (directory / "api_key").write_text(STRIPE["api_key"], encoding="utf-8")
    with (workspace / "reference" / "billing_terms.csv").open(encoding="utf-8", newline="") as text:
        terms = {row["code"]: int(row["days"]) for row in csv.DictReader(text)}
    told = {**STRIPE, "api_key": f"file:{directory / 'api_key'}", "base_url": url, "payment_terms": terms, "taxes": {}}
    whole["connections"]["erp"] = {"kind": "stripe", "quarantine": "5s", **told}
    file.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True), encoding="utf-8")
    (workspace / "connections" / "erp.yaml").unlink()
    return workspace


@pytest.fixture
async def sold(tmp_path: Path) -> AsyncIterator[Sold]:
    fake, front = Stripe(lags=True), Front()
    async with served(fake.mount, front) as url, small_world(tmp_path, workspace=on_stripe(tmp_path, url)) as world:
        made = Sold(world=world, fake=fake, front=front)
        yield made
        for store in made.stores:
            await store.close()


async def agree(world: World, directory: Path) -> None:
    assert (await reconciled(world, directory / "run")).found == []


async def test_a_won_deal_becomes_a_customer_and_a_finalized_invoice(sold: Sold, tmp_path: Path) -> None:
    deal, company = sold.deal(1)
    await sold.world.deliver()
    assert sold.wrong(deal, company) == []
    writes = [path.rpartition("/")[2] for method, path in sold.front.seen if method != "GET"]
    assert writes == ["customers", "invoices", "add_lines", "finalize"]
    await agree(sold.world, tmp_path)


async def test_whatever_answer_is_lost_there_is_one_right_set_in_the_end(sold: Sold, tmp_path: Path) -> None:
    wrong: list[str] = []
    for number, fault in enumerate([*LOST, *TURNED_AWAY]):
        sold.front.next(**fault)
        deal, company = sold.deal(number)
        await sold.world.settle(seconds=6)
        assert not sold.front.faults, f"nothing was lost by {fault}"
        wrong += [f"{fault}: {each}" for each in sold.wrong(deal, company)]
    assert wrong == [] and await sold.world.store.exceptions() == []
    for entity in ("customer", "invoice"):
        assert len(sold.fake.records[entity]) == len(LOST) + len(TURNED_AWAY)
    await agree(sold.world, tmp_path)


async def test_wherever_the_process_dies_the_plan_goes_on_there_and_ends_in_one_right_set(
    sold: Sold, tmp_path: Path
) -> None:
    wrong: list[str] = []
    cuts = [(write, point) for write in ("customer", "invoice", "posted") for point in POINTS]
    for number, (write, point) in enumerate(cuts):
        deal, company = sold.deal(number)
        await sold.deliver_cut(Knife(write, point, kill=True))
        wrong += [f"{point} of {write}: {each}" for each in sold.wrong(deal, company)]
    assert wrong == [] and await sold.world.store.exceptions() == []
    assert len(sold.fake.records["invoice"]) == len(cuts)
    await agree(sold.world, tmp_path)
