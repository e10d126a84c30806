"""What happens by itself: clocks, snoozes, digests and polls, each once, on the owner's calendar."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest

from bot.sandbox.slack.values import Message
from bot.slots import last_slot
from tests.bot.hands import BEN, DANA, GUS, choose, only_cause, press
from tests.world import World

FRIDAY_EVENING = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)  # 17:00 in Berlin, half an hour before the weekend
MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


async def beat(world: World) -> None:
    await world.parts.jobs.beat()
    await world.work()


def digests(world: World, channel: str = "C0SALESOPS") -> list[Message]:
    return [one for one in world.slack.messages(channel) if "Digest" in one.text]


async def stopped_at(world: World, moment: datetime | None = None) -> None:
    if moment is not None:
        world.clock.now = moment
    world.deal(world.company(), billing_code="")
    await world.work()


@pytest.mark.slow
async def test_a_case_of_friday_evening_is_late_on_monday_and_not_at_the_weekend(world: World) -> None:
    await stopped_at(world, FRIDAY_EVENING)
    case = await world.only_case()
    assert case.respond_by == datetime(2026, 11, 30, 11, 30, tzinfo=UTC)  # half an hour on Friday, the rest on Monday
    for moment in (FRIDAY_EVENING + timedelta(hours=6), MONDAY - timedelta(hours=12), MONDAY + timedelta(hours=11)):
        world.clock.now = moment
        await beat(world)
        assert (await world.only_case()).level == 0
    world.clock.now = case.respond_by
    await beat(world)
    assert (await world.only_case()).level == 1


async def test_the_backup_alone_is_mentioned_and_the_channel_hears_it_once(world: World) -> None:
    await stopped_at(world)
    world.clock.now = (await world.only_case()).respond_by
    for _ in range(3):
        await beat(world)
    said = [one for one in world.slack.messages("C0SALESOPS") if one.broadcast]
    assert len(said) == 1 and said[0].text.startswith(f"<@{BEN}> ") and said[0].text.count("<@") == 1
    assert "Nobody responded in time" in str(world.slack.messages("C0SALESOPS")[0].blocks)


async def test_somebody_who_responded_is_not_chased_before_the_deadline(world: World) -> None:
    await stopped_at(world)
    await press(world, DANA, await only_cause(world), "take")
    case = await world.only_case()
    world.clock.now = case.resolve_by - timedelta(minutes=1)
    await beat(world)
    assert (await world.only_case()).level == 0
    world.clock.now = case.resolve_by
    await beat(world)
    assert (await world.only_case()).level == 2


async def test_a_missed_deadline_holds_the_billing_of_the_customer_until_it_is_released(world: World) -> None:
    company = world.company()
    world.deal(company, billing_code="")
    await world.work()
    cause = await only_cause(world)
    world.clock.now = (await world.only_case()).resolve_by
    await beat(world)
    [hold] = await world.store.holds()
    assert hold.key == company and hold.placed_by == "clock"
    world.deal(company)
    await world.work()
    assert world.erp.posted() == []
    assert (await press(world, DANA, cause, "release")).ok
    assert (await world.slack.submit(DANA, {"note": "they paid"})).ok
    await world.work()
    assert len(world.erp.posted()) == 1 and await world.store.holds() == []
    assert (await world.store.hold(hold.id)).released_by == DANA


async def test_of_two_who_release_at_once_one_counts_and_the_other_is_told(world: World) -> None:
    await stopped_at(world)
    cause = await only_cause(world)
    world.clock.now = (await world.only_case()).resolve_by
    await beat(world)
    for user in (DANA, BEN):
        assert (await press(world, user, cause, "release")).ok
    acks = await asyncio.gather(*(world.slack.submit(user, {"note": "paid"}) for user in (DANA, BEN)))
    told = [ack for ack in acks if "released already" in str(ack.body)]
    assert len(told) == 1
    releases = [entry for entry in await world.store.entries(noun="hold") if entry.verb == "release"]
    assert len(releases) == 1


async def test_class_a_runs_round_the_clock(world: World) -> None:
    world.clock.now = FRIDAY_EVENING
    world.deal(world.company(), [("Atlas Pro", 1, "990.00")])
    await world.work()
    world.clock.forward(hours=1)
    await beat(world)
    [said] = [one for one in world.slack.messages("C0FINANCE0") if one.broadcast]
    assert said.text.startswith(f"<@{GUS}> ")


async def test_a_snooze_that_is_over_mentions_who_has_it(world: World) -> None:
    await stopped_at(world)
    cause = await only_cause(world)
    await press(world, DANA, cause, "take")
    await choose(world, DANA, cause, "snooze")
    await world.slack.submit(DANA, {"until": "1"})
    world.clock.forward(minutes=59)
    await beat(world)
    assert (await world.only_case()).state == "snoozed"
    world.clock.forward(minutes=1)
    await beat(world)
    assert (await world.only_case()).state == "open"
    channel, ts = await world.card(cause.id)
    last = world.slack.thread(channel, ts)[-1]
    assert last.text == f"<@{DANA}> The snooze is over." and not last.broadcast


async def test_a_digest_goes_out_once_a_day_of_the_teams_calendar(world: World) -> None:
    await beat(world)
    await stopped_at(world)
    tuesday = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)  # 8:30 in Berlin
    world.clock.now = tuesday - timedelta(minutes=1)
    await beat(world)
    assert digests(world) == []
    for minutes in (0, 5, 60 * 12):
        world.clock.now = tuesday + timedelta(minutes=minutes)
        await beat(world)
    [digest] = digests(world)
    assert "Sales Operations" in digest.text and "1" in digest.text
    for channel in ("C0FINANCE0", "C0MKTGOPS0", "C0CRMOPS00", "C0REVOPS00"):
        assert digests(world, channel) == [], "a team in which nothing happened hears nothing"
    assert world.slack.refused == []


async def test_a_digest_that_was_missed_is_sent_at_the_next_beat_once(world: World) -> None:
    await stopped_at(world)
    world.clock.now = datetime(2026, 11, 26, 15, 0, tzinfo=UTC)
    await asyncio.gather(*(world.parts.jobs.beat() for _ in range(3)))
    await world.work()
    assert len(digests(world)) == 1


async def test_nothing_to_say_is_not_said(world: World) -> None:
    for _ in range(3):
        world.clock.forward(days=1)
        await beat(world)
    assert world.slack.calls["chat.postMessage"] == 0


async def test_a_poll_reads_once_in_each_interval_whoever_asks(world: World) -> None:
    world.crm.webhooks.subscriptions.clear()
    world.deal(world.company())
    await asyncio.gather(*(world.parts.jobs.poll_due() for _ in range(4)))
    asked = len(world.crm.request_log)
    await world.parts.jobs.poll_due()
    assert len(world.crm.request_log) == asked > 0
    await world.work()
    assert len(world.erp.posted()) == 1
    asked = len(world.crm.request_log)
    world.clock.forward(minutes=5)
    await world.parts.jobs.poll_due()
    assert len(world.crm.request_log) > asked
    await world.work()
    assert len(world.erp.posted()) == 1


async def test_a_paused_flow_is_not_polled(world: World) -> None:
    await world.store.pause("flow", "quote_to_cash", by=DANA, now=world.clock())
    await world.parts.jobs.poll_due()
    assert world.crm.request_log == []
    await world.store.resume("flow", "quote_to_cash", by=DANA, now=world.clock())
    await world.parts.jobs.poll_due()
    assert world.crm.request_log != []


async def test_a_source_that_is_down_is_asked_again_in_the_next_interval(world: World) -> None:
    world.crm.webhooks.subscriptions.clear()
    world.deal(world.company())
    token, world.crm.token = world.crm.token, "another"
    await world.parts.jobs.poll_due()
    world.crm.token = token
    world.clock.forward(minutes=5)
    await world.parts.jobs.poll_due()
    await world.work()
    assert len(world.erp.posted()) == 1


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (datetime(2026, 11, 24, 7, 29, tzinfo=UTC), datetime(2026, 11, 23, 7, 30, tzinfo=UTC)),
        (datetime(2026, 11, 24, 7, 30, tzinfo=UTC), datetime(2026, 11, 24, 7, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 23, 0, tzinfo=UTC), datetime(2026, 7, 1, 6, 30, tzinfo=UTC)),
        (datetime(2026, 10, 25, 8, 0, tzinfo=UTC), datetime(2026, 10, 25, 7, 30, tzinfo=UTC)),
    ],
)
def test_the_slot_is_the_latest_half_past_eight_of_the_wall_clock_in_berlin(now: datetime, slot: datetime) -> None:
    assert last_slot(now, time(8, 30), "Europe/Berlin") == slot
