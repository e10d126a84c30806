"""How a flow is reconciled: which of its writes is held against the source, in which fields, when, and from which share of
differences on somebody hears of it or nothing more is billed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from sync.workspace.telling import TimeOfDay
from sync.workspace.values import Broken, Duration, Name, Percent, Strict


class Compared(Strict):
    """One field of the target that must agree. `tolerance` is how far numbers may differ, in whole minor units where it is
    money; `days` is how far dates may."""

    tolerance: int = Field(default=0, ge=0)
    days: int = Field(default=0, ge=0, le=366)


class Reconciling(Strict):
    """The daily comparison of a whole flow, at the time of day `at` on its owner's clock. `write` is the create or upsert whose
    records are compared: in `fields`, or else in what its `verify` rows and those of writes upon it demand, and in the
    currency. `amount`, `currency`, `period` and `customer` are fields of the target; by the last three the totals are
    grouped. Records whose status is in `void` count no more. Records without our reference are a `bypass`, or to be
    ignored. A change younger than `grace` is not judged yet. Every `full` both sides are read whole; between, only what
    changed. Over `alert`, the share of differing records, the owner is told at once; over `block`, where `armed`, the
    flow bills nothing more until somebody decides."""

    write: Name
    fields: dict[str, Compared] = Field(default_factory=dict)
    amount: str | None = None
    currency: str = "currency"
    period: str | None = None
    customer: str | None = None
    status: str = "status"
    void: tuple[str, ...] = ("void",)
    foreign: Literal["bypass", "ignore"] = "bypass"
    grace: Duration = timedelta(minutes=15)
    at: TimeOfDay = "04:00"
    full: Duration = Field(default=timedelta(days=7), le=timedelta(days=92))
    alert: Percent = Field(default=Decimal("0.001"), ge=0, le=1)
    block: Percent = Field(default=Decimal("0.01"), ge=0, le=1)
    armed: bool = False

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if given.get("block") is not None and given.get("armed") is None:
            yield Broken(key="block", right="`block` does something only with `armed: true`", lacking=("armed",))

    @property
    def time(self) -> time:
        return time.fromisoformat(self.at)
