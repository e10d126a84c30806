"""Walks from page to page that may never end. Pure; what is remembered is two small values, so it fits a cursor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Walk:
    """Notices a walk that comes back to where it was, whatever the length of the circle (Brent's way: one place is remembered,
    and a later one in its stead each time the number of steps has doubled)."""

    steps: int = 0
    mark: str | None = None

    def circles(self, place: str) -> bool:
        """One step more, to this place: whether the walk has been there before."""
        if place == self.mark:
            return True
        self.steps += 1
        if self.steps & (self.steps - 1) == 0:
            self.mark = place
        return False
