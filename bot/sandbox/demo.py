"""The whole story: deals close, defects stop some, people press, everything is billed once. It tells itself while it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.sandbox import pipeline_csv
from bot.sandbox.deals import Story, apply_weather, load, story
from bot.sandbox.player import Player
from bot.sandbox.stage import Stage, set_stage
from bot.sandbox.tally import off_list, tally
from sync.lifecycle import BreakerState, DeliveryState
from sync.model import Cause

Tell = Callable[[str], None]
_OUTAGE_REQUESTS = 14
_QUIET, _PATIENCE = 0.2, 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What `--once` prints and whether every invariant held."""

    figures: dict[str, object]


async def open_demo(*, port: int, data: Path | None) -> tuple[Stage, Story]:
    """Everything up, nothing sold yet. Raises BadPipeline for CSV files that cannot be read."""
    if data is not None:
        told = pipeline_csv.read(data, tolerance_percent=30)
        stage = await set_stage(port=port, products=told.products, tolerance="30%")
    else:
        stage = await set_stage(port=port)
        told = story(now=stage.clock())
    stage.story = told
    return stage, told


async def sell(stage: Stage, told: Story, tell: Tell) -> None:
    """The salespeople close their deals; the CRM tells Meshline by signed webhooks, some twice and out of order."""
    crm, erp = stage.world.crm, stage.world.erp
    crm.webhooks.paused = True
    load(told, crm)
    apply_weather(told, crm, erp)
    erp.faults.outage_between = None
    erp.faults.outage_requests = _OUTAGE_REQUESTS if told.weather.outage_for else 0
    won = sum(deal.won for deal in told.deals)
    tell(f"{len(told.deals)} deals are in the CRM, {won} of them won; the webhooks are on their way")
    crm.webhooks.resume()
    await settle(stage)
    tell(f"{len(erp.posted())} invoices are posted; what stopped is in Slack, with its owner")


async def settle(stage: Stage) -> None:
    """Wait until nothing is under way. When all that is left waits for a later moment, let time pass to it."""
    quiet_since, patience = 0.0, time.monotonic() + _PATIENCE
    while time.monotonic() < patience:
        await asyncio.sleep(_QUIET)
        if await _under_way(stage):
            quiet_since = 0.0
            continue
        if await _let_time_pass(stage):
            quiet_since = 0.0
        elif quiet_since and time.monotonic() - quiet_since > 2 * _QUIET:
            return
        else:
            quiet_since = quiet_since or time.monotonic()


async def _under_way(stage: Stage) -> bool:
    if stage.world.crm.webhooks.pending:
        return True
    now = stage.clock()
    for flow in await stage.parts.store.status():
        if flow.states.get(DeliveryState.RUNNING):
            return True
    if await _tried_again_at(stage) is not None:
        return False
    due = await stage.parts.store.due_now(now=now)
    return due > 0


async def _tried_again_at(stage: Stage) -> datetime | None:
    """When the first of the connections that do not answer is tried again; None when all of them answer."""
    breakers = await stage.parts.store.breakers()
    return min(
        (each.until for each in breakers if each.state == BreakerState.OPEN and each.until > stage.clock()),
        default=None,
    )


async def _let_time_pass(stage: Stage) -> bool:
    """To the next moment at which something is to happen; False when there is none."""
    soonest = (await stage.parts.store.next_due(now=stage.clock()), await _tried_again_at(stage))
    due = min((each for each in soonest if each is not None and each > stage.clock()), default=None)
    if due is None:
        return False
    stage.clock.forward_to(due + timedelta(milliseconds=10))
    stage.parts.changed()
    return True


async def play(stage: Stage, player: Player, tell: Tell, *, spare: Cause | None) -> None:
    """Press until no card is left but the spared one."""
    stuck, shown = 0, -1
    while stuck < 200:
        causes = await _stopped_ones(stage, spare)
        waiting = [one for one in causes if await _stopped(stage, one)]
        if not causes:
            await settle(stage)  # what was just released may stop once more, for another reason
            if not await _stopped_ones(stage, spare):
                return
            continue
        if len(causes) != shown:
            shown = len(causes)
            tell(f"{shown} cards wait for a decision")
        pressed = [await player.play(one) for one in waiting]
        stuck = 0 if any(pressed) else stuck + 1
        await asyncio.sleep(_QUIET)
        await _jump_if_idle(stage, pressed)


async def _stopped_ones(stage: Stage, spare: Cause | None) -> list[Cause]:
    return [one for one in await stage.parts.store.open_causes(limit=2000) if spare is None or one.id != spare.id]


async def _jump_if_idle(stage: Stage, pressed: list[bool]) -> None:
    if not any(pressed) and not await _under_way(stage):
        await _let_time_pass(stage)


async def _stopped(stage: Stage, cause: Cause) -> bool:
    """Whether a decision is wanted: none goes out now, and its first record does not run at the moment."""
    if cause.rollout is not None and cause.rollout.live:
        return False
    return await stage.parts.store.is_stopped(cause.first[0].delivery_id)


