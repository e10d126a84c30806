"""What the ledger tells: numbers that agree with each other and stories that leave nothing out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from store.ledger import Store
from sync.errors import NotFound
from sync.money import Money
from sync.steps import Deliver
from tests.store.words import (
    CLASS_A,
    EUROS,
    HOUR,
    MINUTE,
    ROUTE,
    begin,
    binding,
    change,
    hold,
    in_hand,
    press,
    receive,
    stopped,
)
from tests.world import MONDAY

DAY = timedelta(days=1)


async def test_a_cause_shows_its_oldest_five_open_cases_and_the_sum_per_currency(store: Store) -> None:
    yen = Money(currency="JPY", minor=400)
    await stopped(store, "1", "2", "3", step=hold("unknown_product", "Atlas Por", money=EUROS))
    cases = await stopped(store, "4", "5", "6", step=hold("unknown_product", "Atlas Por", money=yen))
    cause = await store.cause(cases[0].cause_id)
    assert (cause.unresolved, cause.total) == (6, 6)
    assert [one.subject for one in cause.first] == [f"deals:{n}" for n in range(1, 6)]
    assert cause.sums == (Money(currency="EUR", minor=3 * 498_000), Money(currency="JPY", minor=1_200))
    await press(store, "discard", [one.id for one in cases])
    after = await store.cause(cases[0].cause_id)
    assert (after.unresolved, after.total, after.sums, after.nearest, len(after.first)) == (0, 6, (), None, 1)


async def test_exceptions_are_found_by_team_person_reason_and_flow(store: Store) -> None:
    [mine] = await stopped(store, "1")
    await stopped(store, "2", step=hold("unknown_product", "Atlas Por"), route=CLASS_A)
    await press(store, "take", [mine.id], by="UDANA")
    everything = await store.exceptions()
    assert [one.id for one in everything] == [1, 2]
    assert [one.id for one in await store.exceptions(teams=frozenset({"finance"}))] == [2]
    assert [one.id for one in await store.exceptions(assignee="UDANA")] == [1]
    assert [one.id for one in await store.exceptions(reason="unknown_product")] == [2]
    assert await store.exceptions(flow="other") == []
    assert len(await store.exceptions(limit=1)) == 1
    await press(store, "discard", [mine.id])
    assert [one.id for one in await store.exceptions()] == [2]
    assert [one.id for one in await store.exceptions(everything=True)] == [1, 2]
    assert await store.reasons() == {"missing_billing_code": 1, "unknown_product": 1}
    assert await store.reasons(unresolved=True) == {"unknown_product": 1}
    assert await store.cases_of(mine.cause_id) == []
    assert [one.id for one in await store.cases_of(mine.cause_id, unresolved=False)] == [1]
    assert [one.channel for one in await store.open_causes(channel="C2")] == ["C2"]
    assert await store.open_causes(channel="C1") == []


async def test_every_flow_tells_its_states_its_last_success_and_its_oldest_work(store: Store) -> None:
    done = await in_hand(store, "1")
    await store.settle(done, Deliver(bindings=(binding(),)), now=MONDAY + MINUTE)
    await stopped(store, "2")
    await receive(store, change("3"), now=MONDAY + HOUR)
    [flow] = await store.status()
    assert flow.flow == "bill"
    assert flow.states == {"delivered": 1, "held": 1, "pending": 1}
    assert (flow.last_delivered, flow.oldest) == (MONDAY + MINUTE, MONDAY + HOUR)
    assert await store.due_now(now=MONDAY + HOUR) == 1
    assert await store.is_stopped(2)
    assert not await store.is_stopped(1)
    assert not await store.is_stopped(99)


async def test_a_channels_day_is_counted_for_its_digest(store: Store) -> None:
    cases = await stopped(store, "1", "2", "3", step=hold("unknown_product", "Atlas Por", money=EUROS))
    await press(store, "discard", [cases[0].id])
    await store.escalate(now=MONDAY + DAY)
    day = await store.period("C1", since=MONDAY, until=MONDAY + DAY + MINUTE)
    assert (day.opened, day.resolved, day.unresolved, day.late) == (3, 1, 2, 2)
    assert day.sums == (Money(currency="EUR", minor=2 * 498_000),)
    assert len(day.causes) == len(day.holds) == 1
    quiet = await store.period("C2", since=MONDAY, until=MONDAY + DAY)
    assert (quiet.opened, quiet.causes, quiet.holds, quiet.sums) == (0, (), (), ())
    before = await store.period("C1", since=MONDAY - DAY, until=MONDAY)
    assert (before.opened, before.resolved) == (0, 0)


async def test_the_story_of_an_event_leaves_nothing_out(store: Store) -> None:
    delivery = await in_hand(store)
    await begin(store, delivery)
    await store.settle(delivery, hold(), now=MONDAY, route=ROUTE)
    story = await store.trace(delivery.event.id)
    assert story["event"] == delivery.event
    [told] = story["deliveries"]
    assert (told["flow"], told["state"]) == ("bill", "held")
    assert [(one["step"], one["number"]) for one in told["attempts"]] == [("hold", 1)]
    assert [(one["to"], one["state"], one["key"]) for one in told["writes"]] == [("erp/invoice", "sent", "crm-deal-1")]
    assert [one.ref for one in told["cases"]] == ["EX-1"]
    [(event, states)] = await store.recent_events()
    assert (event, states) == (delivery.event, "held")


async def test_what_is_not_there_is_said_to_be_missing(store: Store) -> None:
    for asked in (store.cause(9), store.case(9), store.trace(9), store.hold(9)):
        with pytest.raises(NotFound):
            await asked


async def test_the_numbers_of_rows_are_told(store: Store) -> None:
    await stopped(store)
    counts = await store.counts()
    assert (counts["events"], counts["deliveries"], counts["cases"], counts["causes"], counts["cards"]) == (
        1,
        1,
        1,
        1,
        1,
    )
    assert counts["writes"] == counts["holds"] == counts["bindings"] == 0
