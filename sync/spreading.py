"""A total spread over months, to the minor unit: whatever the parts are, they add up to the total exactly. Pure."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal

from sync.mapping import select
from sync.money import NotMoney, minor_units
from sync.transforms import amount, utc_date, whole
from sync.workspace.rows import Spread

MOST_MONTHS = 120
Per = Literal["month", "day"]


def spread(row: Spread, record: object, currency: str | None) -> list[dict[str, Any]]:
    """The parts of what the row selects in the record. Raises ValueError, LookupError for what cannot be spread."""
    if currency is None:
        raise NotMoney("the currency of the record is not known")
    total = minor_units(amount(select(row.amount, record)), currency)
    return parts(total, whole(select(row.months, record)), utc_date(select(row.starts, record)), row.per)


def parts(total: int, months: int, starts: date, per: Per) -> list[dict[str, Any]]:
    """The parts of `total` minor units. Per `month` every month from the day it starts gets the same, and what does not go
    even is spread among them; per `day` every calendar month gets the share of its days. Each part has `number`, `period`
    (2026-03), `starts`, `ends` (both days included) and `amount_minor`. Raises ValueError for no months, or too many."""
    if not 1 <= months <= MOST_MONTHS:
        raise ValueError(f"between 1 and {MOST_MONTHS} months")
    spans = list(_service_months(starts, months) if per == "month" else _calendar_months(starts, months))
    weights = [1 if per == "month" else (last - first).days + 1 for first, last in spans]
    amounts = shares(total, weights)
    return [
        {
            "number": number,
            "period": f"{first:%Y-%m}",
            "starts": first.isoformat(),
            "ends": last.isoformat(),
            "amount_minor": amount,
        }
        for number, ((first, last), amount) in enumerate(zip(spans, amounts, strict=True), start=1)
    ]


def shares(total: int, weights: list[int]) -> list[int]:
    """The total in parts by weight. Each is within one minor unit of its exact share, and together they are the total: what is
    given away up to any part is the rounded-down share of everything up to it."""
    sign, whole, done, given = (-1 if total < 0 else 1), sum(weights), 0, 0
    found = []
    for weight in weights:
        done += weight
        upto = abs(total) * done // whole
        found.append(sign * (upto - given))
        given = upto
    return found


def _service_months(starts: date, months: int) -> Iterator[tuple[date, date]]:
    for number in range(months):
        yield _months_after(starts, number), _months_after(starts, number + 1) - timedelta(days=1)


def _calendar_months(starts: date, months: int) -> Iterator[tuple[date, date]]:
    first, end = starts, _months_after(starts, months) - timedelta(days=1)
    while first <= end:
        last = min(first.replace(day=monthrange(first.year, first.month)[1]), end)
        yield first, last
        first = last + timedelta(days=1)


def _months_after(day: date, months: int) -> date:
    """The same day so many months later, or the last day of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
