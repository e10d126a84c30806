"""How a flow says that the system tries again by itself. Whatever is written, it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from sync.workspace.values import Broken, Duration, Strict

LONGEST_RETRYING = timedelta(days=30)
_H = timedelta(hours=1)


class RetryPolicy(Strict):
    """How the system tries again by itself: `first`, then each time `factor` longer, never longer than `cap`; or a `pattern`
    of retries, from each of which on it waits so long. Either way it gives up within 30 days. `held` is for what waits for a
    person and is mended elsewhere: how long after it stopped the system looks again by itself, quietly; empty: never."""

    attempts: int = Field(default=6, ge=1, le=100)
    first: Duration = timedelta(seconds=2)
    factor: int = Field(default=3, ge=1, le=10)
    cap: Duration = timedelta(minutes=5)
    pattern: dict[Annotated[int, Field(ge=1)], Duration] | None = None
    held: tuple[Duration, ...] = Field(default=(1 * _H, 4 * _H, 24 * _H), max_length=10)

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        grown = [f"`{key}`" for key in ("first", "factor", "cap") if given.get(key) is not None]
        if given.get("pattern") is not None and grown:
            yield Broken(key="pattern", right=f"wait by `pattern` or by {', '.join(grown)}, not by both")

    @field_validator("pattern")
    @classmethod
    def _grows(cls, pattern: dict[int, timedelta] | None) -> dict[int, timedelta] | None:
        if pattern is None:
            return None
        steps = sorted(pattern.items())
        if not steps or steps[0][0] != 1:
            raise ValueError("it must say how long to wait from the first retry on, such as {1: 10s, 5: 1m, 10: 10m}")
        waits = [wait for _, wait in steps]
        if any(later <= earlier for earlier, later in pairwise(waits)):
            raise ValueError("each step must wait longer than the one before it, such as {1: 10s, 5: 1m, 10: 10m}")
        return pattern

    @field_validator("held")
    @classmethod
    def _later_and_later(cls, held: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
        if any(later <= earlier for earlier, later in pairwise(held)) or (held and held[-1] > LONGEST_RETRYING):
            raise ValueError("each look comes later than the one before it, within 30 days, such as [1h, 4h, 24h]")
        return held

    @model_validator(mode="after")
    def _ends(self) -> Self:
        last = max(self.pattern or (0,))
        if last >= self.attempts:
            raise ValueError(f"retry {last} of the pattern never comes with {self.attempts} attempts; raise `attempts`")
        whole = sum((self.pause(retries) for retries in range(self.attempts - 1)), timedelta())
        if whole > LONGEST_RETRYING:
            raise ValueError(f"{self.attempts} attempts would go on for {whole.days} days; 30 days are the most")
        return self

    def pause(self, retries: int) -> timedelta:
        """How long to wait after `retries` earlier retries, before chance has its part in it."""
        if self.pattern is not None:
            return self.pattern[max(step for step in self.pattern if step <= retries + 1)]
        grown = self.first.total_seconds() * self.factor ** min(retries, 30)
        return timedelta(seconds=min(grown, self.cap.total_seconds()))  # a timedelta would overflow
