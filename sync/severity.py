"""How much hangs on an exception."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """Class A: money or data at risk, four eyes, runs round the clock. B: needs a fix. C: batched into the digest."""

    A = "A"
    B = "B"
    C = "C"
