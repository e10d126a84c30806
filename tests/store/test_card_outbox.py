"""Cards follow their causes and messages leave in order; what a crash left in doubt is looked up and not posted twice."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from store.ledger import Store
from sync.model import Card, Message
from tests.store.words import CLASS_A, HOUR, MINUTE, hold, press, rows, stopped
from tests.world import MONDAY

AFTER_LEASE = MONDAY + timedelta(seconds=21)
ATLAS = hold("unknown_product", "Atlas Por")


async def stale(store: Store, *, now: object = MONDAY, **more: object) -> list[Card]:
    return await store.stale_cards(limit=10, now=now, **more)  # type: ignore[arg-type]  # free words of a story


async def shown(store: Store) -> Card:
    """The only stale card, posted as message 1.0."""
    [card] = await stale(store)
    await store.card_posted(card, ts="1.0", now=MONDAY)
    return card


async def waiting(store: Store, *, now: object = MONDAY + HOUR, **more: object) -> list[Message]:
    return await store.next_messages(now=now, **more)  # type: ignore[arg-type]  # free words of a story


async def test_a_new_cause_is_a_stale_card_until_it_is_posted(store: Store) -> None:
    [case] = await stopped(store)
    assert (await store.backlog())["cards"] == 1
    card = await shown(store)
    assert (card.ts, card.channel, card.unsure) == (None, "C1", False)
    assert await stale(store) == []
    assert await store.card_at(case.cause_id) == ("C1", "1.0")
    assert await store.cause_at("C1", "1.0") == case.cause_id
    assert await store.card_version(case.cause_id) == card.cause.version
    assert await store.card_at(99) is None
    assert await store.cause_at("C1", "9.9") is None
    assert await store.card_version(99) == 0


async def test_whatever_happens_to_a_case_makes_its_card_stale(store: Store) -> None:
    [case] = await stopped(store)
    await shown(store)
    await press(store, "take", [case.id])
    [card] = await stale(store)
    assert (card.ts, card.unsure) == ("1.0", False)
    assert card.cause.first[0].state == "owned"


async def test_a_card_is_leased_to_one_poster(store: Store, other: Store) -> None:
    await stopped(store)
    [mine] = await stale(store)
    assert await stale(other) == []
    [theirs] = await stale(other, now=AFTER_LEASE)
    await store.card_posted(mine, ts="1.0", now=AFTER_LEASE)
    assert await store.card_at(mine.cause.id) == ("C1", None)
    await other.card_posted(theirs, ts="2.0", now=AFTER_LEASE)
    assert await store.card_at(mine.cause.id) == ("C1", "2.0")


async def test_posters_that_look_at_once_never_take_the_same_card(store: Store, other: Store) -> None:
    cases = await stopped(store, *(str(number) for number in range(8)))
    looks = await asyncio.gather(*(stale(each) for each in (store, other) * 3))
    taken = [card.cause.id for cards in looks for card in cards]
    assert sorted(taken) == [one.cause_id for one in cases]


async def test_posters_that_look_at_once_never_take_the_same_line(store: Store, other: Store) -> None:
    for number in range(6):
        await store.announce("C9", "digest", f"{number}", now=MONDAY)
    looks = await asyncio.gather(*(waiting(each) for each in (store, other) * 6))
    taken = [line.text for lines in looks for line in lines]
    assert sorted(set(taken)) == sorted(taken)
    left = [line.text for _ in range(6) for line in await waiting(store)]
    assert sorted(taken + left) == [f"{number}" for number in range(6)]


async def test_a_crash_in_the_middle_of_the_first_post_leaves_the_card_unsure(store: Store) -> None:
    await stopped(store)
    await stale(store)
    [again] = await stale(store, now=AFTER_LEASE)
    assert again.unsure


async def test_a_crash_in_the_middle_of_an_edit_is_just_edited_again(store: Store) -> None:
    [case] = await stopped(store)
    await shown(store)
    await press(store, "take", [case.id])
    await stale(store)
    [again] = await stale(store, now=AFTER_LEASE)
    assert (again.unsure, again.ts) == (False, "1.0")


async def test_a_card_that_slack_refused_comes_back_at_its_time(store: Store) -> None:
    await stopped(store)
    [card] = await stale(store)
    await store.card_failed(card, error="ratelimited" * 100, again_at=MONDAY + MINUTE, unsure=False)
    assert await stale(store) == []
    [again] = await stale(store, now=MONDAY + MINUTE)
    assert not again.unsure
    [row] = await rows(store, "SELECT failures, error FROM cards")
    assert (row.failures, len(row.error)) == (1, 500)


async def test_a_card_whose_post_got_no_answer_is_unsure(store: Store) -> None:
    await stopped(store)
    [card] = await stale(store)
    await store.card_failed(card, error="TimeoutError", again_at=MONDAY + MINUTE, unsure=True)
    [again] = await stale(store, now=MONDAY + MINUTE)
    assert again.unsure


async def test_first_posts_wait_for_a_busy_channel_and_edits_for_their_own_pace(store: Store) -> None:
    [case] = await stopped(store)
    assert await stale(store, busy=["C1"]) == []
    await shown(store)
    await press(store, "take", [case.id])
    assert await stale(store, updates=False) == []
    assert len(await stale(store, busy=["C1"])) == 1


async def test_cards_of_other_channels_do_not_wait_for_a_busy_one(store: Store) -> None:
    await stopped(store, "1")
    await stopped(store, "2", route=CLASS_A)
    [card] = await stale(store, busy=["C1"])
    assert card.channel == "C2"


async def test_a_card_that_was_deleted_in_slack_is_posted_anew(store: Store) -> None:
    [case] = await stopped(store)
    await shown(store)
    await store.card_lost("C1", "1.0", now=MONDAY)
    assert await store.card_at(case.cause_id) == ("C1", None)
    assert len(await stale(store)) == 1


async def test_a_card_can_be_drawn_again_although_nothing_changed(store: Store) -> None:
    [case] = await stopped(store)
    await shown(store)
    await store.redraw(case.cause_id, now=MONDAY)
    [card] = await stale(store)
    assert card.ts == "1.0"


async def test_a_threads_lines_wait_for_its_card_and_leave_together(store: Store) -> None:
    [case] = await stopped(store)
    for verb in ("take", "replay"):
        await press(store, verb, [case.id])
    assert await waiting(store) == []
    await shown(store)
    first, second = await waiting(store)
    assert (first.text, second.text) == ("@{UDANA} take", "@{UDANA} replay")
    assert first.thread == "1.0"
    await store.message_posted([first.id, second.id], ts="1.1", now=MONDAY + HOUR)
    assert await waiting(store, now=MONDAY + 2 * HOUR) == []


async def test_lines_of_another_card_are_another_message(store: Store) -> None:
    one, two = await stopped(store, "1", "2")
    for number, case in enumerate((one, two)):
        [card] = [each for each in await stale(store) if each.cause.id == case.cause_id] or [None]
        if card is None:
            [card] = await stale(store, now=AFTER_LEASE)
        await store.card_posted(card, ts=f"{number}.0", now=MONDAY)
    await press(store, "take", [one.id])
    await press(store, "take", [two.id])
    assert [line.cause_id for line in await waiting(store)] == [one.cause_id]
    assert [line.cause_id for line in await waiting(store)] == [two.cause_id]


async def test_a_broadcast_goes_alone_and_in_its_place(store: Store) -> None:
    [case] = await stopped(store)
    await shown(store)
    await press(store, "take", [case.id])
    await store.escalate(now=MONDAY + 24 * HOUR)
    await press(store, "replay", [case.id])
    late = MONDAY + 25 * HOUR
    texts = [[line.text for line in await waiting(store, now=late)] for _ in range(2)]
    assert texts[0] == ["@{UDANA} take", "@{UDANA} replay"]
    assert len(texts[1]) == 1
    assert "deadline" in texts[1][0]


async def test_a_line_whose_fate_is_unknown_comes_back_unsure_and_alone(store: Store) -> None:
    [case] = await stopped(store)
    await shown(store)
    await press(store, "take", [case.id])
    await press(store, "replay", [case.id])
    await waiting(store)
    later = MONDAY + 2 * HOUR
    [first] = await waiting(store, now=later)
    assert first.unsure
    [second] = await waiting(store, now=later)
    assert second.unsure
    assert second.id != first.id


async def test_a_line_that_slack_refused_comes_back_sure_of_itself(store: Store) -> None:
    [case] = await stopped(store)
    await shown(store)
    await press(store, "take", [case.id])
    [line] = await waiting(store)
    await store.message_failed([line.id], error="ratelimited", again_at=MONDAY + 2 * HOUR, unsure=False)
    assert await waiting(store) == []
    [again] = await waiting(store, now=MONDAY + 2 * HOUR)
    assert not again.unsure
    assert (await store.backlog())["messages"] == 1


async def test_a_message_of_its_own_needs_no_card_and_is_put_out_once_per_slot(store: Store) -> None:
    for _ in range(2):
        await store.announce("C9", "digest", "Good morning", now=MONDAY, body={"blocks": []}, once="2026-11-23")
    assert await store.announce("C9", "digest", "Again", now=MONDAY)
    assert await waiting(store, busy=["C9"]) == []
    [first] = await waiting(store)
    assert (first.text, first.body, first.cause_id) == ("Good morning", {"blocks": []}, None)
    [second] = await waiting(store)
    assert second.text == "Again"


async def test_a_card_that_was_just_drawn_rests_however_often_its_cause_changes(store: Store) -> None:
    await stopped(store, step=ATLAS)
    [card] = await stale(store)
    await store.card_posted(card, ts="1.0", now=MONDAY, rest=timedelta(seconds=2))
    await stopped(store, "2", step=ATLAS)  # another record of the same cause
    assert await stale(store, now=MONDAY + timedelta(seconds=1)) == []
    assert len(await stale(store, now=MONDAY + timedelta(seconds=2))) == 1


async def test_what_a_person_changed_is_drawn_at_once(store: Store) -> None:
    [case] = await stopped(store)
    [card] = await stale(store)
    await press(store, "take", [case.id])  # while the card is on its way
    assert await stale(store) == []
    await store.card_posted(card, ts="1.0", now=MONDAY, rest=HOUR)
    [again] = await stale(store)
    assert again.cause.first[0].state == "owned"


async def test_posters_take_one_card_of_each_channel_the_most_urgent_first(store: Store) -> None:
    await stopped(store, "1", "2")
    await stopped(store, "3", route=CLASS_A)
    cards = await stale(store, apart=True)
    assert [card.channel for card in cards] == ["C2", "C1"]
    assert await stale(store, apart=True, held=["C1"]) == []
    assert len(await stale(store, apart=True)) == 1
