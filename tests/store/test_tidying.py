"""What was said in Slack and which turns were taken goes after its time; what is unsent, open or still says who acts next stays."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from store.ledger import Store
from sync.steps import Deliver
from tests.store.words import HOUR, MINUTE, claim, press, rows, sql, stopped
from tests.world import MONDAY

DAY = timedelta(days=1)
LATER = MONDAY + 100 * DAY


async def tidy(store: Store, night: str = "one", now: datetime = LATER) -> None:
    while await store.drop_messages(before=now - 90 * DAY, night=night, now=now):
        pass
    while await store.drop_ticks(before=now - 7 * DAY, night=night, now=now):
        pass


async def say(store: Store, *words: str, now: datetime = MONDAY, sent: bool = True) -> None:
    """Messages of their own, and Slack got them."""
    for word in words:
        await store.announce("C1", "note", word, now=now)
        if sent:
            [message] = await store.next_messages(now=now + MINUTE)
            await store.message_posted([message.id], ts=f"{message.id}", now=now + MINUTE)


async def said(store: Store) -> list[str]:
    return [row.text for row in await rows(store, "SELECT text FROM messages ORDER BY id")]


async def turns(store: Store, name: str) -> list[str]:
    found = await rows(store, "SELECT slot FROM ticks WHERE name = :name ORDER BY claimed_at", name=name)
    return [row.slot for row in found]


async def test_what_slack_got_long_ago_goes_and_what_it_got_lately_stays(store: Store) -> None:
    await say(store, "old", "older")
    await say(store, "late", now=LATER - 90 * DAY - HOUR)
    await say(store, "lately", now=LATER - 90 * DAY)
    await say(store, "now", now=LATER)
    await tidy(store)
    assert await said(store) == ["lately", "now"]


async def test_what_slack_did_not_get_stays_however_old_it_is(store: Store) -> None:
    await say(store, "sent")
    await say(store, "unsent", sent=False)
    [tried] = await store.next_messages(now=MONDAY)
    await store.message_failed([tried.id], error="fatal_error", again_at=LATER, unsure=True)
    await say(store, "last", now=LATER, sent=False)
    await tidy(store)
    assert await said(store) == ["unsent", "last"]
    [unsure] = await store.next_messages(now=LATER)
    assert (unsure.text, unsure.unsure) == ("unsent", True)


async def test_the_history_of_a_card_goes_only_when_the_card_is_closed(store: Store) -> None:
    [case] = await stopped(store)
    await press(store, "take", [case.id], words="taken", now=MONDAY)
    [card] = await store.stale_cards(limit=1, now=MONDAY)
    await store.card_posted(card, ts="1", now=MONDAY)
    [line] = await store.next_messages(now=MONDAY)
    await store.message_posted([line.id], ts="2", now=MONDAY)
    await say(store, "last", now=LATER)
    await tidy(store)
    assert await said(store) == ["taken", "last"]
    await store.replay([1], by="UDANA", now=MONDAY)
    [own] = await claim(store)
    await store.settle(own, Deliver(bindings=()), now=MONDAY)
    await tidy(store, night="two")
    left = await said(store)
    assert "taken" not in left and any("went through" in one for one in left)  # that line is unsent
    assert (await store.case(case.id)).decision == "The record went through."


async def test_the_number_of_a_message_is_never_given_away_again(store: Store) -> None:
    await say(store, "one", "two")
    await tidy(store)
    await say(store, "three", now=LATER)
    assert [row.id for row in await rows(store, "SELECT id FROM messages ORDER BY id")] == [2, 3]


async def test_turns_that_were_followed_by_another_go_and_the_last_of_each_name_stays(store: Store) -> None:
    for day in range(10):
        for name in ("poll:a", "digest:finance"):
            assert await store.claim_tick(name, f"{day}", now=LATER - 10 * DAY + day * DAY)
    assert await store.claim_tick("poll:monthly", "7", now=MONDAY)
    await tidy(store)
    assert await turns(store, "poll:a") == await turns(store, "digest:finance") == [f"{day}" for day in range(3, 10)]
    assert await turns(store, "poll:monthly") == ["7"]
    assert not await store.claim_tick("poll:monthly", "7", now=LATER)


async def test_a_silence_that_was_told_of_is_known_until_it_is_over(store: Store) -> None:
    for channel, since in (("C1", MONDAY), ("C2", MONDAY + DAY)):
        assert await store.tell_silence(channel, "silent", {}, since=since, now=since)
    await tidy(store)
    assert (await store.pulse()).told == {"C1": MONDAY, "C2": MONDAY + DAY}


async def test_what_was_noted_for_the_card_of_an_outage_goes(store: Store) -> None:
    await store.claim_tick("outage:1", "last", now=MONDAY)
    await store.claim_tick("outage:2", "last", now=LATER)
    await tidy(store)
    assert (await turns(store, "outage:1"), await turns(store, "outage:2")) == ([], ["last"])


@pytest.mark.parametrize("many", [999, 1000, 2001])
async def test_a_night_drops_a_thousand_at_a_time_and_comes_to_its_end(store: Store, many: int) -> None:
    await say(store, "first", "last")
    copy = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :many) INSERT INTO messages "
        "(channel, kind, text, at, due_at, posted_at, ts) SELECT channel, kind, text, at, due_at, posted_at, ts FROM messages, n "
        "WHERE id = 1"
    )
    await sql(store, copy, many=many)
    rounds = 1
    while await store.drop_messages(before=LATER, night="one", now=LATER):
        rounds += 1
    assert rounds == (many + 1) // 1000 + 1
    assert len(await said(store)) == 1
    await say(store, "much later", now=LATER)
    assert not await store.drop_messages(before=LATER + DAY, night="one", now=LATER)
    assert len(await said(store)) == 2


async def test_of_many_processes_each_goes_on_where_another_stopped(store: Store, other: Store) -> None:
    await say(store, *(f"{number}" for number in range(20)))
    await asyncio.gather(*(tidy(each) for each in (store, other, store, other)))
    assert len(await said(store)) == 1
    lines = await store.entries(noun="messages")
    assert sum(line.data["dropped"] for line in lines) == 19
    assert (await store.verify_journal())[1] is None
