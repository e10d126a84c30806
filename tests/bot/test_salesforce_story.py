"""With Salesforce as the CRM: a message is acknowledged once it is kept, an opportunity becomes one posted invoice, and what stops
finds its person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from salesforce_stage import HOOK_TOKEN, Salesforce, message, salesforce_world, won

from tests.world import World

MESSAGE = "04l5f000000000{}AAA"


async def told(world: World, deal: str, number: int = 1, *, token: str = HOOK_TOKEN) -> tuple[int, str, str]:
    """Salesforce tells of an opportunity: status, type and text of the answer."""
    body = message((MESSAGE.format(number), "Opportunity", deal))
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{world.url}/hooks/crm?token={token}", data=body) as response,
    ):
        return response.status, response.content_type, await response.text()


async def replay(world: World, reason: str) -> None:
    events = await world.store.replayable(reason=reason, since=world.clock.now - timedelta(days=1))
    await world.store.replay(events, by="UOMAR", now=world.clock.now)
    await world.settle()


async def test_a_message_is_acknowledged_once_it_is_kept_and_not_before(tmp_path: Path) -> None:
    fake = Salesforce()
    async with salesforce_world(tmp_path, fake) as (world, _):
        deal = won(fake)
        for _ in range(2):  # at least once, says Salesforce
            status, kind, text = await told(world, deal)
            assert (status, kind) == (200, "text/xml") and "<Ack>true</Ack>" in text
        assert (await world.store.counts())["events"] == 1
        status, kind, text = await told(world, deal, 2, token="wrong")
        assert (status, kind) == (401, "application/problem+json") and "Ack" not in text
        await world.store.close()
        status, _, text = await told(world, deal, 3)
        assert status >= 500 and "Ack" not in text


@pytest.mark.slow
async def test_an_opportunity_becomes_one_posted_invoice_and_is_told_its_number(tmp_path: Path) -> None:
    fake = Salesforce()
    async with salesforce_world(tmp_path, fake) as (world, front):
        deal = won(fake)
        await told(world, deal)
        front.next("cut", method="PATCH", after=True)  # the number arrives, the answer to it does not
        await world.settle()
        [invoice] = world.erp.posted()
        assert (invoice["total_minor"], invoice["contract_reference"]) == (498000, deal)
        assert fake.org.records["Opportunity"][deal]["Invoice_Number__c"] == invoice["number"]
        assert await world.causes() == []
        world.clock.forward(minutes=6)
        fake.org.now = world.clock()
        other = won(fake, Name="Polled", AccountId=fake.org.records["Opportunity"][deal]["AccountId"])
        assert await world.parts.jobs.poll_due() is None
        await world.settle()
        assert {each["contract_reference"] for each in world.erp.posted()} == {deal, other}


@pytest.mark.slow
async def test_two_accounts_with_one_vat_id_are_for_people_until_they_are_merged(tmp_path: Path) -> None:
    fake = Salesforce()
    async with salesforce_world(tmp_path, fake) as (world, _):
        deal = won(fake)
        kept = fake.org.records["Opportunity"][deal]["AccountId"]
        twin = fake.org.put("Account", Name="Acme again", BillingCountry="DE", VAT_ID__c="DE123456789")
        await told(world, deal)
        await world.settle()
        assert world.erp.posted() == []
        [cause] = await world.causes()
        assert cause.reason == "duplicate_customer"
        fake.org.bury("Account", twin, into=kept)
        await replay(world, "duplicate_customer")
        assert [each["contract_reference"] for each in world.erp.posted()] == [deal]


@pytest.mark.slow
async def test_a_field_that_is_missing_waits_for_its_person_and_goes_on_when_it_is_filled(tmp_path: Path) -> None:
    fake = Salesforce()
    async with salesforce_world(tmp_path, fake) as (world, _):
        deal = won(fake, Billing_Code__c=None)
        await told(world, deal)
        await world.settle()
        [cause] = await world.causes()
        assert cause.reason == "missing_billing_code"
        fake.org.touch("Opportunity", deal, Billing_Code__c="BC-1")
        await replay(world, "missing_billing_code")
        assert [each["billing_code"] for each in world.erp.posted()] == ["BC-1"]
