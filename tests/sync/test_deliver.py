"""One delivery's line against a CRM and an ERP with bad days: every trouble leads to one right place, and back out of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync.connectors.rest import Rest
from sync.errors import NotFound
from sync.line import Line
from tests.world import World

OPS = ["create", "post"]


async def replay(world: World, reason: str) -> None:
    events = await world.store.replayable(reason=reason, since=world.clock.now - timedelta(days=9))
    await world.store.replay(events, by="UOMAR", now=world.clock.now)


def sends(world: World, method: str, end: str) -> int:
    """How many such requests the ERP saw."""
    return sum(one.method == method and one.path.endswith(end) for one in world.erp.request_log)


async def place_hold(world: World, customer: str) -> int:
    now = world.clock.now
    return await world.store.place_hold("customer", customer, why="late", source="late", by="clock", now=now)


async def test_an_outage_is_waited_out_and_then_everything_is_billed(world: World) -> None:
    world.erp.faults.outage = True
    company = world.company()
    for _ in range(3):
        world.deal(company)
    await world.deliver()
    assert world.erp.posted() == []
    assert await world.store.exceptions() == []
    world.erp.faults.outage = False
    await world.settle(seconds=2)
    assert len(world.erp.posted()) == 3
    assert world.erp.duplicates() == ()
    assert await world.store.exceptions() == []


async def test_an_outage_that_lasts_is_one_card_and_what_waited_goes_out_when_it_ends(world: World) -> None:
    world.erp.faults.outage = True
    company = world.company()
    for _ in range(3):
        world.deal(company)
    await world.settle(minutes=1)
    [cause] = await world.causes()
    assert (cause.reason, cause.value, cause.unresolved, cause.team) == ("erp_unavailable", "erp", 1, "revops")
    tried = len(world.erp.request_log)
    assert tried < 25, "left alone, not asked again and again"
    world.erp.faults.outage = False
    await world.settle(minutes=1)
    assert len(world.erp.posted()) == 3
    assert await world.causes() == []


async def test_a_crm_that_does_not_answer_is_left_alone_and_named(world: World) -> None:
    world.deal(world.company())
    world.crm.faults.down = True
    await world.settle(minutes=1)
    case = await world.only_case()
    assert case.reason == "crm_unavailable"
    story = await world.store.trace((await world.store.replayable(reason="crm_unavailable", since=case.opened_at))[0])
    steps = [one["step"] for one in story["deliveries"][0]["attempts"]]
    assert "bury" not in steps and len(steps) < 20
    world.crm.faults.down = False
    await world.settle(minutes=1)
    assert len(world.erp.posted()) == 1
    assert await world.causes() == []


async def test_a_busy_erp_is_given_the_time_it_asks_for(world: World) -> None:
    world.erp.faults.outage, world.erp.faults.retry_after = True, 90
    world.deal(world.company())
    await world.deliver()
    assert await world.store.next_due(now=world.clock.now) == world.clock.now + timedelta(seconds=90)
    world.erp.faults.clear()
    before = len(world.erp.request_log)
    world.clock.forward(seconds=89)
    await world.deliver()
    assert len(world.erp.request_log) == before
    world.clock.forward(seconds=1)
    await world.deliver()
    assert len(world.erp.posted()) == 1


async def test_a_throttled_erp_is_no_trouble(world: World) -> None:
    world.erp.faults.throttle = 2
    world.deal(world.company())
    await world.settle(seconds=10)
    assert len(world.erp.posted()) == 1
    assert await world.store.exceptions() == []


@pytest.mark.parametrize("operation", OPS)
@pytest.mark.parametrize("late", [0.0, 0.05])
async def test_a_write_whose_answer_is_lost_happens_once_whether_it_commits_at_once_or_late(
    world: World, operation: str, late: float
) -> None:
    deal = world.deal(world.company())
    world.erp.faults.late_commit = late
    world.erp.faults.lose_answer_for = {(f"crm-deal-{deal}", operation)}
    await world.deliver()
    assert world.erp.request_log[-1].status == 0
    assert await world.store.exceptions() == []
    await world.erp.settled()
    await world.settle(seconds=2)
    [invoice] = world.erp.invoices()
    assert invoice["status"] == "posted"
    assert world.erp.duplicates() == ()
    assert sends(world, "POST", "/v1/invoices") == 1
    assert world.crm.deal(deal)["invoice_number"] == invoice["number"]


async def test_a_lost_write_rests_for_the_quarantine_before_it_is_read_back(world: World) -> None:
    deal = world.deal(world.company())
    world.erp.faults.lose_answer_for = {(f"crm-deal-{deal}", "create")}
    await world.deliver()
    before = len(world.erp.request_log)
    await replay_now(world)
    await world.deliver()
    assert len(world.erp.request_log) == before
    world.clock.forward(seconds=5)
    await world.deliver()
    looked = [one for one in world.erp.request_log[before:] if f"reference=crm-deal-{deal}" in one.path]
    assert len(looked) == 1
    assert sends(world, "POST", "/v1/invoices") == 1
    assert len(world.erp.posted()) == 1


async def replay_now(world: World) -> None:
    """The retry comes before the quarantine is over."""
    await world.store.db.write(
        lambda tx: tx.exec_driver_sql("UPDATE deliveries SET due_at = '2026-11-23 09:00:00.000000'") and None
    )


async def test_a_lost_customer_is_read_back_too(world: World) -> None:
    company = world.company()
    world.deal(company)
    world.erp.faults.lose_answer_for = {(f"crm-company-{company}", "create")}
    await world.settle(seconds=2)
    assert len(world.erp.customers()) == len(world.erp.posted()) == 1


async def test_a_lost_note_in_the_crm_is_written_again(world: World) -> None:
    deal = world.deal(world.company())
    world.crm.faults.lose_answers = 1
    await world.settle(seconds=10)
    assert world.crm.deal(deal)["billing_status"] == "billed"
    assert len(world.erp.posted()) == 1


async def test_a_held_customer_is_not_billed_until_somebody_releases_it(world: World) -> None:
    company = world.company()
    hold = await place_hold(world, company)
    world.deal(company)
    world.deal(world.company("Beta GmbH", vat_id="DE987654321", domain="beta.example"))
    await world.deliver()
    assert len(world.erp.posted()) == 1
    assert [one.waiting for one in await world.store.holds()] == [1]
    assert await world.store.exceptions() == []
    await world.store.release(hold, by="UDANA", note="paid", now=world.clock.now)
    await world.settle()
    assert len(world.erp.posted()) == 2


async def test_a_deal_that_was_billed_before_the_hold_is_not_stopped_by_it(world: World) -> None:
    company = world.company()
    deal = world.deal(company)
    await world.deliver()
    await place_hold(world, company)
    world.crm.update("deals", deal, {"dealname": "another name"})
    await world.deliver()
    assert [one.waiting for one in await world.store.holds()] == [0]
    [flow] = await world.store.status()
    assert set(flow.states) == {"delivered"}


async def test_a_deal_that_changes_after_it_was_billed_is_for_finance_and_the_invoice_stays(world: World) -> None:
    deal = world.deal(world.company())
    await world.deliver()
    world.crm.update("deals", deal, {"billing_code": "BC-OTHER"})
    await world.deliver()
    case = await world.only_case()
    assert (case.reason, case.team, case.severity, case.four_eyes) == ("to_credit", "finance", "A", True)
    [invoice] = world.erp.invoices()
    assert invoice["billing_code"] == "BC-DE-1001"
    world.crm.update("deals", deal, {"billing_code": "BC-DE-1001"})
    await replay(world, "to_credit")
    await world.settle()
    assert await world.store.exceptions() == []
    assert len(world.erp.invoices()) == 1


async def test_a_customer_that_changes_is_updated_and_its_invoices_stay(world: World) -> None:
    company = world.company()
    world.deal(company)
    await world.deliver()
    world.crm.update("companies", company, {"billing_email": "new@acme.example"})
    world.deal(company)
    await world.deliver()
    [customer] = world.erp.customers()
    assert customer["email"] == "new@acme.example"
    assert len(world.erp.posted()) == 2


async def test_a_draft_that_shows_another_total_is_not_posted(world: World) -> None:
    deal = world.deal(world.company())
    world.erp.faults.lose_answer_for = {(f"crm-deal-{deal}", "create")}
    await world.deliver()
    [draft] = world.erp.invoices()
    line = dict(draft["lines"][0]) | {"quantity": 5}
    world.erp.books.change_invoice(draft["id"], {"lines": [line]})
    await world.settle(seconds=2)
    case = await world.only_case()
    assert (case.reason, case.team) == ("totals_differ", "finance")
    assert "total_minor: expected 498000, found 1245000" in case.detail
    assert world.erp.posted() == []
    world.erp.books.change_invoice(draft["id"], {"lines": [dict(line) | {"quantity": 2}]})
    [hold] = await world.store.holds()
    assert (hold.scope, hold.key, hold.source, hold.case_id) == ("contract", deal, "verification", case.id)
    await replay(world, "totals_differ")
    await world.deliver()
    assert world.erp.posted() == []
    await world.store.release(hold.id, by="UFAYE", note="put right in the ERP", now=world.clock.now)
    await world.settle()
    assert len(world.erp.posted()) == 1


async def test_a_draft_that_is_not_there_when_it_is_read_back_is_for_a_person(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def vanished(self: Rest, entity: str, target_id: str) -> None:
        return None

    monkeypatch.setattr(Rest, "get", vanished)
    deal = world.deal(world.company())
    await world.deliver()
    case = await world.only_case()
    assert (case.reason, case.detail) == ("totals_differ", f"invoice crm-deal-{deal} is not there")
    assert world.erp.posted() == []


async def test_credentials_that_are_not_accepted_any_more_are_one_card(world: World) -> None:
    token, world.erp.token = world.erp.token, "changed"
    for name in ("Acme GmbH", "Beta GmbH"):
        world.deal(world.company(name, vat_id=f"DE{abs(hash(name)) % 10**9:09}"))
    await world.deliver()
    [cause] = await world.causes()
    assert (cause.reason, cause.value, cause.unresolved, cause.team) == ("unauthorized", "erp", 2, "revops")
    world.erp.token = token
    await replay(world, "unauthorized")
    await world.settle()
    assert len(world.erp.posted()) == 2


async def test_what_the_erp_refuses_is_for_finance_in_the_erps_own_words(world: World) -> None:
    world.erp.faults.reject_for = {"Acme GmbH": "customer_blocked"}
    world.deal(world.company())
    await world.deliver()
    case = await world.only_case()
    assert (case.reason, case.team) == ("erp_rejected", "finance")
    assert "customer blocked (customer_blocked)" in case.detail
    world.erp.faults.clear()
    await replay(world, "erp_rejected")
    await world.settle()
    assert len(world.erp.posted()) == 1


async def test_two_companies_with_one_vat_id_are_one_task_for_the_crm_however_often_it_is_tried(world: World) -> None:
    first, second = world.company(), world.company()
    world.deal(first)
    world.deal(first)
    await world.settle()
    [cause] = await world.causes()
    assert (cause.reason, cause.unresolved, cause.team) == ("duplicate_customer", 2, "crm-ops")
    await replay(world, "duplicate_customer")
    await world.settle()
    [task] = world.crm.tasks()
    assert set(task["companies"]) == {first, second}
    world.crm.merge(first, second)
    await replay(world, "duplicate_customer")
    await world.settle()
    assert await world.causes() == []
    assert len(world.erp.posted()) == 2


async def test_a_task_that_cannot_be_written_is_tried_again_before_anybody_is_asked(world: World) -> None:
    world.company()
    world.deal(world.company())
    world.crm.faults.lose_answers = 1
    await world.deliver()
    assert await world.store.exceptions() == []
    await world.settle(seconds=10)
    assert (await world.only_case()).reason == "duplicate_customer"
    assert len(world.crm.tasks()) == 1


async def test_a_deal_that_is_gone_is_for_the_crms_administrator(world: World) -> None:
    deal = world.deal(world.company())
    await world.crm.webhooks.flush()
    world.crm.delete("deals", deal)
    world.crm.webhooks.paused = True
    await world.parts.engine.drain()
    case = await world.only_case()
    assert (case.reason, case.team) == ("not_found", "crm-ops")


async def test_a_deal_that_is_not_won_is_left_alone(world: World) -> None:
    world.deal(world.company(), dealstage="contractsent")
    await world.deliver()
    [flow] = await world.store.status()
    assert set(flow.states) == {"discarded"}
    assert world.erp.request_log == [] or not world.erp.customers()


async def test_what_was_billed_is_bound_to_what_it_came_from(world: World) -> None:
    company = world.company()
    deal = world.deal(company)
    await world.deliver()
    [invoice], [customer] = world.erp.invoices(), world.erp.customers()
    assert await world.store.bound("crm", "erp", "invoice") == {deal: invoice["id"]}
    assert await world.store.bound("crm", "erp", "customer") == {company: customer["id"]}


async def test_a_connection_that_cannot_do_it_is_named(world: World) -> None:
    line: Line = world.parts.engine.line
    with pytest.raises(NotFound, match="no source called nobody"):
        line.source("nobody")
    with pytest.raises(NotFound, match="no target called nobody"):
        line.target("nobody")
    assert (line.quarantine("erp"), line.quarantine("crm")) == (5.0, 30.0)
