"""`/sync`: everybody may ask, those who lead may act, and only the one who asked hears the answer."""

from __future__ import annotations

from typing import Any

import pytest

from bot.command_words import VERBS
from tests.bot.hands import BEN, DANA, FAYE, MIRA, OMAR, PRIYA, SAM, only_cause, refusals, whispers
from tests.world import World


async def ask(world: World, user: str, words: str) -> str:
    """The answer, which only this person may see."""
    before = {user: len(whispers(world, user)) for user in (DANA, BEN, SAM, MIRA, OMAR, FAYE, PRIYA)}
    public = len(world.slack.messages("C0SALESOPS"))
    ack = await world.slack.command(user, "C0SALESOPS", f"/sync {words}".strip())
    assert ack.ok and ack.seconds < 3, ack
    assert ack.body.get("response_type") != "in_channel"
    assert len(world.slack.messages("C0SALESOPS")) == public
    for one, heard in before.items():
        assert len(whispers(world, one)) == heard + (one == user)
    said = world.slack.ephemerals(user)[-1]
    return f"{said.text} {said.blocks}"


async def home_of(world: World, user: str) -> dict[str, Any]:
    """The Home tab, which is drawn a moment after Slack said that it is open."""
    assert (await world.slack.open_home(user)).ok
    await world.slack.wait(lambda: world.slack.home(user))
    shown: dict[str, Any] = world.slack.home(user)
    return shown


