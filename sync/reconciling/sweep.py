"""Two whole sides against each other in flat memory: counts, sums and digests by group first, then only the rows of groups that
differ, a part of the keys at a time."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from sync.reconciling.judging import difference
from sync.reconciling.nouns import Finding, Row, Total
from sync.reconciling.rules import Rules
from sync.reconciling.spool import SIDES, Spool, is_due, parse, read_row

ROWS_AT_ONCE = 50_000
_WRAP = 1 << 64


class Sums:
    """For each group both sides' count, sum and digest. The digest is a sum over rows, so their order does not matter."""

    def __init__(self) -> None:
        self._groups: dict[bytes, list[int]] = {}

    def add(self, side: int, group: bytes, digest: int, minor: int) -> None:
        """Count a row of side 0 (the source) or 1 (the target)."""
        sums = self._groups.get(group)
        if sums is None:
            sums = self._groups[group] = [0, 0, 0, 0, 0]
        sums[side] += 1
        sums[2 + side] += minor
        sums[4] += digest if side else -digest

    def __len__(self) -> int:
        return len(self._groups)

    def differing(self) -> dict[bytes, int]:
        """The groups that differ, each with how many rows it has on both sides."""
        return {
            group: sums[0] + sums[1]
            for group, sums in self._groups.items()
            if sums[0] != sums[1] or sums[2] != sums[3] or sums[4] % _WRAP
        }

    def totals(self) -> tuple[Total, ...]:
        """Counts and sums by period and currency."""
        found: dict[tuple[str, str], list[int]] = {}
        for group, sums in self._groups.items():
            period, currency, _ = group.decode().split("|")
            whole = found.setdefault((period, currency), [0, 0, 0, 0])
            for place in range(4):
                whole[place] += sums[place]
        return tuple(
            Total(
                period=period, currency=currency, source_count=one[0], target_count=one[1], source_minor=one[2],
                target_minor=one[3],
            )
            for (period, currency), one in sorted(found.items())
        )  # fmt: skip


def summed(spool: Spool) -> Sums:
    """The sums of everything that was read."""
    sums = Sums()
    for side, name in enumerate(SIDES):
        for group, whole in spool.lines(name):
            if is_due(group):
                digest, minor = parse(whole)
                sums.add(side, group, digest, minor)
    return sums


def findings(rules: Rules, spool: Spool, differing: dict[bytes, int]) -> Iterator[Finding]:
    """Every key on which the rows of these groups disagree. Memory holds a part of the keys at a time."""
    parts = 1 + sum(differing.values()) // ROWS_AT_ONCE
    if not differing:
        return
    for part in range(parts):
        targets = _rows(spool, "target", differing, part, parts)
        sources = _rows(spool, "source", differing, part, parts, wanted=targets)
        for key, found in targets.items():
            finding = difference(rules, sources.pop(key, ()), found)
            if finding is not None:
                yield finding
        for left in sources.values():
            finding = difference(rules, left, ())
            if finding is not None:
                yield finding


def _rows(
    spool: Spool,
    side: str,
    differing: dict[bytes, int],
    part: int,
    parts: int,
    wanted: dict[str, list[Row]] | None = None,
) -> dict[str, list[Row]]:
    """The rows of one part of the keys. Of those that are not due only the `wanted` ones: others expect nothing."""
    found: dict[str, list[Row]] = {}
    for group, whole in spool.lines(side):
        if group not in differing and is_due(group):
            continue
        row = read_row(whole)
        key = row.key or f"\0{row.id}"
        if parts > 1 and crc32(key.encode("utf-8", "replace")) % parts != part:
            continue
        if row.due or (wanted is not None and key in wanted):
            found.setdefault(key, []).append(row)
    return found
