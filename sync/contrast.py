"""What a proposal changes in the target, for the person who has to agree: what stands there, or would be written as the record
stands, against what will be written. Computed from what is known already; no other system is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sync.mapping import text
from sync.model import Contrast, Found, NotDue, Overlay, Plan, Record, Ref, Violation, Violations, WriteSpec
from sync.money import Money
from sync.prepare import prepare, questions
from sync.questions import Lookups
from sync.replaying import of_values
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

Written = Mapping[str, tuple[str, Found]]
_MOST, _ROUNDS = 40, 4
_BODIES = ("create", "upsert", "update")
_INDEX = re.compile(r"\[(\d+)\]")
_MINOR = "_minor"


def plan_of(record: Record, flow: Flow, workspace: Workspace, overlays: Sequence[Overlay]) -> Plan | None:
    """What would be written with these decisions if whatever is still wrong were let pass: that stops the record by itself, later.
    None where even then it cannot be told from here."""
    decided = tuple(overlays)
    for _ in range(_ROUNDS):
        prepared = _prepared(record, flow, workspace, decided)
        if not isinstance(prepared, Violations):
            return prepared if isinstance(prepared, Plan) else None
        decided = (*decided, *map(_waived, prepared.found))
    return None


def _prepared(
    record: Record, flow: Flow, workspace: Workspace, decided: Sequence[Overlay]
) -> Plan | Violations | NotDue:
    """The record with these decisions, where every question to another system is answered with nothing."""
    lookups = Lookups(others=False)
    for _ in range(_ROUNDS):
        asked = questions(record, flow, decided, lookups)
        if not asked:
            break
        lookups = Lookups(answers=[*lookups.answers, *((question, []) for question in asked)], others=False)
    return prepare(record, flow, workspace, decided, lookups)


def _waived(one: Violation) -> Overlay:
    return Overlay(path=one.path, found=one.found, action="waive", reason=one.reason)


def contrasts(proposed: Plan, as_it_stands: Plan | None, written: Written) -> tuple[Contrast, ...]:
    """Every field that will be written otherwise than the target shows it now or, where it has nothing yet, than the record by
    itself would be; at most 40."""
    stands = {spec.name: spec for spec in as_it_stands.writes} if as_it_stands is not None else {}
    found: list[Contrast] = []
    for spec in proposed.writes:
        if spec.operation in _BODIES:
            there = written.get(spec.name)
            before = _shared(there[1].record, spec.body) if there is not None else _body(stands.get(spec.name))
            place = _place(spec, proposed.writes, written)
            found += _of(spec, before, place, _said_in(proposed))
    return tuple(found[:_MOST])


def _of(spec: WriteSpec, before: Record, place: str, said: Callable[[str, Any], str]) -> list[Contrast]:
    return [
        Contrast(
            what=spec.entity.replace("_", " ").capitalize(),
            field=_named(path),
            before=said(path, was),
            after=said(path, becomes),
            stands=place,
        )
        for path, was, becomes in of_values("", before, spec.body)
        if not isinstance(becomes, Ref)
    ]


def _body(spec: WriteSpec | None) -> Record:
    return spec.body if spec is not None else {}


def _shared(shown: Record, body: Record) -> Record:
    """What the target shows of the fields that are written."""
    return {name: shown[name] for name in body if name in shown}


def _place(spec: WriteSpec, specs: Sequence[WriteSpec], written: Written) -> str:
    if spec.name not in written:
        return ""
    posted = any(each.operation == "post" and each.of == spec.name and each.name in written for each in specs)
    drafted = any(each.operation == "post" and each.of == spec.name for each in specs)
    return "posted" if posted else "draft" if drafted else "written"


def _said_in(plan: Plan) -> Callable[[str, Any], str]:
    """How a value is said: minor units as money in the plan's currency."""

    def said(path: str, value: Any) -> str:
        if path.endswith(_MINOR) and isinstance(value, int) and plan.money is not None:
            return str(Money(currency=plan.money.currency, minor=value))
        return text(value) if isinstance(value, str | int | list | dict) else ""

    return said


def _named(path: str) -> str:
    """`lines[0].unit_price_minor` is `line 1, unit price`."""
    words = [f"line {int(index) + 1}" for index in _INDEX.findall(path)]
    last = path.rpartition(".")[2].removesuffix(_MINOR)
    return ", ".join([*words, _INDEX.sub("", last).replace("_", " ")])
