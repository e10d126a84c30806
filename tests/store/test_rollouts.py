"""A decision about many records on its way, whoever carries it on: what goes out when, once, and what holds it up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from store.ledger import Store
from store.rows import AnyRow
from sync.errors import IllegalMove, NotAllowed
from sync.model import Case, Delivery, Overlay
from sync.rollouts import Rollout, next_move
from sync.steps import Deliver
from tests.store.words import CLASS_A, MINUTE, ROUTE, binding, claim, hold, press, rows, sql, stopped
from tests.world import MONDAY

ANSWER = Overlay(path="product", found="AtlasPro", action="set", value="Atlas Pro", reason="unknown_product")
RENAMED = hold(reason="unknown_product", cause="AtlasPro")
LATER = MONDAY + 2 * MINUTE
EIGHT = tuple(str(number) for number in range(1, 9))


async def card_of(store: Store, *records: str, four_eyes: bool = False) -> list[Case]:
    """So many deals that stopped for one cause, the oldest first."""
    found = await stopped(store, *(records or EIGHT), step=RENAMED, route=CLASS_A if four_eyes else ROUTE)
    return sorted(found, key=lambda one: one.id)


async def decided(store: Store, cases: Sequence[Case], verb: str = "resolve", by: str = "UDANA") -> Rollout:
    overlays = {one.id: (ANSWER,) for one in cases} if verb in ("resolve", "propose") else {}
    await press(store, verb, [one.id for one in cases], by=by, overlays=overlays)
    return await latest(store, cases)


async def latest(store: Store, cases: Sequence[Case]) -> Rollout:
    found = await store.latest_rollout(cases[0].cause_id)
    assert found is not None
    return found


async def carry_on(store: Store, rollout: Rollout) -> str:
    """What a process does when it looks; the stages that it passed."""
    passed = []
    while verb := next_move(await store.hear_rollout(rollout.id, now=LATER)):
        passed.append(verb)
        if verb == "send":
            await store.send_batch(rollout.id, now=LATER)
        else:
            await store.move_rollout(
                rollout.id, verb, by="engine", words="stopped" if verb == "fail" else "", now=LATER
            )
    return " ".join(passed)


async def in_hand(store: Store) -> list[Delivery]:
    """What may go out now."""
    return sorted(await claim(store, limit=1000, now=LATER), key=lambda one: int(one.event.record_id))


async def went_through(store: Store, deliveries: Sequence[Delivery]) -> None:
    for one in deliveries:
        record = one.event.record_id
        done = Deliver(bindings=(binding(f"I-{record}", f"crm-deal-{record}", record),))
        await store.settle(one, done, now=LATER)


async def told(store: Store) -> list[AnyRow]:
    return list(await rows(store, "SELECT text, mention, broadcast FROM messages ORDER BY id"))


async def test_the_oldest_five_go_out_and_the_others_wait_for_them(store: Store) -> None:
    cases = await card_of(store)
    rollout = await decided(store, cases)
    assert (rollout.state, rollout.total, rollout.canary, rollout.sent, rollout.waiting) == ("canary", 8, 5, 5, 3)
    out = await in_hand(store)
    assert [one.event.record_id for one in out] == ["1", "2", "3", "4", "5"]
    assert [one.overlays for one in out] == [(ANSWER,)] * 5
    await went_through(store, out[:4])
    assert await carry_on(store, rollout) == "", "one is not known yet"
    await went_through(store, out[4:])
    assert await carry_on(store, rollout) == "widen send"
    rest = await in_hand(store)
    assert len(rest) == 3
    await went_through(store, rest)
    assert await carry_on(store, rollout) == "finish"
    end = await latest(store, cases)
    assert (end.state, end.through, end.failed, end.passed) == ("done", 8, 0, 0)
    assert await store.open_causes() == []
    assert [one.text for one in await told(store)] == [
        "@{UDANA} resolve (8 records, the oldest 5 first)", "8 of 8 went through.",
    ]  # fmt: skip


async def test_five_or_fewer_need_no_canary(store: Store) -> None:
    cases = await card_of(store, "1", "2", "3", "4", "5")
    await press(store, "resolve", [one.id for one in cases], overlays={one.id: (ANSWER,) for one in cases})
    assert await store.latest_rollout(cases[0].cause_id) is None
    assert len(await in_hand(store)) == 5


async def test_a_discard_sends_nothing_out_and_is_for_all_at_once(store: Store) -> None:
    cases = await card_of(store)
    assert await press(store, "discard", [one.id for one in cases]) == 8
    assert await store.latest_rollout(cases[0].cause_id) is None
    assert await store.exceptions() == []


async def test_what_fails_again_for_the_same_cause_stops_the_decision_and_stays_on_its_card(store: Store) -> None:
    cases = await card_of(store)
    rollout = await decided(store, cases)
    first, *others = await in_hand(store)
    await went_through(store, others)
    await store.settle(first, RENAMED, now=LATER, route=ROUTE)
    assert await carry_on(store, rollout) == "fail"
    end = await latest(store, cases)
    assert (end.state, end.canary_through, end.canary_failed, end.elsewhere, end.waiting) == ("stopped", 4, 1, 0, 3)
    assert (end.failed_case, end.failed_reason) == (cases[0].id, "unknown_product")
    [cause] = await store.open_causes()
    assert cause.unresolved == 4
    assert await in_hand(store) == []
    *_, last = await told(store)
    assert (last.text, last.mention, bool(last.broadcast)) == ("stopped", "UDANA", True)


async def test_what_fails_again_for_another_cause_splits_off_under_its_own(store: Store) -> None:
    cases = await card_of(store)
    rollout = await decided(store, cases)
    first, *others = await in_hand(store)
    await went_through(store, others)
    await store.settle(first, hold(reason="price_off_list", cause="deals:1"), now=LATER, route=ROUTE)
    assert await carry_on(store, rollout) == "fail"
    end = await latest(store, cases)
    assert (end.elsewhere, end.failed_reason) == (1, "price_off_list")
    assert sorted((one.reason, one.unresolved) for one in await store.open_causes()) == [
        ("price_off_list", 1), ("unknown_product", 3),
    ]  # fmt: skip


async def test_a_person_lets_the_others_go_and_what_fails_then_is_only_counted(store: Store) -> None:
    cases = await card_of(store)
    rollout = await decided(store, cases)
    for one in await in_hand(store):
        await store.settle(one, RENAMED, now=LATER, route=ROUTE)
    assert await carry_on(store, rollout) == "fail"
    assert await store.move_rollout(rollout.id, "go_on", by="UBEN", words="on", now=LATER)
    assert not await store.move_rollout(rollout.id, "go_on", by="UANA", words="on", now=LATER), "once"
    assert await carry_on(store, rollout) == "send"
    await went_through(store, await in_hand(store))
    assert await carry_on(store, rollout) == "finish"
    end = await latest(store, cases)
    assert (end.state, end.through, end.failed) == ("done", 3, 5)
    assert [one.resolved for one in await rows(store, "SELECT state = 'resolved' AS resolved FROM cases ORDER BY id")] == [
        *[False] * 5, *[True] * 3,
    ]  # fmt: skip


async def test_many_processes_carry_it_on_and_each_record_is_decided_once(store: Store, ledger: str) -> None:
    cases = await card_of(store)
    rollout = await decided(store, cases)
    second = Store(ledger)
    await second.open()
    try:
        await went_through(store, await in_hand(store))
        await asyncio.gather(carry_on(second, rollout), carry_on(store, rollout), carry_on(second, rollout))
        await went_through(second, await in_hand(second))
        await asyncio.gather(carry_on(second, rollout), carry_on(store, rollout))
        assert (await latest(second, cases)).state == "done"
    finally:
        await second.close()
    lines = await store.entries(noun="case", limit=1000)
    assert sorted(one.noun_id for one in lines if one.verb == "resolve") == sorted(str(one.id) for one in cases)
    stages = [one.verb for one in await store.entries(noun="rollout", limit=100)][::-1]
    assert stages == ["decide", "send", "widen", "send", "finish"]
    overlays = await rows(store, "SELECT case_id FROM overlays")
    assert len(overlays) == 8


async def test_a_stage_is_passed_once_and_a_batch_is_sent_once_whoever_is_late(store: Store) -> None:
    cases = await card_of(store)
    rollout = await decided(store, cases)
    await went_through(store, await in_hand(store))
    await store.hear_rollout(rollout.id, now=LATER)
    widened = [await store.move_rollout(rollout.id, "widen", by="engine", now=LATER) for _ in range(2)]
    sent = [await store.send_batch(rollout.id, now=LATER) for _ in range(2)]
    assert (widened, sent) == ([True, False], [3, 0])
    late = await latest(store, cases)
    assert (late.sent, late.passed) == (3, 0)
    assert await store.move_rollout(rollout.id, "stop", by="UBEN", now=LATER)
    assert await store.send_batch(rollout.id, now=LATER) == 0


async def test_ten_people_press_at_once_and_one_decision_goes_out(store: Store) -> None:
    cases = await card_of(store)
    people = [f"UPERSON{number}" for number in range(10)]
    answers = await asyncio.gather(*(decided(store, cases, by=who) for who in people), return_exceptions=True)
    won = [one for one in answers if isinstance(one, Rollout)]
    lost = [one for one in answers if isinstance(one, IllegalMove)]
    assert (len(won), len(lost)) == (1, 9)
    assert {str(one) for one in lost} == {f"Already being decided by @{{{won[0].by}}}: 0 of 8 so far."}
    assert len(await in_hand(store)) == 5


@pytest.mark.parametrize("verb", ["resolve", "replay", "discard", "propose"])
async def test_nobody_decides_alone_about_a_record_that_waits_for_its_turn(store: Store, verb: str) -> None:
    cases = await card_of(store)
    await decided(store, cases)
    with pytest.raises(IllegalMove, match=r"Already being decided by @\{UDANA\}: 0 of 8 so far"):
        await press(store, verb, [cases[-1].id], by="UBEN")
    assert await press(store, "take", [one.id for one in cases], by="UBEN") == 3, "who looks at them may change at once"


async def test_what_was_settled_elsewhere_before_its_turn_is_passed_over(store: Store) -> None:
    cases = await card_of(store)
    rollout = await decided(store, cases)
    await went_through(store, await in_hand(store))
    passed = "UPDATE cases SET state = 'resolved', decided_by = 'engine', resolved_at = opened_at WHERE id = :id"
    await sql(store, passed, id=cases[-1].id)
    assert await carry_on(store, rollout) == "widen send"
    await went_through(store, await in_hand(store))
    assert await carry_on(store, rollout) == "finish"
    end = await latest(store, cases)
    assert (end.through, end.passed) == (7, 1)


async def test_what_joins_the_cause_meanwhile_is_not_part_of_the_decision(store: Store) -> None:
    cases = await card_of(store)
    rollout = await decided(store, cases)
    await went_through(store, await in_hand(store))
    assert await carry_on(store, rollout) == "widen send"
    first, *rest = await in_hand(store)
    await went_through(store, [first])
    await store.hear_rollout(rollout.id, now=LATER + MINUTE)  # the card is drawn while nothing of it is undecided
    await stopped(store, "9", step=RENAMED)
    assert (await latest(store, cases)).newcomers == 1
    await went_through(store, rest)
    await carry_on(store, rollout)
    [cause] = await store.open_causes()
    assert (cause.id, cause.unresolved) == (cases[0].cause_id, 1), "it stays open, on the same card"
    assert cause.rollout is not None and (cause.rollout.state, cause.rollout.newcomers) == ("done", 1)


async def test_class_a_is_proposed_for_all_and_the_approval_begins_with_five(store: Store) -> None:
    cases = await card_of(store, four_eyes=True)
    assert await press(store, "propose", [one.id for one in cases], overlays={one.id: (ANSWER,) for one in cases}) == 8
    assert await in_hand(store) == []
    with pytest.raises(NotAllowed, match="second person"):
        await decided(store, cases, "approve", by="UDANA")
    rollout = await decided(store, cases, "approve", by="UPRIYA")
    assert (rollout.state, rollout.sent, rollout.waiting) == ("canary", 5, 3)
    out = await in_hand(store)
    assert [one.overlays for one in out] == [(ANSWER,)] * 5
    with pytest.raises(IllegalMove, match="Already being decided"):
        await press(store, "reject", [cases[-1].id], by="UPRIYA")


async def test_another_decision_takes_the_place_of_a_stopped_one(store: Store) -> None:
    cases = await card_of(store)
    old = await decided(store, cases)
    for one in await in_hand(store):
        await store.settle(one, RENAMED, now=LATER, route=ROUTE)
    await carry_on(store, old)
    new = await decided(store, cases, by="UBEN")
    assert (new.by, new.total, new.sent) == ("UBEN", 8, 5)
    assert (await store.rollout(old.id)).state == "left"
    assert not await store.move_rollout(old.id, "go_on", by="UDANA", now=LATER)
