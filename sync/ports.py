"""What the domain needs from the outside, as small Protocols: a ledger that remembers, a source that is read, a target that is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from sync.bound import Bound
from sync.bypasses import BypassLedger
from sync.conflicts import ConflictLedger
from sync.customers import CustomerLedger
from sync.drifts import DriftLedger
from sync.erased import Remembering
from sync.errors import ConnectorError
from sync.model import (
    BillingHold,
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
from sync.reconciling.ledger import ReconcilingLedger
from sync.releases import Compared, Release, Running, Tally
from sync.steps import Route, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A webhook as it arrived. `url` is the full public address, `headers` have lower-case names, `body` is raw."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a poll. `cursor` continues after it (opaque JSON of the connector); `more` says whether this window has further pages."""

    changes: tuple[Change, ...]
    cursor: Record
    more: bool


@runtime_checkable
class Source(Protocol):
    """A system that records come from."""

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """The changes in a genuine webhook. Raises WebhookRefused (401 unsigned, stale or forged; 400 malformed)."""
        ...

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of changes since the cursor; None starts from the beginning. Raises ConnectorError."""
        ...

    def start_at(self, entity: str, since: datetime) -> Record:
        """The cursor from which `changes` gives what changed at or after this moment."""
        ...

    async def read(self, entity: str, record_id: str) -> Record:
        """The record as it is now with its relations. Raises Rejected(reason="not_found") when it is gone, ConnectorError otherwise."""
        ...

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Records of the entity whose fields equal all of `by`, at most 100, each with `id`. The field `*` searches by words."""
        ...


@runtime_checkable
class Target(Protocol):
    """A system that records are written to. Every method raises ConnectorError; AnswerLost only where the fate is unknown."""

    async def find(self, entity: str, reference: str) -> Found | None:
        """The record that carries the external reference."""
        ...

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with the target's own id."""
        ...

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """Create with the external reference. Never creates twice knowingly; a taken reference is Rejected(reason="reference_taken")."""
        ...

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set fields of a record."""
        ...

    async def post(self, entity: str, target_id: str) -> Found:
        """Turn a draft into a posted record. Posting a posted record answers with it."""
        ...


@runtime_checkable
class BulkTarget(Target, Protocol):
    """A target that can also take many records in one call."""

    def takes_many(self, entity: str) -> bool:
        """Whether it can for this entity."""
        ...

    async def create_many(
        self, entity: str, records: Sequence[tuple[str, Record]]
    ) -> Sequence[Found | ConnectorError | None]:
        """Create records, each with its external reference. For each of them, in their order: what was made of it, why it
        was not, or None where the answer does not say. Raises ConnectorError for the call as a whole."""
        ...


@runtime_checkable
class VoidingTarget(Target, Protocol):
    """A target that can also take a draft back."""

    async def void(self, entity: str, target_id: str) -> Found:
        """The draft counts no more. Voiding what is void answers with it; what is posted is refused."""
        ...


@runtime_checkable
class Connector(Protocol):
    """What every connection can do besides being a source or a target."""

    async def probe(self) -> str:
        """One line that proves the connection works. Raises ConnectorError."""
        ...

    async def close(self) -> None:
        """Let go of sockets."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Go:
    """The write is ours to send; the intent says `sent` already. `again` when an earlier send may have happened: find before creating.
    `changed` when that one had, or may have had, other content: what is found then may say something else."""

    write_id: int
    target_id: str | None = None
    again: bool = False
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Written before with this very content."""

    write_id: int
    target_id: str
    record: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Another delivery is writing this key, or its fate is unknown and rests until `until`."""

    until: datetime
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs:
    """Written before with other content; `target_id` is what exists."""

    write_id: int
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A newer state of the source's record was written; `target_id` is what shows it."""

    write_id: int
    target_id: str | None
    record: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What it bills is on hold."""

    hold: BillingHold


Permit = Go | Done | Busy | Differs | Stale | Held


class Ledger(DriftLedger, CustomerLedger, BypassLedger, ConflictLedger, ReconcilingLedger, Remembering, Protocol):
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
    ) -> Permit:
        """Record the intent to write and mark it sent, or say why not: what it `bills` may be on hold, a newer `version` may be
        written, it may be another's `turn`. Records first how earlier calls of this delivery `ended`, and renews our lease.
        Raises LeaseLost."""
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
