"""A card that tells of an outage follows it, never more than once a minute."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from store.ledger import Store
from sync.model import Cause, Downtime
from sync.steps import Deliver, Pause
from tests.store.words import HOUR, MINUTE, ROUTE, bury, change, claim, in_hand, opening, receive, state, stopped
from tests.world import MONDAY

REASONS = ("erp_unavailable", "crm_unavailable")
SECOND = timedelta(seconds=1)
UNTIL = MONDAY + 5 * MINUTE


async def outage(store: Store, waiting: int = 2) -> Cause:
    """The ERP does not answer: its breaker is open, the record that found out has a case, others wait."""
    delivery = await in_hand(store)
    await store.trip("erp", until=UNTIL, detail="503", now=MONDAY)
    found_out = Pause(due_at=UNTIL, opening=opening("erp_unavailable", "erp"))
    await store.settle(delivery, found_out, now=MONDAY, route=ROUTE)
    await receive(store, *(change(f"later-{number}") for number in range(waiting)))
    [case] = await store.exceptions()
    return await store.cause(case.cause_id)


async def redraw(store: Store, after: timedelta) -> int:
    return await store.redraw_outages(REASONS, now=MONDAY + after)


async def test_the_cause_of_an_outage_knows_since_when_until_when_and_how_many_wait(store: Store) -> None:
    cause = await outage(store)
    assert cause.downtime == Downtime(
        connection="erp", since=MONDAY, next_try=UNTIL, answers_since=None, waiting={"bill": 3}, stopped=0
    )
    await store.mend("erp", now=MONDAY + HOUR)
    down = (await store.cause(cause.id)).downtime
    assert down is not None and down.answers_since == MONDAY + HOUR


async def test_what_waits_is_told_flow_by_flow_and_what_is_done_or_held_is_not_counted(store: Store) -> None:
    cause = await outage(store, waiting=0)
    await stopped(store, "held")
    await receive(store, change("other"), change("more"), flows={"deals": ["other"]})
    down = (await store.cause(cause.id)).downtime
    assert down is not None and down.waiting == {"bill": 1, "other": 2}


async def test_a_record_of_the_cause_that_gave_up_is_counted_as_stopped(store: Store) -> None:
    cause = await outage(store, waiting=0)
    await stopped(store, "2", step=bury("erp_unavailable", "erp"))
    down = (await store.cause(cause.id)).downtime
    assert down is not None and (down.stopped, down.waiting) == (1, {"bill": 1})


async def test_it_is_drawn_again_once_a_minute_whoever_asks(store: Store, other: Store) -> None:
    cause = await outage(store)
    assert await redraw(store, 59 * SECOND) == 0
    drawn = await asyncio.gather(*(redraw(each, MINUTE) for each in (store, other, store, other)))
    assert sorted(drawn) == [0, 0, 0, 1]
    assert await redraw(store, 119 * SECOND) == 0
    assert await redraw(store, 2 * MINUTE) == 1
    assert (await store.cause(cause.id)).version == cause.version + 2


async def test_that_it_answers_again_is_told_at_once(store: Store) -> None:
    await outage(store)
    await redraw(store, MINUTE)
    await store.mend("erp", now=MONDAY + 70 * SECOND)
    assert [await redraw(store, 71 * SECOND), await redraw(store, 72 * SECOND)] == [1, 0]


async def test_when_its_own_record_is_through_it_is_drawn_no_more(store: Store) -> None:
    cause = await outage(store, waiting=0)
    await store.mend("erp", now=UNTIL)
    [own] = await claim(store, now=UNTIL)
    await store.settle(own, Deliver(bindings=()), now=UNTIL)
    assert (await store.cause(cause.id)).unresolved == 0
    assert await redraw(store, HOUR) == 0


async def test_a_card_about_something_else_is_left_alone(store: Store) -> None:
    await outage(store)
    assert await store.redraw_outages(("crm_unavailable",), now=MONDAY + HOUR) == 0
    await store.trip("crm", until=UNTIL, detail="503", now=MONDAY)
    assert await redraw(store, HOUR) == 1


async def test_an_outage_after_the_card_was_closed_is_none_of_its_business(store: Store) -> None:
    [case] = await stopped(store, "1", step=bury("erp_unavailable", "erp"))
    await store.replay([1], by="UDANA", now=MONDAY)
    [own] = await claim(store)
    await store.settle(own, Deliver(bindings=()), now=MONDAY)
    await store.trip("erp", until=UNTIL + HOUR, detail="503", now=MONDAY + HOUR)
    assert (await store.cause(case.cause_id)).downtime is None
    assert await state(store, own.id) == "delivered"


async def test_an_outage_that_was_over_before_is_not_shown_either(store: Store) -> None:
    await store.trip("erp", until=MONDAY - HOUR, detail="503", now=MONDAY - 2 * HOUR)
    await store.mend("erp", now=MONDAY - HOUR)
    [case] = await stopped(store, "1", step=bury("erp_unavailable", "erp"))
    assert (await store.cause(case.cause_id)).downtime is None
