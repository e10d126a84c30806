"""How a connection may be asked: how often, and when not at all because it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from sync.workspace.values import Broken, Duration, Percent, Strict, as_text, duration

_RATE = re.compile(r"([1-9]\d{0,5}) ?/ ?([1-9]\d{0,4})?(ms|s|min|m|h|d)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many in so long."""

    count: int
    per: timedelta

    @property
    def each(self) -> float:
        """Seconds from one to the next."""
        return self.per.total_seconds() / self.count


def rate(value: object) -> Rate:
    """`10/s`, `100/10s` or `600/min` as a Rate. Raises ValueError otherwise."""
    if isinstance(value, Rate):
        return value
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("a rate such as 10/s, 100/10s or 600/min is needed")
    return Rate(count=int(match[1]), per=duration(f"{match[2] or 1}{match[3].replace('min', 'm')}"))


def _share(value: Decimal) -> Decimal:
    if not 0 < value <= 1:
        raise ValueError("a share between 1% and 100% is needed")
    return value


RateText = Annotated[Rate, BeforeValidator(rate), as_text(_RATE)]
Share = Annotated[Percent, AfterValidator(_share)]


class ThrottlePolicy(Strict):
    """How often a connection may be asked: `rate`, evenly spaced but for `burst` that may go at once after a rest, and never
    more than `concurrency` at the same time. It holds for each process."""

    rate: RateText | None = None
    burst: int = Field(default=1, ge=1, le=100_000)
    concurrency: int | None = Field(default=None, ge=1, le=1000)

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if given.get("rate") is None and given.get("burst") is not None:
            yield Broken(key="burst", right="`burst` belongs to a `rate`", lacking=("rate",))
        elif given.get("rate") is None and given.get("concurrency") is None:
            yield Broken(key="", right="`rate` or `concurrency` is needed", lacking=("rate", "concurrency"))


class BreakerPolicy(Strict):
    """When a connection counts as down: of at least `minimum` requests within `window`, `share` failed, or nothing at all
    worked for that long. It then rests for `first`, each time in a row `factor` longer up to `cap`, until one request that
    tries it goes well; what has waited then goes out at the rate of `drain`, which doubles every ten seconds."""

    window: Duration = timedelta(seconds=30)
    minimum: int = Field(default=10, ge=1, le=10_000)
    share: Share = Decimal("0.5")
    first: Duration = timedelta(seconds=30)
    factor: int = Field(default=2, ge=1, le=10)
    cap: Duration = timedelta(minutes=5)
    drain: RateText = Rate(count=5, per=timedelta(seconds=1))

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        try:
            first, cap = (duration(given.get(key, cls.model_fields[key].default)) for key in ("first", "cap"))
        except ValueError:
            return
        if cap < first:
            yield Broken(key="cap", right="`cap` must not be shorter than `first`")
