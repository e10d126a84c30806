"""Billing holds as people place, see and release them in Slack and on the command line."""

from __future__ import annotations

from dataclasses import replace

from drawings import around, case, cause, hold, same_as_snapshot

from bot.answers_holds import holds_list
from bot.cards import card
from bot.views import hold_view
from sync.model import Cause
from tests.bot.hands import DANA, FAYE, OMAR, SAM, refusals, sent, typed, value
from tests.world import World


def test_every_kind_of_hold_reads_as_a_sentence() -> None:
    kinds = [
        hold(waiting=3),
        hold(6, "D-17", scope="contract", case_id=None),
        hold(7, "quote_to_cash", scope="flow", case_id=None),
    ]
    same_as_snapshot("answer-holds", holds_list(kinds, around()))
    same_as_snapshot("answer-holds-none", holds_list([], around()))
    shown = cause(case("totals_differ"))
    same_as_snapshot("card-contract-held", card(replace(shown, holds=(hold(6, "D-17", scope="contract"),)), around()))
    same_as_snapshot("dialog-hold-billing", hold_view(shown, list(shown.first)))


async def stopped(world: World) -> tuple[str, Cause]:
    """A posted deal that changed: class A, for Billing."""
    company = world.company()
    deal = world.deal(company)
    await world.work()
    world.crm.update("deals", deal, {"billing_code": "BC-DE-1002"})
    await world.work()
    [found] = await world.causes()
    return company, found


async def test_a_customer_is_held_from_a_card_by_who_may_bill_and_by_nobody_else(world: World) -> None:
    company, found = await stopped(world)
    carries = value(found, verb="hold_billing")
    why = "they dispute the invoice"
    note = {"note": typed(why)}
    assert (await sent(world, SAM, carries, note)).ok
    assert await refusals(world) == 1 and await world.store.holds() == []
    assert (await sent(world, FAYE, carries, {"note": typed("")})).body.get("response_action") == "errors"
    assert (await sent(world, FAYE, carries, note)).ok
    [placed] = await world.store.holds()
    assert (placed.scope, placed.key, placed.why, placed.placed_by) == ("customer", company, why, FAYE)
    await sent(world, OMAR, carries, note)
    assert len(await world.store.holds()) == 1
    assert (await world.store.cause(found.id)).holds == (placed,)


async def ask(world: World, user: str, words: str) -> str:
    await world.slack.command(user, "C0SALESOPS", f"/sync {words}")
    return world.slack.ephemerals(user)[-1].text


async def test_a_contract_and_a_flow_are_held_by_command_and_each_hold_has_its_number(world: World) -> None:
    assert "is on hold" in await ask(world, OMAR, "hold contract 4711 dispute")
    assert "posts nothing until" in await ask(world, OMAR, "hold flow quote_to_cash new price list")
    assert "This is for" in await ask(world, DANA, "hold flow quote_to_cash again")
    assert "2 billing holds" in await ask(world, SAM, "holds")
    await world.store.place_hold("contract", "4711", why="it drifted", source="drift", by="clock", now=world.clock.now)
    assert "Release each by its number: #1" in await ask(world, OMAR, "release 4711 agreed")
    assert "another one stays: it drifted" in await ask(world, OMAR, "release #1 agreed")
    assert "is billed again" in await ask(world, OMAR, "release #3 agreed")
    assert "posts again" in await ask(world, OMAR, "release flow quote_to_cash agreed")
    assert await world.store.holds() == []
