"""Who may press what, what a press leads to, and what is answered when it leads nowhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.carried import Carried, carry
from sync.model import Case, Cause
from tests.bot.hands import (
    BEN,
    DANA,
    FAYE,
    GUS,
    MIRA,
    PRIYA,
    SAM,
    choose,
    forged,
    only_cause,
    press,
    refusals,
    resolving,
    sent,
    typed,
    value,
    whispers,
    workspace_with_members,
)  # fmt: skip
from tests.world import World, small_world

TEAM_VERBS, LEAD_VERBS, APPROVER_VERBS = (
    ("take", "replay", "snooze", "hand_over"),
    ("resolve", "discard", "suggest"),
    ("approve", "reject"),
)
DIALOGS = {
    "resolve": {"q0": typed("BC-DE-2002")},
    "snooze": {"until": {"type": "static_select", "selected_option": {"value": "1"}}},
    "hand_over": {"person": {"type": "users_select", "selected_user": BEN}},
    "discard": {"note": typed("sold twice")},
    "reject": {"note": typed("too cheap")},
    "release": {"note": typed("they paid")},
}
OFF_LIST = [("Atlas Pro", 2, "990.00")]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with small_world(tmp_path, workspace=workspace_with_members(tmp_path / "company")) as built:
        yield built


async def missing_code(world: World) -> Cause:
    """A deal without its billing code: a card of Sales Operations, class B."""
    company = world.company(vat_id=f"DE{len(world.crm.companies()):09}", domain=f"{len(world.crm.companies())}.example")
    world.deal(company, billing_code="")
    await world.work()
    return await only_cause(world)


async def price_off_list(world: World) -> Cause:
    """A price that nobody agreed to: a card of Billing, class A, which needs two people."""
    world.deal(world.company(), OFF_LIST)
    await world.work()
    return await only_cause(world)


async def proposal(world: World) -> Cause:
    """The same with a proposal of Faye's."""
    cause = await price_off_list(world)
    await press(world, FAYE, cause, "resolve")
    assert (await world.slack.submit(FAYE, {"q0": "accept"})).ok
    await world.work()
    return await only_cause(world)


def refused_words(ack_body: dict[str, object]) -> str:
    assert ack_body["response_action"] == "update"
    return str(ack_body["view"])


async def state(world: World) -> list[Case]:
    return list(await world.store.exceptions(everything=True))


async def test_whoever_has_no_right_is_told_who_has_and_changes_nothing(world: World) -> None:
    cause = await missing_code(world)
    before = await state(world)
    outsiders = [
        (user, verb) for user in (SAM, MIRA) for verb in (*TEAM_VERBS, *LEAD_VERBS, *APPROVER_VERBS, "release")
    ]
    too_little = [(GUS, verb) for verb in (*LEAD_VERBS, *APPROVER_VERBS, "release")]
    no_approver = [(user, verb) for user in (DANA, BEN) for verb in APPROVER_VERBS]
    for count, (user, verb) in enumerate([*outsiders, *too_little, *no_approver], 1):
        ack = await forged(world, user, cause, verb, value(cause, candidate="BC-1") if verb == "suggest" else None)
        assert ack.ok, (user, verb, ack)
        told = whispers(world, user)[-1]
        assert "Priya Raman" in told and "Nothing was changed" in told, (user, verb, told)
        assert ("Dana Okafor" in told) is (verb not in APPROVER_VERBS)
        assert await refusals(world) == count
    assert await state(world) == before
    assert world.slack.modals(SAM) == [] == world.slack.modals(MIRA)
    assert world.slack.trouble == [] and world.slack.refused == []


async def test_a_dialog_sent_without_the_right_is_refused_like_a_press(world: World) -> None:
    cause = await missing_code(world)
    before = await state(world)
    outsiders = [(user, verb) for user in (SAM, MIRA) for verb in DIALOGS]
    too_little = [(GUS, verb) for verb in ("resolve", "discard", "reject", "release")]
    for count, (user, verb) in enumerate([*outsiders, *too_little, (DANA, "reject"), (BEN, "reject")], 1):
        ack = await sent(world, user, value(cause, verb=verb), DIALOGS[verb])
        assert ack.ok, (user, verb, ack)
        assert "Priya Raman" in refused_words(ack.body), (user, verb)
        assert await refusals(world) == count
    assert await state(world) == before
    assert world.erp.posted() == []


