"""Of many processes one acts, of many clicks one counts."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from store.ledger import Store
from tests.world import MONDAY


async def test_of_many_processes_one_acts_on_a_slot(store: Store, other: Store) -> None:
    claims = await asyncio.gather(*(each.claim_tick("digest", "mon", now=MONDAY) for each in (store, other) * 3))
    assert sum(claims) == 1
    assert await store.claim_tick("digest", "tue", now=MONDAY)
    assert await store.claim_tick("poll", "mon", now=MONDAY)
    assert await store.last_tick("digest") == "tue"
    assert await store.last_tick("nothing") is None


async def test_a_click_that_slack_sends_again_counts_once_within_the_day(store: Store) -> None:
    assert await store.press_once("click-1", now=MONDAY)
    assert not await store.press_once("click-1", now=MONDAY + timedelta(hours=23))
    assert await store.press_once("click-1", now=MONDAY + timedelta(hours=25))
    assert await store.press_once("click-2", now=MONDAY)


async def test_what_is_paused_is_listed_until_it_is_resumed(store: Store) -> None:
    assert await store.pause("flow", "bill", by="UDANA", now=MONDAY)
    assert not await store.pause("flow", "bill", by="UBEN", now=MONDAY)
    assert await store.pauses() == [("flow", "bill", "UDANA", MONDAY)]
    assert await store.resume("flow", "bill", by="UBEN", now=MONDAY)
    assert not await store.resume("flow", "bill", by="UBEN", now=MONDAY)
    assert await store.pauses() == []
    assert [(one.verb, one.actor) for one in await store.entries(noun="flow")] == [
        ("resume", "UBEN"), ("pause", "UDANA"),
    ]  # fmt: skip
