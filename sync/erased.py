"""Who was erased. Their records are neither kept nor delivered any more, until a person decides otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

_REFRESH = timedelta(seconds=1)


class Remembering(Protocol):
    """What is asked of the ledger."""

    async def erased(self) -> frozenset[str]:
        """The data subjects that were erased and not admitted again."""
        ...

    async def ask_to_erase(self, abouts: Sequence[str], *, by: str, now: datetime) -> int:
        """Have these data subjects erased at the next beat; how many that is news of."""
        ...


@dataclass(slots=True, kw_only=True)
class Erased:
    """What one process knows of it; what others did is read once a second."""

    ledger: Remembering
    clock: Callable[[], datetime]
    names: frozenset[str] = frozenset()
    _heard_at: datetime | None = None

    async def hear(self) -> None:
        """Ask the ledger, unless that was done within the last second."""
        now = self.clock()
        if self._heard_at is None or not timedelta() <= now - self._heard_at < _REFRESH:
            self.names, self._heard_at = await self.ledger.erased(), now
