"""The steps that a delivery can take, and the route that a stopped one takes. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync.clocks import Calendar
from sync.ladder import Rung
from sync.model import Binding, Holding, Violation
from sync.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """It is done: these bindings hold."""

    bindings: tuple[Binding, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Try again at `due_at`. `counted` is false when the delay says nothing about the record (somebody else is writing)."""

    due_at: datetime
    detail: str
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a case is opened with. `cause` groups: cases of one flow, reason and cause share a card; where it is a value that is
    personal (`private_cause`), it is kept as something else. `holding` is what may not be billed until somebody has looked."""

    reason: str
    cause: str
    violations: tuple[Violation, ...]
    detail: str
    title: str = ""
    customer: str | None = None
    money: Money | None = None
    customer_name: str = ""
    holding: Holding | None = None
    private_cause: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """The connection is out of order: a case tells of it, and the record tries again by itself at `due_at`."""

    due_at: datetime
    opening: Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A person decides; the delivery waits with an open case."""

    opening: Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Bury:
    """Into the dead letters, with an open case that says why."""

    opening: Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What it bills is on hold; the release lets the delivery go on, in its order among those that waited for the same
    `bills`."""

    hold_id: int
    detail: str
    bills: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """Nothing to do."""

    why: str


Step = Deliver | Retry | Pause | Hold | Bury | Wait | Discard


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who answers for a reason in a flow, and by when, fixed when the case is opened. At `expire_by` a record that is still
    held no longer holds up its own later changes; None: it does for good. `looks` are the moments at which the system tries it
    again by itself. Nobody has answered at `remind_at`: the owner is reminded. `ladder` is who is asked when a clock has run out,
    `hours` the calendar of all clocks (None: round the clock). A Slack user group `on_call` names the owner, where it has people."""

    team: str
    channel: str
    owner: str
    backup: str
    severity: str
    respond_by: datetime
    resolve_by: datetime
    four_eyes: bool
    holds_billing: bool
    expire_by: datetime | None = None
    looks: tuple[datetime, ...] = ()
    remind_at: datetime | None = None
    ladder: tuple[Rung, ...] = ()
    hours: Calendar | None = None
    on_call: str = ""
