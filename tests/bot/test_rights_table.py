"""Every action of the Slack surface, by every role, in every state: allowed or refused as the contract says, by whatever path
the request comes. Each cell is a signed request to the running service."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from bot.sandbox.slack import payloads
from bot.sandbox.slack.values import Ack
from sync.model import Case, Cause
from tests.bot.hands import BEN, forged, resolving, sent, typed, value, workspace_with_members
from tests.bot.rights import APPROVER, BACKUP, OWNER, PEOPLE, RULES, STATES, can, may, put
from tests.world import World, small_world

AT_ONCE = ("take", "replay", "approve", "suggest")
FILLED = {
    "A": {"resolve": {"q0": {"type": "radio_buttons", "selected_option": {"value": "accept"}}}},
    "B": {"resolve": {"q0": typed("BC-DE-2002")}},
}
DIALOGS = {
    "snooze": {"until": {"type": "static_select", "selected_option": {"value": "1"}}},
    "hand_over": {"person": {"type": "users_select", "selected_user": BEN}},
    "discard": {"note": typed("sold twice")},
    "reject": {"note": typed("too cheap")},
    "pause_clock": {"why": {"type": "static_select", "selected_option": {"value": "customer_waiting"}}},
}
VERB = {"B": {"resolve": "resolve"}, "P": {"suggest": "resolve"}, "A": {"resolve": "propose"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A record of this class that waits for a person."""

    severity: str
    case: Case
    cause: Cause


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with small_world(tmp_path, workspace=workspace_with_members(tmp_path / "company")) as built:
        yield built


async def stopped(world: World) -> list[Stopped]:
    """One record of class A with Billing, one of class B with Sales Operations, and one whose product is nearly in the list."""
    world.deal(world.company(), billing_code="")
    world.deal(world.company("Beta AG", vat_id="DE987654321", domain="beta.example"), [("Atlas Pro", 2, "990.00")])
    world.deal(world.company("Gamma SE", vat_id="DE555666777", domain="gamma.example"), [("Atlas Prro", 1, "2490.00")])
    await world.work()
    kinds = {"price_off_list": "A", "missing_billing_code": "B", "unknown_product": "P"}
    found = [Stopped(severity=kinds[one.reason], case=one.first[0], cause=one) for one in await world.causes()]
    return sorted(found, key=lambda each: each.severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the journal has of a person since a moment."""

    moves: list[str]
    refused: list[str]


async def last(world: World) -> int:
    """The newest line of the journal."""
    query = text("SELECT max(seq) FROM journal")
    return int(await world.store.db.read(lambda tx: tx.execute(query).scalar_one()))


async def written(world: World, user: str, since: int) -> Written:
    query = text("SELECT verb, noun, data FROM journal WHERE seq > :since AND actor = :user ORDER BY seq")
    found = await world.store.db.read(lambda tx: tx.execute(query, {"since": since, "user": user}).all())
    return Written(
        moves=[one.verb for one in found if one.noun == "case"],
        refused=[orjson.loads(one.data)["verb"] for one in found if one.noun == "press"],
    )


def told(world: World, user: str) -> int:
    """How many answers the person has before them: words only for them, a dialog, or in their messages with the app."""
    direct = world.slack.state.workspace.open_direct((user,))
    return len(world.slack.ephemerals(user)) + len(world.slack.modals(user)) + len(world.slack.messages(direct))


async def asked(world: World, each: Stopped, user: str, verb: str, path: str, **changed: Any) -> Ack:
    """The same wish by another way: a button of the card, one of the Home tab, an entry of a menu, a dialog."""
    cause = await world.store.cause(each.cause.id)
    match path:
        case "button":
            return await forged(world, user, cause, verb, carries=meant(cause, verb), **changed)
        case "menu":
            return await forged(world, user, cause, "more", carries=meant(cause, verb, verb=verb), **changed)
        case "home":
            return await at_home(world, user, verb, meant(cause, verb, case=each.case.id), **changed)
        case _:
            entered = FILLED[each.severity].get(verb) or DIALOGS[verb]
            carries = resolving(cause) if verb == "resolve" else value(cause, verb=verb)
            return await sent(world, user, carries, entered, **changed)


def meant(cause: Cause, wish: str, **more: Any) -> str:
    """What the button carries; the suggested product where it is a suggestion."""
    suggested = {"candidate": cause.first[0].violations[0].candidates[0].value} if wish == "suggest" else {}
    return value(cause, **suggested, **more)


async def at_home(world: World, user: str, verb: str, carries: str, **changed: Any) -> Ack:
    state = world.slack.state
    action = {
        "type": "button",
        "action_id": verb,
        "block_id": "b",
        "action_ts": state.workspace.next_ts(),
        "value": carries,
    }
    view = {"id": "V0HOME", "hash": "1", "type": "home", "private_metadata": "", "blocks": []}
    trigger = state.rights.new_trigger(user)
    payload = payloads.view_action(
        state.app, state.workspace.person(user), view=view, action=action, trigger_id=trigger
    )
    ack: Ack = await world.slack.forge(payload | changed)
    return ack


def paths(verb: str) -> tuple[str, ...]:
    return ("button", "menu", "home") if verb in AT_ONCE else ("dialog",)


@pytest.mark.slow
async def test_every_action_by_every_role_in_every_state_is_as_the_contract_says(world: World) -> None:
    cells: Counter[str] = Counter()
    for each in await stopped(world):
        people = PEOPLE[each.severity]
        for verb in RULES[each.severity]:
            for state in STATES:
                for role, user in people.items():
                    for path in paths(verb):
                        await one_cell(world, each, verb, state, role, user, path, cells)
    assert world.slack.trouble == []
    print(f"\n{sum(cells.values()):,} cells: {dict(cells)}")


async def one_cell(
    world: World, each: Stopped, verb: str, state: str, role: str, user: str, path: str, cells: Counter[str]
) -> None:
    cell = (each.severity, verb, state, role, path)
    await put(world, each.case, state, proposer=PEOPLE[each.severity][BACKUP if role == OWNER else OWNER])
    before, since, had = await world.store.case(each.case.id), await last(world), told(world, user)
    ack = await asked(world, each, user, verb, path)
    assert ack.ok, cell
    did = await written(world, user, since)
    if may(each.severity, verb, role) and can(each.severity, verb, state):
        assert did == Written(moves=[VERB[each.severity].get(verb, verb)], refused=[]), cell
        cells["allowed"] += 1
        return
    assert did.moves == [] and await world.store.case(each.case.id) == before, cell
    assert told(world, user) > had or ack.body.get("response_action") in ("update", "errors"), cell
    if may(each.severity, verb, role):
        cells["refused: not in this state"] += 1
    else:
        assert did.refused == [verb], cell
        cells["refused: no right"] += 1


@pytest.mark.slow
async def test_nobody_approves_their_own_whatever_the_path_and_the_role(world: World) -> None:
    [class_a] = [each for each in await stopped(world) if each.severity == "A"]
    approver = PEOPLE["A"][APPROVER]
    for path in paths("approve"):
        await put(world, class_a.case, "proposed", proposer=approver)
        await asked(world, class_a, approver, "approve", path)
        assert (await world.store.case(class_a.case.id)).state == "proposed", path
