"""An outage is one card that tells how it goes and asks nobody; what is held too long expires; what was read is forgotten at night."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.keeping import retire
from bot.poster import CARD_EVENT
from bot.sandbox.slack.values import Message
from store.cases import Press
from tests.bot.hands import DANA, only_cause, press, workspace_with_members
from tests.bot.test_commands import ask
from tests.bot.test_jobs import beat
from tests.store.words import rows
from tests.world import World, small_world

pytestmark = pytest.mark.slow

REVOPS = "C0REVOPS00"


async def down(world: World, deals: int = 12) -> None:
    """Deals are won while the ERP refuses everything, until its breaker opens."""
    world.erp.faults.outage = True
    for number in range(deals):
        company = world.company(f"Customer {number}", vat_id=f"DE{number:09}", domain=f"c{number}.example")
        world.deal(company)
    await world.settle(rounds=8)
    await beat(world)


async def up(world: World, minutes: int = 12) -> None:
    """The ERP is there again, and the clock goes on."""
    world.erp.faults.outage = False
    for _ in range(minutes * 6):
        world.clock.forward(seconds=10)
        await world.deliver()
    await beat(world)


def cards(world: World) -> list[Message]:
    return [one for one in world.slack.messages(REVOPS) if (one.metadata or {}).get("event_type") == CARD_EVENT]


def words(world: World) -> str:
    [card] = cards(world)
    return f"{card.text} {card.blocks}"


def buttons(world: World) -> list[str]:
    [card] = cards(world)
    return [each["action_id"] for block in card.blocks if block["type"] == "actions" for each in block["elements"]]


async def test_an_outage_is_one_card_that_tells_since_when_what_waits_and_when_it_is_tried(world: World) -> None:
    await down(world)
    [breaker] = await world.store.breakers()
    shown = words(world)
    assert "ERP does not answer · erp" in shown and "12 records wait in Quote to cash" in shown
    assert f"<!date^{int(breaker.opened_at.timestamp())}^" in shown
    assert f"<!date^{int(breaker.until.timestamp())}^" in shown


async def test_nobody_is_asked_to_do_what_goes_on_by_itself(world: World) -> None:
    await down(world)
    assert "Nobody has to act" in words(world) and "is asked" not in words(world)
    assert buttons(world) == ["take"]
    assert not [one for one in world.slack.messages(REVOPS) if "<@" in one.text]


async def test_the_card_is_drawn_again_once_a_minute_and_posted_once(world: World) -> None:
    await down(world)
    edits = world.slack.calls["chat.update"]
    world.deal(world.company())
    for second in range(1, 120):
        world.clock.forward(seconds=1)
        await world.deliver()
        if second % 5 == 0:
            await beat(world)
    assert world.slack.calls["chat.update"] - edits == 2
    assert "13 records wait" in words(world)
    assert len(cards(world)) == 1


async def test_the_card_tells_at_once_that_it_answers_again_and_closes_when_its_own_record_is_through(
    world: World,
) -> None:
    await down(world, deals=40)
    world.erp.faults.outage = False
    for _ in range(300):
        world.clock.forward(seconds=1)
        await world.deliver()
        if (await world.store.breakers())[0].closed_at is not None:
            break
    await beat(world)
    assert "ERP answers again · erp" in words(world) and "go out by themselves" in words(world)
    await up(world)
    assert await world.store.exceptions() == []
    assert words(world).startswith("Resolved: ERP answers again · erp. It passed on its own")
    assert len(world.erp.posted()) == 40 and len(cards(world)) == 1


async def test_a_record_that_gave_up_in_an_outage_needs_a_person_and_its_card_says_so(world: World) -> None:
    company = world.company()
    world.deal(company)
    for _ in range(6):  # whenever it is tried the ERP is away, and in between others get through: it gives up
        world.erp.faults.outage = True
        await world.deliver()
        world.erp.faults.outage = False
        world.deal(company)
        await world.deliver()
        world.clock.now = await world.store.next_due(now=world.clock.now) or world.clock.now
    assert [case.reason for case in await world.store.exceptions()] == ["erp_unavailable"]
    await down(world)
    assert "replay" in buttons(world) and "erp does not answer since" in words(world)


async def test_the_breaker_shows_in_slack_and_on_the_command_line(world: World) -> None:
    await down(world)
    assert "*erp* does not answer since" in await ask(world, DANA, "status")
    await up(world)
    assert "does not answer" not in await ask(world, DANA, "status")


async def test_a_case_that_is_held_twice_its_deadline_expires_and_says_so_on_its_card(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    case = await world.only_case()
    world.clock.now = datetime(2026, 11, 30, 14, 29, tzinfo=UTC)  # 48 working hours are over at 15:30 in Berlin
    await beat(world)
    assert (await world.only_case()).level == 2
    world.clock.forward(minutes=1)
    await beat(world)
    assert (await world.only_case()).level == 3 and await world.store.waiting() == []
    [shown] = [one for one in world.slack.messages("C0SALESOPS") if one.ts == (await world.card(case.cause_id))[1]]
    assert "It waited too long for a decision" in str(shown.blocks)
    cause = await only_cause(world)
    assert (await press(world, DANA, cause, "replay")).ok


async def test_what_waits_behind_an_exception_shows_in_slack(world: World) -> None:
    deal = world.deal(world.company(), billing_code="")
    await world.work()
    for number in range(2):
        world.clock.forward(minutes=1)
        world.crm.update("deals", deal, {"dealname": f"Workstations {number}"})
        await world.deliver()
    case = await world.only_case()
    assert f"2 later changes wait behind {case.ref} · " in await ask(world, DANA, "status")


async def test_a_flow_that_wants_the_newest_alone_leaves_the_held_one(tmp_path: Path) -> None:
    company = workspace_with_members(tmp_path / "company")
    flow = company / "flows" / "quote_to_cash.yaml"
    flow.write_text(flow.read_text(encoding="utf-8").replace("retry:", "newest: true\nretry:", 1), encoding="utf-8")
    async with small_world(tmp_path, workspace=company) as world:
        deal = world.deal(world.company(), billing_code="")
        await world.work()
        world.clock.forward(minutes=1)
        world.crm.update("deals", deal, {"billing_code": "BC-1"})
        await world.deliver()
        await beat(world)
        assert len(world.erp.posted()) == 1
        assert await world.store.exceptions() == []


async def test_what_was_read_is_forgotten_in_the_night_after_its_time(world: World) -> None:
    world.deal(world.company())
    await world.work()

    async def kept() -> int:
        query = "SELECT 1 FROM attempts WHERE snapshot IS NOT NULL"
        return len(await rows(world.store, query))

    before = await kept()
    assert before > 0
    world.clock.forward(days=90)
    await beat(world)
    assert await kept() == before
    world.clock.forward(days=1)
    await beat(world)
    assert await kept() == 0


async def test_what_slack_was_told_of_closed_cards_and_the_turns_taken_are_dropped_in_the_night_too(
    world: World,
) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    case = await world.only_case()
    await world.store.act(Press(verb="take", cases=[case.id], by=DANA, words="taken"), now=world.clock())
    discard = Press(verb="discard", cases=[case.id], by=DANA, words="not billed")
    await world.store.act(discard, now=world.clock())
    await world.work()
    for day in range(3):
        await world.store.claim_tick("poll:quote_to_cash", f"{day}", now=world.clock())
        world.clock.forward(days=1)

    async def left() -> tuple[int, int]:
        sent = await rows(world.store, "SELECT 1 FROM messages WHERE kind = 'history' AND ts IS NOT NULL")
        return len(sent), len(await rows(world.store, "SELECT 1 FROM ticks WHERE name = 'poll:quote_to_cash'"))

    assert await left() == (2, 3)
    world.clock.forward(days=8)
    await beat(world)
    assert await left() == (2, 1)
    world.clock.forward(days=91)
    await beat(world)
    assert (await left())[0] == 1  # the number of the last one must not be given away again


@pytest.mark.parametrize("days", [1, 100_000])
async def test_however_long_things_are_kept_a_night_comes_to_its_end(world: World, days: int) -> None:
    held = world.parts.workspace.retention.model_copy(update={"snapshots": timedelta(days=days)})
    workspace = replace(world.parts.workspace, retention=held)
    assert not await retire(world.store, workspace, world.clock())
