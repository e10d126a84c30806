"""Reconciliation in the ledger: one process runs it, what disagrees opens once, and closes by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from store.ledger import Store
from store.reconciling import MOST_CASES
from sync.errors import LeaseLost
from sync.reconciling.ledger import ENTITY, Run
from sync.reconciling.nouns import Disagreement, Kind, Report, Total
from sync.steps import Deliver, Discard
from tests.store.words import FLOW, HOUR, MINUTE, ROUTE, begin, claim, hold, in_hand, spec, state, stopped
from tests.world import MONDAY

ONE = Disagreement(
    kind=Kind.AMOUNT, key="deal-1", source_id="1", target_ids=("I-1",), customer="77", period="2026-10", currency="EUR",
    source_minor=100, target_minor=90, field="total_minor", source_value="100", target_value="90",
)  # fmt: skip


SOON = MONDAY + 2 * MINUTE


def report(*found: Disagreement) -> Report:
    total = Total(period="2026-10", currency="EUR", source_count=1, source_minor=1, target_count=1, target_minor=1)
    return Report(source_read=9, target_read=9, counts={"amount": len(found)}, found=list(found), totals=(total,))


async def begun(store: Store, hours: int = 0) -> Run:
    at = MONDAY + hours * HOUR
    run = await store.begin_run(FLOW, "full", by="clock", began=at, now=at)
    assert run is not None
    return run


async def ended(store: Store, *found: Disagreement, hours: int = 0) -> tuple[int, int]:
    return await store.end_run(
        await begun(store, hours), report(*found), connection="crm", now=MONDAY + hours * HOUR + MINUTE
    )


async def test_of_many_processes_one_runs_and_another_takes_over_what_it_left(store: Store, other: Store) -> None:
    asked = [each.begin_run(FLOW, "full", by="clock", began=MONDAY, now=MONDAY) for each in (store, other) * 4]
    [first] = [each for each in await asyncio.gather(*asked) if each is not None]
    assert await other.begin_run("elsewhere", "full", by="clock", began=MONDAY, now=MONDAY) is not None
    await store.beat_run(first, source_read=1000, target_read=0, now=MONDAY + 4 * MINUTE)
    assert await other.begin_run(FLOW, "full", by="clock", began=MONDAY, now=MONDAY + 9 * MINUTE) is None
    second = await other.begin_run(FLOW, "full", by="clock", began=MONDAY, now=MONDAY + 10 * MINUTE)
    assert second is not None and (second.id, second.source_read) == (first.id, 1000)
    for late in (
        store.beat_run(first, source_read=2000, target_read=0, now=MONDAY + 10 * MINUTE),
        store.end_run(first, report(ONE), connection="crm", now=MONDAY + 10 * MINUTE),
        store.fail_run(first, "too late", now=MONDAY + 10 * MINUTE),
    ):
        with pytest.raises(LeaseLost):
            await late
    assert await store.open_disagreements(FLOW) == []
    await other.end_run(second, report(ONE), connection="crm", now=MONDAY + 11 * MINUTE)
    assert await store.begin_run(FLOW, "changed", by="clock", began=MONDAY, now=MONDAY + 12 * MINUTE) is not None


async def test_what_disagrees_today_and_tomorrow_is_one_disagreement_with_one_exception(store: Store) -> None:
    assert await ended(store, ONE) == (1, 0)
    [delivery] = await claim(store, now=SOON)
    assert (delivery.subject, delivery.event.payload) == (
        f"{ENTITY}:1", {"id": "1", "disagreement": 1, "key": "deal-1"},
    )  # fmt: skip
    await store.settle(delivery, hold("drift_amount", "amount"), now=SOON, route=ROUTE)
    assert await ended(store, replace(ONE, target_minor=80), hours=24) == (0, 0)
    [kept] = await store.open_disagreements(FLOW)
    assert (kept.seen, kept.first_run, kept.last_run, kept.what.target_minor) == (2, 1, 2, 90)
    assert len(await store.exceptions()) == 1 and await claim(store, now=SOON + 24 * HOUR) == []


async def test_what_was_changed_past_meshline_asks_what_changes_in_the_runbook(store: Store) -> None:
    around = replace(ONE, kind=Kind.BYPASS, key="deal-2")
    assert await ended(store, ONE, around) == (2, 0)
    [kept] = await store.bypasses()
    assert (kept.what.title, kept.what.changes[0].theirs, kept.is_open) == ("deal-2", "90", False)
    for delivery in await claim(store, now=SOON):
        await store.settle(delivery, hold("drift_bypass", delivery.subject), now=SOON, route=ROUTE)
    causes = [await store.cause(case.cause_id) for case in await store.exceptions()]
    assert sorted((cause.lesson is None, cause.lesson) for cause in causes) == [(False, ""), (True, None)]


async def test_what_agrees_again_closes_and_its_exception_looks_once_more(store: Store) -> None:
    two = replace(ONE, key="deal-2", source_id="2")
    await ended(store, ONE, two)
    for delivery in await claim(store, limit=2, now=SOON):
        await store.settle(delivery, hold("drift_amount", "amount"), now=SOON, route=ROUTE)
    assert await ended(store, two, hours=24) == (0, 1)
    [again] = await claim(store, now=MONDAY + 25 * HOUR)
    assert again.subject == f"{ENTITY}:1"
    await store.settle(again, Discard(why="they agree again"), now=MONDAY + 25 * HOUR)
    [left] = await store.exceptions()
    assert left.subject == f"{ENTITY}:2"
    one = await store.disagreement(1)
    assert one is not None and (one.closed_at is not None, one.why) == (True, "the two sides agree again")
    assert await ended(store, ONE, two, hours=48) == (1, 0)  # it came back, and is a new one


async def test_a_run_that_failed_concludes_nothing(store: Store) -> None:
    await ended(store, ONE)
    run = await begun(store, 24)
    await store.fail_run(run, "the CRM is down at record 900,000", now=MONDAY + 24 * HOUR)
    assert [each.key for each in map(lambda kept: kept.what, await store.open_disagreements(FLOW))] == ["deal-1"]
    failed, done = await store.runs(FLOW)
    assert (failed.state, failed.detail, done.state) == ("failed", "the CRM is down at record 900,000", "done")
    assert done.totals[0]["period"] == "2026-10" and done.records == 9


@pytest.mark.slow
async def test_a_flood_opens_so_many_exceptions_and_keeps_the_rest_in_the_report(store: Store) -> None:
    many = [replace(ONE, key=f"deal-{at}", source_minor=100 + at) for at in range(MOST_CASES + 20)]
    assert await ended(store, *many) == (MOST_CASES + 20, 0)
    told = await claim(store, limit=MOST_CASES + 50, now=SOON)
    assert len(told) == MOST_CASES
    keys = {each.event.payload["key"] for each in told if each.event.payload}
    assert f"deal-{MOST_CASES + 19}" in keys and "deal-0" not in keys  # the most money first


async def test_what_was_accepted_is_remembered_as_it_was(store: Store) -> None:
    await ended(store, ONE)
    assert await store.close_disagreement(1, why="accepted", accepted=True, now=MONDAY)
    assert not await store.close_disagreement(1, why="again", accepted=True, now=MONDAY)
    known = await store.known_of(FLOW, "deals", ("erp", "invoice"), {"deal-1": "1", "deal-2": ""})
    assert known["deal-1"].accepted == {ONE.print} and known["deal-2"].accepted == frozenset()


async def test_the_ledger_says_what_each_record_waits_for(store: Store) -> None:
    done = await in_hand(store, "1")
    await begin(store, done, spec=spec(key="deal-1"))
    await store.settle(done, Deliver(bindings=()), now=MONDAY)
    await stopped(store, "2")
    await in_hand(store, "3")
    ask = {"deal-1": "", "deal-2": "2", "deal-3": "3", "deal-4": "4"}
    one = spec(key="deal-1")
    known = await store.known_of(FLOW, "deals", (one.connection, one.entity), ask)
    assert (known["deal-1"].source_id, known["deal-1"].state, known["deal-1"].written_at) == ("1", "", MONDAY)
    [case] = await store.exceptions()
    assert (known["deal-2"].state, known["deal-2"].waits) == ("held", f"waits for {case.ref}")
    assert known["deal-3"].state == "running" and known["deal-3"].waits.startswith("under way since")
    assert (known["deal-4"].state, known["deal-4"].written_at) == ("", None)
    assert await state(store, done.id) == "delivered"
