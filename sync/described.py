"""What a source says of its own fields, where it can say it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One field of a source. `type` is a contract's logical type, empty where the source does not say; `options` are the
    values of an enumeration. An archived one is kept by the source and no longer given out."""

    label: str
    type: str = ""
    options: tuple[str, ...] = ()
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """Every field of an entity by its path as contracts write it, such as `company.vat_id` and `lines[*].price`."""

    entity: str
    fields: Mapping[str, Property] = field(default_factory=dict)


@runtime_checkable
class Describing(Protocol):
    """A source that can say what fields it has."""

    async def describe(self, entity: str) -> Described | None:
        """The fields of the entity with those of what a record of it comes with; None where it has no such entity. Raises
        ConnectorError: then nothing is known, neither that a field is there nor that it is gone."""
        ...

    def want(self, entity: str, paths: Collection[str]) -> None:
        """From now on a record of the entity is read with these fields too, as far as the source has them."""
        ...
