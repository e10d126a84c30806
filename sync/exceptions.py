"""The nouns of an exception: what is wrong with a record, the case that a person decides, the cause that a card shows, and what
Slack is told. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync.billing import BillingHold
from sync.ladder import Rung
from sync.money import Money
from sync.pausing import ClockPause
from sync.records import Record
from sync.rollouts import Rollout


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A value that might be meant. `score` is 0 to 100; `why` says in words what it rests on."""

    value: str
    label: str
    score: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that keeps a record from being written. `found` is the offending value as text, empty when missing; `currency`
    is the record's, where an amount is asked for."""

    reason: str
    path: str
    label: str
    found: str
    expected: str
    candidates: tuple[Candidate, ...] = ()
    kind: str = "text"
    currency: str = field(default="", compare=False)


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
class Contrast:
    """One field that a proposal has written otherwise in the target. `stands` is what is there now: a `draft`, something `posted`
    or `written`, or nothing, and then `before` is what the record by itself would be."""

    what: str
    field: str
    before: str
    after: str
    stands: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An exception, shown to people as `EX-<id>`. At `look_at` it is tried again by itself. The first `rung`
    steps of its `ladder` have been asked. Its clocks stand still since `paused_at`; they stood still for `paused_seconds` before."""

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
    look_at: datetime | None = None
    ladder: tuple[Rung, ...] = ()
    rung: int = 0
    paused_at: datetime | None = None
    paused_seconds: int = 0
    contrast: tuple[Contrast, ...] = ()

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
    connection that did not answer meanwhile, `rollout` is the last decision about many of its records. `pauses` are those of
    `first` whose clocks stand still; `nearest` leaves them out. `lesson` is there when the card tells of a change around Meshline: what
    changes in the runbook, empty while nobody has said so."""

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
    rollout: Rollout | None = None
    pauses: tuple[ClockPause, ...] = ()
    lesson: str | None = None


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
    tried_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A card that no longer shows its cause's newest version, leased to us for posting. `ts` is Slack's id once posted;
    `unsure` means that an earlier post, tried since `tried_at`, got no answer and must be looked up first."""

    cause: Cause
    channel: str
    ts: str | None
    unsure: bool
    lease: str
    tried_at: datetime | None = None
