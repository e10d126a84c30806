"""What a connector module offers to the workspace: a name, its options, what it can do, and the way to build one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from sync.abilities import Ability
from sync.acknowledging import AcknowledgingTarget
from sync.adopting import AdoptingTarget
from sync.counting import Counting
from sync.crediting import CreditingTarget
from sync.described import Describing
from sync.listing import Listing
from sync.ports import BulkTarget, Connector, Source, Target, VoidingTarget

_BY_PROTOCOL: Mapping[type[Any], tuple[Ability, ...]] = {
    Connector: (Ability.PROBE,),
    Source: (Ability.WEBHOOKS, Ability.CHANGES, Ability.READ, Ability.SEARCH),
    Listing: (Ability.LIST,),
    Counting: (Ability.COUNT,),
    Describing: (Ability.DESCRIBE,),
    Target: (Ability.FIND, Ability.CREATE, Ability.UPDATE, Ability.POST),
    VoidingTarget: (Ability.VOID,),
    CreditingTarget: (Ability.CREDIT,),
    BulkTarget: (Ability.BULK,),
    AcknowledgingTarget: (Ability.WARNINGS,),
    AdoptingTarget: (Ability.ADOPT,),
}

Narrowing = Callable[[Mapping[str, Any], str], Collection[Ability] | None]
"""What can be done with an entity under options that may be wrong or hold references; None where the options do not say."""


def _no_narrowing(options: Mapping[str, Any], entity: str) -> Collection[Ability] | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A connector as the workspace names it. `build` takes checked options and the connection's name; where it is no class,
    `connector` is the class of what it gives. What a connection can do is read off the methods of that class, but for what
    it `lacks`: methods that are there and only refuse. `tasks` is the entity by which a task for people is created, empty
    where there are none; `of` narrows for one entity. `title` says in one line what it is for."""

    name: str
    options: type[BaseModel]
    build: Callable[[Any, str], Connector]
    connector: type[Any] | None = None
    title: str = ""
    lacks: Iterable[Ability] = frozenset()
    tasks: str = ""
    of: Narrowing = field(default=_no_narrowing)

    @property
    def abilities(self) -> frozenset[Ability]:
        """Everything that a connection of this kind can do, whatever its options say."""
        made = self.connector or self.build
        if not isinstance(made, type):
            raise TypeError(f"the kind {self.name} does not say its `connector`, the class that it builds")
        found = {each for protocol, names in _BY_PROTOCOL.items() if issubclass(made, protocol) for each in names}
        found -= set(self.lacks)
        if {Ability.UPDATE, Ability.READ} <= found:
            found.add(Ability.WRITE_BACK)
        if self.tasks and Ability.CREATE in found:
            found.add(Ability.TASK)
        return frozenset(found)

    def can(self, options: Mapping[str, Any], entity: str) -> frozenset[Ability]:
        """What a connection with these options, right or wrong, can do with an entity."""
        narrowed = self.of(options, entity)
        return self.abilities if narrowed is None else self.abilities & frozenset(narrowed)