async def stopped(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()


@pytest.mark.parametrize("words", ["", "help", "  HELP  "])
async def test_alone_it_is_help(world: World, words: str) -> None:
    said = await ask(world, SAM, words)
    assert all(f"/sync {verb}" in said for verb in VERBS)


async def test_a_word_that_is_none_suggests_the_nearest(world: World) -> None:
    assert "Did you mean `/sync status`" in await ask(world, SAM, "statsu")
    assert "Did you mean `/sync resume`" in await ask(world, SAM, "resum quote_to_cash")
    said = await ask(world, SAM, "<!channel> *x*")
    assert "`/sync help`" in said and "<!channel>" not in said
    assert await ask(world, SAM, "x" * 3000)


async def test_status_tells_flows_open_exceptions_and_what_is_paused(world: World) -> None:
    assert "No flow has had work yet" in await ask(world, SAM, "status")
    await stopped(world)
    await ask(world, OMAR, "pause quote_to_cash")
    said = await ask(world, SAM, "status")
    assert "Quote to cash" in said and "Billing code is missing" in said and "is paused by Omar Haddad" in said
    assert "1 held" in await ask(world, SAM, "status Quote to cash")
    assert "There is no flow dunning" in await ask(world, SAM, "status dunning")


async def test_exceptions_lists_those_of_my_teams_and_mine(world: World) -> None:
    assert "No open exceptions" in await ask(world, DANA, "exceptions")
    await stopped(world)
    assert "EX-1" in await ask(world, DANA, "exceptions") and "EX-1" in await ask(world, DANA, "exceptions mine")
    assert "No open exceptions" in await ask(world, BEN, "exceptions mine")
    assert "No open exceptions" in await ask(world, FAYE, "exceptions")


@pytest.mark.parametrize("written", ["EX-1", "ex-1", "1", "EX1"])
async def test_one_exception_is_shown_however_its_number_is_written(world: World, written: str) -> None:
    await stopped(world)
    said = await ask(world, SAM, f"show {written}")
    assert "Workstations" in said and "Billing code is missing" in said and "Dana Okafor" in said


@pytest.mark.parametrize("verb", ["show", "replay"])
@pytest.mark.parametrize("written", ["", "EX", "EX-", "EX-1a", "EX-0x1", "#1", "-1", "1; drop table", "9" * 40, "²"])
async def test_a_number_that_is_none_is_explained(world: World, verb: str, written: str) -> None:
    assert "such as EX-7" in await ask(world, DANA, f"{verb} {written}")


@pytest.mark.parametrize("verb", ["show", "replay"])
async def test_an_exception_that_is_not_there_is_said(world: World, verb: str) -> None:
    assert "no exception EX-4711" in await ask(world, DANA, f"{verb} EX-4711")
    assert "no exception EX-999999999999" in await ask(world, DANA, f"{verb} 999999999999")


async def test_replay_is_for_the_team(world: World) -> None:
    await stopped(world)
    assert "This is for Sales Operations: Dana Okafor (owner)" in await ask(world, SAM, "replay EX-1")
    assert await refusals(world) == 1 and (await world.only_case()).state == "open"
    assert "EX-1 is on its way again" in await ask(world, BEN, "replay EX-1")
    assert "on its way already" in await ask(world, DANA, "replay EX-1")
    await world.work()
    assert (await world.only_case()).attempts == 2


@pytest.mark.parametrize("user", [OMAR, MIRA, PRIYA], ids=["owner", "backup", "approver"])
async def test_who_leads_the_flow_runs_pauses_and_resumes_it(world: World, user: str) -> None:
    world.crm.webhooks.subscriptions.clear()
    world.deal(world.company())
    assert "Quote to cash is paused" in await ask(world, user, "pause quote_to_cash")
    assert "was paused already" in await ask(world, user, "pause Quote to cash")
    assert "changes read" in await ask(world, user, "run")
    await world.work()
    assert world.erp.posted() == []
    assert "goes on" in await ask(world, user, "resume quote_to_cash")
    assert "was not paused" in await ask(world, user, "resume quote_to_cash")
    await world.work()
    assert len(world.erp.posted()) == 1
    verbs = [(entry.actor, entry.verb) for entry in await world.store.entries(noun="flow")]
    assert verbs == [(user, "resume"), (user, "pause")]


@pytest.mark.parametrize("verb", ["run", "pause", "resume"])
@pytest.mark.parametrize("user", [SAM, DANA], ids=["viewer", "owner of another team"])
async def test_nobody_else_does(world: World, verb: str, user: str) -> None:
    asked = world.sandbox.crm.request_log[:]
    said = await ask(world, user, f"{verb} quote_to_cash")
    assert "This is for Revenue Operations: Omar Haddad (owner)" in said
    assert await refusals(world) == 1 and await world.store.pauses() == []
    assert world.sandbox.crm.request_log == asked


async def test_a_source_that_does_not_answer_is_said(world: World) -> None:
    world.crm.faults.down = True
    assert "did not answer" in await ask(world, OMAR, "run quote_to_cash")


async def test_home_shows_what_is_mine_and_a_press_there_works(world: World) -> None:
    await stopped(world)
    view = await home_of(world, DANA)
    assert "Workstations" in str(view["blocks"]) and "Fill in" in str(view["blocks"])
    assert (await world.slack.home_click(DANA, "resolve")).ok
    assert (await world.slack.submit(DANA, {"q0": "BC-DE-7"})).ok
    await world.work()
    assert [one["billing_code"] for one in world.erp.posted()] == ["BC-DE-7"]
    await world.slack.wait(lambda: "Nothing is yours to do" in str(world.slack.home(DANA)))
    assert world.slack.refused == [] and world.slack.trouble == []


async def test_home_opens_for_somebody_without_a_team(world: World) -> None:
    await stopped(world)
    assert "The queue is empty" in str(await home_of(world, SAM))
    assert world.slack.refused == []


async def test_a_press_on_an_old_home_tab_is_answered(world: World) -> None:
    await stopped(world)
    await home_of(world, DANA)
    cause = await only_cause(world)
    await world.slack.click(BEN, *await world.card(cause.id), "resolve")
    await world.slack.submit(BEN, {"q0": "BC-DE-7"})
    await world.work()
    assert (await world.slack.home_click(DANA, "resolve")).ok
    assert "already resolved" in str(world.slack.modals(DANA)[-1])


async def test_every_refusal_of_slack_itself_leaves_no_silence_behind(world: World) -> None:
    await stopped(world)
    world.slack.faults.down = True
    ack = await world.slack.open_home(DANA)
    assert ack.ok
    world.slack.faults.down = False
    assert await home_of(world, DANA)
