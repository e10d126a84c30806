"""A small world whose CRM is the Salesforce org of the tests: the workspace beside this file, with the example's ERP and teams."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "sync"))  # where the fakes of the connectors are

from connector_fakes import Front, served
from fakes.salesforce import TOKEN, Salesforce
from harness_salesforce import HOOK_TOKEN, ORGANISATION
from harness_salesforce import message as message

from bot.sandbox.stage import example
from tests.world import World, small_world

PLACE = Path(__file__).parent / "salesforce_workspace"
SECRETS = {"SALESFORCE_TOKEN": TOKEN, "SALESFORCE_HOOK_TOKEN": HOOK_TOKEN}
CONNECTION = """connections:
  crm:
    kind: salesforce
    base_url: {url}
    token: env:SALESFORCE_TOKEN
    organisation: {organisation}
    hook_token: env:SALESFORCE_HOOK_TOKEN
    lag: 0s
  erp:"""


def workspace(place: Path, url: str) -> Path:
    """The workspace for an org at this address."""
    there = place / "workspace"
    shutil.copytree(PLACE, there)
    for part in ("connections", "reference"):
        shutil.copytree(example() / part, there / part)
    head, _, rest = (example() / "meshline.yaml").read_text().partition("connections:")
    rest = rest.partition("  erp:")[2]
    crm = CONNECTION.format(url=url, organisation=ORGANISATION)
    (there / "meshline.yaml").write_text(head + crm + rest)
    return there


@asynccontextmanager
async def salesforce_world(place: Path, fake: Salesforce) -> AsyncIterator[tuple[World, Front]]:
    front = Front()
    async with (
        served(fake.mount, front) as url,
        small_world(place, workspace=workspace(place, url), environ=SECRETS) as world,
    ):
        fake.org.now = world.clock()
        yield world, front


def won(fake: Salesforce, **values: Any) -> str:
    """A won opportunity of an account, complete enough to bill."""
    account = values.pop("AccountId", None) or fake.org.put(
        "Account", Name="Acme GmbH", BillingCountry="DE", VAT_ID__c="DE123456789"
    )
    given = {
        "Name": "Workstations", "Amount": "4980", "StageName": "Closed Won", "CloseDate": "2026-11-20", "AccountId": account,
        "CurrencyIsoCode": "EUR", "Billing_Code__c": "BC-DE-1001", "Terms__c": "NET30",
    }  # fmt: skip
    deal = fake.org.put("Opportunity", **given | values)
    fake.org.put(
        "OpportunityLineItem",
        OpportunityId=deal,
        Name="Atlas Pro",
        ProductCode="Atlas Pro",
        Quantity=2,
        UnitPrice="2490",
    )
    return deal
