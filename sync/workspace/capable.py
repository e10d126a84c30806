"""Whether the connections of a flow can do what the flow needs of them. What one cannot do is said when the workspace is
loaded, with the kinds of connection that can, and not when the first record is on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from sync.abilities import WORDS, Ability
from sync.workspace.spots import Spot


class Offered(Protocol):
    """A kind of connection, as the workspace knows it."""

    @property
    def options(self) -> type[BaseModel]:
        """What may be said of a connection."""
        ...

    @property
    def abilities(self) -> frozenset[Ability]:
        """Everything that a connection of this kind can do, whatever its options say."""
        ...

    def can(self, options: Mapping[str, Any], entity: str) -> frozenset[Ability]:
        """What a connection with these options, right or wrong, can do with an entity."""
        ...


Kinds = Mapping[str, Offered]
"""The kinds of connection by name."""


def why_not(kinds: Kinds, name: str) -> str:
    """Why a kind of that name, which is installed, cannot be used; empty where it is not installed, or can."""
    broken: Mapping[str, str] = getattr(kinds, "broken", {})
    return broken.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a flow needs of a connection: one of these abilities, with this entity, as it says at `spot`."""

    spot: Spot
    connection: str
    entity: str
    abilities: tuple[Ability, ...]


def check_abilities(flow: Spot, settings: Spot, options: Mapping[str, Mapping[str, Any]], kinds: Kinds) -> None:
    """Note everything that the flow needs of a connection which cannot do it. `options` are those of each connection, right or
    wrong; what is not known, or was complained about, is passed over."""
    _check_told(flow, settings, options, kinds)
    for need in _needs(flow):
        if not need.entity or need.spot.place in need.spot.document.refused:
            continue
        told, name = options.get(need.connection), settings.at("connections", need.connection, "kind").word or ""
        kind = kinds.get(name)
        if kind is not None and told is not None and not kind.can(told, need.entity) & set(need.abilities):
            _note(flow, need, name, kinds)


def bulk_of(
    settings: Spot, options: Mapping[str, Mapping[str, Any]], kinds: Kinds | None
) -> Callable[[str, str], bool | None]:
    """Tells whether a connection takes many records of an entity in one call; None where its kind is not known."""

    def takes(connection: str, entity: str) -> bool | None:
        kind = (kinds or {}).get(settings.at("connections", connection, "kind").word or "")
        return None if kind is None else Ability.BULK in kind.can(options.get(connection, {}), entity)

    return takes


def _check_told(flow: Spot, settings: Spot, options: Mapping[str, Mapping[str, Any]], kinds: Kinds) -> None:
    """A flow that is not polled waits for webhooks, which its connection may take only under options that it does not have."""
    source, entity = flow.at("trigger", "connection"), flow.at("trigger", "entity").word or ""
    told, name = options.get(source.word or ""), settings.at("connections", source.word or "", "kind").word or ""
    kind = kinds.get(name)
    if kind is None or told is None or flow.at("trigger", "poll").value is not None:
        return
    can = kind.can(told, entity)
    if Ability.WEBHOOKS in kind.abilities - can and Ability.CHANGES in can:
        source.wrong(
            f"nothing tells {flow.at('flow').word} of changes: what is said of {source.word} lets no webhook in",
            "add `poll: 5m` to the trigger, or say what its webhooks are checked with",
        )


def _note(flow: Spot, need: Need, name: str, kinds: Kinds) -> None:
    can = " or ".join(WORDS[each] for each in need.abilities)
    about = f"{flow.at('flow').word} needs {need.connection} to {can}, with {need.entity}"
    able = sorted(each for each, kind in kinds.items() if kind.abilities & set(need.abilities))
    if name in able:
        what, right = "what is said of it gives no way", f"describe it, or name another entity; the kind {name} can"
    else:
        what, right = f"a connection of kind {name} cannot", f"kinds that can: {', '.join(able) or 'none'}"
    need.spot.wrong(f"{about}: {what}", right)


def _needs(flow: Spot) -> Iterator[Need]:
    source, entity = flow.at("trigger", "connection").word, flow.at("trigger", "entity").word
    poll = flow.at("trigger", "poll")
    polled = poll.value is not None
    told = (Ability.CHANGES,) if polled else (Ability.WEBHOOKS, Ability.CHANGES)
    yield _need(poll if polled else flow.at("trigger", "connection"), source, entity, *told)
    if flow.at("write_back").items:
        yield _need(flow.at("write_back"), source, entity, Ability.WRITE_BACK)
    for check in flow.at("checks").items:
        yield from _of_check(check, source)
    for write in flow.at("writes").items:
        yield from _of_write(write)
    yield from _of_synthetic(flow)
    yield from _of_reconcile(flow, source, entity)


def _need(spot: Spot, connection: str | None, entity: str | None, *abilities: Ability) -> Need:
    return Need(spot=spot, connection=connection or "", entity=entity or "", abilities=abilities)


def _of_check(check: Spot, source: str | None) -> Iterator[Need]:
    """What a check asks of the source, or of another system."""
    if check.at("check").value == "unique":
        yield _need(check.at("entity"), source, check.at("entity").word, Ability.SEARCH)
    if isinstance((task := check.at("task")).value, dict):
        yield _need(task, source, task.at("entity").word or "tasks", Ability.TASK)
    for key in ("candidates", "related"):
        offered = check.at(key)
        yield _need(offered.at("entity"), source, offered.at("entity").word, Ability.SEARCH)
        if offered.at("create").value is True:
            yield _need(offered.at("create"), source, offered.at("entity").word, Ability.CREATE)
    asked = Ability.FIND if check.at("key").value is not None else Ability.SEARCH
    yield _need(check.at("connection"), check.at("connection").word, check.at("entity").word, asked)


_OF_OPERATION: Mapping[str, tuple[Ability, ...]] = {
    "create": (Ability.FIND, Ability.CREATE),
    "upsert": (Ability.FIND, Ability.CREATE, Ability.UPDATE),
    "update": (Ability.UPDATE,),
    "post": (Ability.POST,),
    "credit": (Ability.CREDIT,),
}


def _of_write(write: Spot) -> Iterator[Need]:
    connection, entity, operation = write.at("connection").word, write.at("entity").word, write.at("operation")
    for ability in _OF_OPERATION.get(operation.word or "", ()):
        if not (ability is Ability.UPDATE and write.at("existing").word == "keep"):
            yield _need(operation, connection, entity, ability)
    if write.at("same").items:
        yield _need(write.at("same"), connection, entity, Ability.ADOPT)
    undo = write.at("compensate", "operation")
    taken = {"void": Ability.VOID, "credit": Ability.CREDIT}.get(undo.word or "")
    if taken is not None:
        yield _need(undo, connection, write.at("compensate", "entity").word or entity, taken)


def _of_synthetic(flow: Spot) -> Iterator[Need]:
    """A made-up record goes as far as a draft, which is taken back."""
    posted = [each.at("of").word for each in flow.at("writes").items if each.at("operation").value == "post"]
    for write in flow.at("writes").items:
        if flow.at("synthetic").value is not None and write.at("name").word in posted:
            yield _need(flow.at("synthetic"), write.at("connection").word, write.at("entity").word, Ability.VOID)


def _of_reconcile(flow: Spot, source: str | None, entity: str | None) -> Iterator[Need]:
    """Both sides are listed."""
    named = flow.at("reconcile", "write")
    for write in flow.at("writes").items:
        if named.word is not None and write.at("name").word == named.word:
            yield _need(named, source, entity, Ability.LIST)
            yield _need(named, write.at("connection").word, write.at("entity").word, Ability.LIST)
