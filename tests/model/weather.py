"""Bad days of the systems of the model: which of the next calls goes wrong, and how."""

from __future__ import annotations

from dataclasses import dataclass, field

KINDS = ("down", "throttled", "refused", "slow", "lost_before", "lost_after", "late")
MOST_LATE = 19  # seconds; less than the quarantine of the model's workspace


class Killed(BaseException):
    """The process that made the call is no more. Nothing of the product may catch it."""


@dataclass(slots=True)
class Strike:
    """So many of the next calls of a verb ("" means any that changes something) end like this; `seconds` for slow and late."""

    kind: str
    verb: str
    count: int
    seconds: int = 5


@dataclass(slots=True)
class Weather:
    """What still has to go wrong, in order."""

    strikes: list[Strike] = field(default_factory=list)

    def take(self, verb: str) -> Strike | None:
        for strike in self.strikes:
            if strike.verb in ("", verb):
                strike.count -= 1
                if strike.count <= 0:
                    self.strikes.remove(strike)
                return strike
        return None