@pytest.mark.parametrize("user", [GUS, DANA, BEN, PRIYA], ids=["member", "owner", "backup", "approver"])
@pytest.mark.slow
async def test_the_team_takes_replays_snoozes_and_hands_over(world: World, user: str) -> None:
    cause = await missing_code(world)
    assert (await press(world, user, cause, "take")).ok
    case = await world.only_case()
    assert (case.state, case.assignee) == ("owned", user)
    assert (await choose(world, user, cause, "hand_over")).ok
    assert (await world.slack.submit(user, {"person": BEN})).ok
    assert (await world.only_case()).assignee == BEN
    assert (await choose(world, user, cause, "snooze")).ok
    assert (await world.slack.submit(user, {"until": "4"})).ok
    case = await world.only_case()
    assert case.state == "snoozed" and case.snoozed_until is not None and case.snoozed_until > world.clock()
    await world.work()
    assert (await forged(world, user, cause, "replay")).ok
    await world.work()
    assert (await world.only_case()).attempts == 2
    assert await refusals(world) == 0 and world.slack.refused == []


@pytest.mark.parametrize("user", [DANA, BEN, PRIYA], ids=["owner", "backup", "approver"])
@pytest.mark.slow
async def test_owner_backup_and_approver_resolve_and_discard(world: World, user: str) -> None:
    resolved = await missing_code(world)
    assert (await press(world, user, resolved, "resolve")).ok
    assert (await world.slack.submit(user, {"q0": "BC-DE-2002"})).ok
    await world.work()
    [invoice] = world.erp.posted()
    assert invoice["billing_code"] == "BC-DE-2002"
    discarded = await missing_code(world)
    assert (await choose(world, user, discarded, "discard")).ok
    assert (await world.slack.submit(user, {"note": "sold twice"})).ok
    await world.work()
    assert await world.store.exceptions() == [] and len(world.erp.posted()) == 1
    assert await refusals(world) == 0 and world.slack.refused == []


@pytest.mark.parametrize("user", [DANA, BEN, PRIYA], ids=["owner", "backup", "approver"])
async def test_the_suggested_value_is_one_press(world: World, user: str) -> None:
    world.deal(world.company(), [("AtlasPro", 2, "2490.00")])
    await world.work()
    assert (await press(world, user, await only_cause(world), "suggest")).ok
    await world.work()
    [invoice] = world.erp.posted()
    assert invoice["lines"][0]["product_code"] == "Atlas Pro"


async def test_a_made_up_suggestion_decides_nothing(world: World) -> None:
    world.deal(world.company(), [("AtlasPro", 2, "2490.00")])
    await world.work()
    cause = await only_cause(world)
    for candidate in ("Harbor Max", "", "AtlasPro"):
        carries = f'{{"cause":{cause.id},"version":{cause.version},"candidate":"{candidate}"}}'
        assert (await forged(world, DANA, cause, "suggest", carries)).ok
        assert "changed since it was drawn" in whispers(world, DANA)[-1]
    assert (await world.only_case()).state == "open"


async def test_nobody_approves_their_own_proposal(world: World) -> None:
    cause = await price_off_list(world)
    await press(world, PRIYA, cause, "resolve")
    assert (await world.slack.submit(PRIYA, {"q0": "accept"})).ok
    await world.work()
    assert (await press(world, PRIYA, await only_cause(world), "approve")).ok
    assert "Nobody approves their own proposal" in whispers(world, PRIYA)[-1]
    assert (await world.only_case()).state == "proposed" and world.erp.posted() == []
    assert await refusals(world) == 1


