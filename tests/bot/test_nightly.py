"""Every night a made-up deal goes all the way to a draft and is voided; when the way is blocked, a card says so in the morning."""

from __future__ import annotations

from tests.world import World


async def night(world: World) -> None:
    world.clock.forward(hours=24)
    await world.parts.jobs.beat()
    await world.work()


async def test_a_made_up_deal_is_written_as_a_marked_draft_and_voided_and_nobody_else_hears_of_it(world: World) -> None:
    await world.parts.jobs.beat()
    await world.work()
    assert world.erp.invoices() == [], "not before the first night"
    await night(world)
    await night(world)
    made = world.erp.invoices()
    assert [one["status"] for one in made] == ["void", "void"]
    assert [one["reference"] for one in made] == [
        "synthetic-crm-deal-synthetic-2026-11-24",
        "synthetic-crm-deal-synthetic-2026-11-25",
    ]
    assert [one["reference"] for one in world.erp.customers()] == ["synthetic-crm-company-2001"], "one, and no real one"
    assert await world.store.bound("crm", "erp", "invoice") == {} and world.erp.posted() == []
    assert await world.store.exceptions() == [] and world.crm.deals() == []


async def test_replaying_what_was_voided_does_nothing(world: World) -> None:
    await world.parts.jobs.beat()
    await night(world)
    before = world.erp.invoices()
    assert await world.store.replay(await world.store.latest_events(), by="UANA", now=world.clock()) == 1
    await world.work()
    assert world.erp.invoices() == before and await world.store.exceptions() == []


async def test_two_processes_send_one_a_night_and_a_beat_in_the_same_night_sends_none(world: World) -> None:
    await world.parts.jobs.beat()
    await night(world)
    await world.parts.jobs.beat()
    await world.work()
    assert len(world.erp.invoices()) == 1


async def test_when_the_way_is_blocked_a_card_says_so_and_the_press_after_the_mend_takes_it_to_its_end(
    world: World,
) -> None:
    await world.parts.jobs.beat()
    world.erp.books.closed_until = world.clock.now.date().replace(year=2027)
    await night(world)
    case = await world.only_case()
    assert case.reason == "period_closed" and case.subject == "deals:synthetic-2026-11-24"
    world.erp.books.closed_until = None
    channel, ts = await world.card(case.cause_id)
    assert (await world.slack.click("U0FAYE0001", channel, ts, "replay")).ok
    await world.work()
    assert [one["status"] for one in world.erp.invoices()] == ["void"] and await world.store.exceptions() == []
