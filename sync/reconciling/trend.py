"""What the course of several runs says: whether differences keep growing, as they do when a transform or a rule of one side has
changed, and how many a threshold lets pass. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import median

_RUNS = 3
_LEAST = 10
_TIMES = 3


def growing(before: Sequence[int], now: int) -> bool:
    """Whether differences grow: in each of the last runs more than in the one before, or suddenly three times as many as usual.
    `before` are the earlier runs' counts, the newest last; fewer than ten differences say nothing."""
    if now < _LEAST or len(before) < _RUNS - 1:
        return False
    last = [*before[-(_RUNS - 1) :], now]
    steadily = all(later > earlier for earlier, later in pairwise(last))
    return steadily or now >= _TIMES * max(1, median(before))


def suspect(fields: Mapping[str, int], drifts: int) -> str:
    """The field that most of the differences share; empty where none stands out."""
    name, times = max(fields.items(), key=lambda pair: pair[1], default=("", 0))
    return name if 2 * times > drifts else ""


def share(drifts: int, records: int) -> Decimal:
    """The share of records that disagree; all of them where there are none to compare with."""
    return Decimal(drifts) / Decimal(records) if records else Decimal(bool(drifts))
