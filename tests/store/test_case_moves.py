"""People's moves. Every row of the table from every state: either it leads where the table says or somebody was faster."""

from __future__ import annotations

import asyncio

import pytest

from store.ledger import Store
from sync.errors import IllegalMove, NotAllowed, NotFound
from sync.lifecycle import CASE_MOVES, CaseState
from sync.model import Case, Overlay
from sync.steps import Deliver
from tests.store.words import CLASS_A, EUROS, HOUR, MINUTE, ROUTE, claim, hold, press, rows, state, stopped
from tests.world import MONDAY

PRESSED = [verb for verb, move in CASE_MOVES.items() if move.roles]
LATER = MONDAY + HOUR
ANSWER = Overlay(path="billing_code", found="", action="set", value="BC-1", reason="missing_billing_code")


async def brought_to(store: Store, wanted: str) -> Case:
    """A case in that state, by the moves that lead there."""
    [case] = await stopped(store)
    match wanted:
        case CaseState.OWNED:
            await press(store, "take", [case.id])
        case CaseState.SNOOZED:
            await press(store, "snooze", [case.id], until=LATER)
        case CaseState.PROPOSED:
            await press(store, "propose", [case.id], overlays={case.id: (ANSWER,)})
        case CaseState.RESOLVED | CaseState.REOPENED:
            await press(store, "resolve", [case.id])
    if wanted == CaseState.REOPENED:
        await stops_again(store)
    found = await store.case(case.id)
    assert found.state == wanted
    return found


async def stops_again(store: Store) -> None:
    [delivery] = await claim(store, now=LATER)
    await store.settle(delivery, hold(cause="deals:1"), now=LATER, route=ROUTE)


@pytest.mark.parametrize("verb", PRESSED)
@pytest.mark.parametrize("start", CaseState)
@pytest.mark.slow
async def test_every_move_from_every_state_leads_where_the_table_says_or_is_refused(
    store: Store, verb: str, start: str
) -> None:
    case = await brought_to(store, start)
    before = await store.entries(noun="case")
    move = CASE_MOVES[verb]
    asked = press(store, verb, [case.id], by="UPRIYA", to="UBEN", until=LATER, now=LATER)
    if start in move.sources:
        assert await asked == 1
        assert (await store.case(case.id)).state == move.target
        return
    with pytest.raises(IllegalMove):
        await asked
    assert await store.case(case.id) == case
    assert await store.entries(noun="case") == before


@pytest.mark.parametrize("start", CaseState)
async def test_only_a_snoozed_case_wakes(store: Store, start: str) -> None:
    case = await brought_to(store, start)
    assert await store.wake(now=LATER) == (start == CaseState.SNOOZED)
    assert (await store.case(case.id)).state == (CaseState.OPEN if start == CaseState.SNOOZED else start)


@pytest.mark.parametrize("start", [*CASE_MOVES["pass"].sources, CaseState.RESOLVED])
async def test_whatever_people_did_a_record_that_goes_through_closes_its_case(store: Store, start: str) -> None:
    case = await brought_to(store, start)
    if start != CaseState.RESOLVED:
        await store.replay([1], by="UDANA", now=LATER)
    [delivery] = await claim(store, now=LATER)
    await store.settle(delivery, Deliver(bindings=()), now=LATER)
    assert (await store.case(case.id)).state == CaseState.RESOLVED


async def test_a_snooze_ends_at_its_time_and_calls_its_owner(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "take", [case.id])
    await press(store, "snooze", [case.id], until=LATER)
    assert await store.wake(now=LATER - MINUTE) == 0
    assert await store.wake(now=LATER) == 1
    assert await store.wake(now=LATER) == 0
    [line] = await rows(store, "SELECT mention FROM messages WHERE text = 'The snooze is over.'")
    assert line.mention == "UDANA"
    assert (await store.case(case.id)).snoozed_until is None


