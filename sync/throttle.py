"""Arithmetic of waiting for one's turn. Pure: `now` is in seconds of a clock that never goes back. What the other side says
about itself can only slow a connection down, never make it faster than the workspace allows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sync.workspace.pacing import ThrottlePolicy

LONGEST_PAUSE = 3600.0
FIRST_PAUSE = 1.0
LONGEST_GUESS = 60.0
_FEW = 10
_SHARE = 5
_TENTH = 0.1  # of a window that rolls, in which a tenth of its requests comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What the other side says about its own limit: `remaining` requests of `limit`, in `reset` seconds all of them again.
    `span` where it says for how long the limit is, and not how much of that is left."""

    remaining: int
    limit: int | None = None
    reset: float | None = None
    span: float | None = None

    @property
    def low(self) -> bool:
        """Whether less than a fifth is left, or less than ten of nobody knows how many."""
        return self.remaining * _SHARE < self.limit if self.limit is not None else self.remaining < _FEW


class Bucket:
    """One request every `each` seconds; `burst` may go at once after a rest. Turns are given in the order they are asked for."""

    __slots__ = ("_booked", "burst", "each")

    def __init__(self, each: float, burst: int = 1) -> None:
        self.each, self.burst = each, burst
        self._booked = -math.inf

    def wait(self, n: int, now: float) -> float:
        """Seconds until `n` more may go."""
        return max(max(self._booked, now) + (n - self.burst) * self.each - now, 0.0)

    def book(self, n: int, now: float) -> None:
        """The next turns are `n` later."""
        self._booked = max(self._booked, now) + n * self.each

    def pace(self, each: float, now: float) -> None:
        """Another spacing from now on, also between the turns that are booked."""
        self._booked = now + max(self._booked - now, 0.0) * each / self.each
        self.each = each


class Throttle:
    """The turns of one connection in this process. `free` is whether nothing has to wait at all, `known` what the other side
    said last about its limit."""

    __slots__ = ("_buckets", "_own", "_paused_until", "_pauses", "_spread", "_spread_until", "free", "known")

    def __init__(self, policy: ThrottlePolicy | None = None) -> None:
        rate = policy.rate if policy is not None else None
        self._own = (Bucket(rate.each, policy.burst),) if policy is not None and rate is not None else ()
        self._spread: Bucket | None = None
        self._spread_until = self._paused_until = -math.inf
        self._pauses = 0
        self._buckets: tuple[Bucket, ...] = self._own
        self.known: Limit | None = None
        self.free = not self._own

    def take(self, n: int, now: float, patience: float = math.inf) -> float:
        """Seconds until `n` requests may go. Their turns are taken, unless the wait is longer than `patience`."""
        if self.free:
            return 0.0
        self._forget(now)
        start = wait = max(now, self._paused_until)
        for bucket in self._buckets:
            wait = max(wait, start + bucket.wait(n, start))
        if wait - now <= patience:
            for bucket in self._buckets:
                bucket.book(n, start)
        return wait - now

    def paused(self, now: float) -> float:
        """Seconds during which nothing may go, whoever's turn it is."""
        return max(self._paused_until - now, 0.0)

    def refused(self, seconds: float | None, now: float) -> None:
        """The other side turned a request away (429): the whole connection pauses for as long as it asked, an hour at most,
        or else for a second, twice as long each time until something goes well. Those under way with it count as one."""
        if self.paused(now):
            self._pause(seconds or 0.0, now)
            return
        guess = min(FIRST_PAUSE * 2 ** min(self._pauses, 10), LONGEST_GUESS)
        self._pauses += 1
        self._pause(guess if seconds is None else seconds, now)

    def went_well(self) -> None:
        """Something was taken that was asked for."""
        self._pauses = 0

    def learn(self, limit: Limit, now: float) -> None:
        """What an answer says about the limit: at zero everything pauses, and what is low is spread over the time left."""
        self.known = limit
        reset = _sensible(limit.reset)
        if limit.remaining <= 0:
            self._pause(reset * _TENTH if self._fits(limit) else reset, now)
        elif not limit.low or self._fits(limit):
            self._slow_down(None)
        elif (each := reset / limit.remaining) > 0:
            spread = self._spread or Bucket(each)
            spread.pace(each, now)
            self._spread_until = now + reset
            self._slow_down(spread)

    def _fits(self, limit: Limit) -> bool:
        """Whether little is left because we ask as often as the workspace lets us, which the limit allows for good."""
        span, most = limit.span, limit.limit
        return bool(span and most and any(each.each * most >= span for each in self._own))

    def _pause(self, seconds: float, now: float) -> None:
        self._paused_until = max(self._paused_until, now + _sensible(seconds))
        self.free = self.free and not self.paused(now)

    def _slow_down(self, spread: Bucket | None) -> None:
        if spread is not self._spread:
            self._spread, self._buckets = spread, (*self._own, spread) if spread is not None else self._own
            self.free = self.free and spread is None

    def _forget(self, now: float) -> None:
        if now >= self._spread_until:
            self._slow_down(None)
        self.free = not self._buckets and now >= self._paused_until


def _sensible(seconds: float | None) -> float:
    """An hour at most; what is no length of time is none."""
    return min(seconds, LONGEST_PAUSE) if seconds is not None and seconds > 0 else 0.0
