"""The Home tab of one person: what is theirs by deadline, what waits for their approval, what their team has, how the flows do,
what is held and paused, and what they prefer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot import home_words as words
from bot.blocks import Block, actions, button, context, divider, few, header, section
from bot.buttons import is_proposed, pressable, verbs
from bot.carried import Carried, carry
from bot.glance import Pause, Works, cause_line, engine_glance, flow_glance, hold_line, pause_line
from bot.wording import Around, asks, changes, fix_label, line_of, proposed, standing
from store.standing import FlowStatus
from sync.lifecycle import CaseState
from sync.model import BillingHold, Case, Cause
from sync.picking import Throughput
from sync.preferences import Preferences
from sync.reasons import reason

FIGURES = "figures"
"""How the ids of those blocks begin that hold figures: they change all the time, and nobody has to act on them."""
_MINE, _TEAM, _APPROVALS, _LINES = 15, 15, 8, 12
_UNASKED = Works()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """All that one person's Home tab shows. `…_count` is how many there are in all; `away` is the line that says until when
    the person is away."""

    user: str
    mine: Sequence[Case] = ()
    mine_count: int = 0
    approvals: Sequence[Cause] = ()
    team: Sequence[Cause] = ()
    team_count: int = 0
    status: Sequence[FlowStatus] = ()
    through: Mapping[str, Throughput] = field(default_factory=dict)
    holds: Sequence[BillingHold] = ()
    pauses: Sequence[Pause] = ()
    works: Works = _UNASKED
    preferences: Preferences | None = None
    away: str = ""


def home(seen: Seen, around: Around) -> Block:
    """The view for `views.publish`."""
    mine = [_mine(case, around) for case in seen.mine[:_MINE]]
    team = [_queued(cause, around) for cause in seen.team[:_TEAM]]
    blocks = [
        *_part(words.MINE, mine, words.NOTHING_MINE, seen.mine_count, "`/sync exceptions mine`"),
        *_approvals(seen.approvals, around),
        *_part(words.QUEUE, team, words.NOTHING_QUEUED, seen.team_count, "`/sync exceptions`"),
        *_figures(seen, around),
        *_listed(words.STOPPED, _stopped(seen, around), words.NOTHING_STOPPED),
        *_about_me(seen, around),
        context(words.HELP),
    ]
    return {"type": "home", "blocks": blocks}


def _part(title: str, rows: Sequence[Block], nothing: str, count: int, all_of_them: str) -> list[Block]:
    heading = header(f"{title} · {count:,}" if count else title)
    more = [context(f"… {count - len(rows):,} more: {all_of_them}")] if count > len(rows) else []
    return [heading, *(rows or [section(nothing)]), *more, divider()]


def _listed(title: str, lines: Sequence[str], nothing: str) -> list[Block]:
    shown = [section(line) for line in few(lines, _LINES)]
    return [header(title), *(shown or [section(nothing)]), divider()]


def _figures(seen: Seen, around: Around) -> list[Block]:
    """The flows and the engine. Each block is marked as figures."""
    stopped = {name for scope, name, _, _ in seen.pauses if scope == "flow"}
    lines = [flow_glance(one, seen.through.get(one.flow), around, paused=one.flow in stopped) for one in seen.status]
    lines += [*seen.works.tried(around), *seen.works.in_batches(around)]
    blocks = [header(words.FLOWS), *(section(line) for line in few(lines, _LINES) or [words.NO_FLOW])]
    if seen.works.workers is not None:
        blocks.append(context(engine_glance(seen.works.workers, around)))
    return [*(block | {"block_id": f"{FIGURES}-{at}"} for at, block in enumerate(blocks)), divider()]


def _approvals(causes: Sequence[Cause], around: Around) -> list[Block]:
    if not causes:
        return []
    rows = [block for cause in causes[:_APPROVALS] for block in _approval(cause, around)]
    left = len(causes) - _APPROVALS
    more = [context(f"… {left:,} more; each has its card in its team's channel.")] if left > 0 else []
    return [header(f"{words.APPROVALS} · {len(causes):,}"), *rows, *more, divider()]


def _approval(cause: Cause, around: Around) -> list[Block]:
    first = cause.first[0]
    lines = [cause_line(cause, around), proposed(first, around), *(f"• {line}" for line in changes(first))]
    pressing = [one for one in pressable(cause, around) if one["action_id"] in ("approve", "reject")]
    return [section("\n".join(lines)), *([actions(*pressing)] if pressing else [])]


def _mine(case: Case, around: Around) -> Block:
    text = f"{line_of(case, around)}\n{reason(case.reason).title} · {standing(case, around)}"
    return section(text, accessory=_fix(case))


def _fix(case: Case) -> Block | None:
    value = carry(Carried(cause=case.cause_id, version=0, case=case.id))
    if case.state in (CaseState.PROPOSED, CaseState.RESOLVED):
        return None
    if not asks(case.reason):
        return button("replay_one", "Replay", value)
    label = "Propose fix" if case.four_eyes else fix_label(case.reason, case.violations)
    return button("resolve", label, value)


def _queued(cause: Cause, around: Around) -> Block:
    who = standing(cause.first[0], around) if cause.first else ""
    value = carry(Carried(cause=cause.id, version=cause.version))
    free = "take" in verbs(cause) and not is_proposed(cause) and not all(case.assignee for case in cause.first)
    return section(f"{cause_line(cause, around)}\n{who}", accessory=button("take", "Take it", value) if free else None)


def _stopped(seen: Seen, around: Around) -> list[str]:
    held = [hold_line(hold, around) for hold in seen.holds]
    return [*seen.works.broken(around), *held, *(pause_line(pause, around) for pause in seen.pauses)]


def _about_me(seen: Seen, around: Around) -> list[Block]:
    lines = [said for said in (seen.away, _preferred(seen.preferences or Preferences(user=seen.user))) if said]
    away = button("back", words.BACK, _value("back")) if seen.away else button("away", words.AWAY, _value("away"))
    pressing = [
        button("prefer", words.PREFER, _value("prefer")), away,
        button("manual_fix", words.REPORT, _value("manual_fix")),
    ]  # fmt: skip
    return [header(words.ABOUT_ME), section("\n".join(lines)), actions(*pressing)]


def _value(verb: str) -> str:
    return carry(Carried(cause=0, version=0, verb=verb))


def _preferred(one: Preferences) -> str:
    digest = f"A digest comes at {one.digest_at:%H:%M}" if one.digest else "No digest of your own"
    quiet = (
        f"quiet from {one.quiet_from:%H:%M} to {one.quiet_until:%H:%M}"
        if one.quiet_from and one.quiet_until
        else "no quiet hours"
    )
    mentions = "mentions on" if one.mentions else "mentions off"
    return f"{digest}; {quiet}; {mentions}."
