"""What was written against what stands in the target now, record by record. Pure, except that it asks the target."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sync.errors import ConnectorError
from sync.model import Found
from sync.money import Money, is_currency
from sync.picking import Written
from sync.ports import Target

_AT_ONCE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A record that does not stand in the target as it was written. `kind` is missing, elsewhere (our reference leads to another
    record), changed or unread; `field`, `before` and `now` say what changed."""

    kind: str
    written: Written
    field: str = ""
    before: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of a comparison. Sums are per currency, over the records that show an amount, then and now."""

    looked_at: int
    same: int
    differences: tuple[Difference, ...]
    before: tuple[Money, ...]
    now: tuple[Money, ...]


async def compare(target: Target, written: Sequence[Written], fields: Sequence[str], amount: str) -> Compared:
    """Ask the target for each record by its id and by our reference, and compare these fields. `amount` is the field of minor
    units, empty when there is none. What cannot be read is told, not left out."""
    turns = asyncio.Semaphore(_AT_ONCE)

    async def ask(one: Written) -> tuple[Found | None, Found | None] | None:
        async with turns:
            try:
                return await target.get(one.entity, one.target_id), await target.find(one.entity, one.key)
            except ConnectorError:
                return None

    found = await asyncio.gather(*(ask(one) for one in written))
    differences = [each for one, there in zip(written, found, strict=True) for each in _differences(one, there, fields)]
    wrong = {each.written.write_id for each in differences}
    stands = [there[0].record for there in found if there is not None and there[0] is not None]
    return Compared(
        looked_at=len(written),
        same=sum(one.write_id not in wrong for one in written),
        differences=tuple(differences),
        before=_sums([one.record for one in written], amount),
        now=_sums(stands, amount),
    )


def _differences(
    one: Written, there: tuple[Found | None, Found | None] | None, fields: Sequence[str]
) -> list[Difference]:
    if there is None:
        return [Difference(kind="unread", written=one)]
    stands, referred = there
    if stands is None:
        return [Difference(kind="missing", written=one)]
    if referred is not None and referred.id != stands.id:
        return [Difference(kind="elsewhere", written=one, before=stands.id, now=referred.id)]
    pairs = [(name, one.record.get(name), stands.record.get(name)) for name in fields if name in one.record]
    return [
        Difference(kind="changed", written=one, field=name, before=str(before), now=str(now))
        for name, before, now in pairs
        if before != now
    ]


def _sums(records: Sequence[dict[str, Any]], amount: str) -> tuple[Money, ...]:
    totals: dict[str, int] = {}
    for record in records:
        minor, currency = record.get(amount), record.get("currency")
        if isinstance(minor, int) and not isinstance(minor, bool) and is_currency(currency):
            totals[str(currency)] = totals.get(str(currency), 0) + minor
    return tuple(Money(currency=currency, minor=minor) for currency, minor in sorted(totals.items()))
