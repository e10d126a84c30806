"""HubSpot: objects other than deals are read with what the connection says belongs to them, and custom objects are heard."""

from __future__ import annotations

import json

import pytest
from fakes.hubspot import Account
from test_connectors_hubspot import account

from sync.connectors.hubspot_webhook import read_changes
from sync.errors import Unavailable

RELATED = {"tickets": {"company": "companies", "orders[*]": "deals"}, "deals": {"contract": "contracts"}}


def ticket_world() -> Account:
    crm = Account()
    crm.put("tickets", 1, subject="Down for a day")
    crm.put("companies", 20, name="Acme")
    crm.put("contracts", 40, title="Frame")
    for deal in (31, 30):
        crm.put("deals", deal, dealname=f"Order {deal}")
        crm.link("tickets", 1, "deals", deal)
    crm.link("tickets", 1, "companies", 20)
    crm.link("deals", 30, "contracts", 40)
    return crm


async def test_a_ticket_comes_with_its_company_and_all_its_orders() -> None:
    async with account(ticket_world(), related=RELATED, properties={"tickets": ["subject"]}) as hubspot:
        ticket = await hubspot.read("tickets", "1")
    assert (ticket["subject"], ticket["company"]["name"]) == ("Down for a day", "Acme")
    assert [order["id"] for order in ticket["orders"]] == ["30", "31"]


async def test_a_deal_gets_a_contract_beside_its_company_and_its_lines() -> None:
    async with account(ticket_world(), related=RELATED) as hubspot:
        deal = await hubspot.read("deals", "30")
        assert (deal["contract"]["id"], deal["company"], deal["lines"]) == ("40", None, [])
        assert (await hubspot.read("deals", "31"))["contract"] is None


async def test_a_part_that_vanishes_meanwhile_is_read_again_later() -> None:
    crm = ticket_world()
    crm.vanish("contracts", 40)
    async with account(crm, related=RELATED) as hubspot:
        with pytest.raises(Unavailable, match="vanished"):
            await hubspot.read("deals", "30")


async def test_a_contracts_fields_are_wanted_of_the_parts_they_stand_in() -> None:
    async with account(ticket_world(), related=RELATED) as hubspot:
        hubspot.want("tickets", ["subject", "company", "company.vat_id", "orders[*].billing_code", "orders"])
        ticket = await hubspot.read("tickets", "1")
    assert "vat_id" in ticket["company"] and "billing_code" in ticket["orders"][0]


async def test_a_custom_object_is_looked_for_by_the_words_of_its_own_title() -> None:
    async with account(ticket_world(), titles={"contracts": "title"}, properties={"contracts": ["title"]}) as hubspot:
        assert [each["id"] for each in await hubspot.search("contracts", {"*": "the frame of March"})] == ["40"]


def test_a_custom_object_is_heard_under_the_name_that_the_connection_gives_it() -> None:
    event = {"subscriptionType": "object.propertyChange", "objectTypeId": "2-3001", "objectId": 7, "eventId": 1}
    body = json.dumps([event | {"occurredAt": 1_760_000_000_000}]).encode()
    assert read_changes(body, portal=None, written_back=frozenset()) == []
    [change] = read_changes(body, portal=None, written_back=frozenset(), objects={"2-3001": "contracts"})
    assert (change.entity, change.record_id) == ("contracts", "7")
