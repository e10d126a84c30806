"""The real Tryton over REST, entered with a key: what was told to it stands in its books to the last digit, once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.stage import example
from sync.connectors import build
from sync.errors import AnswerLost, Rejected, Unauthorized, Unavailable
from tests.tryton.crm import Crm
from tests.tryton.peer import PASSWORD, Peer, booted
from tests.tryton.proxy import Proxy, bad_network
from tests.tryton.selling import on_tryton, posted, reconciled, sold, states
from tests.world import small_world

LINE = {
    "product_code": "Retainer",
    "description": "Hours",
    "quantity": 7,
    "unit_price": "0.1234",
    "account": "4000",
}
INVOICE = {
    "currency": "EUR",
    "issue_date": "2026-11-20",
    "payment_terms": "NET30",
    "billing_code": "BC-1",
    "lines": [LINE],
}


def by_key(erp: Peer, url: str = "", **more: Any) -> Any:
    """A connection with the key that the peer's set-up made."""
    told = {name: each for name, each in erp.connector().items() if name not in ("user", "password")}
    return build("tryton", {**told, "key": erp.ids["rest_key"], "base_url": url or erp.url, **more}, name="erp")


@pytest.fixture
async def bad(erp: Peer) -> AsyncIterator[tuple[Proxy, Any]]:
    """The connection over a network that does as it is told."""
    async with bad_network(erp.url) as (proxy, url):
        connector = by_key(erp, url)
        yield proxy, connector
        await connector.close()


async def in_the_end(call: Any) -> Any:
    """What a read says once the network lets it through."""
    for _ in range(9):
        try:
            return await call()
        except Unavailable:
            pass
    raise AssertionError("never")


async def test_a_customer_is_billed_once_over_rest_though_every_answer_to_a_write_is_lost(
    erp: Peer, bad: tuple[Proxy, Any]
) -> None:
    proxy, connector = bad
    assert "Acme Holdings" in await connector.probe()
    wanted: list[tuple[str, str, dict[str, Any]]] = [
        ("customer", "crm-company-9", {"name": "Müller & Söhne", "country": "DE", "email": "a@x.example", "seats": 12}),
        ("invoice", "crm-deal-9", INVOICE),
    ]
    found: dict[str, Any] = {}
    for entity, reference, body in wanted:
        told = body | ({"customer_id": found["customer"].id} if entity == "invoice" else {})
        proxy.loses = ("POST", "?f=id")
        with pytest.raises(AnswerLost):
            await connector.create(entity, reference, told)
        found[entity] = await in_the_end(lambda e=entity, r=reference: connector.find(e, r))
        with pytest.raises(Rejected) as taken:
            await connector.create(entity, reference, told)
        assert taken.value.reason == "reference_taken"
    draft = found["invoice"]
    assert draft.status == "draft" and draft.record["lines"] == [LINE] and draft.record["net_minor"] == 86  # 0.8638
    proxy.loses = ("POST", "/post?f=id")
    with pytest.raises(AnswerLost):
        await connector.post("invoice", draft.id)
    posted = await connector.post("invoice", draft.id)
    assert posted.status == "posted" and [each["state"] for each in erp.invoices()] == ["posted"]
    note = await connector.credit("credit_note", draft.id, "back-9", {"issue_date": "2026-11-20"})
    assert (note.record["gross_minor"], note.record["credits"]) == (-posted.record["gross_minor"], draft.id)


