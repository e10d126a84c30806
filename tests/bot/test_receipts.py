"""Whoever works next hears quietly what was billed, once an hour; whoever asked for it gets a digest of their own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from drawings import DANA, NOW, around, same_as_snapshot

from bot.receipts import receipt_message
from bot.sandbox.slack.values import Message
from sync.money import Money
from sync.preferences import Preferences
from sync.receipts import Receipt, since_of
from tests.bot.hands import only_cause, press
from tests.bot.test_packs import decided, fact
from tests.world import World

pytestmark = pytest.mark.slow

FINANCE, TEN = "C0FINANCE0", datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # 10:00 in Berlin
RECEIPT = Receipt(
    flow="quote_to_cash", title="Quote to cash", entity="invoice", posted=True, since=NOW - timedelta(minutes=90),
    until=NOW, count=14, more=False, sums=(Money(currency="EUR", minor=12_040_000),), unknown=1,
    eased=tuple(decided(fact(number, "missing_billing_code"), timedelta(hours=1)) for number in range(1, 8)),
)  # fmt: skip


def receipts(world: World) -> list[Message]:
    return [one for one in world.slack.messages(FINANCE) if "a receipt" in str(one.blocks)]


async def beat(world: World) -> None:
    await world.parts.jobs.beat()
    await world.work()


def test_a_receipt_is_one_line_for_many_and_names_those_that_had_been_stopped() -> None:
    drawn = receipt_message(RECEIPT, "Europe/Berlin", around())
    assert drawn is not None
    same_as_snapshot("receipt", drawn)
    assert drawn["text"] == (
        "Quote to cash: 14 invoices posted since 09:00, 120,400.00 EUR. The amount of 1 cannot be told. 7 records that had been "
        "stopped went through: EX-1 and 6 more."
    )
    assert "4 seconds after Faye Lindqvist decided" in str(drawn["blocks"]) and "<@" not in str(drawn)
    same_as_snapshot(
        "receipt-one", receipt_message(replace(RECEIPT, count=1, unknown=0, eased=()), "UTC", around()) or {}
    )
    assert receipt_message(replace(RECEIPT, count=0, eased=()), "UTC", around()) is None


async def test_the_next_owner_hears_once_an_hour_what_was_posted_and_nothing_of_an_hour_without(world: World) -> None:
    company = world.company()
    for _ in range(3):
        world.deal(company)
    await world.settle()
    await beat(world)
    assert receipts(world) == []
    world.clock.now = TEN + timedelta(hours=1)
    await asyncio.gather(*(world.parts.jobs.beat() for _ in range(3)))
    await beat(world)
    [told] = receipts(world)
    assert told.text == "Quote to cash: 3 invoices posted since 10:00, 14,940.00 EUR."
    for hours in (2, 3, 9):
        world.clock.now = TEN + timedelta(hours=hours)
        await beat(world)
    assert len(receipts(world)) == 1


async def test_what_was_decided_counts_with_the_amount_that_was_decided_and_how_long_it_took(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    await press(world, DANA, await only_cause(world), "resolve")
    assert (await world.slack.submit(DANA, {"q0": "BC-7"})).ok
    world.clock.forward(seconds=4)
    await world.work()
    world.clock.now = TEN + timedelta(hours=1)
    await beat(world)
    [told] = receipts(world)
    assert told.text.endswith("1 record that had been stopped went through: EX-1.")
    assert "4 seconds after Dana Okafor decided" in str(told.blocks)


async def test_whoever_asked_for_it_gets_their_own_digest_at_their_own_time_and_nobody_else_does(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    wanted = Preferences(user=DANA, digest=True, digest_at=time(7, 0), timezone="America/New_York")
    world.clock.now = datetime(2026, 11, 24, 11, 59, tzinfo=UTC)  # 6:59 in New York
    await world.store.claim_tick(f"digest:{DANA}", "2026-11-23", now=world.clock())
    await world.store.set_preferences(wanted, now=world.clock())
    await beat(world)
    assert mine(world) == []
    for minutes in (1, 2, 60):
        world.clock.now = datetime(2026, 11, 24, 11, 59, tzinfo=UTC) + timedelta(minutes=minutes)
        await beat(world)
    [told] = mine(world)
    assert told.text.startswith("Your digest: 1 exception waits for you") and "EX-1" in told.text


def mine(world: World) -> list[Message]:
    found = [one for channel in list(world.slack.state.workspace.direct) for one in world.slack.messages(channel)]
    return [one for one in found if one.text.startswith("Your digest")]


def test_a_receipt_goes_on_where_the_last_one_ended_but_no_further_back_than_a_week() -> None:
    assert since_of(None, TEN, "hour") == TEN - timedelta(hours=1)
    assert since_of((TEN - timedelta(hours=5)).isoformat(), TEN, "hour") == TEN - timedelta(hours=5)
    assert since_of((TEN - timedelta(days=30)).isoformat(), TEN, "day") == TEN - timedelta(days=7)
