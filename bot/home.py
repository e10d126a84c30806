"""The Home tab of one person: what is theirs by deadline, what their team has, how the flows do, what is held and paused."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import Block, button, context, divider, few, header, section
from bot.buttons import is_proposed, verbs
from bot.carried import Carried, carry
from bot.glance import Pause, Works, cause_line, engine_line, flow_line, hold_line, pause_line
from bot.wording import Around, asks, fix_label, line_of, standing
from store.standing import FlowStatus
from sync.lifecycle import CaseState
from sync.model import BillingHold, Case, Cause
from sync.reasons import reason

_MINE, _TEAM, _LINES = 15, 15, 15
_UNASKED = Works()


def home(
    mine: Sequence[Case],
    team: Sequence[Cause],
    status: Sequence[FlowStatus],
    holds: Sequence[BillingHold],
    pauses: Sequence[Pause],
    around: Around,
    works: Works = _UNASKED,
) -> Block:
    """The view for `views.publish`."""
    going = [*(flow_line(one, around) for one in status), *works.tried(around), *works.in_batches(around)]
    stopped = [*works.broken(around), *_held(holds, around), *_paused(pauses, around)]
    engine = (
        [header("Engine"), section(engine_line(works.workers, around)), divider()] if works.workers is not None else []
    )
    blocks = [
        *_part("My exceptions", [_mine(case, around) for case in mine[:_MINE]], "Nothing is yours to do.", len(mine)),
        *_part("My team's queue", [_queued(cause, around) for cause in team[:_TEAM]], "The queue is empty.", len(team)),
        *_listed("Flows", going, "No flow has had work yet."),
        *_listed("Held and paused", stopped, "Nothing is held or paused."),
        *engine,
        context("`/sync help` lists everything you can ask for."),
    ]
    return {"type": "home", "blocks": blocks}


def _part(title: str, rows: Sequence[Block], nothing: str, count: int) -> list[Block]:
    heading = header(f"{title} · {count:,}" if count else title)
    more = [context(f"… {count - len(rows):,} more: `/sync exceptions`")] if count > len(rows) else []
    return [heading, *(rows or [section(nothing)]), *more, divider()]


def _listed(title: str, lines: Sequence[str], nothing: str) -> list[Block]:
    shown = [section(line) for line in few(lines, _LINES)]
    return [header(title), *(shown or [section(nothing)]), divider()]


def _mine(case: Case, around: Around) -> Block:
    words = f"{line_of(case, around)}\n{reason(case.reason).title} · {standing(case, around)}"
    return section(words, accessory=_fix(case))


def _fix(case: Case) -> Block | None:
    value = carry(Carried(cause=case.cause_id, version=0, case=case.id))
    if case.state in (CaseState.PROPOSED, CaseState.RESOLVED):
        return None
    if not asks(case.reason):
        return button("replay", "Replay", value)
    label = "Propose fix" if case.four_eyes else fix_label(case.reason, case.violations)
    return button("resolve", label, value)


def _queued(cause: Cause, around: Around) -> Block:
    who = standing(cause.first[0], around) if cause.first else ""
    value = carry(Carried(cause=cause.id, version=cause.version))
    free = "take" in verbs(cause) and not is_proposed(cause) and not all(case.assignee for case in cause.first)
    return section(f"{cause_line(cause, around)}\n{who}", accessory=button("take", "Take it", value) if free else None)


def _held(holds: Sequence[BillingHold], around: Around) -> list[str]:
    return [hold_line(hold, around) for hold in holds]


def _paused(pauses: Sequence[Pause], around: Around) -> list[str]:
    return [pause_line(pause, around) for pause in pauses]