async def test_class_a_takes_two_people_and_then_bills(world: World) -> None:
    cause = await proposal(world)
    assert world.erp.posted() == []
    assert (await press(world, PRIYA, cause, "approve")).ok
    await world.work()
    [invoice] = world.erp.posted()
    assert invoice["total_minor"] == 198000
    [message] = world.slack.messages("C0FINANCE0")
    assert "Priya Raman" in str(message.blocks) and "approved" in str(message.blocks)


async def test_a_rejected_proposal_goes_back_with_its_reason(world: World) -> None:
    cause = await proposal(world)
    assert (await press(world, PRIYA, cause, "reject")).ok
    assert (await world.slack.submit(PRIYA, {"note": "too cheap"})).ok
    await world.work()
    case = await world.only_case()
    assert (case.state, case.assignee) == ("owned", FAYE) and "too cheap" in case.decision
    channel, ts = await world.card(cause.id)
    assert any("too cheap" in line.text for line in world.slack.thread(channel, ts))


@pytest.mark.parametrize("user", [FAYE, GUS, BEN, SAM], ids=["owner", "backup", "member", "viewer"])
async def test_only_an_approver_approves_and_rejects(world: World, user: str) -> None:
    cause = await proposal(world)
    assert (await forged(world, user, cause, "approve")).ok
    assert (await forged(world, user, cause, "reject")).ok
    assert "Priya Raman (approver)" in whispers(world, user)[-1]
    assert "Priya Raman" in refused_words(
        (await sent(world, user, value(cause, verb="reject"), DIALOGS["reject"])).body
    )
    assert (await world.only_case()).state == "proposed" and await refusals(world) == 3


async def test_class_a_cannot_be_decided_by_one_person_through_a_forged_press(world: World) -> None:
    cause = await price_off_list(world)
    assert (await forged(world, FAYE, cause, "suggest", value(cause, candidate="2490.00"))).ok
    assert "second person" in whispers(world, FAYE)[-1]
    accepted = {"q0": {"type": "radio_buttons", "selected_option": {"value": "accept"}}}
    assert (await sent(world, FAYE, resolving(cause), accepted)).ok
    assert (await world.only_case()).state == "proposed"
    ack = await sent(world, GUS, value(cause, verb="discard"), DIALOGS["discard"])
    assert "Priya Raman (approver)" in refused_words(ack.body)
    await world.work()
    assert world.erp.posted() == [] and (await world.only_case()).state == "proposed"


async def test_an_approval_of_an_older_card_asks_to_look_again(world: World) -> None:
    cause = await proposal(world)
    older = value(cause, version=cause.version - 1) if cause.version > 1 else value(cause)
    assert (await forged(world, PRIYA, cause, "approve", older)).ok
    assert "changed since it was drawn" in whispers(world, PRIYA)[-1]
    assert (await world.only_case()).state == "proposed"


async def test_a_press_on_a_resolved_card_says_who_was_faster(world: World) -> None:
    cause = await missing_code(world)
    await press(world, DANA, cause, "resolve")
    await world.slack.submit(DANA, {"q0": "BC-DE-2002"})
    for action in ("take", "replay", "suggest"):
        assert (await forged(world, BEN, cause, action, value(cause, candidate="x"))).ok
        assert "is already resolved by *Dana Okafor* at 09:00 UTC" in whispers(world, BEN)[-1]
    assert (await forged(world, BEN, cause, "resolve")).ok
    assert "already resolved by Dana Okafor" in str(world.slack.modals(BEN)[-1])
    ack = await sent(world, BEN, value(cause, verb="resolve"), {"q0": typed("BC-9")})
    assert "already resolved by Dana Okafor at 09:00 UTC" in refused_words(ack.body)
    await world.work()
    assert [one["billing_code"] for one in world.erp.posted()] == ["BC-DE-2002"]


