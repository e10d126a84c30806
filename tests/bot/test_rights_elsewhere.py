"""Who may do what beyond a card's own buttons: commands and their dialogs, shortcuts, decisions about many, people who stand in for
others, another Slack workspace. And every verb of the surface is tried by somebody."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from bot.carried import Carried, carry
from bot.sandbox.slack import payloads
from bot.shortcut_words import REPORT
from store.pausing import Standstill
from sync.lifecycle import CaseState
from tests.bot.hands import DANA, OMAR, forged, sent, value
from tests.bot.rights import (
    APPROVER,
    BACKUP,
    COMMANDS,
    FLOW,
    MEMBER,
    NOBODY,
    OTHER_TEAM,
    OWNER,
    PEOPLE,
    PROVEN,
    RULES,
    STATES,
    can,
    may,
    put,
)
from tests.bot.test_bulk_decisions import renamed
from tests.bot.test_rights_table import (
    DIALOGS,
    VERB,
    Stopped,
    asked,
    last,
    paths,
    stopped,
    told,
    world,
    written,
)
from tests.world import World

__all__ = ["world"]
LEADS, TEAM = {OWNER, BACKUP, APPROVER}, {OWNER, BACKUP, MEMBER, APPROVER}
ANOTHER = {"id": "T0ANOTHER1", "domain": "another"}


async def test_every_verb_of_the_surface_is_tried_here_or_open_to_everybody(world: World) -> None:
    verbs = {verb for part in world.parts.surface for verb in part.verbs}
    assert verbs == set(PROVEN)


@pytest.mark.slow
async def test_a_command_changes_something_only_for_who_leads_the_team_of_the_flow(world: World) -> None:
    await stopped(world)
    cells: Counter[str] = Counter()
    for words, verb in COMMANDS.items():
        for role, user in FLOW.items():
            for state in ("on", "off"):
                await stand(world, state)
                since, refusals = await last(world), len(world.slack.ephemerals(user))
                ack = await world.slack.command(user, "C0SALESOPS", f"/sync {words}")
                assert ack.ok and len(world.slack.ephemerals(user)) > refusals, (words, role, state)
                did = await everything(world, user, since)
                nothing = (
                    verb == "release" and state == "off"
                )  # nobody is on hold: that is said before anybody asks who may
                if role in LEADS or nothing:
                    assert "refused" not in did, (words, role, state, did)
                else:
                    assert did == ["refused"], (words, role, state, did)
                cells["allowed" if role in LEADS else "refused"] += 1
    print(f"\n{sum(cells.values())} cells of commands: {dict(cells)}")


async def stand(world: World, state: str) -> None:
    """The flow paused and the customer on hold, or neither."""
    for statement in ("DELETE FROM pauses", "DELETE FROM holds"):
        await world.store.db.write(lambda tx, one=statement: tx.execute(text(one)) and None)
    if state == "on":
        await world.store.pause("flow", "quote_to_cash", by=OMAR, now=world.clock())
        await world.store.place_hold(
            "customer", "77", name="Acme GmbH", why="late", source="person", by=OMAR, now=world.clock()
        )


async def everything(world: World, user: str, since: int) -> list[str]:
    query = text("SELECT verb FROM journal WHERE seq > :since AND actor = :user ORDER BY seq")
    rows = await world.store.db.read(lambda tx: tx.execute(query, {"since": since, "user": user}).all())
    return [row.verb for row in rows]


@pytest.mark.slow
async def test_a_hold_is_released_on_its_card_by_who_leads_its_team(world: World) -> None:
    _, class_b, _ = await stopped(world)
    query = (
        "INSERT INTO holds (customer, customer_name, case_id, why, placed_by, placed_at, note)"
        " VALUES ('77', 'Acme', :case, 'late', 'clock', :at, '')"
    )
    for role, user in PEOPLE["B"].items():
        for held in (True, False):
            await world.store.db.write(lambda tx: tx.execute(text("DELETE FROM holds")) and None)
            values = {"case": class_b.case.id, "at": "2026-11-23 09:00:00.000000"}
            if held:
                await world.store.db.write(lambda tx, given=values: tx.execute(text(query), given) and None)
            since = await last(world)
            cause = await world.store.cause(class_b.cause.id)
            ack = await sent(world, user, value(cause, verb="release"), {"note": DIALOGS["discard"]["note"]})
            did = await everything(world, user, since)
            assert did == (["release"] if held else []) if role in LEADS else did == ["refused"], (role, held, did)
            assert (role in LEADS and held) or ack.body["response_action"] == "update", (role, held)


@pytest.mark.slow
async def test_a_clock_that_stands_still_runs_again_by_a_press_of_its_team(world: World) -> None:
    for each in await stopped(world):
        for role, user in PEOPLE[each.severity].items():
            for still in (True, False):
                await put(world, each.case, "open", proposer="")
                if still:
                    span = {"why": "customer_waiting", "note": "", "until": world.clock() + timedelta(days=1)}
                    wanted = Standstill(cases=[each.case.id], by=PEOPLE[each.severity][APPROVER], **span)
                    await world.store.pause_clocks(wanted, now=world.clock())
                    world.clock.forward(seconds=1)
                since, had = await last(world), told(world, user)
                assert (await forged(world, user, await world.store.cause(each.cause.id), "resume_clock")).ok
                did = await everything(world, user, since)
                if role not in TEAM:
                    assert did == ["refused"], (each.severity, role, still, did)
                else:
                    assert did == (["resume_clock"] if still else []), (each.severity, role, still, did)
                assert told(world, user) > had or (still and role in TEAM), (each.severity, role, still)


@pytest.mark.slow
async def test_after_a_report_a_record_goes_on_only_for_its_team_and_is_given_up_only_by_who_may(world: World) -> None:
    cells: Counter[str] = Counter()
    for each in await stopped(world):
        for verb, rule in (("fix_replay", "replay"), ("fix_discard", "discard")):
            if rule not in RULES[each.severity]:
                continue
            for state in STATES:
                for role, user in PEOPLE[each.severity].items():
                    await put(
                        world, each.case, state, proposer=PEOPLE[each.severity][BACKUP if role == OWNER else OWNER]
                    )
                    await reported(world, user, each)
                    since = await last(world)
                    carries = carry(Carried(cause=0, version=0, verb=verb, case=each.case.id))
                    ack = await in_dialog(world, user, verb, carries)
                    did = await written(world, user, since)
                    assert ack.ok, (each.severity, verb, state, role)
                    if may(each.severity, rule, role) and can(each.severity, rule, state):
                        assert did.moves == [rule], (each.severity, verb, state, role)
                        cells["allowed"] += 1
                    else:
                        assert did.moves == [], (each.severity, verb, state, role)
                        assert bool(did.refused) is not may(each.severity, rule, role), (
                            each.severity,
                            verb,
                            state,
                            role,
                        )
                        cells["refused"] += 1
    print(f"\n{sum(cells.values())} cells after a report: {dict(cells)}")


async def reported(world: World, user: str, each: Stopped) -> None:
    """The report of the lightning menu, sent and answered."""
    assert (await world.slack.shortcut(user, REPORT)).ok
    await world.slack.wait(lambda: world.slack.modals(user))
    told_ = {"case": each.case.ref, "system": "ERP", "what": "code entered", "why": "it was locked"}
    assert (await world.slack.submit(user, told_)).ok


async def in_dialog(world: World, user: str, verb: str, carries: str) -> Any:
    """A press in the dialog that is open, whether or not it offers that button."""

    state = world.slack.state
    [*_, view] = world.slack.modals(user)
    action = {
        "type": "button",
        "action_id": verb,
        "block_id": "b",
        "action_ts": state.workspace.next_ts(),
        "value": carries,
    }
    trigger = state.rights.new_trigger(user)
    payload = payloads.view_action(
        state.app, state.workspace.person(user), view=view, action=action, trigger_id=trigger
    )
    ack = await world.slack.forge(payload)
    await world.slack.close(user)
    return ack


@pytest.mark.slow
async def test_a_decision_about_many_is_stopped_and_goes_on_only_by_who_may_make_it(world: World) -> None:
    cause = await renamed(world, 7)
    assert (await forged(world, DANA, cause, "replay")).ok
    for state, verb in (
        ("canary", "stop_rollout"),
        ("rest", "stop_rollout"),
        ("stopped", "go_on"),
        ("done", "go_on"),
        ("left", "stop_rollout"),
    ):
        for role, user in PEOPLE["B"].items():
            ended = None if state in ("canary", "rest") else "2026-11-23 09:00:00.000000"
            values = {"state": state, "ended": ended, "by": "engine" if ended else ""}
            statement = text("UPDATE rollouts SET state = :state, ended_at = :ended, ended_by = :by")
            await world.store.db.write(lambda tx, v=values, s=statement: tx.execute(s, v) and None)
            since, had = await last(world), told(world, user)
            assert (await forged(world, user, cause, verb)).ok
            did = await everything(world, user, since)
            moves = {"stop_rollout": "stop", "go_on": "go_on"}[verb]
            if role not in TEAM:
                assert did == ["refused"] and told(world, user) > had, (state, role, did)
            elif state in ("done", "left"):
                assert did == [] and told(world, user) > had, (state, role, did)
            else:
                assert did == [moves], (state, role, did)


@pytest.mark.slow
async def test_many_are_replayed_by_a_command_only_for_the_team_whose_they_are(world: World) -> None:
    cause = await renamed(world, 7)
    packed = '["reason unknown_product"]'
    for verb, about in (
        ("replay_canary", {"candidate": packed}),
        ("replay_rest", {"candidate": packed}),
        ("replay_one", {"case": 1}),
    ):
        for role, user in PEOPLE["B"].items():
            since, had = await last(world), told(world, user)
            carries = carry(Carried(**{"cause": 0, "version": 0, "verb": verb, **about}))
            assert (await forged(world, user, cause, verb, carries)).ok
            did = await everything(world, user, since)
            assert told(world, user) > had, (verb, role)
            assert did == ["refused"] if role in (OTHER_TEAM, NOBODY) else "refused" not in did, (verb, role, did)


@pytest.mark.slow
async def test_who_stands_in_has_the_rights_of_who_is_away_for_that_time_and_no_longer(world: World) -> None:
    """Omar, of another team, stands in for each role in turn."""
    cells: Counter[str] = Counter()
    for each in await stopped(world):
        people = PEOPLE[each.severity]
        stand_in = people[OTHER_TEAM]
        for away in (OWNER, BACKUP, MEMBER, APPROVER):
            span = {"since": world.clock() - timedelta(hours=1), "until": world.clock() + timedelta(hours=1)}
            await world.store.set_absence(people[away], delegate=stand_in, by=people[away], now=world.clock(), **span)
            for verb in RULES[each.severity]:
                for state in STATES:
                    await put(world, each.case, state, proposer=people[BACKUP if away == OWNER else OWNER])
                    since = await last(world)
                    assert (await asked(world, each, stand_in, verb, paths(verb)[0])).ok
                    did = await written(world, stand_in, since)
                    allowed = may(each.severity, verb, away) and can(each.severity, verb, state)
                    assert did.moves == ([VERB[each.severity].get(verb, verb)] if allowed else []), (away, verb, state)
                    cells["allowed" if allowed else "refused"] += 1
            await world.store.end_absence(people[away], by=people[away], now=world.clock())
            await put(world, each.case, CaseState.OPEN, proposer=people[OWNER])
            since = await last(world)
            first = next(iter(RULES[each.severity]))
            await asked(world, each, stand_in, first, paths(first)[0])
            assert (await written(world, stand_in, since)).refused == [first], away
    print(f"\n{sum(cells.values())} cells of people who stand in: {dict(cells)}")


@pytest.mark.slow
async def test_nothing_comes_through_from_another_slack_workspace(world: World) -> None:
    """The same people's ids, a right signature, another workspace."""
    count = 0
    for each in await stopped(world):
        for verb in RULES[each.severity]:
            for state in STATES:
                for role in (OWNER, APPROVER):
                    user = PEOPLE[each.severity][role]
                    await put(world, each.case, state, proposer=PEOPLE[each.severity][BACKUP])
                    before, since = await world.store.case(each.case.id), await last(world)
                    for path in paths(verb):
                        ack = await asked(world, each, user, verb, path, team=ANOTHER)
                        assert ack.ok and "another Slack workspace" in str(ack.body), (each.severity, verb, state, path)
                        count += 1
                    assert await world.store.case(each.case.id) == before
                    assert set(await everything(world, user, since)) == {"refused"}
    print(f"\n{count} requests of another workspace, none through")
