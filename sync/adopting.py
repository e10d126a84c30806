"""What was there before us: a record of the target that carries no reference of ours and is the very one that would be created. It
gets our reference instead of a twin. An ability that a target may have; which fields tell is the flow's word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from sync.errors import Rejected, Unavailable
from sync.model import Found, Record, Ref, WriteSpec
from sync.ports import Target

BOUND = "bound to the record that was there"
"""What is said of a write that made nothing, because its record was there."""


@runtime_checkable
class AdoptingTarget(Target, Protocol):
    """A target whose own records can be looked for and given our reference. Every method raises ConnectorError."""

    async def alike(self, entity: str, by: Mapping[str, Any]) -> Sequence[Found]:
        """Records without any reference that have all of these values; at most three."""
        ...

    async def adopt(self, entity: str, target_id: str, reference: str) -> Found:
        """Give the record our reference; nothing else of it changes, whatever its status. Adopting what is adopted under this
        reference answers with it; one that carries another, or a reference that is taken, is
        Rejected(reason="reference_taken")."""
        ...


async def alike(target: Target, spec: WriteSpec, body: Record) -> Found | None:
    """The one record that is there and is this one by the fields that the write names. Several are
    Rejected(reason="ambiguous_existing"); where a field is empty, or the target cannot be asked, there is none."""
    by = {name: body.get(name) for name in spec.same}
    if not by or not isinstance(target, AdoptingTarget) or any(_open(value) for value in by.values()):
        return None
    found = await target.alike(spec.entity, by)
    if len(found) > 1:
        shown = ", ".join(f"{name} {value}" for name, value in by.items())
        words = f"{len(found)} or more records of {spec.entity} have {shown}: {', '.join(each.id for each in found)}"
        raise Rejected(words, reason="ambiguous_existing")
    return found[0] if found else None


async def adopt(target: Target, spec: WriteSpec, found: Found) -> Found:
    """That record under our reference. Raises ConnectorError; Unavailable where another record was bound to it meanwhile."""
    if not isinstance(target, AdoptingTarget):
        return found
    try:
        return await target.adopt(spec.entity, found.id, spec.key)
    except Rejected as error:
        if error.reason != "reference_taken" or await target.find(spec.entity, spec.key) is not None:
            raise
    raise Unavailable(f"{spec.entity} {found.id} was bound to another record a moment ago")


def _open(value: Any) -> bool:
    return value in (None, "") or isinstance(value, Ref | dict | list)
