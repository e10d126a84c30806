"""Arithmetic of a breaker: when a connection counts as down, for how long it is left alone, and how fast it is used again
afterwards. Pure: time and jitter are arguments; the state itself is a row of the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sync.errors import AnswerLost, ConnectorError, Throttled, Unavailable, Unmentioned
from sync.workspace.pacing import BreakerPolicy

_SLICES = 10
_DOUBLES_EVERY = timedelta(seconds=10)
_DOUBLINGS = 6
_IN_A_ROW = 3
_NEVER = datetime.min.replace(tzinfo=UTC)


def verdict(error: ConnectorError | None) -> bool | None:
    """What the end of a request says about the connection: True that it works (also by refusing or leaving out a record),
    False that it does not, None that nothing was learnt because the connection is at its limit or we ourselves stood still."""
    if isinstance(error, Throttled) or (error is not None and error.late):
        return None
    if isinstance(error, Unmentioned):
        return True
    return not isinstance(error, Unavailable | AnswerLost)


@dataclass(slots=True)
class _Slice:
    """The requests that ended within one tenth of the window."""

    number: int
    ok: int = 0
    failed: int = 0


@dataclass(slots=True, kw_only=True)
class Window:
    """How the last requests ended, in at most ten numbers however many they were. What is older than the window never counts;
    what is younger than nine tenths of it always does. Besides, since when nothing worked."""

    width: timedelta
    _slices: list[_Slice] = field(default_factory=list)
    _failed_first: datetime = _NEVER
    _failed_last: datetime = _NEVER
    _in_a_row: int = 0

    def note(self, ok: bool, now: datetime) -> None:
        """One request ended."""
        number = self._forget(now)
        if not self._slices or self._slices[-1].number != number:
            self._slices.append(_Slice(number))
        if ok:
            self._slices[-1].ok += 1
            self._in_a_row = 0
        else:
            self._slices[-1].failed += 1
            self._failed_first, self._failed_last = now if not self._in_a_row else self._failed_first, now
            self._in_a_row += 1

    def tripped(self, policy: BreakerPolicy, now: datetime) -> bool:
        """Whether enough requests ended and too large a share of them failed; or, where few are made, whether for a whole
        window nothing worked that was tried, which was at least three times."""
        self._forget(now)
        if self._in_a_row >= _IN_A_ROW and self._failed_last - self._failed_first >= self.width:
            return True
        failed = sum(each.failed for each in self._slices)
        ended = failed + sum(each.ok for each in self._slices)
        return ended >= policy.minimum and failed >= policy.share * ended

    def clear(self) -> None:
        """Begin anew."""
        self._slices.clear()
        self._in_a_row = 0

    def _forget(self, now: datetime) -> int:
        """The number of the slice that is now. A clock that was set back makes everything before it worthless."""
        number = int(now.timestamp() * _SLICES // self.width.total_seconds())
        slices = self._slices
        if slices and slices[-1].number > number:
            self.clear()
        while slices and slices[0].number <= number - _SLICES:
            del slices[0]
        return number


def open_for(policy: BreakerPolicy, trips: int, jitter: float) -> timedelta:
    """How long the connection is left alone after it tripped `trips` times in a row, this one included. The last tenth is
    random (`jitter` from 0 to 1), so that connections which fell together are not tried together."""
    grown = policy.first.total_seconds() * policy.factor ** min(max(trips - 1, 0), 30)
    full = timedelta(seconds=min(grown, policy.cap.total_seconds()))
    return full * (0.9 + 0.1 * jitter)


def drain_rate(policy: BreakerPolicy, since_closed: timedelta) -> float | None:
    """Deliveries a second that may be sent so long after recovery: it doubles every ten seconds, and after a minute nothing
    is bound any more (None)."""
    doublings = max(since_closed, timedelta()) // _DOUBLES_EVERY
    return None if doublings >= _DOUBLINGS else 2**doublings / policy.drain.each
