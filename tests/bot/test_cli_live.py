"""`check --live`: a renamed property is red before any record shows it, at the line of the contract, with flow and new name."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.sandbox.stage import example
from sync.errors import Mistake
from sync.live import live_mistakes
from tests.world import World

CONTRACT = "contracts/deal.odcs.yaml"


@pytest.fixture
async def quiet(world: World) -> AsyncIterator[World]:
    """The small world, whose CRM is as the contracts say."""
    assert await asked(world) == []
    yield world


async def asked(world: World) -> list[Mistake]:
    return await live_mistakes(world.parts.workspace, world.parts.connections)


def line_of(words: str, file: str = CONTRACT) -> int:
    lines = (example() / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


@pytest.mark.parametrize(
    ("kind", "name", "new", "found"),
    [
        ("deals", "billing_code", "billing_ref", [
            (CONTRACT, "{name: billing_code", "Billing code (billing_code)", "quote_to_cash", "billing_ref")]),
        ("deals", "contract_url", "signed_contract", [
            (CONTRACT, "{name: contract_url", "Signed contract (contract_url)", "no flow", "signed_contract")]),
        ("companies", "vat_id", "tax_number", [
            ("contracts/company.odcs.yaml", "{name: vat_id", "VAT id (vat_id)", "no flow", "tax_number"),
            (CONTRACT, "{name: vat_id", "VAT id (company.vat_id)", "quote_to_cash", "company.tax_number")]),
        ("line_items", "price", "unit_price", [
            (CONTRACT, "{name: price", "Unit price (lines[*].price)", "quote_to_cash", "lines[*].unit_price"),
            ("contracts/line_item.odcs.yaml", "{name: price", "Unit price (price)", "no flow", "unit_price")]),
    ],
)  # fmt: skip
async def test_a_renamed_property_stands_at_the_line_of_every_contract_that_has_it(
    quiet: World, kind: str, name: str, new: str, found: list[tuple[str, str, str, str, str]]
) -> None:
    quiet.crm.rename_property(kind, name, new)
    assert await asked(quiet) == [
        Mistake(file=file, line=line_of(line, file), what=f"{field} is not in the source any more; read by {flows}",
                right=f"renamed to {now}?")
        for file, line, field, flows, now in found
    ]  # fmt: skip


async def test_what_changed_its_type_or_lost_the_option_that_a_flow_waits_for_is_red_too(quiet: World) -> None:
    quiet.crm.objects.change_property("deals", "closedate", type="string")
    quiet.crm.objects.change_property("deals", "dealstage", options=("won", "lost"))
    assert [(each.line, each.what) for each in await asked(quiet)] == [
        (line_of("{name: dealstage"),
         "Stage (dealstage) has no option closedwon in the source any more; read by quote_to_cash"),
        (line_of("{name: closedate"),
         "Close date (closedate) is a string in the source, and the contract says timestamp; read by quote_to_cash"),
    ]  # fmt: skip


@pytest.mark.parametrize("status", [401, 403, 503])
async def test_a_source_that_cannot_be_asked_is_a_mistake_of_its_own_and_proves_nothing(
    quiet: World, status: int
) -> None:
    quiet.crm.rename_property("deals", "billing_code", "billing_ref")
    quiet.crm.faults.schema = status
    [one] = await asked(quiet)
    assert (one.file, one.line) == ("meshline.yaml", line_of("  crm:", "meshline.yaml"))
    assert one.what.startswith("crm cannot be asked what fields companies have")


async def test_the_command_is_red_until_the_mend_and_needs_no_secret_of_the_erp(quiet: World, tmp_path: Path) -> None:
    environ = {
        "HUBSPOT_URL": f"{quiet.sandbox.base}/crm-api",
        "HUBSPOT_TOKEN": quiet.crm.token,
        "HUBSPOT_CLIENT_SECRET": "x",
    }
    directory = shutil.copytree(example(), tmp_path / "company")

    async def check(*more: str) -> tuple[int, str]:
        result = await asyncio.to_thread(
            CliRunner().invoke, app, ["check", str(directory), "--live", *more], env=environ
        )
        return result.exit_code, result.output

    code, words = await check()
    assert code == 0 and "0 mistakes" in words
    quiet.crm.rename_property("deals", "billing_code", "billing_ref")
    code, words = await check("--format", "json")
    [mistake] = json.loads(words)["mistakes"]
    assert code == 1 and mistake["right"] == "renamed to billing_ref?"
    environ["HUBSPOT_TOKEN"] = ""
    code, words = await check()
    assert code == 2 and "HUBSPOT_TOKEN" in words
