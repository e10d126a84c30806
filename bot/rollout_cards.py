"""The card of a cause while one decision about many of its records goes out, and the parts that it leaves on the card after. Pure."""

from __future__ import annotations

from bot.blocks import Block, actions, button, confirm, context, fields, header, message, said, section
from bot.carried import Carried, carry
from bot.rollout_words import outcome, short, stage, story
from bot.wording import Around, due, line_of, records, refs_in_short, worth
from sync.model import Cause
from sync.reasons import reason
from sync.rollouts import Rollout, RolloutState

SHOWN = 5


def live_card(cause: Cause, rollout: Rollout, around: Around, menu: Block, small: str) -> Block:
    """The whole card while the decision is on its way. `menu` and `small` are what stands beside and below every card."""
    what = f"{reason(cause.reason).title} · {records(rollout.total)}"
    words = f"{what} ({refs_in_short(cause)}). {short(rollout, around)}"
    stop = button("stop_rollout", "Stop", carry(Carried(cause=cause.id, version=cause.version)))
    blocks = [
        header(f"In progress · {what}"),
        section("\n".join(story(rollout, around)), accessory=menu),
        *([fields(*_left(cause, around))] if cause.unresolved else []),
        *listed(cause, around),
        *([actions(stop)] if rollout.waiting else []),
        context(small),
    ]
    return message(said(words, 3000), *blocks)


def listed(cause: Cause, around: Around) -> list[Block]:
    """The first five records, and the button that shows all."""
    lines = [f"• {line_of(case, around)}" for case in cause.first if cause.unresolved]
    left = cause.unresolved - len(lines)
    more = [f"• … {left:,} more"] if left > 0 else []
    if cause.total <= SHOWN:
        return [section("\n".join(lines))] if lines else []
    return [section("\n".join([*lines, *more]) or "Every record has had its turn.", accessory=show_all(cause))]


def show_all(cause: Cause) -> Block:
    """Opens the list of all records."""
    return button("all", f"Show all {cause.total:,}", carry(Carried(cause=cause.id, version=cause.version)))


def lasting(cause: Cause, around: Around) -> list[Block]:
    """What an earlier decision leaves on an open card: that it stopped and why, or how it ended."""
    rollout = cause.rollout
    if rollout is None or rollout.live or rollout.state == RolloutState.LEFT or not cause.unresolved:
        return []
    return [section("\n".join(story(rollout, around)))]


def lasting_words(cause: Cause, around: Around) -> str:
    """The same as a sentence before the card's own; not escaped."""
    rollout = cause.rollout
    stopped = rollout is not None and rollout.state == RolloutState.STOPPED and cause.unresolved
    return f"{short(rollout, around)} " if rollout is not None and stopped else ""


def ended(cause: Cause) -> str:
    """For a closed card: how many records the decision counted for; empty when it was about one."""
    rollout = cause.rollout
    if rollout is None or rollout.state == RolloutState.LEFT:
        return f" The decision counted for {records(cause.total)}." if cause.total > 1 else ""
    return f" {outcome(rollout)}" if rollout.state == RolloutState.DONE else f" {stage(rollout)}"


def go_on(cause: Cause) -> list[Block]:
    """The button that lets a stopped decision reach the others."""
    rollout = cause.rollout
    if rollout is None or rollout.state != RolloutState.STOPPED or not rollout.waiting:
        return []
    what = records(rollout.waiting)
    sure = confirm(
        f"Go on with {what}?",
        f"The decision is carried out for {what}. What is written to the ERP cannot be undone here.",
        f"Go on with {what}",
    )
    value = carry(Carried(cause=cause.id, version=cause.version))
    return [button("go_on", f"Go on with the other {rollout.waiting:,}", value, style="primary", confirm=sure)]


def _left(cause: Cause, around: Around) -> tuple[tuple[str, str], ...]:
    return (
        ("Not decided yet", records(cause.unresolved)),
        ("Money at stake", worth(cause.sums) or "not known"),
        ("Nearest deadline", due(cause.nearest, around).removeprefix("by ")),
    )