@pytest.mark.parametrize(
    ("action", "carries"),
    [
        ("take", "not ours"),
        ("take", ""),
        ("take", '{"cause":1,"version":1,"admin":true}'),
        ("take", '{"cause":"1","version":1}'),
        ("take", '{"cause":9223372036854775808,"version":1}'),
        ("take", '{"cause":-1,"version":1}'),
        ("take", '{"cause":4711,"version":1}'),
        ("escalate", None),
        ("drop_table", None),
        ("pass", None),
    ],
)
@pytest.mark.slow
async def test_a_button_from_another_time_is_answered_and_the_card_drawn_again(
    world: World, action: str, carries: str | None
) -> None:
    cause = await missing_code(world)
    channel, ts = await world.card(cause.id)
    drawn = world.slack.calls["chat.update"]
    assert (await forged(world, DANA, cause, action, carries)).ok
    assert len(whispers(world, DANA)) == 1
    await world.work()
    assert world.slack.calls["chat.update"] == drawn + 1
    assert [one.ts for one in world.slack.messages(channel)] == [ts]
    assert (await world.only_case()).state == "open" and world.slack.refused == []


@pytest.mark.parametrize("verb", ["", "take", "approve", "pass", "open", "timeline", "drop_table", "release"])
@pytest.mark.slow
async def test_a_dialog_that_is_not_ours_changes_nothing_and_says_so(world: World, verb: str) -> None:
    cause = await missing_code(world)
    ack = await sent(world, PRIYA, value(cause, verb=verb), {"note": typed("because")})
    assert ack.ok and refused_words(ack.body)
    assert (await sent(world, PRIYA, "not ours", {})).ok
    assert (await world.only_case()).state == "open"


async def test_answers_to_questions_that_are_not_asked_count_for_nothing(world: World) -> None:
    cause = await missing_code(world)
    ack = await sent(world, DANA, resolving(cause), {"q7": typed("x"), "q0": typed("BC-DE-2002"), "z": typed("y")})
    assert ack.ok and not ack.body
    await world.work()
    [invoice] = world.erp.posted()
    assert invoice["billing_code"] == "BC-DE-2002"


async def test_a_wrong_answer_comes_back_beside_its_field(world: World) -> None:
    cause = await missing_code(world)
    await press(world, DANA, cause, "resolve")
    ack = await world.slack.submit(DANA, {"q0": "   "})
    assert ack.errors.keys() == {"q0"}
    assert (await world.only_case()).state == "open"


async def test_a_dialog_from_before_the_exception_changed_asks_to_open_it_again(world: World) -> None:
    deal = world.deal(world.company(), billing_code="", payment_terms="")
    await world.work()
    cause = await only_cause(world)
    await press(world, DANA, cause, "resolve")
    world.crm.update("deals", deal, {"payment_terms": "NET30"})
    await press(world, BEN, cause, "replay")
    await world.work()
    ack = await world.slack.submit(DANA, {"q0": "BC-DE-2002", "q1": "NET14"})
    assert "changed since this dialog was opened" in refused_words(ack.body)
    await world.work()
    assert world.erp.posted() == []


async def test_what_is_mended_elsewhere_cannot_be_resolved_by_a_forged_dialog(world: World) -> None:
    world.deal(world.company(), [])
    await world.work()
    cause = await only_cause(world)
    assert cause.reason == "missing_lines"
    ack = await sent(world, DANA, resolving(cause), {"q0": typed("x")})
    assert "nothing to fill in" in refused_words(ack.body)
    assert (await world.only_case()).state == "open"


async def test_rights_come_from_the_card_that_is_meant_and_not_from_the_one_that_was_pressed(world: World) -> None:
    billing = await price_off_list(world)
    world.deal(world.company(), billing_code="")
    await world.work()
    sales = next(one for one in await world.causes() if one.id != billing.id)
    assert (await forged(world, DANA, sales, "take", value(billing))).ok
    assert "This is for Billing" in whispers(world, DANA)[-1]
    assert "This is for Billing" in refused_words(
        (await sent(world, DANA, value(billing, verb="discard"), DIALOGS["discard"])).body
    )
    assert {one.state for one in await world.store.exceptions()} == {"open"}


