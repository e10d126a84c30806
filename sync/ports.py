"""What the domain needs from the outside, as small Protocols: a ledger that remembers, and the other systems."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from sync.bound import Bound
from sync.bypasses import BypassLedger
from sync.conflicts import ConflictLedger
from sync.customers import CustomerLedger
from sync.drifts import DriftLedger
from sync.erased import Remembering
from sync.leftovers import LeftoverLedger
from sync.model import (
    Bills,
    Breaker,
    Change,
    Delivery,
    Found,
    Load,
    Mode,
    Received,
    Record,
    Turn,
    Version,
    Want,
    WriteEnd,
    WriteSpec,
)
from sync.permits import Busy as Busy
from sync.permits import Differs as Differs
from sync.permits import Done as Done
from sync.permits import Go as Go
from sync.permits import Held as Held
from sync.permits import Permit as Permit
from sync.permits import Stale as Stale
from sync.reconciling.ledger import ReconcilingLedger
from sync.releases import Compared, Release, Running, Tally
from sync.steps import Route, Step
from sync.systems import BulkTarget as BulkTarget
from sync.systems import Connector as Connector
from sync.systems import Incoming as Incoming
from sync.systems import Page as Page
from sync.systems import Source as Source
from sync.systems import Target as Target
from sync.systems import VoidingTarget as VoidingTarget


class Ledger(
    DriftLedger, CustomerLedger, BypassLedger, ConflictLedger, ReconcilingLedger, LeftoverLedger, Remembering, Protocol
):
    """The engine's memory. Each method is one transaction, durable when it returns."""

    async def receive(
        self,
        connection: str,
        changes: Sequence[Change],
        flows: Mapping[str, Sequence[str]],
        *,
        now: datetime,
        cursor: tuple[str, Record] | None = None,
        newest: Collection[str] = (),
    ) -> Received:
        """Remember changes once and queue a delivery for every flow of their entity (`flows`: entity → flow names); in the flows
        named by `newest` it replaces older ones that wait. `cursor` = (entity, cursor) is moved in the same transaction.
        Raises NotKept, and takes in nothing, where a change cannot be kept as it is."""
        ...

    async def cursor(self, connection: str, entity: str) -> Record | None:
        """Where polling stands."""
        ...

    async def claim(
        self,
        *,
        limit: int,
        lease_seconds: float,
        max_losses: int,
        now: datetime,
        flows: Mapping[str, Want] | None = None,
        releases: Running | None = None,
    ) -> list[Delivery]:
        """Lease due deliveries: one running per flow and subject, in sequence, none of a paused flow or connection, none that
        needs a connection whose breaker is open but one probe when that is due. `flows` says what each flow needs and how
        many it may give; without it every flow may give all. Those that lost their lease `max_losses` times are for `poisoned`.
        Raises Outdated where other `releases` run by now than those that the caller knows."""
        ...

    async def poisoned(self, *, max_losses: int, now: datetime) -> list[Delivery]:
        """Lease, for burial only, deliveries whose worker died `max_losses` times."""
        ...

    async def settle(
        self,
        delivery: Delivery,
        step: Step,
        *,
        now: datetime,
        route: Route | None = None,
        snapshot: Record | None = None,
        ended: Sequence[WriteEnd] = (),
        release: int = 0,
        compared: Compared | None = None,
    ) -> None:
        """Write what happened, how its last calls `ended`, under which `release` it went out, and how it `compared` under
        the one on trial. Raises LeaseLost if the delivery is no longer ours. Hold and Bury need a route."""
        ...

    async def begin_write(
        self,
        delivery: Delivery,
        spec: WriteSpec,
        fingerprint: str,
        *,
        quarantine_seconds: float,
        lease_seconds: float,
        now: datetime,
        ended: Sequence[WriteEnd] = (),
        bills: Bills | None = None,
        version: Version | None = None,
        turn: Turn | None = None,
        missing_after: int | None = None,
    ) -> Permit:
        """Record the intent to write and mark it sent, or say why not: what it `bills` may be on hold, a newer `version` may be
        written, it may be another's `turn`. A newer state of unknown fate that was looked for and is `missing_after` that many
        sends was not written. Records first how earlier calls of this delivery `ended`, and renews our lease. The call must begin
        within half of that lease; unless its end says otherwise it rests for the quarantine after that. Raises LeaseLost."""
        ...

    async def end_turn(self, turn: Turn) -> None:
        """Whoever waits for the turn may take it; nothing happens where it is not the holder's."""
        ...

    async def still_so(self, specs: Sequence[WriteSpec], version: Version) -> None:
        """These writes say what the record is as of this version, too; one that is known to be newer stays."""
        ...

    async def written(self, specs: Sequence[WriteSpec]) -> Mapping[str, tuple[str, Found]]:
        """The confirmed ones among these writes, by name: the fingerprint of what was written, and what the target showed."""
        ...

    async def sent(self, connection: str, entity: str, operation: str, key: str, *, flow: str = "") -> bool:
        """Whether a write was sent and not refused: it has happened, or may have."""
        ...

    async def bound_to(self, asked: Collection[Bound]) -> Mapping[Bound, tuple[str, ...]]:
        """For each of them the ids of the target's records that it is bound to; none where it never was."""
        ...

    async def trip(self, connection: str, *, until: datetime, detail: str, now: datetime) -> Breaker | None:
        """Open the breaker until then. A probe that failed opens it again, counted on; None when it is open already."""
        ...

    async def mend(self, connection: str, *, now: datetime) -> bool:
        """The connection answers: let everything through. False when the breaker was closed."""
        ...

    async def pass_on(self, connections: Collection[str], *, probe: datetime, now: datetime) -> None:
        """The probe whose lease ends then ended before it asked these connections: the next one may go."""
        ...

    async def breakers(self) -> list[Breaker]:
        """Every breaker that was ever opened, the latest first."""
        ...

    async def modes(self) -> list[Mode]:
        """The mode of every flow that ever left event mode or was looked at, by the flow's name."""
        ...

    async def look(self, flows: Sequence[str], *, every: timedelta, now: datetime) -> list[Load]:
        """What these flows have to carry since the last look, of those whose last look is `every` ago: of many engines one
        hears of it. The first look at a flow only begins to count."""
        ...

    async def switch(self, flow: str, mode: str, *, why: str, now: datetime) -> bool:
        """Let the flow's records go out in this mode from now on. False when they do already."""
        ...

    async def note_batch(
        self, connection: str, entity: str, *, sent: int, refused: int, missing: Sequence[str], now: datetime
    ) -> frozenset[str]:
        """Record how many records of a bulk call were sent, and which of them (by reference) its answer left out. Which of
        those an earlier call had left out too."""
        ...

    async def tallies(self, release: int) -> tuple[Tally, Tally]:
        """How the records ended since its trial began under that release, and under all others."""
        ...

    async def promote(self, number: int, *, by: str, why: str, now: datetime) -> Release:
        """What was tried becomes the active release. Raises IllegalMove where it is not on trial."""
        ...

    async def roll_back(self, number: int, *, by: str, why: str, now: datetime) -> Release:
        """Stop a release that runs; the one that runs afterwards. Raises IllegalMove where it does not run."""
        ...
