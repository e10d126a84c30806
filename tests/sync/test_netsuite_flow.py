"""Quote to cash with NetSuite as the ERP: whatever answer is lost, and wherever the process dies, there is exactly one right set of
records in the end, and both systems agree."""

from __future__ import annotations

import csv
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness_netsuite import NETSUITE

from bot.sandbox.stage import example
from sync.connectors.testing.front import Front, served
from tests.cutting import POINTS, Five, Knife
from tests.sync.fakes.netsuite import NetSuite
from tests.tryton.selling import reconciled
from tests.world import World, small_world

pytestmark = pytest.mark.slow
WRITES = ("customer", "invoice", "posted", "billed")
LOST: list[dict[str, Any]] = [
    {"what": what, "after": True, **where, **more}
    for where in (
        {"method": "POST", "path": "/customer"}, {"method": "POST", "path": "/invoice"}, {"method": "PATCH", "path": ""},
        {"method": "GET", "path": "?expandSubResources=true"},
    )
    for what, more in (("cut", {}), ("say", {"status": 500}), ("say", {"body": "<html>Welcome</html>"}), ("truncate", {}))
]  # fmt: skip
TURNED_AWAY: list[dict[str, Any]] = [
    {"what": "say", "status": status, "method": method}
    for status in (429, 503) for method in ("POST", "PATCH", "GET")
]  # fmt: skip


@dataclass
class Sold(Five):
    """A world whose ERP is NetSuite."""

    fake: NetSuite = None  # type: ignore[assignment]
    front: Front = None  # type: ignore[assignment]

    def deal(self, number: int) -> tuple[str, str]:
        company = self.world.company(f"Company {number}", vat_id=f"DE{100000000 + number}")
        return self.world.deal(company), company

    def wrong(self, deal: str, company: str) -> list[str]:
        customers = [
            n for n, each in self.fake.records["customer"].items() if each["externalId"] == f"crm-company-{company}"
        ]
        invoices = [
            (n, each)
            for n, each in self.fake.records["invoice"].items()
            if each.get("externalId") == f"crm-deal-{deal}"
        ]
        found = [
            f"{len(each)} {noun}" for noun, each in (("customers", customers), ("invoices", invoices)) if len(each) != 1
        ]
        for number, each in invoices:
            if each["approvalStatus"]["id"] != "2":
                found.append(f"invoice {number} waits for approval")
            if self.fake.totals("invoice", number)["subtotal"] != 4980:
                found.append(f"invoice {number} is over {self.fake.totals('invoice', number)['subtotal']}")
            if customers and each["entity"]["id"] != str(customers[0]):
                found.append("another customer")
            if self.world.crm.deal(deal).get("invoice_number") != each["tranId"]:
                found.append(f"the CRM shows {self.world.crm.deal(deal).get('invoice_number')}")
        return found


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def account() -> NetSuite:
    """An account that knows the example's products, accounts and terms."""
    fake, reference = NetSuite(), example() / "reference"
    for at, row in enumerate(rows(reference / "gl_accounts.csv"), start=200):
        fake.lists["account"][at] = {"acctnumber": row["account"], "name": row["name"]}
    numbers = {row["acctnumber"]: at for at, row in fake.lists["account"].items() if at >= 200}
    fake.lists["item"] = {
        at: {"itemid": row["code"], "incomeaccount": numbers[row["account"]], "taxed": True}
        for at, row in enumerate(rows(reference / "price_list.csv"), start=300)
    }
    fake.lists["term"] = {
        at: {"name": row["name"]} for at, row in enumerate(rows(reference / "billing_terms.csv"), start=400)
    }
    return fake


