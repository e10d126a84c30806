"""A card's menu shows the exception; what was mended by hand is told, stays on record and closes nothing by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from drawings import around, case, cause, entry, many, proposal, refused, resolved, same_as_snapshot

from bot import answers
from bot.sandbox.stage import example
from bot.shortcut_words import REPORT, SHOW
from bot.shortcuts import card_view, report_view, thanks_view
from sync.lifecycle import CaseState
from tests.bot.hands import BEN, DANA, FAYE, SAM, forged, only_cause, refusals, whispers
from tests.bot.test_actions import price_off_list
from tests.bot.test_commands import stopped
from tests.world import World, loaded

TOLD = {"system": "ERP", "what": "Billing code BC-7 entered", "why": "The CRM was locked"}


async def asked_of_card(world: World, user: str) -> dict[str, Any]:
    """What the message shortcut shows this person on the only card."""
    channel, ts = await world.card((await only_cause(world)).id)
    assert (await world.slack.shortcut(user, SHOW, channel=channel, ts=ts)).ok
    await world.slack.wait(lambda: "moment" not in str(world.slack.modals(user)))
    shown: dict[str, Any] = world.slack.modals(user)[-1]
    return shown


async def report(world: World, user: str, **entered: str) -> Any:
    """The dialog of the lightning menu, sent."""
    assert (await world.slack.shortcut(user, REPORT)).ok
    await world.slack.wait(lambda: world.slack.modals(user))
    return await world.slack.submit(user, {**TOLD, **entered})


async def test_a_card_shows_its_exception_to_everybody(world: World) -> None:
    await stopped(world)
    shown = str(await asked_of_card(world, SAM))
    assert all(
        words in shown for words in ("EX-1", "Workstations", "Billing code is missing", "Dana Okafor", "What happened")
    )
    assert "On its card you can: Take it, Hand over, Snooze, Decide, Discard, Replay." in shown


async def test_a_reply_in_its_thread_shows_the_same(world: World) -> None:
    await stopped(world)
    channel, ts = await world.card((await only_cause(world)).id)
    reply = await world.slack.say(BEN, channel, "who looks at it?", thread_ts=ts)
    await world.slack.shortcut(DANA, SHOW, channel=channel, ts=reply.ts)
    await world.slack.wait(lambda: "EX-1" in str(world.slack.modals(DANA)))


async def test_a_message_that_is_no_card_is_answered_kindly(world: World) -> None:
    said = await world.slack.say(BEN, "C0SALESOPS", "lunch?")
    await world.slack.shortcut(DANA, SHOW, channel="C0SALESOPS", ts=said.ts)
    await world.slack.wait(lambda: "no card of an exception" in str(world.slack.modals(DANA)))


async def test_a_shortcut_that_is_none_is_answered(world: World) -> None:
    await world.slack.shortcut(DANA, "made_up")
    direct = world.slack.state.workspace.open_direct((DANA,))
    await world.slack.wait(lambda: any("another version" in one.text for one in world.slack.messages(direct)))
    assert world.slack.trouble == []


async def test_a_manual_fix_is_on_record_in_the_thread_and_counted_and_the_exception_stays_open(world: World) -> None:
    await stopped(world)
    ack = await report(world, SAM, case="EX-1")
    assert ack.ok and "It is on record." in str(world.slack.modals(SAM)[-1])
    await world.work()
    [fix] = await world.store.manual_fixes(world.clock() - timedelta(hours=1))
    assert (fix.case_id, fix.flow, fix.system, fix.by) == (1, "quote_to_cash", "ERP", SAM)
    assert fix.record.startswith("deals:") and fix.what == TOLD["what"] and fix.why == TOLD["why"]
    assert await world.store.manual_fixes(world.clock() + timedelta(hours=1)) == []
    channel, ts = await world.card((await only_cause(world)).id)
    assert any("by hand in ERP: Billing code BC-7 entered" in one.text for one in world.slack.thread(channel, ts))
    assert (await world.only_case()).state == CaseState.OPEN
    assert [one.verb for one in await world.store.entries(noun="fix")] == ["manual_fix"]


async def test_the_same_report_sent_twice_counts_once(world: World) -> None:
    await stopped(world)
    desk = world.parts.homes.desk  # type: ignore[union-attr]
    from bot.clicks import Submission
    from bot.shortcuts import Shortcuts

    values = {name: {"answer": {"value": value}} for name, value in {**TOLD, "case": "EX-1"}.items()}
    sent = Submission(verb="manual_fix", user=DANA, cause=0, version=0, asked="",
                      view={"id": "V1", "state": {"values": values}})  # fmt: skip
    for _ in range(2):
        await Shortcuts(desk=desk).on_submit(sent)
    assert len(await world.store.manual_fixes(world.clock())) == 1


async def test_after_the_report_the_team_replays_and_others_are_told_who_may(world: World) -> None:
    await stopped(world)
    await report(world, SAM, case="EX-1")
    await world.slack.modal_click(SAM, None, "fix_replay")
    await world.slack.wait(lambda: "This is for Sales Operations" in str(world.slack.modals(SAM)[-1]))
    assert await refusals(world) == 1
    await report(world, DANA, case="1")
    await world.slack.modal_click(DANA, None, "fix_replay")
    await world.slack.wait(lambda: "EX-1 is on its way again" in str(world.slack.modals(DANA)[-1]))


async def test_after_the_report_who_leads_discards_it(world: World) -> None:
    await stopped(world)
    await report(world, DANA, case="ex1")
    await world.slack.modal_click(DANA, None, "fix_discard")
    await world.slack.wait(lambda: "EX-1 is discarded" in str(world.slack.modals(DANA)[-1]))
    assert (await world.store.case(1)).decided_by == DANA
    await report(world, DANA, case="EX-1")
    assert "EX-1 is closed already" in str(world.slack.modals(DANA)[-1])


async def test_nobody_discards_class_a_alone_after_a_report(world: World) -> None:
    cause = await price_off_list(world)
    await report(world, FAYE, case=cause.first[0].ref)
    await world.slack.modal_click(FAYE, None, "fix_discard")
    await world.slack.wait(lambda: "(approver)" in str(world.slack.modals(FAYE)[-1]))
    assert await refusals(world) == 1 and (await world.only_case()).state == CaseState.OPEN


@pytest.mark.parametrize(
    ("entered", "field"),
    [({"case": "EX-999999"}, "case"), ({"case": "🦆"}, "case"), ({"case": "x" * 200}, "case"), ({}, "record")],
)
async def test_a_report_about_nothing_is_asked_for_once_more(world: World, entered: dict[str, str], field: str) -> None:
    ack = await report(world, DANA, **entered)
    assert set(ack.errors) == {field}
    assert await world.store.manual_fixes(world.clock() - timedelta(days=1)) == []


async def test_a_made_up_button_of_that_dialog_changes_nothing(world: World) -> None:
    await stopped(world)
    cause = await only_cause(world)
    await forged(world, DANA, cause, "fix_discard", None)
    assert "older version" in whispers(world, DANA)[-1]
    assert (await world.only_case()).state == CaseState.OPEN


OPEN, MANY = cause(case("missing_billing_code")), many("unknown_product")
HISTORY = [entry(1, "engine", "open", reason="missing_billing_code")]
VIEWS = {
    "shown": card_view(OPEN, answers.show(OPEN.first[0], HISTORY, around())["blocks"], around()),
    "shown-many": card_view(MANY, answers.show(MANY.first[0], [], around())["blocks"], around()),
    "shown-proposed": card_view(cause(proposal(case("price_off_list"))), [], around()),
    "report": report_view(loaded(example())),
    "report-about": report_view(loaded(example()), "EX-7"),
    "thanks": thanks_view(None),
    "thanks-open": thanks_view(case("missing_billing_code")),
    "thanks-class-a": thanks_view(case("price_off_list")),
    "thanks-closed": thanks_view(resolved(case("unknown_product"))),
}


@pytest.mark.parametrize("name", VIEWS)
def test_every_dialog(name: str) -> None:
    same_as_snapshot(f"shortcut-{name}", VIEWS[name])


def test_any_words_fit() -> None:
    assert not refused(report_view(loaded(example()), "EX-" + "7" * 12))