async def test_deals_that_were_won_become_posted_invoices_by_key_over_a_bad_network(erp: Peer, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(erp.ids["rest_key"])
    way = {"user": None, "password": None, "key": f"file:{tmp_path / 'key'}", "timeout": "3s"}
    async with bad_network(erp.url) as (proxy, url):
        proxy.often(0.15, seed=7)
        async with small_world(tmp_path, workspace=on_tryton(example(), tmp_path, erp, url, **way)) as world:
            for name in ("Ada", "Bell", "Curie", "Dirac", "Euler", "Fermi", "Gauss", "Hertz"):
                world.deal(world.company(name, vat_id=f"DE-{name}", domain=f"{name}.example", billing_email=""))
            await world.settle(rounds=400, seconds=5)
            assert await world.store.exceptions() == [] and proxy.spoilt.total() > 5
            assert states(erp) == {"posted": 8} and posted(erp) == sold(world)
            proxy.often(0, seed=0)
            report = await reconciled(world, tmp_path / "reconciled")
            assert (report.counts, report.source_read, report.target_read) == ({}, 8, 8)


async def test_over_both_ways_in_the_books_look_the_same(erp: Peer) -> None:
    key, password = by_key(erp), build("tryton", erp.connector(), name="erp")
    try:
        customer = await key.create("customer", "crm-company-9", {"name": "Acme", "vat_id": "DE1"})
        await password.create("invoice", "crm-deal-9", {**INVOICE, "customer_id": customer.id})
        taken = await key.create("invoice", "crm-deal-8", {**INVOICE, "customer_id": customer.id})
        assert (await key.void("invoice", taken.id)).status == "void"
        for entity in ("customer", "invoice", "journal", "sale_subscription", "sale_opportunity"):
            one, other = [await each.listed(entity, fields=["lines"]) for each in (key, password)]
            assert one == other and (one.entries or entity.startswith(("sale", "journal")))
        seen = [await each.changes("invoice", None, now=None) for each in (key, password)]
        assert seen[0].changes == seen[1].changes
        assert [await key.search("customer", {"name": "Acme"})] == [await password.search("customer", {"name": "Acme"})]
    finally:
        await key.close()
        await password.close()


async def test_a_crm_is_read_and_noted_upon_by_key_and_its_subscription_changes() -> None:
    with booted(Path(os.environ["TRYTON_PEER"]), f"key{os.getpid()}") as peer:
        crm = Crm(peer)
        [won], subscription = crm.win(1), crm.subscribe(10)
        key, password = by_key(peer), build("tryton", peer.connector(), name="erp")
        try:
            shown = await key.read("sale_opportunity", str(won))
            assert shown == await password.read("sale_opportunity", str(won)) and shown["sold"]
            for _ in range(2):
                await key.update("sale_opportunity", str(won), {"meshline_status": "billed"})
            assert crm.notes() == {won: "Meshline\nmeshline_status: billed"}
            seats = {"product_code": "Cirrus Seat", "quantity": 12, "unit_price_minor": 31200}
            change = {"recurrence": "Monthly", "currency": "EUR", "changes_on": "2026-12-01", "lines": [seats]}
            changed = await key.update("sale_subscription", str(subscription), change)
            assert changed.record["state"] == "running" and changed.record["total_minor"] == 12 * 31200
            assert [(each["quantity"], each["starts_on"]) for each in changed.record["lines"]] == [(12, "2026-12-01")]
        finally:
            await key.close()
            await password.close()


async def test_what_a_key_does_not_open_is_told_to_who_owns_the_connection(erp: Peer) -> None:
    late = {**INVOICE, "issue_date": "2099-01-01"}
    told = [("key", PASSWORD, "401"), ("database", "nowhere", "no such database"), ("company", "Nobody", "no company")]
    for option, value, words in told:
        connector = by_key(erp, **{option: value})
        with pytest.raises((Unauthorized, Unavailable), match=words):
            await connector.probe()
        await connector.close()
    connector = by_key(erp, dated="as_given")
    customer = await connector.create("customer", "crm-company-9", {"name": "Acme"})
    draft = await connector.create("invoice", "crm-deal-9", {**late, "customer_id": customer.id})
    with pytest.raises(Rejected) as refused:
        await connector.post("invoice", draft.id)
    await connector.close()
    assert refused.value.reason != "erp_warning" and "date" in refused.value.words
