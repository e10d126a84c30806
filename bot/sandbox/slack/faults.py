"""The bad days of Slack, on request: outages, rate limits, a revoked token, answers that get lost on the way."""

from collections.abc import Callable
from dataclasses import dataclass

BURST = 5.0
PER_SECOND = 1.0


@dataclass(slots=True, kw_only=True)
class Faults:
    """`rate_limited_for` counts calls that are refused; `lose_answers` counts writes that happen and are never confirmed."""

    down: bool = False
    rate_limited_for: int = 0
    token_revoked: bool = False
    lose_answers: int = 0

    def takes_rate_limit(self) -> bool:
        taken = self.rate_limited_for > 0
        self.rate_limited_for -= taken
        return taken

    def takes_answer(self) -> bool:
        taken = self.lose_answers > 0
        self.lose_answers -= taken
        return taken


class Throttle:
    """About one message a second and channel, after a small burst."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.enabled = True
        self._monotonic = monotonic
        self._left: dict[str, tuple[float, float]] = {}

    def allows(self, channel: str) -> bool:
        now = self._monotonic()
        left, since = self._left.get(channel, (BURST, now))
        left = min(BURST, left + (now - since) * PER_SECOND)
        allowed = left >= 1 or not self.enabled
        self._left[channel] = (left - allowed, now)
        return allowed
