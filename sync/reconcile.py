"""Two sides in, drifts out. Pure; amounts are compared to the minor unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sync.model import Drift
from sync.money import Money


def reconcile(source: Mapping[str, Money], target: Iterable[tuple[str, Money]]) -> list[Drift]:
    """What should be billed, by key, against what is: missing, orphan, duplicate and amount."""
    billed = list(target)
    totals = dict(billed)
    times = Counter(key for key, _ in billed)
    drifts = [_missing(key, money) for key, money in source.items() if key not in totals]
    for key, money in totals.items():
        expected = source.get(key)
        if expected is None:
            drifts.append(Drift(kind="orphan", key=key, source=None, target=money))
        elif times[key] > 1:
            drifts.append(Drift(kind="duplicate", key=key, source=expected, target=money))
        elif expected != money:
            drifts.append(Drift(kind="amount", key=key, source=expected, target=money))
    return drifts


def _missing(key: str, money: Money) -> Drift:
    return Drift(kind="missing", key=key, source=money, target=None)
