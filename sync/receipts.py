"""Receipts: what a flow wrote in an hour or a day, for the team that works with it next. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sync.figures import Fact
from sync.money import Money
from sync.workspace.flow import Flow

_LATEST = timedelta(days=7)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What went through between two moments: `count` records (`more` when there were others beyond what was looked at), their
    money per currency, how many amounts are `unknown`, and which of them had been stopped."""

    flow: str
    title: str
    entity: str
    posted: bool
    since: datetime
    until: datetime
    count: int
    more: bool
    sums: tuple[Money, ...]
    unknown: int
    eased: tuple[Fact, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.count or self.eased)


def written_by(flow: Flow) -> tuple[str, bool]:
    """What the flow makes in the end, and whether it posts it: the entity of the first write that posts, else of the first."""
    posts = [write for write in flow.writes if write.operation == "post"]
    return (posts or list(flow.writes))[0].entity, bool(posts)


def total(amounts: Iterable[Money | None]) -> tuple[tuple[Money, ...], int]:
    """The sums per currency, and how many amounts are not known."""
    sums, unknown = Counter[str](), 0
    for one in amounts:
        if one is None:
            unknown += 1
        else:
            sums[one.currency] += one.minor
    return tuple(Money(currency=each, minor=sums[each]) for each in sorted(sums)), unknown


def hour_before(now: datetime, timezone: str) -> datetime:
    """The last full hour on the wall clock, in UTC."""
    here = now.astimezone(ZoneInfo(timezone))
    return (here - timedelta(minutes=here.minute, seconds=here.second, microseconds=here.microsecond)).astimezone(UTC)


def since_of(last: str | None, until: datetime, every: str) -> datetime:
    """Where the last receipt ended (its slot), an hour or day before the first one; no further back than a week."""
    first = until - (_HOUR if every == "hour" else _DAY)
    since = first if last is None else datetime.fromisoformat(last)
    return max(since, until - _LATEST)
