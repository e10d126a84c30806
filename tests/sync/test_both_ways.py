"""Payment terms that may be changed in the CRM and in the ERP: one flow goes out, one comes back, and neither chases the other."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.stage import example
from sync.errors import ConfigurationError
from sync.model import Overlay
from tests.store.words import press, rows
from tests.world import World, loaded, small_world

CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: erp_customer
name: Customer of the ERP
version: 1.0.0
status: active
schema:
  - name: customer
    logicalType: object
    properties:
      - {name: id, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: reference, logicalType: string, required: true}
      - {name: name, logicalType: string, required: true}
      - {name: payment_terms, logicalType: string}
team: {name: finance}
customProperties:
  - {property: owner, value: finance}
  - {property: backup, value: sales-ops}
"""
BACK = """
flow: terms_back
title: Terms back to the CRM
version: 1
owner: finance
contract: erp_customer@1.0.0
trigger: {connection: erp, entity: customer, poll: 5m}
record: {title: name}
{ownership}
writes:
  - name: company
    connection: crm
    entity: companies
    operation: update
    of: {source: reference, after: crm-company-}
    key: "terms-{id}"
    record:
      - {to: payment_terms, from: payment_terms, transform: text}
"""
OUT = """
flow: terms_out
title: Terms to the ERP
version: 1
owner: finance
contract: company@1.0.0
trigger: {connection: crm, entity: companies}
record: {title: name}
{ownership}
writes:
  - name: customer
    connection: erp
    entity: customer
    operation: upsert
    key: "crm-company-{id}"
    record:
      - {to: name, from: name, transform: text}
      - {to: country, from: country, transform: country2}
      - {to: currency, from: currency, transform: upper}
      - {to: payment_terms, from: payment_terms, transform: text}
"""


def workspace(directory: Path, rule: str) -> Path:
    """The example company with both flows, under this rule of ownership."""
    shutil.copytree(example(), directory)
    ownership = "ownership:\n  - {write: %s, field: payment_terms, " + rule + "}"
    for name, text, write in (("terms_back", BACK, "company"), ("terms_out", OUT, "customer")):
        flow = text.replace("{ownership}", ownership % write)
        (directory / "flows" / f"{name}.yaml").write_text(flow, encoding="utf-8")
    (directory / "contracts" / "erp_customer.odcs.yaml").write_text(CONTRACT, encoding="utf-8")
    company = directory / "contracts" / "company.odcs.yaml"
    more = "      - {name: payment_terms, logicalType: string}\n      - {name: erp_customer_code"
    text = company.read_text(encoding="utf-8").replace("      - {name: erp_customer_code", more)
    company.write_text(text, encoding="utf-8")
    settings = directory / "meshline.yaml"
    listed = "    properties: {companies: [name, domain, vat_id, country, currency, billing_email, payment_terms]}\n    written_back"
    settings.write_text(settings.read_text(encoding="utf-8").replace("    written_back", listed, 1), encoding="utf-8")
    return directory


