"""What Slack allows us: one message a second per channel, edits by a bucket, and silence while it is away or asks for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta

_PER_MESSAGE = 1.02  # seconds between two messages of one channel
_UPDATES_PER_SECOND, _UPDATE_BURST = 50 / 60, 30  # chat.update is Tier 3
_REST = timedelta(seconds=2.5)  # a card that changes by itself is edited no more often
_HANDS = 16
_FIRST_SILENCE, _LONGEST_SILENCE = 3.0, 10.0


@dataclass(slots=True)
class Pace:
    """Times are the loop's monotonic seconds. `hands` is in how many channels we write at the same time; while Slack is `away`
    one of them tries, less and less often."""

    per_message: float = _PER_MESSAGE
    free_at: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    edits: float = _UPDATE_BURST
    edits_per_second: float = _UPDATES_PER_SECOND
    filled_at: float = 0.0
    silent_until: float = 0.0
    rest: timedelta = _REST
    away: int = 0

    @property
    def hands(self) -> int:
        return 1 if self.away else _HANDS

    def unlimited(self) -> None:
        """Post and edit without waiting."""
        self.per_message, self.edits_per_second, self.rest = 0.0, 1e6, timedelta(0)

    def busy(self, now: float) -> list[str]:
        return [channel for channel, at in self.free_at.items() if at > now]

    def next_free(self, now: float, most: float) -> float:
        """In how many seconds the next channel is free, `most` when none is busy until then."""
        return min(most, *(at - now for at in self.free_at.values() if at > now), most)

    def posted(self, channel: str, now: float) -> None:
        self.free_at[channel] = now + self.per_message

    def may_edit(self, now: float) -> bool:
        self.edits = min(_UPDATE_BURST, self.edits + (now - self.filled_at) * self.edits_per_second)
        self.filled_at = now
        return self.edits >= 1

    def quiet(self, now: float) -> float:
        """For how many seconds nothing may be said."""
        return max(0.0, self.silent_until - now)

    def answered(self) -> None:
        """Slack is there."""
        self.away = 0

    def no_answer(self, now: float) -> float:
        """Slack is away: be silent for a while, twice as long each time. How long."""
        seconds = min(_LONGEST_SILENCE, _FIRST_SILENCE * 2.0 ** min(self.away, 8))
        if self.quiet(now) == 0.0:  # of several calls that were under way at once, one counts
            self.away += 1
        self.silent_until = max(self.silent_until, now + seconds)
        return seconds

    def asked_for_less(self, now: float, seconds: float) -> None:
        """Slack said for how long it wants to hear nothing."""
        self.silent_until = max(self.silent_until, now + seconds)