async def let_one_escalate(stage: Stage, player: Player, cause: Cause, tell: Tell) -> None:
    """Nobody answers in time: the backup hears of it, billing is held, the backup decides and releases."""
    case = cause.first[0]
    stage.clock.forward_to(case.respond_by + timedelta(minutes=1))
    await _until(stage, cause, level=1)
    stage.clock.forward_to(case.resolve_by + timedelta(minutes=1))
    await _until(stage, cause, level=2)
    tell(f"{case.ref}: the deadline passed, the backup is mentioned, billing of this customer is held")
    await player.resolve_as(case.backup, cause)
    await settle(stage)
    held = await stage.parts.store.cause(cause.id)
    if held.holds:
        await player.release_as(case.backup, held, "The customer confirmed the order; billing may go on.")
        tell(f"{case.ref}: decided by the backup, the hold is released")
    await settle(stage)


async def _until(stage: Stage, cause: Cause, *, level: int) -> None:
    for _ in range(200):
        now = await stage.parts.store.cause(cause.id)
        shown = await stage.parts.store.card_version(cause.id)
        if now.level >= level and shown >= now.version:
            return
        stage.parts.changed()
        await asyncio.sleep(_QUIET)
    raise TimeoutError(f"the escalation of card {cause.id} did not show")


async def run_once(*, port: int, data: Path | None, tell: Tell) -> Result:
    """The story from beginning to end, with the people played."""
    started = time.monotonic()
    stage, told = await open_demo(port=port, data=data)
    try:
        tell(f"the page is at {stage.page}")
        await sell(stage, told, tell)
        player = Player(stage)
        widest = await widest_cause(stage)
        spare = await _to_escalate(stage)
        await play(stage, player, tell, spare=spare)
        await settle(stage)
        if spare is not None:
            await let_one_escalate(stage, player, spare, tell)
        again = await _everything_again(stage, tell)
        await _slack_is_told(stage)
        figures = await tally(stage, told, player, started=started, ended=time.monotonic())
        figures["created_by_a_second_run"] = again
        figures["widest_cause"] = widest
        if data is not None:
            figures["facts"] = facts(told)
        return Result(figures=figures)
    finally:
        await stage.close()


def facts(told: Story) -> dict[str, object]:
    """What the CSV files say by themselves, counted without Meshline."""
    won = [deal for deal in told.deals if deal.won]
    codes = {product.code for product in told.products}
    return {
        "closed": sum(deal.properties["dealstage"] in ("closedwon", "closedlost") for deal in told.deals),
        "won": len(won),
        "won_minor": sum(deal.total_minor for deal in won),
        "unknown_product": sum(line.product_code not in codes for deal in won for line in deal.lines),
        "without_account": sum(deal.company_id is None for deal in won),
        "off_list_percent": {str(percent): off_list(told, percent) for percent in (10, 20, 30)},
        "accounts": len(told.companies),
        "products": len(told.products),
    }


async def widest_cause(stage: Stage) -> dict[str, object] | None:
    """The cause that stopped the most records, as its one card shows it."""
    causes = await stage.parts.store.open_causes(limit=2000)
    widest = max(causes, key=lambda one: one.unresolved, default=None)
    if widest is None:
        return None
    suggested = [one.value for violation in widest.first[0].violations[:1] for one in violation.candidates[:1]]
    return {
        "reason": widest.reason,
        "value": widest.value,
        "records": widest.unresolved,
        "cards": sum(one.reason == widest.reason and one.value == widest.value for one in causes),
        "first_suggestion": suggested[0] if suggested else None,
    }


async def _to_escalate(stage: Stage) -> Cause | None:
    causes = await stage.parts.store.open_causes(limit=2000)
    return next((one for one in causes if one.reason == "missing_billing_code" and one.first[0].customer), None)


async def _everything_again(stage: Stage, tell: Tell) -> int:
    """Poll the whole CRM from the beginning and replay every record: each is read, checked and mapped once more, and
    nothing new may be written. How many invoices were created."""
    before, store = len(stage.world.erp.invoices()), stage.parts.store
    stage.clock.forward(timedelta(minutes=2))
    for flow in stage.parts.workspace.flows.values():
        await stage.parts.engine.poll(flow, since=datetime(1970, 1, 1, tzinfo=UTC))
    await settle(stage)
    owner = next(iter(stage.parts.workspace.teams.values())).owner
    await store.replay(await store.latest_events(), by=owner, now=stage.clock())
    stage.parts.changed()
    await settle(stage)
    created = len(stage.world.erp.invoices()) - before
    tell(f"everything was read once more: {created} new invoices")
    return created


async def _slack_is_told(stage: Stage) -> None:
    """Every card is true; history lines may still queue behind Slack's pace."""
    for _ in range(150):
        if not (await stage.parts.store.backlog())["cards"]:
            return
        await asyncio.sleep(_QUIET)
