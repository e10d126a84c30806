"""One customer of the ERP for each customer there is, however often and however spelt it stands in the CRM."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import wire
from bot.sandbox.stage import example
from bot.settings import read_settings
from sync.model import Cause
from tests.bot.hands import FAYE, OMAR, only_cause, press, resolving, sent
from tests.world import World, small_world

pytestmark = pytest.mark.slow

VAT = "DE136695976"
OTHER_VAT = "DE811128135"
IDENTITY = """
identity:
  write: customer
  entity: companies
  id: company.id
  name: company.name
  vat_id: company.vat_id
  domain: company.domain
  postcode: company.zip
  city: company.city
  country: company.country
  email: company.billing_email
  merged: company.hs_merged_object_ids
  task: {subject: Are these one company}

checks:
"""


def with_identity(directory: Path) -> Path:
    """The shipped example, which tells customers apart itself instead of by the VAT id alone."""
    shutil.copytree(example(), directory)
    flow = directory / "flows" / "quote_to_cash.yaml"
    words = flow.read_text()
    begins, ends = words.index("  - {check: unique"), words.index("  # On which terms")
    flow.write_text((words[:begins] + words[ends:]).replace("\nchecks:\n", IDENTITY, 1))
    shutil.rmtree(directory / "samples")
    flow.write_text("\n".join(line for line in flow.read_text().splitlines() if not line.startswith("synthetic")))
    return directory


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with small_world(tmp_path, workspace=with_identity(tmp_path / "workspace")) as made:
        yield made


def adler(world: World, name: str = "Adler & Söhne Werkzeugbau GmbH", **properties: str) -> str:
    given = {
        "vat_id": VAT,
        "domain": "adler.example",
        "zip": "50667",
        "city": "Köln",
        "billing_email": "ap@adler.example",
    }
    return world.company(name, **{**given, **properties})


def customers(world: World) -> list[dict[str, Any]]:
    return list(world.erp.customers())


def billed(world: World) -> list[str]:
    """The customer of each posted invoice."""
    return [each["customer_id"] for each in world.erp.invoices() if each["status"] == "posted"]


async def rest(world: World) -> None:
    """Until nothing moves, also what waits a moment for another."""
    await world.settle()
    await world.work()


async def verbs(world: World) -> list[str]:
    return [each.verb for each in reversed(await world.store.entries(noun="customer"))]


async def test_two_spellings_of_one_company_are_one_customer_and_the_journal_says_why(world: World) -> None:
    for name in (
        "Adler & Söhne Werkzeugbau GmbH",
        "ADLER UND SOEHNE WERKZEUGBAU G.m.b.H.",
        "Adler und Söhne Werkzugbau",
    ):
        world.deal(adler(world, name))
        await rest(world)
    [only] = customers(world)
    assert only["name"] == "Adler & Söhne Werkzeugbau GmbH"
    assert billed(world) == [only["id"]] * 3
    linked = [each.data["why"] for each in await world.store.entries(noun="customer") if each.verb == "link"]
    assert any("same VAT id · same name · same domain" in each for each in linked)


async def test_who_may_be_billed_already_waits_for_the_merge_and_goes_on_by_itself(world: World) -> None:
    first, second = adler(world), adler(world, "Adler Soehne Werkzeugbau", vat_id="", zip="20095", city="Hamburg")
    for company in (first, second, second):
        world.deal(company)
        await rest(world)
    assert len(billed(world)) == 1
    cause = await only_cause(world)
    assert (cause.reason, cause.unresolved) == ("maybe_duplicate", 2)
    [task] = world.crm.tasks()
    assert sorted(task["companies"]) == sorted((first, second))
    assert "same name · same domain · other postcode" in str(cause.first[0].violations[0].candidates[0].why)
    world.crm.merge(first, second)
    await rest(world)
    assert await world.causes() == []
    assert len(customers(world)) == 1
    assert len(billed(world)) == 3


async def test_different_customers_are_told_apart_once_and_for_all(world: World) -> None:
    first, second = adler(world), adler(world, "Adler Soehne Werkzeugbau", vat_id="", zip="20095", city="Hamburg")
    for company in (first, second):
        world.deal(company)
        await rest(world)
    cause = await only_cause(world)
    await decide(world, cause, "accept")
    await rest(world)
    assert len(customers(world)) == 2
    world.deal(second)
    await rest(world)
    assert await world.causes() == []
    assert len(set(billed(world))) == 2
    assert len(billed(world)) == 3


async def test_the_same_customer_is_billed_as_the_one_that_is_known(world: World) -> None:
    first, second = adler(world), adler(world, "Adler Soehne Werkzeugbau", vat_id="", zip="20095", city="Hamburg")
    for company in (first, second):
        world.deal(company)
        await rest(world)
    await decide(world, await only_cause(world), f"={first}")
    await rest(world)
    world.deal(second)
    await rest(world)
    [only] = customers(world)
    assert only["name"] == "Adler & Söhne Werkzeugbau GmbH"  # what a lookalike says is not written over it
    assert billed(world) == [only["id"]] * 3
    assert await world.causes() == []


async def test_two_customers_that_the_crm_merges_are_one_from_then_on_and_the_second_record_is_reported(
    world: World,
) -> None:
    first, second = (
        adler(world),
        adler(world, "Zeppelin Reederei AG", vat_id=OTHER_VAT, domain="zeppelin.example", zip="20095"),
    )
    for company in (first, second):
        world.deal(company)
    await rest(world)
    assert len(customers(world)) == 2
    world.crm.merge(first, second)
    await rest(world)
    cause = await only_cause(world)
    assert cause.reason == "customer_twice_in_erp"
    world.deal(first)
    await rest(world)
    kept = next(each["id"] for each in customers(world) if each["name"].startswith("Adler"))
    assert billed(world).count(kept) == 2
    assert len(customers(world)) == 2  # nothing is deleted in the ERP
    await decide(world, cause, "accept", who=FAYE)
    await rest(world)
    assert await world.causes() == []


async def test_a_merge_that_no_webhook_told_of_is_found_when_the_record_is_read_again(world: World) -> None:
    first, second = (
        adler(world),
        adler(world, "Zeppelin Reederei AG", vat_id=OTHER_VAT, domain="zeppelin.example", zip="20095"),
    )
    for company in (first, second):
        world.deal(company)
    await rest(world)
    world.crm.webhooks.subscriptions = frozenset({"deal"})  # nobody tells of companies
    world.crm.merge(first, second)
    await rest(world)
    assert (await verbs(world)).count("merge") == 1


async def test_one_press_says_that_it_is_the_same_customer(world: World) -> None:
    first, second = adler(world), adler(world, "Adler Soehne Werkzeugbau", vat_id="", zip="20095", city="Hamburg")
    for company in (first, second):
        world.deal(company)
        await rest(world)
    cause = await only_cause(world)
    await press(world, OMAR, cause, "suggest")
    await rest(world)
    assert await world.causes() == []
    assert len(customers(world)) == 1
    [decision] = {each.decision for each in await world.store.exceptions(everything=True)}
    assert "it is the same customer as Adler & Söhne Werkzeugbau GmbH" in decision


async def test_a_merge_is_taken_back_with_all_that_both_were(world: World) -> None:
    first, second = (
        adler(world),
        adler(world, "Zeppelin Reederei AG", vat_id=OTHER_VAT, domain="zeppelin.example", zip="20095"),
    )
    for company in (first, second):
        world.deal(company)
        await rest(world)
    before = [await world.store.customer(each) for each in (1, 2)]
    merged = await world.store.merge_customers(1, 2, by="UOMAR", why="one company", now=world.clock())
    assert merged.id == 1
    assert (await world.store.customer(2)).merged_into == 1
    await world.store.unmerge_customer(2, by="UOMAR", why="two after all", now=world.clock())
    assert [await world.store.customer(each) for each in (1, 2)] == before
    world.deal(second)
    await rest(world)
    assert len(set(billed(world))) == 2
    assert await verbs(world) == ["reserve", "reserve", "merge", "unmerge"]


async def test_a_merge_in_a_circle_is_refused_and_somebody_decides(world: World) -> None:
    first, second = (
        adler(world),
        adler(world, "Zeppelin Reederei AG", vat_id=OTHER_VAT, domain="zeppelin.example", zip="20095"),
    )
    for company in (first, second):
        world.deal(company)
        await rest(world)
    await world.store.merge_customers(2, 1, by="UOMAR", why="the other way round", now=world.clock())
    world.crm.merge(first, second)
    await rest(world)
    cause = await only_cause(world)
    assert (cause.reason, cause.team) == ("circular_merge", "crm-ops")
    assert "in a circle" in cause.first[0].detail
    assert (await world.store.customer(2)).merged_into is None
    await world.store.unmerge_customer(1, by="UOMAR", why="the CRM is right", now=world.clock())
    await press(world, OMAR, cause, "replay")
    await rest(world)
    assert (await world.store.customer(2)).merged_into == 1


async def test_a_customer_that_was_deleted_in_the_erp_is_made_again_when_somebody_says_so(world: World) -> None:
    company = adler(world)
    world.deal(company)
    await rest(world)
    [gone] = customers(world)
    world.erp.books.customers.pop(gone["id"])
    world.deal(company)
    await rest(world)
    cause = await only_cause(world)
    assert (cause.reason, cause.team) == ("customer_gone", "finance")
    assert gone["id"] in cause.first[0].violations[0].expected
    await decide(world, cause, "accept", who=FAYE)
    await rest(world)
    assert await world.causes() == []
    [again] = customers(world)
    assert again["reference"] == f"{gone['reference']}~2"
    assert len(billed(world)) == 2


async def decide(world: World, cause: Cause, answer: str, *, who: str = OMAR) -> None:
    """Answer the one question of the card in its dialog."""
    chosen = {"type": "radio_buttons", "selected_option": {"value": answer}}
    ack = await sent(world, who, resolving(cause), {"q0": chosen})
    assert not ack.body, ack.body
    assert await world.store.cases_of(cause.id) == []


SPELLINGS = (
    {"name": "Adler & Söhne Werkzeugbau GmbH"}, {"name": "ADLER & SOEHNE WERKZEUGBAU GMBH", "vat_id": "136695976"},
    {"name": "Adler und Söhne Werkzeugbau", "vat_id": ""}, {"name": "Adler & Sohne Werkzeugbau G.m.b.H.", "city": "Koeln"},
    {"name": "Adler u. Söhne Werkzeug-Bau GmbH", "vat_id": "de 136 695 976"}, {"name": "Werkzeugbau Adler & Söhne", "domain": ""},
    {"name": "Adler & Söhne  Werkzeugbau Gmbh", "vat_id": "", "billing_email": "ap+crm@adler.example"}, {"name": "Adler + Söhne Werkzeugbau"},
)  # fmt: skip


async def test_eight_engines_that_meet_a_new_customer_at_once_make_one(world: World) -> None:
    for spelling in SPELLINGS:
        world.deal(adler(world, **spelling))
    await world.crm.webhooks.flush()
    workspace = world.parts.engine.line.workspace
    engines = [await wire(read_settings(world.environ), workspace, world.environ, clock=world.clock) for _ in SPELLINGS]
    taken = [(await one.store.claim(limit=1, lease_seconds=60, max_losses=5, now=world.clock()))[0] for one in engines]
    await asyncio.gather(*(one.engine.deliver(each) for one, each in zip(engines, taken, strict=True)))
    for one in engines:
        await one.close()
    await rest(world)
    [only] = customers(world)
    assert await world.causes() == []
    assert billed(world) == [only["id"]] * 8
    assert (await verbs(world)).count("reserve") == 1
