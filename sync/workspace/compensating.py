"""How a write is taken back, as the flow's file says it: a draft is voided, what is posted is credited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from sync.workspace.spots import Spot
from sync.workspace.values import Broken, EntityName, Name, Strict

_OF = {"void": "create", "credit": "post"}


class Compensation(Strict):
    """What takes a write back: `void` the draft that a `create` made, `credit` what a `post` made final. A `safe` one is carried
    out by itself; any other is agreed to by two people who see what it changes. `entity` is what a credit note is there, and
    `dated` its field for the day on which it is made. `recompute` names the flows that derive something from the same record,
    such as commissions: they work it out anew."""

    operation: Literal["void", "credit"]
    safe: bool = False
    entity: EntityName | None = None
    dated: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
    recompute: tuple[Name, ...] = ()

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        if given.get("operation") == "credit" and given.get("safe"):
            yield Broken(
                key="safe", right="what was posted is credited only when people agreed to it: leave `safe` out"
            )
        for key in ("entity", "dated"):
            if given.get("operation") == "void" and given.get(key) is not None:
                yield Broken(key=key, right=f"`{key}` belongs to `operation: credit`")


def check_compensations(flow: Spot, connections: Mapping[str, Mapping[str, Any]], entities: Mapping[str, str]) -> None:
    """Note every compensation that cannot be carried out: of a write that it does not take back, in a connection that cannot,
    or with a flow to recompute that is triggered by something else. `entities` are what triggers each flow."""
    for write in flow.at("writes").items:
        undo = write.at("compensate")
        operation = undo.at("operation").word
        if operation not in _OF:
            continue
        if write.at("operation").value != _OF[operation]:
            undo.at("operation").wrong(f"`{operation}` takes back a {_OF[operation]}", "declare it at that write")
        _check_ability(write, undo, operation, connections)
        for name in undo.at("recompute").items:
            name.known("flow", entities)
            mine, theirs = flow.at("trigger", "entity").word, entities.get(name.word or "")
            if mine and theirs and theirs != mine:
                name.wrong(f"{name.word} is triggered by {theirs}", f"name a flow that is triggered by {mine}")


def _check_ability(write: Spot, undo: Spot, operation: str, connections: Mapping[str, Mapping[str, Any]]) -> None:
    described = connections.get(write.at("connection").word or "", {}).get("describe")
    known = described.get("entities") if isinstance(described, dict) else None
    entity = undo.at("entity").word or write.at("entity").word
    if not isinstance(known, dict) or entity is None:
        return
    one = known.get(entity)
    if not isinstance(one, dict) or one.get(operation) is None:
        what = "makes no credit notes" if operation == "credit" else "voids no drafts"
        undo.at("operation").wrong(
            f"{write.at('connection').word} {what} of {entity}", f"describe the `{operation}` call of {entity}"
        )
