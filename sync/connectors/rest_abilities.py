"""What a described REST system can do with an entity: whatever its description gives a call for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sync.abilities import Ability

_BY_CALL: Mapping[str, tuple[Ability, ...]] = {
    "find": (Ability.FIND,),
    "get": (Ability.READ,),
    "list": (Ability.LIST,),
    "create": (Ability.CREATE, Ability.SEARCH, Ability.TASK),
    "bulk": (Ability.BULK,),
    "update": (Ability.UPDATE, Ability.WRITE_BACK),
    "post": (Ability.POST,),
    "void": (Ability.VOID,),
    "credit": (Ability.CREDIT, Ability.SEARCH),
}


def described_abilities(options: Mapping[str, Any], entity: str) -> Collection[Ability] | None:
    """The abilities of an entity by the calls that stand in its description, right or wrong; None where no description could
    be read. It is searched by our reference, which a call that makes records names, and by fields that have a call of their own."""
    described = options.get("describe")
    entities = described.get("entities") if isinstance(described, Mapping) else None
    if not isinstance(entities, Mapping):
        return None
    one = entities.get(entity)
    calls = one if isinstance(one, Mapping) else {}
    found = {each for call, abilities in _BY_CALL.items() if calls.get(call) is not None for each in abilities}
    if "{since}" in str(calls.get("list")):
        found.add(Ability.CHANGES)
    if calls.get("search"):
        found.add(Ability.SEARCH)
    webhooks = options.get("webhooks")
    if isinstance(webhooks, Mapping) and webhooks.get("entity") == entity:
        found.add(Ability.WEBHOOKS)
    return {*found, Ability.PROBE}
