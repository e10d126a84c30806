"""The nouns of Meshline. Values only: nothing here does anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.bound import Bound as Bound
from sync.money import Money

Record = dict[str, Any]
"""A CRM or ERP record: JSON values only, never a float (decimals stay text)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a connector saw: a record changed. `key` is unique per change within the connection; the same key is the same change."""

    entity: str
    record_id: str
    key: str
    kind: str
    occurred_at: datetime
    sequence: int = 0
    payload: Record | None = None


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

    @property
    def subject(self) -> str:
        return f"{self.entity}:{self.record_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """How many changes of one request were new, and how many the ledger had already."""

    received: int
    duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A value that might be meant. `score` is 0 to 100; `why` says in words what it rests on."""

    value: str
    label: str
    score: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that keeps a record from being written. `found` is the offending value as text, empty when missing."""

    reason: str
    path: str
    label: str
    found: str
    expected: str
    candidates: tuple[Candidate, ...] = ()
    kind: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A person's decision about one value of one record: `set` replaces it, `waive` accepts it as it stands.
    It applies only while the source still shows the value that the decision was about."""

    path: str
    found: str
    action: str
    value: str = ""
    reason: str = ""


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
class WriteEnd:
    """How a call of a write ended, by the verb of its table: `confirm`, `refuse` or `doubt`."""

    write_id: int
    verb: str
    at: datetime
    target_id: str | None = None
    record: Record | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way through one flow, leased to us. `number` counts the attempts including this one."""

    id: int
    flow: str
    event: Event
    lease: str
    leased_until: datetime
    number: int
    retries: int
    overlays: tuple[Overlay, ...] = ()

    @property
    def subject(self) -> str:
        return self.event.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSpec:
    """One write that a plan asks for. `key` is the immutable external reference: the same key writes once. An upsert with
    `keep` takes a record that exists as it stands.
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


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands in a body for what an earlier write of the plan returned: its id, or one field of its record."""

    write: str
    field: str = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a record becomes: writes in order, the customer it bills and the money it moves."""

    writes: tuple[WriteSpec, ...]
    customer: str | None
    money: Money | None
    title: str
    customer_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violations:
    """All that is wrong with a record at once. `remedies` are writes that help a person fix it (a merge task in the CRM)."""

    found: tuple[Violation, ...]
    title: str
    customer: str | None
    money: Money | None
    remedies: tuple[WriteSpec, ...] = ()
    customer_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDue:
    """The record is fine and the flow has nothing to do for it."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record as the target shows it."""

    id: str
    record: Record
    status: str = ""


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
class Case:
    """An exception, shown to people as `EX-<id>`."""

    id: int
    cause_id: int
    delivery_id: int
    flow: str
    subject: str
    reason: str
    state: str
    severity: str
    team: str
    owner: str
    backup: str
    four_eyes: bool
    holds_billing: bool
    assignee: str | None
    title: str
    customer: str | None
    money: Money | None
    violations: tuple[Violation, ...]
    detail: str
    trace: str
    attempts: int
    level: int
    opened_at: datetime
    respond_by: datetime
    resolve_by: datetime
    responded_at: datetime | None
    resolved_at: datetime | None
    snoozed_until: datetime | None
    decision: str
    decided_by: str
    proposal: tuple[Overlay, ...]
    proposed_by: str
    customer_name: str = ""

    @property
    def ref(self) -> str:
        return f"EX-{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Downtime:
    """A connection that does not answer, or did not: since when, when it is asked next, since when it answers again. `waiting`
    counts what each flow has in line (no further than 10,000), whether it needs the connection or not, `stopped` the cause's
    records that do not go on by themselves."""

    connection: str
    since: datetime
    next_try: datetime
    answers_since: datetime | None
    waiting: Mapping[str, int]
    stopped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Cases with one cause; what a card shows. Counts and sums are over its unresolved cases; `first` are the oldest five
    of them, or the newest of all when none is left. `sums` is money per currency. `downtime` is there when its value is a
    connection that did not answer meanwhile."""

    id: int
    flow: str
    reason: str
    value: str
    team: str
    channel: str
    version: int
    unresolved: int
    total: int
    sums: tuple[Money, ...]
    nearest: datetime | None
    level: int
    first: tuple[Case, ...]
    holds: tuple[BillingHold, ...] = ()
    downtime: Downtime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingHold:
    """No invoice goes out for this customer until a person releases it."""

    id: int
    customer: str
    case_id: int | None
    why: str
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None
    note: str = ""
    waiting: int = 0
    customer_name: str = ""

    @property
    def called(self) -> str:
        """The customer's name, its id when the name is not known."""
        return self.customer_name or self.customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to say in Slack: a line of history for a card's thread (`cause_id`), or a message of its own in `channel`
    (a digest: `body` holds what it says as data)."""

    id: int
    cause_id: int | None
    channel: str
    kind: str
    text: str
    mention: str | None
    broadcast: bool
    body: Record | None
    at: datetime
    thread: str | None = None
    unsure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card that no longer shows its cause's newest version, leased to us for posting. `ts` is Slack's id once posted;
    `unsure` means that an earlier post got no answer and must be looked up first."""

    cause: Cause
    channel: str
    ts: str | None
    unsure: bool
    lease: str


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
