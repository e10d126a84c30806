"""What the ledger says about a stretch of time: what came, what was decided and what became of it."""

from __future__ import annotations

from datetime import timedelta

from store.ledger import Store
from sync.steps import Deliver
from tests.store.words import (
    CLASS_A,
    EUROS,
    HOUR,
    binding,
    bury,
    change,
    claim,
    hold,
    in_hand,
    press,
    receive,
    rows,
    stopped,
)
from tests.world import MONDAY

WEEK = timedelta(days=7)


async def through(store: Store, record: str, *, at: timedelta) -> None:
    [delivery] = await claim(store, now=MONDAY + at)
    assert delivery.subject == f"deals:{record}"
    await store.settle(delivery, Deliver(bindings=(binding(),)), now=MONDAY + at)


async def test_what_became_of_a_decision_is_told_in_the_thread_once_and_how_long_it_took(store: Store) -> None:
    [case] = await stopped(store, "1", step=hold(money=EUROS))
    await press(store, "resolve", [case.id], now=MONDAY + HOUR)
    await through(store, "1", at=HOUR + timedelta(seconds=4))
    [fact] = await store.outcomes("bill", since=MONDAY, until=MONDAY + 2 * HOUR)
    assert (fact.ref, fact.money, fact.decided_by) == (case.ref, EUROS, "UDANA")
    assert fact.outcome_at is not None and fact.resolved_at is not None
    assert fact.outcome_at - fact.resolved_at == timedelta(seconds=4)
    await store.replay([1], by="UDANA", now=MONDAY + 2 * HOUR)
    await through(store, "1", at=3 * HOUR)
    lines = [row.text for row in await rows(store, "SELECT text FROM messages ORDER BY id")]
    assert [one for one in lines if "went through" in one] == [
        f"{case.ref}: The record went through as invoice I-1, 4 seconds after @{{UDANA}} decided."
    ]


async def test_a_decision_that_did_not_help_is_counted_as_come_back(store: Store) -> None:
    [case] = await stopped(store, "1")
    await press(store, "resolve", [case.id], now=MONDAY + HOUR)
    [delivery] = await claim(store, now=MONDAY + HOUR)
    await store.settle(delivery, hold(), route=CLASS_A, now=MONDAY + 2 * HOUR)
    [fact] = await store.facts(since=MONDAY, until=MONDAY + WEEK)
    assert fact.came_back_at == MONDAY + 2 * HOUR and fact.outcome_at is None and fact.resolved_at is None


async def test_facts_are_what_came_what_was_resolved_and_what_is_open(store: Store) -> None:
    [old] = await stopped(store, "1", now=MONDAY - WEEK)
    _, done = await stopped(store, "2", step=bury(cause="deals:2"), now=MONDAY - WEEK)
    await press(store, "discard", [done.id], now=MONDAY - WEEK + HOUR)
    found = await store.facts(since=MONDAY, until=MONDAY + WEEK)
    assert [one.id for one in found] == [old.id], "what was over before is not asked for"
    assert len(await store.facts(since=MONDAY - WEEK, until=MONDAY)) == 2


async def test_a_stretch_counts_what_came_in_it_and_not_what_came_at_its_end(store: Store) -> None:
    for record, at in (("1", MONDAY - WEEK), ("2", MONDAY - HOUR), ("3", MONDAY)):
        await receive(store, change(record, at=at), now=at)
    first, second = await store.stretches([MONDAY - WEEK, MONDAY, MONDAY + WEEK])
    assert (first.events, second.events, first.opened) == (2, 1, 0)


async def test_what_went_through_is_counted_by_flow(store: Store) -> None:
    done = await in_hand(store, "1")
    await store.settle(done, Deliver(bindings=(binding(),)), now=MONDAY)
    assert await store.delivered(since=MONDAY, until=MONDAY + HOUR) == {"bill": 1}
    assert await store.delivered(since=MONDAY - HOUR, until=MONDAY) == {"bill": 0}


async def test_a_value_that_records_share_is_seen_week_by_week_and_a_records_own_is_not_named(store: Store) -> None:
    for number, week in enumerate((0, 0, 2, 5)):
        at = MONDAY - week * WEEK - HOUR
        await stopped(store, str(number), step=hold("unknown_product", f"GTX-{'A' if week else 'B'}"), now=at)
    await stopped(store, "9", step=hold(cause="deals:9"), now=MONDAY - HOUR)
    seen = [(one.reason, one.value, one.week, one.count) for one in await store.seen(until=MONDAY)]
    assert seen == [
        ("missing_billing_code", "", 0, 1),
        ("unknown_product", "GTX-A", 2, 1),
        ("unknown_product", "GTX-B", 0, 2),
    ]
    assert await store.seen(until=MONDAY, channel="C2") == ()
