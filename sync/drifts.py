"""What the ledger remembers of drift: when a source was asked for its fields, and which differences still hold flows back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

KIND = "schema.drift"
ENTITY = "schema"
REASON = "schema_drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """When a source was asked last for the fields of an entity, and when it answered. `excused` are paths that records lack
    although the source has the field, or does not say."""

    asked_at: datetime
    answered_at: datetime | None
    excused: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewField:
    """A field that a source did not have when it was asked first, and that no contract knows."""

    connection: str
    path: str
    label: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDrift:
    """A difference that holds a flow back. `contract` is the contract's id, `value` the cause, such as `deal.billing_code`.
    `told` says that it has an exception, `moving` that this is on its way again: somebody has pressed Replay."""

    id: int
    flow: str
    connection: str
    entity: str
    contract: str
    path: str
    kind: str
    label: str
    words: str
    opened_at: datetime
    told: bool = False
    moving: bool = False

    @property
    def value(self) -> str:
        return f"{self.contract}.{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """A difference that was just noticed, with the flows that it holds back."""

    connection: str
    entity: str
    contract: str
    path: str
    kind: str
    label: str
    words: str
    flows: tuple[str, ...]

    @property
    def value(self) -> str:
        return f"{self.contract}.{self.path}"


class DriftLedger(Protocol):
    """Drift as the ledger keeps it. Of many processes one asks, and one opens what all of them notice."""

    async def look_at(self, connection: str, entity: str) -> Look | None:
        """When and with what end the source was asked last; None when it never was."""
        ...

    async def ask_once(self, connection: str, entity: str, *, every: timedelta, now: datetime) -> bool:
        """True for the one that may ask the source now: nobody has within `every`."""
        ...

    async def answered(
        self,
        connection: str,
        entity: str,
        *,
        excused: Collection[str],
        strange: Mapping[str, str] | None = None,
        now: datetime,
    ) -> None:
        """The source was asked. The paths `excused` are no sign of drift until it says otherwise; `strange` are the labels of the
        fields that no contract knows, by path; None when it said nothing."""
        ...

    async def open_drifts(self, noticed: Sequence[Noticed], *, now: datetime) -> int:
        """Hold these flows back, each with an event and a delivery that tells of it. What is open already, or was called off and
        has not mended since, stays as it is. How many are new."""
        ...

    async def drifts(self) -> list[OpenDrift]:
        """Every difference that holds a flow back, the oldest first."""
        ...

    async def mend_drifts(self, ids: Sequence[int], *, why: str, now: datetime) -> int:
        """These are mended: what they hold goes round again in its order. How many were open."""
        ...

    async def set_going(self, *, now: datetime) -> int:
        """Let go what is held for a drift that is over: whoever held it had not heard of that yet. How many deliveries."""
        ...

    async def forget_called_off(self, values: Sequence[tuple[str, str]], *, now: datetime) -> None:
        """These (flow, value) agree with the contract again: what was called off may open once more."""
        ...

    async def accepted(self) -> dict[tuple[str, str], datetime]:
        """When each (flow, value) was mended or accepted last."""
        ...