async def test_the_same_press_sent_twice_at_once_counts_once(world: World) -> None:
    cause = await missing_code(world)
    channel, ts = await world.card(cause.id)
    one = {
        "type": "button", "action_id": "take", "block_id": "b", "action_ts": "1.000001", "value": value(cause),
    }  # fmt: skip
    await asyncio.gather(*(forged(world, DANA, cause, "take", actions=[one]) for _ in range(4)))
    await world.work()
    takes = [entry for entry in await world.store.entries(noun="case") if entry.verb == "take"]
    assert len(takes) == 1 and whispers(world, DANA) == []
    assert len(world.slack.thread(channel, ts)) == 1


async def test_two_people_decide_at_once_and_one_counts_and_the_other_is_told(world: World) -> None:
    cause = await missing_code(world)
    for user in (DANA, BEN):
        assert (await press(world, user, cause, "resolve")).ok
    acks = await asyncio.gather(world.slack.submit(DANA, {"q0": "BC-DE-1"}), world.slack.submit(BEN, {"q0": "BC-DE-2"}))
    told = [str(ack.body) for ack in acks if ack.body.get("response_action") == "update"]
    assert len(told) == 1 and "already resolved by" in told[0]
    await world.work()
    [invoice] = world.erp.posted()
    case = (await state(world))[0]
    assert invoice["billing_code"] == {DANA: "BC-DE-1", BEN: "BC-DE-2"}[case.decided_by]


async def test_three_people_press_replay_at_once_and_one_press_counts(world: World) -> None:
    cause = await missing_code(world)
    await asyncio.gather(*(forged(world, user, cause, "replay") for user in (DANA, BEN, PRIYA)))
    replays = [entry for entry in await world.store.entries(noun="case") if entry.verb == "replay"]
    assert len(replays) == 1
    others = [whispers(world, user) for user in (DANA, BEN, PRIYA) if user != replays[0].actor]
    assert all(len(told) == 1 and "on its way already" in told[0] for told in others)


async def test_a_snooze_never_goes_past_the_deadline(world: World) -> None:
    cause = await missing_code(world)
    case = await world.only_case()
    world.clock.now = case.resolve_by
    world.clock.forward(minutes=-30)
    await choose(world, DANA, cause, "snooze")
    assert (await world.slack.submit(DANA, {"until": "tomorrow"})).ok
    assert (await world.only_case()).snoozed_until == case.resolve_by
    world.clock.forward(hours=1)
    ack = await sent(world, DANA, value(cause, verb="snooze"), DIALOGS["snooze"])
    assert "deadline has passed" in ack.errors["until"]


async def test_a_case_is_handed_only_to_somebody_who_can_resolve_it(world: World) -> None:
    cause = await missing_code(world)
    await choose(world, DANA, cause, "hand_over")
    ack = await world.slack.submit(DANA, {"person": SAM})
    assert "Sam Whitfield" in ack.errors["person"] or "not in this team" in ack.errors["person"]
    assert (await world.only_case()).assignee is None


async def test_the_timeline_is_open_to_everybody(world: World) -> None:
    cause = await missing_code(world)
    await press(world, DANA, cause, "take")
    assert (await choose(world, SAM, cause, "timeline")).ok
    assert "Dana Okafor" in str(world.slack.modals(SAM)[-1])
    assert await refusals(world) == 0


async def test_a_dialog_that_slack_does_not_open_is_answered(world: World) -> None:
    cause = await missing_code(world)
    assert (await forged(world, DANA, cause, "resolve", trigger_id="1.2.expired")).ok
    assert "the reference is" in whispers(world, DANA)[-1]


async def test_a_request_that_makes_no_sense_is_survived(world: World) -> None:
    cause = await missing_code(world)
    for changed in ({"actions": [{"type": "button", "action_id": "take"}]}, {"user": {}}, {"channel": None}):
        ack = await forged(world, DANA, cause, "take", **changed)
        assert ack.status < 500, (changed, ack)
    assert (await sent(world, DANA, carry(Carried(cause=cause.id, version=0, verb="resolve")), {})).ok
    assert (await forged(world, DANA, cause, "take")).ok
