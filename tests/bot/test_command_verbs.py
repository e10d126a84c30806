"""Every verb of `/sync`: what it answers, who may, what it asks for when words are missing, and what it says to nonsense."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from drawings import same_as_snapshot

from bot import answers
from bot.clicks import Submission
from bot.command_answers import CommandAnswers
from bot.command_words import NAME, TABLE, VERBS, verb_of
from bot.commands import DOES, Commands
from sync.lifecycle import CaseState
from tests.bot.hands import BEN, DANA, FAYE, MIRA, OMAR, PRIYA, SAM, forged, only_cause, refusals, whispers
from tests.bot.test_commands import ask, stopped
from tests.world import World

NONSENSE = [
    "EX-999999",
    "🦆🦆🦆",
    "x" * 3000,
    "<!channel> *x*",
    "T0OTHER/U0OTHER01",
    "reason 🦆",
    "'; drop table cases; --",
]
CHANGING = ["run quote_to_cash", "pause quote_to_cash", "resume quote_to_cash", 'hold "Acme GmbH" why', "replay EX-1"]


async def many_stopped(world: World, count: int) -> None:
    """Deals without a billing code, each of a customer of its own."""
    for number in range(count):
        world.deal(
            world.company(f"Firm {number}", vat_id=f"DE1234567{number:02d}", domain=f"f{number}.example"),
            billing_code="",
        )
    await world.work()


def mended(world: World, *, but: int = 0) -> None:
    """The codes are filled in where the deals come from, but for the first so many."""
    world.crm.webhooks.subscriptions.clear()  # nobody is told: only a replay finds out
    for deal in world.crm.objects.all("deals")[but:]:
        world.crm.update("deals", deal.id, {"billing_code": "BC-DE-1001"})


async def looked(world: World, user: str, words: str) -> str:
    """The answer to a command that looks at records first: at once, or a moment later where the machine is busy."""
    assert (await world.slack.command(user, "C0SALESOPS", f"/sync {words}")).ok
    await world.slack.wait(lambda: "Dry run" in str(world.slack.ephemerals(user)[-1].blocks), 20)
    said = world.slack.ephemerals(user)[-1]
    return f"{said.text} {said.blocks}"


async def modal_of(world: World, user: str, words: str) -> dict[str, Any]:
    """The dialog that a command opens."""
    ack = await world.slack.command(user, "C0SALESOPS", f"/sync {words}")
    assert ack.ok and not ack.body, ack
    shown: dict[str, Any] = world.slack.modals(user)[-1]
    return shown


def test_help_lists_exactly_what_there_is() -> None:
    assert {*DOES, "away"} == set(VERBS)
    for verb in TABLE:
        assert all(usage.split()[0] == verb.name for usage, _ in verb.usages)
        assert all(len(f"{NAME} {usage} {words}") <= 120 for usage, words in verb.usages), verb.name
        assert len(verb.more) <= 300 and len(verb.slow) <= 100


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_one_verb_tells_more_of_it(verb: str) -> None:
    said = str(answers.help_text(verb_of(verb)))
    assert f"/sync {verb}" in said and "--share" in said
    assert same_as_snapshot(f"answer-help-{verb}", answers.help_text(verb_of(verb))) is None


async def test_nonsense_gets_one_kind_answer_and_changes_nothing(world: World) -> None:
    await stopped(world)
    before = await world.store.counts()
    for verb in (verb for verb in VERBS if verb not in ("help", "checklist", "away")):
        for words in NONSENSE:
            said = await ask(world, OMAR, f"{verb} {words}")
            assert "reference is" not in said and "<!channel>" not in said, (verb, said)
    assert await world.store.counts() == before and await world.store.pauses() == []
    assert (await world.only_case()).state == CaseState.OPEN
    assert world.slack.trouble == [] and world.slack.refused == []


async def test_who_has_no_right_is_told_who_has_and_it_is_on_record(world: World) -> None:
    await stopped(world)
    for count, words in enumerate(CHANGING, 1):
        assert "This is for" in await ask(world, SAM, words)
        assert await refusals(world) == count
    assert await world.store.pauses() == [] and await world.store.holds() == []


async def test_exceptions_are_listed_by_what_is_asked_for(world: World) -> None:
    await stopped(world)
    here = ["team", "team Sales Operations", "team sales-ops", "flow Quote to cash", "class b", "reason Billing code is missing",
            "reason missing_billing_code class B", "mine"]  # fmt: skip
    for words in here:
        assert "EX-1" in await ask(world, DANA, f"exceptions {words}"), words
    for words in ("team Billing", "class A", "late", "reason missing_lines", "late team"):
        assert "No open exceptions" in await ask(world, DANA, f"exceptions {words}"), words
    world.clock.forward(days=5)
    assert "EX-1" in await ask(world, FAYE, "exceptions late")
    assert "Did you mean" in await ask(world, DANA, "exceptions reason missing_biling_code")
    assert "Which class?" in await ask(world, DANA, "exceptions class D")
    assert "Did you mean late?" in await ask(world, DANA, "exceptions latte")


async def test_a_customer_is_held_and_released_by_name_and_by_id(world: World) -> None:
    company = world.company()
    world.deal(company, billing_code="")
    await world.work()
    assert "Acme GmbH is on hold" in await ask(world, OMAR, 'hold "acme gmbh" credit check')
    assert "on hold already" in await ask(world, MIRA, f"hold {company} again")
    [hold] = await world.store.holds()
    assert (hold.key, hold.why, hold.placed_by) == (company, "credit check", OMAR)
    world.deal(company)
    await world.work()
    assert world.erp.posted() == []
    assert "Acme GmbH is billed again; 1 record goes on" in await ask(world, OMAR, f"release {company} paid")
    await world.work()
    assert len(world.erp.posted()) == 1
    assert "is not on hold. Nobody is on hold" in await ask(world, OMAR, 'release "Acme GmbH" paid')
    assert "please check the id" in await ask(world, OMAR, "hold 998877 in advance")
    assert "No customer called" in await ask(world, OMAR, 'hold "Nobody Ltd" why')
    assert "Why?" in await ask(world, OMAR, f"hold {company}")


async def test_a_hold_that_an_exception_placed_is_released_by_its_team(world: World) -> None:
    await stopped(world)
    await world.settle(hours=30, rounds=4)
    await world.store.escalate(now=world.clock.forward(days=9))
    [hold] = await world.store.holds()
    assert "This is for Sales Operations" in await ask(world, OMAR, f"release {hold.key} x")
    assert "is billed again" in await ask(world, DANA, f"release {hold.key} agreed with Acme")


async def test_the_path_of_a_record_is_found_by_its_id_its_exception_and_its_trace(world: World) -> None:
    deal = world.deal(world.company(), billing_code="")
    await world.work()
    case = await world.only_case()
    for word in (deal, "EX-1", "ex1", case.trace):
        said = await ask(world, SAM, f"trace {word}")
        assert f"deals:{deal}" in said and "stopped for a decision" in said and "EX-1" in said, word
    assert "Nothing is known of" in await ask(world, SAM, "trace nobody")


async def test_owners_are_told_for_all_teams_and_for_one(world: World) -> None:
    said = await ask(world, SAM, "owners")
    assert "Sales Operations" in said and "Dana Okafor owns it" in said and "the flow Quote to cash" in said
    said = await ask(world, SAM, "owners Billing")
    assert "Faye Lindqvist" in said and "Price is off the price list" in said and "class A" in said
    assert "There is no team nobody" in await ask(world, SAM, "owners nobody")


async def test_reconciliation_finds_what_changed_and_what_is_gone(world: World, tmp_path: Path) -> None:
    world.parts.reconciling.spools = tmp_path / "spools"
    for number in range(3):
        world.deal(world.company(f"Firm {number}", vat_id=f"DE12345670{number}", domain=f"f{number}.example"))
    await world.work()
    world.clock.forward(hours=1)
    said = await ask(world, SAM, "reconcile")
    assert "3 records of the source and 3 of the target were compared. Nothing disagrees" in said
    first, second, _ = world.erp.posted()
    spoil(world.erp.books, first, second)
    world.clock.forward(hours=1)
    said = await ask(world, SAM, "reconcile Quote to cash whole")
    assert "2 records disagree" in said and "missing in the target: 1" in said
    assert "changed or made past Meshline: 1" in said and "4,980.02 EUR" in said
    world.crm.token = "another"
    assert "could not be reconciled" in await ask(world, SAM, "reconcile quote_to_cash whole")


def spoil(books: Any, first: dict[str, Any], second: dict[str, Any]) -> None:
    """Somebody changes one invoice by hand and loses another."""
    invoice = books.invoices[first["id"]]
    line = dict(invoice.lines[0])
    books.invoices[first["id"]] = replace(invoice, lines=(line | {"unit_price_minor": line["unit_price_minor"] + 1},))
    del books.invoices[second["id"]]
    del books._invoice_ids[second["reference"]]


async def test_a_replay_of_many_is_looked_at_then_five_go_then_the_rest(world: World) -> None:
    await many_stopped(world, 7)
    mended(world)
    said = await looked(world, DANA, "replay reason Billing code is missing since yesterday")
    assert "7 records would be replayed" in said and "5 would go through" in said and "Would be written" in said
    assert {one.state for one in await world.store.exceptions()} == {CaseState.OPEN} and world.erp.posted() == []
    assert "replay_canary" not in await looked(world, DANA, "replay reason Billing code is missing dry run")
    await pressed(world, DANA, "replay_canary")
    assert "5 records are on their way again as a canary" in whispers(world, DANA)[-1]
    await pressed(world, DANA, "replay_rest")
    assert "still on their way" in whispers(world, DANA)[-1]
    await world.work()
    assert len(world.erp.posted()) == 5
    await pressed(world, DANA, "replay_rest")
    assert "The canary went through. 2 records are on their way again" in whispers(world, DANA)[-1]
    await world.work()
    assert len(world.erp.posted()) == 7 and await world.store.exceptions() == []


async def test_the_rest_stays_when_one_of_the_canary_stops_again(world: World) -> None:
    await many_stopped(world, 7)
    mended(world, but=1)
    await looked(world, DANA, "replay reason missing_billing_code")
    await pressed(world, DANA, "replay_canary")
    await world.work()
    await pressed(world, DANA, "replay_rest")
    assert "1 of 5 records of the canary stopped again: EX-1" in whispers(world, DANA)[-1]
    await world.work()
    assert len(world.erp.posted()) == 4


async def pressed(world: World, user: str, action: str) -> None:
    """The newest button of this name that only this person sees."""
    shown = [one for one in world.slack.ephemerals(user) if action in str(one.blocks)][-1]
    before = len(whispers(world, user))
    assert (await world.slack.click(user, shown.channel, shown.ts, action)).ok
    await world.slack.wait(lambda: len(whispers(world, user)) > before)


async def test_others_records_are_not_replayed(world: World) -> None:
    await many_stopped(world, 2)
    assert "This is for Sales Operations" in await ask(world, FAYE, "replay reason missing_billing_code")
    assert await refusals(world) == 1
    assert "there is nothing to replay" in await ask(world, DANA, "replay reason missing_lines")
    assert "is no time" in await ask(world, DANA, "replay since never")


@pytest.mark.parametrize("carried", ["{}", "[]", '["reason x", "1"]', "[1]", "💥"])
async def test_a_made_up_button_replays_nothing(world: World, carried: str) -> None:
    await stopped(world)
    cause = await only_cause(world)
    from bot.carried import Carried, carry

    await forged(
        world, DANA, cause, "replay_rest", carry(Carried(cause=0, version=0, verb="replay_rest", candidate=carried))
    )
    assert "older version" in whispers(world, DANA)[-1]
    assert (await world.only_case()).state == CaseState.OPEN


async def test_a_dry_run_of_one_writes_nothing(world: World) -> None:
    await stopped(world)
    said = await looked(world, DANA, "replay EX-1 dry run")
    assert "1 record would be replayed" in said and "would stop again" in said
    assert (await world.only_case()).attempts == 1


async def test_words_that_are_missing_are_asked_for_in_a_dialog(world: World) -> None:
    await stopped(world)
    assert "Show an exception" in str(await modal_of(world, SAM, "show"))
    assert (await world.slack.submit(SAM, {"case": "EX-1"})).ok
    assert "Billing code is missing" in str(world.slack.modals(SAM)[-1])
    assert "Trace a record" in str(await modal_of(world, BEN, "trace"))
    assert (await world.slack.submit(BEN, {"record": "EX-1"})).ok
    assert "Path of" in str(world.slack.modals(BEN)[-1])
    assert world.slack.refused == [] and world.slack.trouble == []


async def test_a_replay_is_completed_in_its_dialog(world: World) -> None:
    await many_stopped(world, 2)
    mended(world)
    await modal_of(world, DANA, "replay")
    assert set((await world.slack.submit(DANA, {})).errors) == {"case"}
    assert (await world.slack.submit(DANA, {"reason": "missing_billing_code", "since": "1d"})).ok
    await world.slack.wait(lambda: "Dry run · 2 records" in str(world.slack.modals(DANA)[-1]), 20)
    await world.slack.modal_click(DANA, None, "replay_canary")
    await world.slack.wait(lambda: "on their way again" in str(world.slack.modals(DANA)[-1]))
    await world.work()
    assert len(world.erp.posted()) == 2


async def test_a_hold_and_its_release_are_completed_in_their_dialogs(world: World) -> None:
    await stopped(world)
    await modal_of(world, OMAR, "hold")
    assert (await world.slack.submit(OMAR, {"customer": "Acme GmbH", "why": "credit check"})).ok
    [hold] = await world.store.holds()
    await modal_of(world, OMAR, "release")
    assert (await world.slack.submit(OMAR, {"hold": str(hold.id), "why": "paid"})).ok
    assert await world.store.holds() == []
    assert "is billed again" in str(world.slack.modals(OMAR)[-1])


async def test_who_may_not_is_told_in_the_dialogs_place(world: World) -> None:
    await stopped(world)
    await modal_of(world, SAM, "hold")
    ack = await world.slack.submit(SAM, {"customer": "Acme GmbH", "why": "spite"})
    assert ack.ok and "This is for Revenue Operations" in str(world.slack.modals(SAM)[-1])
    assert await refusals(world) == 1 and await world.store.holds() == []


async def test_an_answer_is_shared_with_who_asked_and_what(world: World) -> None:
    await stopped(world)
    for words in ("status --share", "--share status", "status —share"):
        before = len(world.slack.messages("C0SALESOPS"))
        ack = await world.slack.command(SAM, "C0SALESOPS", f"/sync {words}")
        assert ack.body["response_type"] == "in_channel"
        shown = world.slack.messages("C0SALESOPS")[before:]
        assert len(shown) == 1 and "asked `/sync status`" in str(shown[0].blocks)
    said = await ask(world, SAM, "run --share")
    assert "This is for" in said  # a refusal is nobody else's business


async def test_an_answer_that_takes_its_time_comes_a_moment_later(world: World) -> None:
    await stopped(world)
    homes = world.parts.homes
    assert homes is not None and homes.desk is not None

    class Slow(Commands):
        async def run(self, user: str, text: str, trigger: str = "") -> dict[str, Any]:
            await asyncio.sleep(0.05)
            return {"text": f"{user} asked {text}"}

    told: list[str] = []

    async def hear(text: str = "", **more: Any) -> None:
        told.append(text)

    slow = Slow(desk=homes.desk, away=None)  # type: ignore[arg-type]
    answers = CommandAnswers(slow, homes.desk.surroundings.people, soon=0.01)
    await answers.give(hear, hear, {"user_id": SAM, "text": "reconcile quote_to_cash", "trigger_id": ""})
    assert told == ["The records are being compared. The answer comes here.", f"{SAM} asked reconcile quote_to_cash"]
    assert answers.late == set()


async def test_a_dialogs_answer_that_takes_its_time_takes_its_place_a_moment_later(world: World) -> None:
    await many_stopped(world, 2)
    assert world.parts.homes is not None
    view = await modal_of(world, DANA, "replay")
    slow = Commands(desk=world.parts.homes.desk, away=None, soon=0.0)  # type: ignore[arg-type]
    values = {"reason": {"answer": {"selected_option": {"value": "missing_billing_code"}}}}
    sent = Submission(
        verb="ask_replay", user=DANA, cause=0, version=0, asked="", view={**view, "state": {"values": values}}
    )
    assert "One moment" in str(await slow.on_submit(sent))
    await world.slack.wait(lambda: "Dry run · 2 records" in str(world.slack.modals(DANA)[-1]), 20)


async def test_digest_and_checklist_answer_now(world: World) -> None:
    await stopped(world)
    assert "Sales Operations" in await ask(world, DANA, "digest")
    assert "You are in no team here" in await ask(world, SAM, "digest")
    assert "Nothing to tell" in await ask(world, SAM, "digest Billing")
    assert "Monday checklist" in await ask(world, SAM, "checklist")


async def test_away_opens_its_dialog_and_back_ends_it(world: World) -> None:
    assert "Being away" in str(await modal_of(world, DANA, "away"))
    assert "Nobody is away" in await ask(world, SAM, "away who")
    assert "You are not away" in await ask(world, PRIYA, "away back")