async def test_three_people_press_at_once_and_one_counts(store: Store, other: Store) -> None:
    [case] = await stopped(store)
    results = await asyncio.gather(
        *(press(each, "resolve", [case.id], by=who) for each, who in ((store, "UA"), (other, "UB"), (store, "UC"))),
        return_exceptions=True,
    )
    won = [one for one in results if one == 1]
    lost = [one for one in results if isinstance(one, IllegalMove)]
    assert (len(won), len(lost)) == (1, 2)
    winner = (await store.case(case.id)).decided_by
    assert all(f"already resolved by @{{{winner}}} at 09:01 UTC" in str(one) for one in lost)
    assert len(await rows(store, "SELECT 1 FROM journal WHERE verb = 'resolve'")) == 1


async def test_three_people_press_replay_at_once_and_one_replays(store: Store, other: Store) -> None:
    cases = await stopped(store, "1", "2", "3", "4")
    for case in cases:
        presses = (
            press(each, "replay", [case.id], by=who) for each, who in ((store, "UA"), (other, "UB"), (store, "UC"))
        )
        results = await asyncio.gather(*presses, return_exceptions=True)
        assert [type(one).__name__ for one in results if one != 1] == ["IllegalMove", "IllegalMove"]
    assert len(await rows(store, "SELECT 1 FROM journal WHERE verb = 'replay'")) == 4


async def test_a_decision_sets_the_record_going_with_what_was_decided(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "resolve", [case.id], overlays={case.id: (ANSWER,)}, words="BC-1 it is")
    assert await state(store, case.delivery_id) == "pending"
    [delivery] = await claim(store, now=LATER)
    assert delivery.overlays == (ANSWER,)
    decided = await store.case(case.id)
    assert (decided.decision, decided.decided_by, decided.resolved_at) == ("BC-1 it is", "UDANA", MONDAY + MINUTE)
    [entry] = [one for one in await store.entries(noun="case", noun_id=case.id) if one.verb == "resolve"]
    assert entry.data["overlays"][0]["value"] == "BC-1"


async def test_one_decision_moves_many_cases_and_says_how_many(store: Store) -> None:
    step = hold("unknown_product", "Atlas Por", money=EUROS)
    cases = await stopped(store, "1", "2", "3", step=step)
    assert await press(store, "resolve", [one.id for one in cases], words="It is Atlas Pro") == 3
    assert await rows(store, "SELECT 1 FROM messages WHERE text = 'It is Atlas Pro (3 records)'")
    assert len(await claim(store, now=LATER)) == 3


async def test_of_many_cases_those_that_can_move_do(store: Store) -> None:
    step = hold("unknown_product", "Atlas Por")
    first, second = await stopped(store, "1", "2", step=step)
    await press(store, "discard", [first.id])
    assert await press(store, "resolve", [first.id, second.id]) == 1
    assert await state(store, first.delivery_id) == "discarded"


async def test_a_discarded_case_leaves_its_record_alone_for_good(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "discard", [case.id])
    assert await state(store, case.delivery_id) == "discarded"
    assert await claim(store, now=LATER) == []
    with pytest.raises(IllegalMove):
        await store.replay([1], by="UDANA", now=LATER)


async def test_a_replay_of_what_is_on_its_way_already_says_so_and_changes_nothing(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "replay", [case.id])
    with pytest.raises(IllegalMove, match="on its way already"):
        await press(store, "replay", [case.id], by="UBEN")
    assert (await store.case(case.id)).assignee == "UDANA"


async def test_what_is_on_its_way_cannot_be_called_off_any_more(store: Store) -> None:
    first, second = await stopped(store, "1", "2", step=hold("unknown_product", "Atlas Por"))
    await press(store, "replay", [first.id])
    with pytest.raises(IllegalMove, match="on its way already"):
        await press(store, "discard", [first.id], by="UBEN")
    assert await press(store, "discard", [first.id, second.id], by="UBEN") == 1
    assert (await store.case(first.id)).state == "owned"
    assert await state(store, first.delivery_id) == "pending"
    assert await state(store, second.delivery_id) == "discarded"


