"""The two lifecycles, each one table. A row is the guard of the UPDATE, the buttons a card may show, the legal commands,
the word in the journal and the edge in the README's diagram."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sync.errors import NotFound


class DeliveryState(StrEnum):
    PENDING = "pending"
    RUNNING = "running"
    HELD = "held"
    DELIVERED = "delivered"
    DEAD = "dead"
    DISCARDED = "discarded"


class CaseState(StrEnum):
    OPEN = "open"
    OWNED = "owned"
    PROPOSED = "proposed"
    SNOOZED = "snoozed"
    REOPENED = "reopened"
    RESOLVED = "resolved"


class WriteState(StrEnum):
    """`sent` is recorded before the call, so a crash on either side of the call leaves the same thing: an unknown."""

    SENT = "sent"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    CONFIRMED = "confirmed"


class BreakerState(StrEnum):
    """A connection's breaker: `open` holds the work, `probing` lets one delivery try, `closed` lets everything through."""

    OPEN = "open"
    PROBING = "probing"
    CLOSED = "closed"


class ReleaseState(StrEnum):
    """`active` runs; `shadow` and `canary` are on trial beside it; `retired` was active and may be restored."""

    PROPOSED = "proposed"
    SHADOW = "shadow"
    CANARY = "canary"
    ACTIVE = "active"
    RETIRED = "retired"
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"


class Role(StrEnum):
    OWNER = "owner"
    BACKUP = "backup"
    MEMBER = "member"
    APPROVER = "approver"


TEAM = frozenset({Role.OWNER, Role.BACKUP, Role.MEMBER, Role.APPROVER})
LEADS = frozenset({Role.OWNER, Role.BACKUP, Role.APPROVER})
APPROVERS = frozenset({Role.APPROVER})
ENGINE: frozenset[Role] = frozenset()  # moves that no person makes


@dataclass(frozen=True, slots=True)
class Move:
    """One edge: `verb` leads from any of `sources` to `target`, when pressed by one of `roles` (empty: the engine only)."""

    verb: str
    sources: tuple[str, ...]
    target: str
    roles: frozenset[Role] = ENGINE

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", tuple(map(str, self.sources)))  # plain texts: a ledger knows no enums
        object.__setattr__(self, "target", str(self.target))


_D, _C = DeliveryState, CaseState
_UNSETTLED = (_C.OPEN, _C.OWNED, _C.SNOOZED, _C.REOPENED)

DELIVERY_MOVES = {
    move.verb: move
    for move in (
        Move("claim", (_D.PENDING,), _D.RUNNING),
        Move("reclaim", (_D.RUNNING,), _D.RUNNING),
        Move("deliver", (_D.RUNNING,), _D.DELIVERED),
        Move("retry", (_D.RUNNING,), _D.PENDING),
        Move("hold", (_D.RUNNING,), _D.HELD),
        Move("wait", (_D.RUNNING,), _D.HELD),
        Move("bury", (_D.RUNNING,), _D.DEAD),
        Move("ignore", (_D.RUNNING,), _D.DISCARDED),
        Move("poison", (_D.RUNNING,), _D.DEAD),
        Move("replay", (_D.HELD, _D.DEAD, _D.DELIVERED), _D.PENDING, TEAM),
        Move("release", (_D.HELD,), _D.PENDING, LEADS),
        Move("discard", (_D.HELD, _D.DEAD), _D.DISCARDED, LEADS),
        Move("supersede", (_D.PENDING, _D.HELD, _D.DEAD), _D.DISCARDED),
        Move("stale", (_D.PENDING,), _D.DISCARDED),
        Move("expire", (_D.HELD,), _D.DEAD),
    )
}

CASE_MOVES = {
    move.verb: move
    for move in (
        Move("take", (_C.OPEN, _C.OWNED, _C.SNOOZED, _C.REOPENED), _C.OWNED, TEAM),
        Move("hand_over", (_C.OPEN, _C.OWNED, _C.SNOOZED, _C.REOPENED), _C.OWNED, TEAM),
        Move("snooze", (_C.OPEN, _C.OWNED, _C.REOPENED), _C.SNOOZED, TEAM),
        Move("wake", (_C.SNOOZED,), _C.OPEN),
        Move("resolve", _UNSETTLED, _C.RESOLVED, LEADS),
        Move("propose", _UNSETTLED, _C.PROPOSED, LEADS),
        Move("approve", (_C.PROPOSED,), _C.RESOLVED, APPROVERS),
        Move("reject", (_C.PROPOSED,), _C.OWNED, APPROVERS),
        Move("discard", _UNSETTLED, _C.RESOLVED, LEADS),
        Move("replay", _UNSETTLED, _C.OWNED, TEAM),
        Move("pass", (*_UNSETTLED, _C.PROPOSED), _C.RESOLVED),
        Move("reopen", (_C.RESOLVED,), _C.REOPENED),
    )
}

WRITE_MOVES = {
    move.verb: move
    for move in (
        Move("send", (WriteState.SENT, WriteState.REFUSED, WriteState.UNKNOWN, WriteState.CONFIRMED), WriteState.SENT),
        Move("doubt", (WriteState.SENT,), WriteState.UNKNOWN),
        Move("refuse", (WriteState.SENT,), WriteState.REFUSED),
        Move("confirm", (WriteState.SENT,), WriteState.CONFIRMED),
    )
}


_R = ReleaseState
_ON_TRIAL = (_R.SHADOW, _R.CANARY)

RELEASE_MOVES = {
    move.verb: move
    for move in (
        Move("watch", (_R.PROPOSED,), _R.SHADOW, LEADS),
        Move("try", (_R.PROPOSED, _R.SHADOW), _R.CANARY, LEADS),
        Move("promote", (_R.PROPOSED, *_ON_TRIAL), _R.ACTIVE, LEADS),
        Move("reject", (_R.PROPOSED,), _R.REJECTED, LEADS),
        Move("retire", (_R.ACTIVE,), _R.RETIRED),
        Move("roll_back", (_R.ACTIVE, *_ON_TRIAL), _R.ROLLED_BACK, LEADS),
        Move("restore", (_R.RETIRED,), _R.ACTIVE, LEADS),
    )
}


def delivery_move(verb: str) -> Move:
    """The row for a verb. Raises NotFound for a word that is no move."""
    return _row(DELIVERY_MOVES, verb)


def case_move(verb: str) -> Move:
    """The row for a verb. Raises NotFound for a word that is no move."""
    return _row(CASE_MOVES, verb)


def write_move(verb: str) -> Move:
    """The row for a verb. Raises NotFound for a word that is no move."""
    return _row(WRITE_MOVES, verb)


def release_move(verb: str) -> Move:
    """The row for a verb. Raises NotFound for a word that is no move."""
    return _row(RELEASE_MOVES, verb)


def case_verbs(state: str, *, four_eyes: bool = False) -> tuple[str, ...]:
    """What a person may do with a case in this state, in the table's order. Class A proposes instead of resolving."""
    hidden = {"resolve", "discard"} if four_eyes else {"propose"}
    return tuple(m.verb for m in CASE_MOVES.values() if state in m.sources and m.roles and m.verb not in hidden)


def _row(table: dict[str, Move], verb: str) -> Move:
    try:
        return table[verb]
    except KeyError:
        raise NotFound(f"there is no move called {verb}") from None
