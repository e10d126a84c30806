"""What people read of a decision about many records while it goes out: on the card, in its thread, and in the words for a
screen reader. Pure."""

from __future__ import annotations

from bot.blocks import moment, said
from bot.wording import Around, counted, named, person, records
from sync.reasons import reason
from sync.rollouts import Rollout, RolloutState


def failed_words(rollout: Rollout) -> str:
    """For the thread: why the decision stopped after its canary. Marks for people are left as they are."""
    left = f" {_others(rollout)} for your decision." if rollout.waiting else ""
    return f"Stopped: {_failed(rollout)}{left}"


def story(rollout: Rollout, around: Around) -> list[str]:
    """How far it has come, as lines of mrkdwn."""
    if rollout.state == RolloutState.STOPPED:
        return [_stopped(rollout, around), *_besides(rollout, around)]
    if rollout.state == RolloutState.DONE:
        return [f"{_ended(named(rollout.words, around))} {said(outcome(rollout))}", *_besides(rollout, around)]
    return [_ended(named(rollout.words, around)), f"*{said(stage(rollout))}*", *_besides(rollout, around)]


def stage(rollout: Rollout) -> str:
    """Where it stands, in a sentence or two without markup."""
    if rollout.state == RolloutState.CANARY:
        rest = rollout.total - rollout.canary
        then = f"The other {rest:,} follow when {_number(rollout.canary)} went through."
        return (
            f"Canary (the oldest {rollout.canary}): {rollout.canary_through} of {rollout.canary} went through. {then}"
        )
    return f"{_canary(rollout)}{rollout.done:,} of {rollout.total:,} done.{_again(rollout)}"


def outcome(rollout: Rollout) -> str:
    """How it ended, in a sentence or two without markup."""
    passed = f" {counted(rollout.passed, 'record')} had been decided elsewhere." if rollout.passed else ""
    return f"{rollout.through:,} of {rollout.total:,} went through.{_again(rollout)}{passed}"


def short(rollout: Rollout, around: Around) -> str:
    """The same for the card's words; not escaped."""
    if rollout.state != RolloutState.STOPPED:
        return f"Being decided by {around.person(rollout.by)}. {stage(rollout)}"
    left = f" {_others(rollout)}." if rollout.waiting else ""
    if rollout.ended_by == "engine":
        return f"Stopped: {_failed(rollout, detailed=False)}{left}"
    return f"Stopped by {around.person(rollout.ended_by)}. {stage(rollout)}{left}"


def _stopped(rollout: Rollout, around: Around) -> str:
    choice = f" {_others(rollout)}: go on with them, or decide otherwise." if rollout.waiting else ""
    if rollout.ended_by == "engine":
        return f"*Stopped.* {named(_failed(rollout), around, 500)}{choice}"
    when = f" at {moment(rollout.ended_at)}" if rollout.ended_at else ""
    return f"*Stopped by {person(rollout.ended_by, around)}*{when}. {said(stage(rollout))}{choice}"


def _failed(rollout: Rollout, *, detailed: bool = True) -> str:
    if not rollout.failed_case:
        return _ended(rollout.why)
    title = reason(rollout.failed_reason).title
    of = f"EX-{rollout.failed_case}, one of the {rollout.canary} that were tried first, failed again"
    if not detailed:
        return f"{of}: {title}."
    detail = f" ({rollout.failed_detail[:200]})" if rollout.failed_detail else ""
    through = f" {rollout.canary_through} of {rollout.canary} went through." if rollout.canary_through else ""
    return f"{of}: {title}{detail}.{through}"


def _besides(rollout: Rollout, around: Around) -> list[str]:
    lines = []
    if rollout.newcomers and rollout.state != RolloutState.STOPPED:
        more = counted(rollout.newcomers, "more record")
        one = rollout.newcomers == 1
        stays = "It is not part of this decision and stays" if one else "They are not part of this decision and stay"
        lines.append(f"{more} {'has' if one else 'have'} come in since. {stays} open.")
    if rollout.paused_by and rollout.live:
        lines.append(
            f"The flow is paused by {person(rollout.paused_by, around)}: the decision goes on when it is resumed."
        )
    return lines


def _again(rollout: Rollout) -> str:
    if not rollout.failed:
        return ""
    where = {0: ", on this card", rollout.failed: ", for another cause: on a card of their own"}
    mixed = f", {rollout.elsewhere:,} of them for another cause: on a card of their own"
    return f" {rollout.failed:,} failed again{where.get(rollout.elsewhere, mixed)}."


def _canary(rollout: Rollout) -> str:
    return f"Canary: {rollout.canary_through} of {rollout.canary} went through. "


def _others(rollout: Rollout) -> str:
    waits = "waits" if rollout.waiting == 1 else "wait"
    return f"The other {records(rollout.waiting)} {waits}"


def _number(count: int) -> str:
    return {5: "all five"}.get(count, f"all {count}")


def _ended(words: str) -> str:
    return f"{words}." if words and words[-1] not in ".!?" else words
