"""Stopping the clock of a card and letting it run again, as people do it in Slack."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from drawings import BEN as DRAWN_BEN
from drawings import DANA as DRAWN_DANA
from drawings import NOW, around, case, cause, entries, many, same_as_snapshot

from bot.cards import card
from bot.pause_views import pause_view
from sync.ladder import Rung
from sync.model import Cause
from sync.pausing import ClockPause
from tests.bot.hands import (
    BEN,
    DANA,
    FAYE,
    GUS,
    PRIYA,
    choose,
    forged,
    only_cause,
    press,
    refusals,
    sent,
    value,
    whispers,
)
from tests.world import World

LADDER = (
    Rung(to="backup", people=(DRAWN_BEN,)),
    Rung(to="approvers", people=("U0PRIYA001",), wait=timedelta(hours=4)),
    Rung(to="channel", wait=timedelta(hours=4)),
)


def stopped(of: Cause, note: str = "", *, all_of_them: bool = True) -> Cause:
    """The card with its clock standing still."""
    pauses = tuple(
        ClockPause(case_id=one.id, why="customer_waiting", note=note, by=DRAWN_DANA, since=NOW - timedelta(hours=2),
                   until=NOW + timedelta(days=2))
        for one in of.first[: None if all_of_them else 2]
    )  # fmt: skip
    first = tuple(
        replace(one, paused_at=NOW - timedelta(hours=2)) if one.id in {p.case_id for p in pauses} else one
        for one in of.first
    )
    return replace(of, pauses=pauses, first=first, nearest=None if all_of_them else of.nearest)


def test_a_card_whose_clock_stands_still_says_why_since_when_and_by_whom() -> None:
    drawn = card(stopped(cause(case("unknown_product")), "they look for the purchase order"), around())
    same_as_snapshot("card-state-paused", drawn)
    assert "its clock stands still" in drawn["text"] and "Late" not in str(drawn)
    assert "Stop the clock" not in entries(drawn)


def test_a_card_of_many_says_how_many_clocks_stand_still() -> None:
    same_as_snapshot("card-state-paused-some", card(stopped(many("unknown_product"), all_of_them=False), around()))
    same_as_snapshot("card-state-paused-many", card(stopped(many("unknown_product")), around()))


def test_a_late_card_names_who_is_asked_now() -> None:
    for rung, words in ((1, "Ben Ortiz is the backup"), (2, "Priya Raman is an approver"), (3, "The whole channel is")):
        late = case("unknown_product", level=1, ladder=LADDER, rung=rung)
        drawn = card(cause(late), around())
        assert words in str(drawn)
        same_as_snapshot(f"card-state-asked-{rung}", drawn)


def test_the_dialog_asks_why_and_for_how_long() -> None:
    same_as_snapshot("modal-pause-clock", pause_view(cause(case("unknown_product")), around()))


def test_what_waits_for_approval_or_goes_on_by_itself_has_no_clock_to_stop() -> None:
    assert "Stop the clock" in entries(card(cause(case("unknown_product")), around()))
    assert "Stop the clock" not in entries(card(cause(case("unknown_product", state="proposed")), around()))


def picked(why: str = "customer_waiting", days: str = "3", note: str = "asked by mail") -> dict[str, Any]:
    return {
        "why": {"type": "static_select", "selected_option": {"value": why}},
        "until": {"type": "static_select", "selected_option": {"value": days}},
        "note": {"type": "plain_text_input", "value": note},
    }


async def waiting(world: World, *, grave: bool = False) -> Cause:
    if grave:
        world.deal(world.company(), [("Atlas Pro", 1, "990.00")])
    else:
        world.deal(world.company(), billing_code="")
    await world.work()
    return await only_cause(world)


async def test_a_clock_is_stopped_from_the_menu_and_runs_again_by_the_button(world: World) -> None:
    cause = await waiting(world)
    before = await world.only_case()
    assert (await choose(world, DANA, cause, "pause_clock")).ok
    assert (await world.slack.submit(DANA, {"why": "customer_waiting", "until": "3", "note": "asked by mail"})).ok
    await world.work()
    channel, ts = await world.card(cause.id)
    shown = next(one for one in world.slack.messages(channel) if one.ts == ts)
    assert "The clock stands still" in str(shown.blocks) and "asked by mail" in str(shown.blocks)
    world.clock.now = before.resolve_by + timedelta(hours=1)
    await world.parts.jobs.beat()
    assert (await world.only_case()).level == 0 and await world.store.holds() == []
    assert (await press(world, BEN, await only_cause(world), "resume_clock")).ok
    await world.work()
    assert (await world.only_case()).resolve_by > before.resolve_by
    assert "lets the clock run again" in world.slack.thread(channel, ts)[-1].text


async def test_a_forgotten_pause_ends_by_itself(world: World) -> None:
    cause = await waiting(world)
    assert (await sent(world, DANA, value(cause, verb="pause_clock"), picked(days="1"))).ok
    world.clock.forward(days=1)
    await world.parts.jobs.beat()
    assert (await world.only_case()).paused_at is None


async def test_class_a_is_stopped_by_an_approver_only(world: World) -> None:
    cause = await waiting(world, grave=True)
    for user in (FAYE, GUS, DANA):
        answer = await sent(world, user, value(cause, verb="pause_clock"), picked())
        assert "Priya Raman (approver)" in str(answer.body)
    assert (await world.only_case()).paused_at is None and await refusals(world) == 3
    assert (await sent(world, PRIYA, value(cause, verb="pause_clock"), picked())).ok
    assert (await world.only_case()).paused_at is not None


@pytest.mark.parametrize("verb", ["pause_clock", "resume_clock"])
async def test_a_stranger_touches_no_clock(world: World, verb: str) -> None:
    cause = await waiting(world)
    assert (await forged(world, GUS, cause, verb)).ok
    assert "This is for Sales Operations" in whispers(world, GUS)[-1]
    assert await refusals(world) == 1


async def test_without_a_reason_the_clock_runs(world: World) -> None:
    cause = await waiting(world)
    answer = await sent(world, DANA, value(cause, verb="pause_clock"), picked(why="lunch"))
    assert "Please choose why" in str(answer.body)
    assert (await world.only_case()).paused_at is None


async def test_a_dialog_that_comes_too_late_is_told_so(world: World) -> None:
    cause = await waiting(world)
    carries = value(cause, verb="pause_clock")
    assert (await sent(world, DANA, carries, picked())).ok
    assert "stands still already" in str((await sent(world, BEN, carries, picked())).body)
    [case] = await world.store.exceptions()
    await world.store.resume_clocks([case.id], by=DANA, now=world.clock())
    assert (await forged(world, BEN, await only_cause(world), "resume_clock")).ok
    assert "runs already" in whispers(world, BEN)[-1]
