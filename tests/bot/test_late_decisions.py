"""What people and the CRM do while a record is stopped or on its way is never lost."""

from __future__ import annotations

from tests.world import World


async def test_a_newer_change_takes_the_place_of_a_dead_letter(world: World) -> None:
    company = world.company(name="Blocked Ltd")
    world.erp.faults.reject_for = {"Blocked Ltd": "customer_blocked"}
    deal = world.deal(company)
    await world.work()
    assert (await world.only_case()).reason == "erp_rejected"
    world.erp.accept("Blocked Ltd")
    world.clock.forward(minutes=5)
    world.crm.update("deals", deal, {"dealname": "Workstations, second try"})
    await world.work()
    assert len(world.erp.posted()) == 1
    assert await world.store.exceptions() == []
    [case] = await world.store.exceptions(everything=True)
    assert "a newer change of the record has been read" in case.decision


async def test_an_older_dead_letter_and_its_newer_change_are_one_record_on_the_card(world: World) -> None:
    company = world.company(name="Blocked Ltd")
    world.erp.faults.reject_for = {"Blocked Ltd": "customer_blocked"}
    deal = world.deal(company)
    await world.work()
    world.clock.forward(minutes=5)
    world.crm.update("deals", deal, {"dealname": "Workstations, again"})
    await world.work()
    assert len(await world.store.exceptions()) == 1


async def test_a_decision_that_comes_in_while_the_record_is_worked_on_is_looked_at(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    [cause] = await world.causes()
    channel, ts = await world.card(cause.id)
    assert (await world.slack.click("U0DANA0001", channel, ts, "replay")).ok
    [delivery] = await world.store.claim(limit=1, lease_seconds=60, max_losses=5, now=world.clock())
    assert (await world.slack.click("U0DANA0001", channel, ts, "resolve")).ok
    assert (await world.slack.submit("U0DANA0001", {"q0": "BC-DE-2002"})).ok
    await world.parts.engine.deliver(delivery)
    await world.work()
    [invoice] = world.erp.posted()
    assert invoice["billing_code"] == "BC-DE-2002"
    assert await world.store.exceptions() == []


async def test_a_record_that_stands_is_read_again_but_nothing_is_sent(world: World) -> None:
    deal = world.deal(world.company())
    await world.work()
    before = len(world.erp.request_log)
    world.clock.forward(minutes=5)
    world.crm.update("deals", deal, {"dealname": "Workstations"})
    await world.work()
    assert len(world.erp.request_log) == before


async def test_a_loop_that_a_bug_ends_starts_again(world: World) -> None:
    runs = 0

    async def loop(stop: object) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise RuntimeError("a bug")
        world.service.stopping.set()

    world.service.again_seconds = 0.0
    await world.service.kept("engine", loop)
    assert runs == 2
