"""The main job, in the users' words, from the webhook to the button."""

from __future__ import annotations

from tests.world import World


async def test_a_won_deal_becomes_exactly_one_posted_invoice(world: World) -> None:
    deal = world.deal(world.company())
    await world.work()
    [invoice] = world.erp.posted()
    assert invoice["contract_reference"] == deal
    assert invoice["total_minor"] == 498000
    assert world.crm.deal(deal)["billing_status"] == "billed"
    assert world.crm.deal(deal)["invoice_number"] == invoice["number"]
    assert await world.store.exceptions() == []


async def test_a_missing_billing_code_is_one_card_and_a_click_bills_it(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    assert world.erp.posted() == []
    [cause] = await world.causes()
    channel, ts = await world.card(cause.id)
    assert channel == "C0SALESOPS"
    ack = await world.slack.click("U0DANA0001", channel, ts, "resolve")
    assert ack.ok, ack
    ack = await world.slack.submit("U0DANA0001", {"q0": "BC-DE-2002"})
    assert ack.ok, ack
    await world.work()
    [invoice] = world.erp.posted()
    assert invoice["billing_code"] == "BC-DE-2002"
    assert await world.store.exceptions() == []
    [message] = world.slack.messages(channel)
    assert message.ts == ts
    assert "Dana Okafor" in str(message.blocks)
    assert world.slack.trouble == []
    assert world.slack.refused == []
