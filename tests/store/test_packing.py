"""The outbox of packs: once per kind and slot, one sender at a time, and whoever lost its lease writes nothing any more."""

from __future__ import annotations

from datetime import timedelta

from store.ledger import Store
from sync.sending_packs import FileState, SentFile
from tests.store.words import MINUTE, rows
from tests.world import MONDAY

FILES = (SentFile(name="a.png", alt="down", content=b"x"), SentFile(name="b.csv", alt="", content=b"y"))


async def put(store: Store, slot: str = "2026-11-23") -> bool:
    return await store.put_pack("weekly", slot, "C1", {"text": "t", "blocks": []}, FILES, now=MONDAY)


async def test_a_pack_is_put_once_per_kind_and_slot_whoever_asks(store: Store, other: Store) -> None:
    assert [await put(store), await put(other), await put(store, "2026-11-30")] == [True, False, True]
    assert await store.has_pack("weekly", "2026-11-23") and not await store.has_pack("monthly", "2026-11-23")
    assert await store.packs_left() == 2


async def test_one_sends_at_a_time_and_one_that_died_in_the_middle_is_taken_over_in_doubt(
    store: Store, other: Store
) -> None:
    await put(store)
    first = await store.next_pack(now=MONDAY)
    assert first is not None and not first.unsure and [one.name for one in first.files] == ["a.png", "b.csv"]
    assert await other.next_pack(now=MONDAY + MINUTE) is None
    second = await other.next_pack(now=MONDAY + 3 * MINUTE)
    assert second is not None and second.unsure, "its message may be in Slack already"
    assert not await store.pack_posted(first, ts="1.0", now=MONDAY)
    assert not await store.keep_file(first, "a.png", state=FileState.SENT, file_id="F1")
    assert not await store.pack_failed(first, error="x", again_at=MONDAY, unsure=False)
    assert await other.keep_file(second, "a.png", state=FileState.SENT, file_id="F2")
    assert await other.pack_posted(second, ts="2.0", now=MONDAY)
    assert not await store.pack_done(first) and await other.pack_done(second)
    assert await other.next_pack(now=MONDAY + timedelta(days=1)) is None
    assert [row.content for row in await rows(store, "SELECT content FROM pack_files")] == [None, None]
    verbs = [one.verb for one in await store.entries(noun="pack")]
    assert sorted(verbs) == ["make", "post"]


async def test_a_refused_pack_waits_and_keeps_what_is_there(store: Store) -> None:
    await put(store)
    post = await store.next_pack(now=MONDAY)
    assert post is not None
    await store.keep_file(post, "a.png", state=FileState.WAITING, file_id="F1")
    await store.pack_failed(post, error="ratelimited", again_at=MONDAY + MINUTE, unsure=False)
    assert await store.next_pack(now=MONDAY) is None
    again = await store.next_pack(now=MONDAY + MINUTE)
    assert again is not None and (again.failures, again.unsure, again.files[0].file_id) == (1, False, "F1")
