"""When each record of the ERP changed last: whoever writes it down cannot forget it, because the shelf itself does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

T = TypeVar("T")


class Shelf(dict[str, T]):
    """Records by their id. `changed` says of each when it was put there last."""

    def __init__(self, clock: Callable[[], datetime] | None) -> None:
        super().__init__()
        self._clock = clock
        self.changed: dict[str, datetime] = {}

    def __setitem__(self, key: str, value: T) -> None:
        super().__setitem__(key, value)
        self.changed[key] = self._clock() if self._clock else datetime.fromtimestamp(0, UTC)
