"""One Tryton is the CRM, another the ERP: opportunities that were won become posted invoices, over a network that fails."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.tryton.crm import Crm, export_tax, recurrence, service
from tests.tryton.peer import PASSWORD, Peer, booted
from tests.tryton.proxy import Proxy, bad_network
from tests.tryton.selling import posted, reconciled, states
from tests.world import World, small_world

FAYE, PRIYA = "U0FAYE0001", "U0PRIYA001"
WORKSPACE = Path(__file__).parent / "workspace"
FLOWS = ("opportunity_to_invoice", "refund", "subscription")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def crm() -> Iterator[Crm]:
    with booted(Path(os.environ["TRYTON_PEER"]), f"crm{os.getpid()}") as peer:
        export_tax(peer)
        yield Crm(peer)


@pytest.fixture
def books(erp: Peer) -> Peer:
    """The ERP knows the tax and the service that the CRM sells by."""
    export_tax(erp)
    recurrence(erp)
    service(erp, "Cirrus Seat")
    return erp


def between(crm: Peer, erp: Peer, directory: Path, crm_url: str = "", erp_url: str = "") -> Path:
    """The workspace with the addresses of both."""
    workspace = directory / "two"
    shutil.copytree(WORKSPACE, workspace)
    (directory / "password").write_text(PASSWORD)
    file = workspace / "meshline.yaml"
    told = {
        "env:CRM_URL": crm_url or crm.url, "env:CRM_DATABASE": crm.database, "env:ERP_URL": erp_url or erp.url,
        "env:ERP_DATABASE": erp.database, "env:CRM_PASSWORD": f"file:{directory / 'password'}",
    }  # fmt: skip
    text = file.read_text()
    for name, value in told.items():
        text = text.replace(name, value)
    file.write_text(text)
    return workspace


async def heard(world: World, since: datetime | None = None) -> None:
    """Every flow is polled until its source answered, and everything comes to rest."""
    await asyncio.sleep(1.1)  # Tryton's clock tells whole seconds, and a poll ends by it
    for name in FLOWS:
        flow = world.parts.workspace.flows[name]
        while "did not answer" in await world.parts.jobs.poll(flow, since=since):
            pass
    await world.settle(rounds=2000, seconds=5)


async def approved(world: World) -> str:
    """Somebody accepts the one open warning, and another agrees to it. What it said."""
    await world.work()
    [cause] = await world.causes()
    [case] = await world.store.exceptions()
    assert cause.reason == "erp_warning"
    channel, ts = await world.card(cause.id)
    assert (await world.slack.click(FAYE, channel, ts, "resolve")).ok
    assert (await world.slack.submit(FAYE, {"q0": "accept"})).ok
    await world.work()
    assert (await world.slack.click(PRIYA, channel, ts, "approve")).ok
    await world.settle(rounds=200, seconds=5)
    return str(case.violations[0].found)


def running(erp: Peer) -> list[tuple[float, str, Any]]:
    """The lines of the one subscription in the ERP: how many, since when, until when."""
    fields = ["state", "lines.quantity", "lines.start_date", "lines.end_date"]
    [found] = erp.call("model.sale.subscription.search_read", [], 0, None, None, fields)
    assert found["state"] == "running"
    lines = sorted(found["lines."], key=lambda each: int(each["id"]))
    return [(each["quantity"], _day(each["start_date"]), _day(each["end_date"])) for each in lines]


def _day(told: Any) -> str:
    return f"{told['year']}-{told['month']:02}-{told['day']:02}" if told else ""


async def test_three_hundred_opportunities_over_a_bad_network_are_as_many_posted_invoices_and_no_orphan(
    crm: Crm, books: Peer, tmp_path: Path
) -> None:
    many = int(os.environ.get("MESHLINE_MANY", "300"))  # fewer while you look for something
    won = crm.win(many - 1)
    exported, subscription = crm.untaxed(), crm.subscribe(10)
    async with bad_network(crm.peer.url) as (to_crm, crm_url), bad_network(books.url) as (to_erp, erp_url):
        both = (to_crm, to_erp)
        for seed, proxy in enumerate(both):
            proxy.often(0.1, seed=seed, silent=0.02)
        async with small_world(tmp_path, workspace=between(crm.peer, books, tmp_path, crm_url, erp_url)) as world:
            await heard(world, LONG_AGO)
            assert "does not have the default taxes" in await approved(world)
            assert states(books) == {"posted": many} and posted(books) == crm.sold()
            assert running(books) == [(10, "2026-11-01", "")]
            wanted = {f"crm-opportunity-{each}" for each in (*won, exported)}
            assert {each["reference"] for each in books.invoices()} == wanted
            refunds = [crm.refund(won[0]), crm.refund(won[1], "100.00")]
            crm.reseat(subscription, 12, "2026-12-01", before="2026-11-30")
            await heard(world)
            print({**to_erp.spoilt}, {**to_crm.spoilt}, to_erp.counted.total(), to_crm.counted.total())
            assert [case.detail for case in await world.store.exceptions()] == []
            assert running(books) == [(10, "2026-11-01", "2026-11-30"), (12, "2026-12-01", "")]
            worth = {each["reference"]: Decimal(each["untaxed_amount"]["decimal"]) for each in books.invoices()}
            first = worth[f"crm-opportunity-{won[0]}"]
            back = {f"refund-{refunds[0]}": -first, f"refund-{refunds[1]}": Decimal(-100)}
            assert {name: worth[name] for name in worth.keys() - wanted} == back
            assert states(books) == {"posted": many + 2}
            assert posted(books) == {"EUR": crm.sold()["EUR"] - first - 100}
            for proxy in both:
                _is_bad(proxy)
                proxy.often(0, seed=0)
            assert len(crm.notes()) == many
            report = await reconciled(world, tmp_path / "reconciled", "opportunity_to_invoice")
            assert (report.counts, report.source_read, report.target_read) == ({}, many, many)


def _is_bad(proxy: Proxy) -> None:
    """Every tenth call was spoilt, in all the ways."""
    assert len(proxy.spoilt) == 5 and proxy.spoilt.total() >= 0.08 * proxy.counted.total()
