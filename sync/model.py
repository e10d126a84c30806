"""The nouns of Meshline. Values only: nothing here does anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.billing import BillingHold as BillingHold
from sync.billing import Bills as Bills
from sync.billing import Holding as Holding
from sync.bound import Bound as Bound
from sync.customers import Who
from sync.exceptions import Candidate as Candidate
from sync.exceptions import Card as Card
from sync.exceptions import Case as Case
from sync.exceptions import Cause as Cause
from sync.exceptions import Contrast as Contrast
from sync.exceptions import Downtime as Downtime
from sync.exceptions import Message as Message
from sync.exceptions import Overlay as Overlay
from sync.exceptions import Violation as Violation
from sync.money import Money
from sync.records import Record as Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a connector saw: a record changed. `key` is unique per change within the connection; the same key is the same change.
    Where records were `merged`, they are the `survivor` from now on."""

    entity: str
    record_id: str
    key: str
    kind: str
    occurred_at: datetime
    sequence: int = 0
    payload: Record | None = None
    merged: tuple[str, ...] = ()
    survivor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a source system. Received once, never changed."""

    id: int
    connection: str
    entity: str
    record_id: str
    kind: str
    occurred_at: datetime
    received_at: datetime
    trace: str
    payload: Record | None = None
    sequence: int = 0

    @property
    def subject(self) -> str:
        return f"{self.entity}:{self.record_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """How many changes of one request were new, and how many the ledger had already."""

    received: int
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What an engine asks of one flow: at most so many deliveries, which need these connections to be written."""

    most: int
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """A connection that did not answer: what waits for it is held, not dropped. While it is `open` nothing is sent before
    `until`; then one delivery probes. `trips` counts how often it opened since it last held."""

    connection: str
    state: str
    trips: int
    opened_at: datetime
    until: datetime
    closed_at: datetime | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How the records of a flow go out: one by one (`event`) or many in one call (`batch`), since when and why."""

    flow: str
    mode: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a flow has to carry: so many deliveries came in within so many seconds, and `oldest` is since when the first of
    those that may go waits; None when none does."""

    flow: str
    arrived: int
    seconds: float
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A state of a source's record: `at` is microseconds since 1970 where it is `timed`, the record's own count where it is
    `counted`; `sequence` orders what has the same `at`. Only versions of one kind can be compared."""

    by: str
    at: int
    sequence: int = 0

    def is_before(self, by: str | None, at: int | None, sequence: int | None) -> bool:
        """Whether it is older than that one; never, where the two cannot be compared."""
        if by != self.by or at is None:
            return False
        return (self.at, self.sequence) < (at, sequence or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Writes that must not be sent at once by anybody, such as postings of one company: whose turn it is, is `holder`."""

    name: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteEnd:
    """How a call of a write ended, by the verb of its table: `confirm`, `refuse` or `doubt`. `fingerprint` is of what is there now,
    empty where that is not what was to be written; None: as the intent says. What is in doubt `rests_until` then before it is
    read back."""

    write_id: int
    verb: str
    at: datetime
    target_id: str | None = None
    record: Record | None = None
    detail: str = ""
    fingerprint: str | None = None
    rests_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way through one flow, leased to us. `number` counts the attempts including this one; `about` is the
    data subject of its record, known once that was read. It is `outdone` where the event carries its record and what happened to
    that later was dealt with."""

    id: int
    flow: str
    event: Event
    lease: str
    leased_until: datetime
    number: int
    retries: int
    overlays: tuple[Overlay, ...] = ()
    about: str = ""
    outdone: bool = False

    @property
    def subject(self) -> str:
        return self.event.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """How a write is taken back: by `operation`, which makes a record of `entity`; by itself where it is `safe`. `dated` is the
    field for the day, and the flows of `recompute` work out anew what they derive from the record."""

    operation: str
    entity: str
    safe: bool = False
    dated: str | None = None
    recompute: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSpec:
    """One write that a plan asks for. `key` is the immutable external reference: the same key writes once. Before a record is made,
    one without a reference that has the `same` values in these fields is looked for. An upsert with
    `keep` takes a record that exists as it stands. Bindings go by the `alias` where the key is another record's. `company` is
    whose books they are, where one target keeps several.
    A body value `Ref("customer")` stands for the id that the write of that name got."""

    name: str
    connection: str
    entity: str
    operation: str
    key: str
    body: Record = field(default_factory=dict)
    of: str | None = None
    verify: Mapping[str, Any] = field(default_factory=dict)
    keep: bool = False
    same: tuple[str, ...] = ()
    alias: str = ""
    company: str = ""
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands in a body for what an earlier write of the plan returned: its id, or one field of its record."""

    write: str
    field: str = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a record becomes: writes in order, the customer and the contract it bills, and the money it moves."""

    writes: tuple[WriteSpec, ...]
    customer: str | None
    money: Money | None
    title: str
    customer_name: str = ""
    contract: str | None = None
    who: Who | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Violations:
    """All that is wrong with a record at once. `remedies` are writes that help a person fix it (a merge task in the CRM).
    `cause` groups; what is wrong itself decides where it is empty."""

    found: tuple[Violation, ...]
    title: str
    customer: str | None
    money: Money | None
    remedies: tuple[WriteSpec, ...] = ()
    customer_name: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDue:
    """The record is fine and the flow has nothing to do for it."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record as the target shows it; `bound` where it was there before anything was written."""

    id: str
    record: Record
    status: str = ""
    bound: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Source record and target record are the same thing."""

    source_connection: str
    source_entity: str
    source_id: str
    target_connection: str
    target_entity: str
    target_id: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal. `hash` chains over the line before it."""

    seq: int
    at: datetime
    actor: str
    verb: str
    noun: str
    noun_id: str
    data: Record
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Source and target disagree about one record."""

    kind: str
    key: str
    source: Money | None
    target: Money | None
