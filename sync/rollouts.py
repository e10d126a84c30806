"""Decisions that reach many records in turn: first a canary of the oldest five, then the rest in batches. What a rollout does next
follows from how its records stand. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sync.lifecycle import Move

CANARY, BATCH = 5, 100
STAGED = frozenset({"resolve", "approve", "replay"})
"""What is tried on a canary first. A discard sends nothing out and a proposal decides nothing: there is nothing to try."""
TOGETHER = frozenset({"schema_drift"})
"""Reasons whose records go round at once: what is asked first is whether the source agrees again, and only then do they go out."""
DECIDES = STAGED | {"propose", "reject", "discard"}


class RolloutState(StrEnum):
    """`stopped` waits for a person; `left` was replaced by another decision."""

    CANARY = "canary"
    REST = "rest"
    STOPPED = "stopped"
    DONE = "done"
    LEFT = "left"


class Reach(StrEnum):
    """How far a decision has come with one record. `passed` was decided elsewhere, or went on by itself, before its turn."""

    WAITING = "waiting"
    SENT = "sent"
    THROUGH = "through"
    FAILED = "failed"
    PASSED = "passed"
    LEFT = "left"


LIVE = (RolloutState.CANARY, RolloutState.REST)

ROLLOUT_MOVES = {
    move.verb: move
    for move in (
        Move("widen", (RolloutState.CANARY,), RolloutState.REST),
        Move("fail", (RolloutState.CANARY,), RolloutState.STOPPED),
        Move("stop", LIVE, RolloutState.STOPPED),
        Move("go_on", (RolloutState.STOPPED,), RolloutState.REST),
        Move("finish", (RolloutState.REST,), RolloutState.DONE),
        Move("replace", (RolloutState.STOPPED,), RolloutState.LEFT),
    )
}
"""Whoever may make the decision may stop it and let it go on; the roles are those of its verb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One decision about many records of a cause. The counts are of records: `total` is the sum of `waiting`, `sent`, `through`,
    `failed` and `passed`; the same with `canary_` are of the canary alone. `elsewhere` of the failed are on another card now,
    `newcomers` are the cause's unresolved records that it is not about. `ended_by` stopped it, "engine" when its canary did;
    `why` says for what reason. `paused_by` is who paused the flow, empty when nobody did. `failed_case` and what stands beside it
    are of the oldest record that stopped again."""

    id: int
    cause_id: int
    flow: str
    verb: str
    by: str
    words: str
    state: str
    total: int
    waiting: int
    sent: int
    through: int
    failed: int
    passed: int
    canary: int
    canary_through: int
    canary_failed: int
    canary_passed: int
    elsewhere: int
    newcomers: int
    why: str
    ended_by: str
    started_at: datetime
    ended_at: datetime | None
    paused_by: str = ""
    failed_case: int | None = None
    failed_reason: str = ""
    failed_detail: str = ""

    @property
    def live(self) -> bool:
        """Whether it goes on by itself."""
        return self.state in LIVE

    @property
    def done(self) -> int:
        """How many records it needs to look after no more."""
        return self.through + self.failed + self.passed


def next_move(rollout: Rollout) -> str:
    """The verb that is due: `fail`, `widen`, `send` (another batch) or `finish`; empty while it waits for outcomes."""
    if rollout.state == RolloutState.CANARY:
        if rollout.canary_failed:
            return "fail"
        return "widen" if rollout.canary_through + rollout.canary_passed == rollout.canary else ""
    if rollout.state != RolloutState.REST:
        return ""
    if rollout.waiting:
        return "send" if rollout.sent * 2 <= BATCH else ""
    return "" if rollout.sent else "finish"


def already(rollout: Rollout) -> str:
    """What somebody hears who would decide the same once more."""
    return f"Already being decided by @{{{rollout.by}}}: {rollout.done:,} of {rollout.total:,} so far."
