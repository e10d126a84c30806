"""How people say how long something took."""

from __future__ import annotations

from datetime import timedelta


def spoken(duration: timedelta) -> str:
    """A time that passed as people say it, to two units: `4 seconds`, `1 hour 5 minutes`, `3 days`."""
    left = max(0, int(duration.total_seconds()))
    parts = list[str]()
    for seconds, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        count, left = divmod(left, seconds)
        if count and len(parts) < 2:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
        elif parts:
            break
    return " ".join(parts) or "less than a second"
