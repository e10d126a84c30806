"""A write whose answer was lost is read back, whatever else goes wrong meanwhile. The ERP here takes a reference twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync.model import WriteSpec
from sync.ports import Busy, Go
from tests.faults.traps import ForgivingBooks
from tests.store.words import end_write
from tests.world import World


@pytest.fixture
def forgiving(world: World) -> World:
    books = world.erp.books
    world.erp.books = ForgivingBooks(books.payment_terms, books.accounts, lambda: {})
    return world


async def later(world: World, *, times: int) -> None:
    for _ in range(times):
        world.clock.forward(seconds=10)
        await world.work()


async def test_a_posting_whose_answer_is_lost_needs_no_person(forgiving: World) -> None:
    deal = forgiving.deal(forgiving.company())
    forgiving.erp.faults.lose_answer_for.add((f"crm-deal-{deal}", "post"))
    await forgiving.work()
    await later(forgiving, times=2)
    [invoice] = forgiving.erp.posted()
    assert await forgiving.store.exceptions() == []
    assert forgiving.crm.deal(deal)["invoice_number"] == invoice["number"]


async def test_an_outage_while_reading_back_does_not_make_it_forget_that_the_invoice_may_exist(
    forgiving: World,
) -> None:
    deal = forgiving.deal(forgiving.company())
    forgiving.erp.faults.lose_answer_for.add((f"crm-deal-{deal}", "create"))
    await forgiving.work()
    forgiving.erp.faults.outage = True
    await later(forgiving, times=1)
    forgiving.erp.faults.outage = False
    await later(forgiving, times=6)
    [invoice] = forgiving.erp.invoices()
    assert invoice["status"] == "posted"
    assert await forgiving.store.exceptions() == []


async def test_a_card_that_may_have_been_posted_is_looked_up_even_after_slack_refused_to_look(forgiving: World) -> None:
    forgiving.deal(forgiving.company(), billing_code="")
    await forgiving.deliver()
    forgiving.slack.faults.lose_answers = 1
    assert await forgiving.parts.poster.once() is False
    forgiving.clock.forward(seconds=10)
    forgiving.parts.poster._pace.silent_until = 0.0
    forgiving.slack.faults.rate_limited_for = 1
    assert await forgiving.parts.poster.once() is False
    forgiving.parts.poster._pace.silent_until = 0.0
    await later(forgiving, times=2)
    assert len(forgiving.slack.messages("C0SALESOPS")) == 1


async def test_an_error_of_slack_itself_leaves_a_card_unsure(forgiving: World) -> None:
    forgiving.deal(forgiving.company(), billing_code="")
    await forgiving.deliver()
    forgiving.slack.faults.lose_answers = 1
    assert await forgiving.parts.poster.once() is False
    forgiving.clock.forward(seconds=10)
    forgiving.parts.poster._pace.silent_until = 0.0
    forgiving.slack.faults.down = True
    assert await forgiving.parts.poster.once() is False
    forgiving.slack.faults.down = False
    forgiving.parts.poster._pace.silent_until = 0.0
    await later(forgiving, times=2)
    assert len(forgiving.slack.messages("C0SALESOPS")) == 1


async def test_an_answer_that_was_awaited_in_vain_for_long_rests_from_then_on(forgiving: World) -> None:
    forgiving.deal(forgiving.company())
    await forgiving.crm.webhooks.flush()
    store, clock = forgiving.store, forgiving.clock
    [delivery] = await store.claim(limit=1, lease_seconds=60, max_losses=3, now=clock())
    spec = WriteSpec(name="invoice", connection="erp", entity="invoice", operation="create", key="crm-deal-1")
    patience = {"quarantine_seconds": 5, "lease_seconds": 60}
    sent = await store.begin_write(delivery, spec, "content", now=clock(), **patience)
    ended = clock.forward(seconds=30)
    await end_write(store, delivery, sent.write_id, "doubt", now=ended, rests_until=ended + timedelta(seconds=5))
    resting = await store.begin_write(delivery, spec, "content", now=clock.forward(seconds=4), **patience)
    assert isinstance(resting, Busy)
    again = await store.begin_write(delivery, spec, "content", now=clock.forward(seconds=2), **patience)
    assert again == Go(write_id=sent.write_id, again=True)
