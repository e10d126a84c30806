"""A clock that people can push forward: real time plus what was added. It never goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class MovableClock:
    """Call it for the aware UTC time."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def forward(self, by: timedelta) -> datetime:
        """Push it forward; the new time. A negative step is ignored."""
        self._ahead += max(by, timedelta())
        return self()

    def forward_to(self, moment: datetime) -> datetime:
        """Push it forward to a moment; nothing happens when that is past."""
        return self.forward(moment - self())
