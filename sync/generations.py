"""Generations. What was voided or credited is never written again under its reference: the next one is written under a new
reference, which follows from the old one alone, so that whoever goes on finds the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sync.model import Record, WriteSpec
from sync.ports import Ledger

_MOST = 100
_Undo = tuple[WriteSpec, WriteSpec]


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """The writes under the references that are in force, and the compensations that were sent and are not confirmed yet, each
    with the write that declares it."""

    writes: tuple[WriteSpec, ...]
    unsettled: tuple[tuple[WriteSpec, WriteSpec], ...] = ()


def undo_of(spec: WriteSpec, target_id: str | None, key: str | None = None, body: Record | None = None) -> WriteSpec:
    """The write that takes a write back; `key` is the reference of the record that it made. Its own reference follows from it."""
    if spec.undo is None:
        raise ValueError(f"{spec.name} has no compensation")
    return WriteSpec(
        name=f"{spec.name} {spec.undo.operation}", connection=spec.connection, entity=spec.undo.entity,
        operation=spec.undo.operation, key=f"{key or spec.key}-{spec.undo.operation}", of=target_id, body=body or {},
        company=spec.company,
    )  # fmt: skip


def undone_by(spec: WriteSpec, writes: Sequence[WriteSpec]) -> tuple[WriteSpec, ...]:
    """The writes whose compensation takes back what this one makes: itself as a draft, the one that posts it."""
    posts = (each for each in writes if each.of == spec.name and each.operation == "post")
    return tuple(each for each in (spec, *posts) if each.undo is not None)


async def in_force(writes: tuple[WriteSpec, ...], ledger: Ledger, made: set[str]) -> Generation:
    """The writes of a plan as they are to be made now. `made` are the names of those that were confirmed under their first
    reference; the others cannot have been taken back."""
    unsettled: list[tuple[WriteSpec, WriteSpec]] = []
    for spec in writes:
        if spec.name in made and spec.operation == "create" and undone_by(spec, writes):
            number = 1
            while number < _MOST and (undos := await _sent(_under(spec, number), undone_by(spec, writes), ledger)):
                unsettled += await _unsettled(_under(spec, number), undos, ledger)
                number += 1
            writes = rekeyed(writes, spec, number)
    return Generation(writes=writes, unsettled=tuple(unsettled))


def rekeyed(writes: tuple[WriteSpec, ...], spec: WriteSpec, number: int) -> tuple[WriteSpec, ...]:
    """The same writes with that generation of one of them, and of what builds on it."""
    return tuple(
        _under(each, number) if each.name == spec.name else _after(each, spec, number) if each.of == spec.name else each
        for each in writes
    )


def _under(spec: WriteSpec, number: int) -> WriteSpec:
    return spec if number == 1 else replace(spec, key=f"{spec.key}-v{number}")


def _after(each: WriteSpec, spec: WriteSpec, number: int) -> WriteSpec:
    if number == 1 or not each.key.startswith(spec.key):
        return _under(each, number)
    return replace(each, key=_under(spec, number).key + each.key.removeprefix(spec.key))


async def _sent(spec: WriteSpec, by: Sequence[WriteSpec], ledger: Ledger) -> list[_Undo]:
    undos = [(undo_of(each, None, spec.key), each) for each in by]
    return [one for one in undos if await ledger.sent(one[0].connection, one[0].entity, one[0].operation, one[0].key)]


async def _unsettled(spec: WriteSpec, undos: Sequence[_Undo], ledger: Ledger) -> list[_Undo]:
    known = await ledger.written([spec, *(undo for undo, _ in undos)])
    target = known[spec.name][1].id if spec.name in known else None
    return [(replace(undo, of=target), by) for undo, by in undos if undo.name not in known]
