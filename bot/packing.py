"""What a pack or the checklist is made of, gathered from the ledger at one moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from store.ledger import Store
from sync.figures import Recurring, figures, recurring
from sync.lifecycle import BreakerState, ReleaseState
from sync.packs import Item, Pack, Situation, checklist, is_silent
from sync.releases import Release
from sync.spans import WEEKLY, edges, monthly_due, weekly_due
from sync.workspace.workspace import Workspace

_BACK = {WEEKLY: 8, "monthly": 6}
_WEEK = timedelta(days=7)
_BACK_THEN = 4 * _WEEK
_RELEASES = 200


async def gather(store: Store, workspace: Workspace, kind: str, *, due: datetime, team: str, now: datetime) -> Pack:
    """The pack of the last whole week or month before `due`, on the calendar of `team`."""
    zone = workspace.calendar(team).timezone
    ends = edges(kind, due, zone, _BACK[kind])
    trend = await store.stretches(ends)
    mine = trend[-1]
    facts = await store.facts(since=mine.since, until=mine.until)
    delivered = await store.delivered(since=mine.since, until=mine.until)
    released = await store.all_published(limit=_RELEASES)
    return Pack(
        kind=kind,
        slot=mine.since.astimezone(ZoneInfo(zone)).date().isoformat(),
        channel=workspace.team(team).channel,
        company=workspace.name,
        figures=figures(facts, mine, delivered=sum(delivered.values()), now=now),
        trend=trend,
        recurring=recurring(await store.seen(until=mine.until)),
        releases=tuple(one for one in released if mine.since <= (one.began_at or one.made_at) < mine.until),
        proposed=_proposed(released),
        rules=tuple(await store.proposed_rules(mine.since, until=mine.until)),
        facts=facts,
        manual=await _manual(store, mine.since, mine.until),
        items=await items(store, workspace, now=now) if kind == WEEKLY else (),
    )


async def items(store: Store, workspace: Workspace, *, now: datetime) -> tuple[Item, ...]:
    """The checklist as things stand."""
    return checklist(await situation(store, workspace, now))


async def situation(store: Store, workspace: Workspace, now: datetime) -> Situation:
    """What the checklist asks about, now and over the last seven days."""
    before, week = await store.stretches([now - 2 * _WEEK, now - _WEEK, now])
    facts = await store.facts(since=week.since, until=week.until)
    delivered = await store.delivered(since=week.since, until=week.until)
    status = await store.status()
    title = {name: flow.title for name, flow in workspace.flows.items()}
    mine = figures(facts, week, delivered=sum(delivered.values()), now=now)
    return Situation(
        flows=len(workspace.flows),
        silent=[title.get(one.flow, one.flow) for one in status if is_silent(one.last_delivered, one.oldest, now)],
        unresolved=mine.unresolved,
        overdue=mine.overdue,
        unanswered=await store.unanswered(now=now),
        holds=[one.called for one in await store.holds()],
        stuck=await _stuck(store),
        backlog=sum((await store.backlog()).values()),
        week=mine,
        before=before,
        recurring=await comes_back(store, until=now),
        proposed=len(_proposed(await store.all_published(limit=_RELEASES)))
        + len(await store.proposed_rules(now - _BACK_THEN)),
        manual=await _manual(store, week.since, week.until),
        unlearned=len(await store.bypasses()),
    )


async def comes_back(store: Store, *, until: datetime, channel: str | None = None) -> tuple[Recurring, ...]:
    """The process defects of the last weeks, in one channel if asked."""
    return recurring(await store.seen(until=until, channel=channel))


def due_of(workspace: Workspace, kind: str, now: datetime) -> tuple[str, datetime] | None:
    """(team, when the pack of this kind was due last); None where the workspace asks for none."""
    weekly, monthly = workspace.packs.weekly, workspace.packs.monthly
    if kind == WEEKLY and weekly is not None:
        zone = workspace.calendar(weekly.team).timezone
        return weekly.team, weekly_due(now, weekly.weekday, weekly.time, zone)
    if kind != WEEKLY and monthly is not None:
        return monthly.team, monthly_due(now, monthly.time, workspace.calendar(monthly.team))
    return None


def _proposed(released: list[Release]) -> tuple[Release, ...]:
    return tuple(one for one in released if one.state == ReleaseState.PROPOSED)


async def _stuck(store: Store) -> list[str]:
    paused = [f"{scope} {name} is paused" for scope, name, _, _ in await store.pauses()]
    away = [f"{one.connection} does not answer" for one in await store.breakers() if one.state != BreakerState.CLOSED]
    drifted = [f"{one.label or one.path} is gone or changed in {one.connection}" for one in await store.drifts()]
    return [*paused, *away, *drifted]


async def _manual(store: Store, since: datetime, until: datetime) -> int:
    """Fixes that people made past Meshline and reported."""
    return len(await store.manual_fixes(since, until=until))