def on_netsuite(directory: Path, url: str) -> Path:
    """A copy of the example in which only the connection of the ERP is another."""
    workspace = directory / "workspace"
    shutil.copytree(example(), workspace)
    file = workspace / "meshline.yaml"
    whole = yaml.safe_load(file.read_text())
    keys = {
        name: f"file:{directory / name}" for name in ("consumer_key", "consumer_secret", "token_id", "token_secret")
    }
    for name in keys:
        (directory / name).write_text(NETSUITE[name])
    terms = {row["code"]: row["name"] for row in rows(workspace / "reference" / "billing_terms.csv")}
    whole["connections"]["erp"] = {
        "kind": "netsuite",
        **NETSUITE,
        **keys,
        "base_url": url,
        "payment_terms": terms,
        "quarantine": "5s",
    }
    file.write_text(yaml.safe_dump(whole, sort_keys=False, allow_unicode=True))
    (workspace / "connections" / "erp.yaml").unlink()
    return workspace


@pytest.fixture
async def sold(tmp_path: Path) -> AsyncIterator[Sold]:
    fake, front = account(), Front()
    async with served(fake.mount, front) as url, small_world(tmp_path, workspace=on_netsuite(tmp_path, url)) as world:
        fake.now = world.clock
        made = Sold(world=world, fake=fake, front=front)
        yield made
        for store in made.stores:
            await store.close()


async def agree(world: World, directory: Path) -> None:
    assert (await reconciled(world, directory / "run")).found == []


async def test_a_won_deal_becomes_a_customer_and_an_approved_invoice(sold: Sold, tmp_path: Path) -> None:
    deal, company = sold.deal(1)
    await sold.world.deliver()
    assert sold.wrong(deal, company) == []
    writes = [
        (method, path.rpartition("/")[2])
        for method, path in sold.front.seen
        if method != "GET" and "suiteql" not in path
    ]
    assert [method for method, _ in writes] == ["POST", "POST", "PATCH"]
    assert "PUT" not in {method for method, _ in sold.front.seen}
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
    assert len(sold.fake.records["invoice"]) == len(sold.fake.records["customer"]) == len(LOST) + len(TURNED_AWAY)
    await agree(sold.world, tmp_path)


@pytest.mark.parametrize("kill", [True, False], ids=["killed", "cut off"])
async def test_wherever_the_plan_is_cut_it_goes_on_there_and_ends_in_one_right_set(
    sold: Sold, kill: bool, tmp_path: Path
) -> None:
    wrong: list[str] = []
    cuts = [(write, point) for write in (WRITES if kill else WRITES[1:3]) for point in POINTS]
    for number, (write, point) in enumerate(cuts):
        deal, company = sold.deal(number)
        await sold.deliver_cut(Knife(write, point, kill))
        wrong += [f"{point} of {write}: {each}" for each in sold.wrong(deal, company)]
    assert wrong == [] and await sold.world.store.exceptions() == []
    assert len(sold.fake.records["invoice"]) == len(cuts)
    await agree(sold.world, tmp_path)


async def test_in_batch_mode_sales_go_out_together_and_a_lost_answer_doubles_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.connectors.netsuite_batches.WAITS", (0, 0))
    fake, front = account(), Front()
    async with served(fake.mount, front) as url:
        workspace = on_netsuite(tmp_path, url)
        flow = workspace / "flows" / "quote_to_cash.yaml"
        flow.write_text(
            flow.read_text(encoding="utf-8") + "\nbatch: {mode: always, size: 6, window: 1s}\n", encoding="utf-8"
        )
        async with small_world(tmp_path, workspace=workspace) as world:
            fake.now = world.clock
            sold = Sold(world=world, fake=fake, front=front)
            front.next("cut", after=True, method="POST", path="/invoice")
            deals = [sold.deal(number) for number in range(12)]
            await world.settle(seconds=6)
            assert [each for deal in deals for each in sold.wrong(*deal)] == []
            assert len(fake.records["invoice"]) == len(fake.records["customer"]) == 12
            assert fake.jobs, "they went out together"
            assert await world.store.exceptions() == []
            await agree(world, tmp_path)
