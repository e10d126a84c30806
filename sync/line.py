"""What a delivery runs through: the ledger, a workspace, its connections and a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, cast

from sync.bulk import Batches, Bulk
from sync.erased import Erased
from sync.errors import NotFound
from sync.ports import BulkTarget, Ledger, Source, Target
from sync.turns import Turns
from sync.watching import Watch
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What the line runs through. `connections` are the built connectors by name."""

    ledger: Ledger
    workspace: Workspace
    connections: Mapping[str, object]
    clock: Callable[[], datetime]
    batches: dict[tuple[str, str], Batches] = field(default_factory=dict)
    turns: Turns = field(default_factory=Turns)
    watch: Watch = field(init=False)
    erased: Erased = field(init=False)

    def __post_init__(self) -> None:
        watch = Watch(ledger=self.ledger, workspace=self.workspace, connections=self.connections, clock=self.clock)
        object.__setattr__(self, "watch", watch)
        object.__setattr__(self, "erased", Erased(ledger=self.ledger, clock=self.clock))
        watch.want()

    def source(self, name: str) -> Source:
        """The connection as a source. Raises NotFound."""
        found: Any = self.connections.get(name)
        if not _is_source(found.__class__):
            raise NotFound(f"there is no source called {name}")
        return cast(Source, found)

    def target(self, name: str) -> Target:
        """The connection as a target. Raises NotFound."""
        found: Any = self.connections.get(name)
        if not _is_target(found.__class__):
            raise NotFound(f"there is no target called {name}")
        return cast(Target, found)

    def bulk(self, flow: Flow, name: str, entity: str) -> Bulk | None:
        """The connection as a target to which the flow creates many records of the entity in one call, good for one write
        that begins now; None where it takes none. Raises NotFound."""
        found: Any = self.target(name)
        if not _is_bulk_target(found.__class__) or not found.takes_many(entity):
            return None
        batches = self.batches.get((flow.name, name))
        if batches is None:
            batches = Batches(name, found, flow.batch, ledger=self.ledger, clock=self.clock)
            self.batches[(flow.name, name)] = batches
        surely_ours = self.workspace.engine.lease / 2  # so much is left when a write has begun
        return Bulk(target=found, batches=batches, until=self.clock() + surely_ours)

    def quarantine(self, name: str) -> float:
        """How many seconds an unknown write on this connection rests before it is read back."""
        own = self.workspace.connections[name].quarantine
        return (own or self.workspace.engine.quarantine).total_seconds()


@cache
def _is_source(connector: Any) -> bool:
    return issubclass(connector, Source)


@cache
def _is_target(connector: Any) -> bool:
    return issubclass(connector, Target)


@cache
def _is_bulk_target(connector: Any) -> bool:
    return issubclass(connector, BulkTarget)