@pytest.fixture
async def both(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with small_world(tmp_path, workspace=workspace(tmp_path / "company", request.param)) as built:
        await poll(built)  # from now on
        yield built


def under(rule: str) -> Any:
    return pytest.mark.parametrize("both", [rule], indirect=True, ids=[rule.partition(",")[0]])


async def poll(world: World) -> None:
    world.clock.forward(seconds=5)  # what is younger than two seconds is left to the next round
    await world.parts.engine.poll(world.parts.workspace.flows["terms_back"])
    await world.settle()


async def agreed(world: World) -> tuple[str, str]:
    """A company with terms that both systems show, and its customer in the ERP."""
    company = world.company(payment_terms="NET30")
    await world.settle()
    await poll(world)
    [customer] = world.erp.customers()
    assert customer["payment_terms"] == "NET30"
    return company, customer["id"]


def terms(world: World, company: str, customer: str) -> tuple[str | None, str | None]:
    """(in the CRM, in the ERP)."""
    in_crm = world.crm.objects.find("companies", company).properties.get("payment_terms")
    return in_crm, world.erp.books.customers[customer].payment_terms


def touched(world: World, company: str) -> tuple[int, str | None]:
    """How often the ERP's books changed, and when the CRM's company did."""
    changes = sum(entry.committed for entry in world.erp.request_log)
    return changes, world.crm.objects.find("companies", company).properties.get("hs_lastmodifieddate")


@under("strategy: last_write_wins")
async def test_what_the_erp_changes_comes_back_to_the_crm_and_is_not_sent_out_again(both: World) -> None:
    company, customer = await agreed(both)
    both.erp.books.change_customer(customer, {"payment_terms": "NET14"})
    await poll(both)
    assert terms(both, company, customer) == ("NET14", "NET14")
    before = touched(both, company)
    for _ in range(3):
        await poll(both)
    assert touched(both, company) == before and await both.store.exceptions() == []
    assert len(await rows(both.store, "SELECT 1 FROM events WHERE kind = 'polled'")) >= 2  # both were heard of


@under("strategy: last_write_wins")
async def test_of_two_changes_the_later_one_wins_and_who_lost_is_on_record(both: World) -> None:
    company, customer = await agreed(both)
    both.clock.forward(minutes=1)
    both.erp.books.change_customer(customer, {"payment_terms": "NET14"})
    both.clock.forward(minutes=1)
    both.crm.update("companies", company, {"payment_terms": "NET60"})
    await poll(both)
    await poll(both)
    assert terms(both, company, customer) == ("NET60", "NET60")
    contest = (await both.store.contests())[0]
    assert (contest.winner.system, contest.winner.value, contest.loser.system, contest.loser.value) == (
        "crm", "NET60", "erp", "NET14",
    )  # fmt: skip
    assert contest.winner.at and contest.loser.at and contest.winner.at > contest.loser.at
    assert contest.why == "crm changed it last"


@under("owner: erp")
async def test_the_system_of_record_is_never_overwritten(both: World) -> None:
    company, customer = await agreed_under_the_erp(both)
    both.crm.update("companies", company, {"payment_terms": "NET60", "city": "Bonn"})
    await both.settle()
    assert terms(both, company, customer)[1] == "NET14"


async def agreed_under_the_erp(world: World) -> tuple[str, str]:
    company = world.company()
    await world.settle()
    [customer] = world.erp.customers()
    world.erp.books.change_customer(customer["id"], {"payment_terms": "NET14"})
    await poll(world)
    assert terms(world, company, customer["id"]) == ("NET14", "NET14")
    return company, customer["id"]


@under("strategy: manual")
async def test_people_choose_between_both_values_and_are_asked_once(both: World) -> None:
    company, customer = await agreed(both)
    both.erp.books.change_customer(customer, {"payment_terms": "NET14"})
    await poll(both)
    case = await both.only_case()
    [asked] = case.violations
    assert (case.reason, [each.label for each in asked.candidates]) == ("conflict", ["NET14 (erp)", "NET30 (crm)"])
    assert terms(both, company, customer) == ("NET30", "NET14")
    answer = Overlay(path=asked.path, found=asked.found, action="set", value="source", reason="conflict")
    await press(both.store, "resolve", [case.id], by="UFAYE", overlays={case.id: (answer,)}, now=both.clock.now)
    await both.settle()
    assert terms(both, company, customer) == ("NET14", "NET14")


def test_a_rule_about_what_no_write_writes_is_a_mistake(tmp_path: Path) -> None:
    directory = workspace(tmp_path / "company", "owner: erq")
    flow = directory / "flows" / "terms_back.yaml"
    flow.write_text(
        flow.read_text(encoding="utf-8").replace("field: payment_terms", "field: payment_term"), encoding="utf-8"
    )
    with pytest.raises(ConfigurationError) as wrong:
        loaded(directory)
    words = " ".join(map(str, wrong.value.mistakes))
    assert "erq" in words and "payment_term" in words and "terms_back.yaml" in words