async def test_a_case_that_is_not_there_is_said_to_be_missing(store: Store) -> None:
    with pytest.raises(IllegalMove, match="no such exception"):
        await press(store, "take", [99])
    with pytest.raises(NotFound):
        await store.case(99)
    with pytest.raises(NotFound):
        await press(store, "explode", [99])


async def test_the_first_answer_stops_the_response_clock_and_later_ones_do_not_move_it(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "take", [case.id])
    await press(store, "hand_over", [case.id], to="UBEN", now=LATER)
    moved = await store.case(case.id)
    assert (moved.assignee, moved.responded_at) == ("UBEN", MONDAY + MINUTE)
    [line] = await rows(store, "SELECT mention FROM messages WHERE mention IS NOT NULL")
    assert line.mention == "UBEN"


async def test_class_a_is_proposed_by_one_and_approved_by_another(store: Store) -> None:
    [case] = await stopped(store, route=CLASS_A)
    await press(store, "propose", [case.id], by="UFAYE", overlays={case.id: (ANSWER,)}, words="BC-1")
    proposed = await store.case(case.id)
    assert (proposed.state, proposed.proposed_by, proposed.proposal) == ("proposed", "UFAYE", (ANSWER,))
    assert await state(store, case.delivery_id) == "held"
    with pytest.raises(NotAllowed, match="their own proposal"):
        await press(store, "approve", [case.id], by="UFAYE")
    assert await claim(store, now=LATER) == []
    await press(store, "approve", [case.id], by="UPRIYA")
    [delivery] = await claim(store, now=LATER)
    assert delivery.overlays == (ANSWER,)
    assert (await store.case(case.id)).decided_by == "UPRIYA"


async def test_nobody_decides_a_class_a_case_alone(store: Store) -> None:
    [case] = await stopped(store, route=CLASS_A)
    with pytest.raises(NotAllowed, match="second person"):
        await press(store, "resolve", [case.id], by="UFAYE")
    assert (await store.case(case.id)).state == "open"
    assert await claim(store, now=LATER) == []


async def test_a_rejected_proposal_goes_back_to_who_made_it_and_decides_nothing(store: Store) -> None:
    [case] = await stopped(store, route=CLASS_A)
    await press(store, "propose", [case.id], by="UFAYE", overlays={case.id: (ANSWER,)})
    await press(store, "reject", [case.id], by="UPRIYA", words="not signed")
    back = await store.case(case.id)
    assert (back.state, back.assignee, back.proposed_by, back.proposal) == ("owned", "UFAYE", "", ())
    assert await rows(store, "SELECT 1 FROM overlays") == []
    assert await claim(store, now=LATER) == []


async def test_a_proposal_can_be_taken_by_nobody_while_it_waits(store: Store) -> None:
    [case] = await stopped(store, route=CLASS_A)
    await press(store, "propose", [case.id], by="UFAYE")
    with pytest.raises(IllegalMove, match=r"already proposed by @\{UFAYE\}"):
        await press(store, "take", [case.id], by="UBEN")


async def test_a_case_that_went_through_by_itself_is_called_resolved_by_nobody(store: Store) -> None:
    [case] = await stopped(store)
    await store.replay([1], by="UDANA", now=MONDAY)
    [delivery] = await claim(store)
    await store.settle(delivery, Deliver(bindings=()), now=MONDAY)
    with pytest.raises(IllegalMove, match=r"EX-1 is already resolved at 09:00 UTC\."):
        await press(store, "take", [case.id])


async def test_a_refused_attempt_is_on_record(store: Store) -> None:
    await store.refuse_press(by="UEVE", verb="resolve", what="cause:1", why="not in this team", now=MONDAY)
    [entry] = await store.entries(noun="press")
    assert (entry.actor, entry.verb, entry.noun_id) == ("UEVE", "refused", "cause:1")
    assert entry.data == {"verb": "resolve", "why": "not in this team"}
