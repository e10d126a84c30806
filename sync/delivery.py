"""The nouns of delivery to Slack: channels that are lost, a connection that is stopped, what waits. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LostChannel:
    """A channel in which we cannot write since then, in Slack's word for why. What belongs there goes to `fallback`."""

    channel: str
    error: str
    fallback: str
    lost_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Slack does not let us in since then; `error` is its word. `tried_at` is when we asked last."""

    error: str
    stopped_at: datetime
    tried_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What a channel still has to get: how many cards and messages, since when the oldest waits, and what Slack said last."""

    channel: str
    cards: int
    messages: int
    since: datetime
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The page of pending posts. `removed` are the causes whose cards were deleted in Slack twice within a day."""

    queues: tuple[Queue, ...] = ()
    lost: tuple[LostChannel, ...] = ()
    stop: Stop | None = None
    removed: tuple[int, ...] = ()
