"""When a flow sends one by one and when many in one call. Pure: the load is measured elsewhere and time is an argument."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sync.model import Load
from sync.workspace.batching import BatchPolicy

EVENT, BATCH = "event", "batch"


def forced(policy: BatchPolicy) -> str | None:
    """The mode in which the flow sends whatever its load; None where the load decides."""
    return {"always": BATCH, "never": EVENT}.get(policy.mode)


def judged(policy: BatchPolicy, mode: str, load: Load, now: datetime) -> tuple[str, str] | None:
    """The other mode with why it is better now, or None. What led into batches must be well over before it leads out again:
    fewer than `below` arrive, and none waits half as long as `latency`."""
    rate = load.arrived / load.seconds if load.seconds > 0 else 0.0
    waits = now - load.oldest if load.oldest is not None else timedelta()
    if mode == EVENT:
        if rate * policy.above.each > 1:
            return BATCH, f"{_rate(rate)} arrive"
        return (BATCH, f"the oldest waits {_whole(waits)}") if waits > policy.latency else None
    if rate * policy.below.each < 1 and waits <= policy.latency / 2:
        return EVENT, f"{_rate(rate)} arrive and none waits long"
    return None


def opened(policy: BatchPolicy, now: datetime, timezone: str) -> bool:
    """Whether the flow may send at this hour by the wall clock of its time zone."""
    if policy.mode != "always" or not policy.windows:
        return True
    at = now.astimezone(ZoneInfo(timezone)).time()
    return any(hours.hold(at) for hours in policy.windows)


def _rate(per_second: float) -> str:
    if per_second >= 1 or per_second == 0:
        return f"{per_second:.0f}/s"
    return f"{per_second * 60:.0f}/min"


def _whole(waits: timedelta) -> str:
    seconds = int(waits.total_seconds())
    return f"{seconds}s" if seconds < 120 else f"{seconds // 60} min"
