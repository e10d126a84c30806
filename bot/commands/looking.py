"""The verbs of `/sync` that only look: everybody may."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from bot import answers, answers_paths
from bot.checklists import checklist_message
from bot.commands.desk import Asked, Desk, Payload, needed
from bot.commands.parsing import case_id, clauses
from bot.digest import digest as drawn_digest
from bot.packing import items
from sync.errors import NotFound
from sync.picking import Pick

_QUEUE, _LISTED, _HISTORY, _LONGEST = 5, 20, 20, 200
_EXCEPTION = re.compile(r"ex-?\d{1,12}", re.IGNORECASE | re.ASCII)
_FILTERS = ("mine", "team", "reason", "flow", "class", "late")


async def status(desk: Desk, asked: Asked) -> Payload:
    """How the flows do."""
    store, works = desk.store, await desk.works()
    flows = await store.status()
    if asked.words:
        flow = desk.flow(asked.text)
        flows = [one for one in flows if one.flow == flow.name]
        works = replace(works, modes=[one for one in works.modes if one.flow == flow.name])
    return answers.status(
        flows,
        await store.reasons(unresolved=True),
        await store.holds(),
        await store.pauses(),
        await store.backlog(),
        desk.around(),
        works,
        await store.waiting(limit=_QUEUE, crowded=True),
        await store.pending(),
    )


async def exceptions(desk: Desk, asked: Asked) -> Payload:
    """What is open, as asked for."""
    wanted = clauses(asked.words, _FILTERS, "/sync exceptions team Billing late")
    found = await desk.store.picked(_pick(desk, asked.user, wanted), limit=_LISTED)
    return answers.exceptions(found.cases, desk.around(), found.count)


def _pick(desk: Desk, user: str, wanted: dict[str, str]) -> Pick:
    teams = desk.teams_of(user) if "team" in wanted or not wanted else None
    if wanted.get("team"):
        teams = frozenset({desk.team(wanted["team"])})
    return Pick(
        teams=teams or None,
        holder=user if "mine" in wanted else None,
        reason=desk.reason(wanted["reason"]) if "reason" in wanted else None,
        flow=desk.flow(wanted["flow"]).name if "flow" in wanted else None,
        severity=_class(wanted["class"]) if "class" in wanted else None,
        late_at=desk.clock() if "late" in wanted else None,
    )


def _class(word: str) -> str:
    if word.upper() not in ("A", "B", "C"):
        raise NotFound("Which class? A is money or data at risk, B needs a fix, C can wait for the digest.")
    return word.upper()


async def show(desk: Desk, asked: Asked) -> Payload:
    """One exception."""
    case = await desk.store.case(case_id(needed(asked.text, "Which exception? Write its number, such as EX-7.")))
    entries = await desk.store.entries(noun="case", noun_id=case.id, limit=_HISTORY)
    await desk.surroundings.people.learn([*(entry.actor for entry in entries), case.owner, case.backup])
    return answers.show(case, entries[::-1], desk.around())


async def trace(desk: Desk, asked: Asked) -> Payload:
    """The whole path of one record."""
    word = needed(asked.text, "Which record? Write its id in the CRM, an exception such as EX-7, or a trace.")
    events = await _events(desk, word)
    if not events:
        raise NotFound(f"Nothing is known of “{word[:60]}”: it is no trace, no exception and no record that came in.")
    stories = [await desk.store.trace(event) for event in events]
    return answers_paths.path(stories, desk.around())


async def _events(desk: Desk, word: str) -> list[int]:
    if _EXCEPTION.fullmatch(word):
        return await desk.store.events_of([(await desk.store.case(case_id(word))).id])
    flows = desk.surroundings.workspace.flows.values()
    places = sorted({(flow.trigger.connection, flow.trigger.entity) for flow in flows})
    return await desk.store.events_named(word, places) if len(word) <= _LONGEST else []


async def owners(desk: Desk, asked: Asked) -> Payload:
    """Who answers for what."""
    await desk.surroundings.people.learn_team_members()
    workspace = desk.surroundings.workspace
    if not asked.words:
        return answers_paths.owners(workspace, desk.around())
    return answers_paths.team(workspace, desk.team(asked.text), desk.around())


async def digest(desk: Desk, asked: Asked) -> Payload:
    """The digest of the person's teams, as of now."""
    mine = [desk.team(asked.text)] if asked.words else sorted(desk.teams_of(asked.user))
    if not mine:
        raise NotFound("You are in no team here. Write which: /sync digest Billing.")
    now, drawn = desk.clock(), list[Payload]()
    for name in mine:
        team = desk.surroundings.workspace.team(name)
        period = await desk.store.period(team.channel, since=now - timedelta(days=1), until=now)
        found = drawn_digest(team.title, period, desk.around())
        if found is not None:
            drawn.append(found)
    return answers.together(drawn, "Nothing to tell: nothing came, nothing is open and nobody is on hold.")


async def checklist(desk: Desk, asked: Asked) -> Payload:
    """The Monday checklist as things stand."""
    workspace = desk.surroundings.workspace
    return checklist_message(await items(desk.store, workspace, now=desk.clock()), workspace.name)
