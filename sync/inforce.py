"""Which checks and mapping rows of a flow are in force for one record: those whose flag is on for it and whose condition it
fulfils. Decided from the record alone, so a second look says the same, in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sync import cel
from sync.cel import RuleFailed
from sync.facts import holds, roots
from sync.kept import kept_of
from sync.mapping import SelectorFailed, select, text
from sync.model import NotDue, Record, Violation
from sync.transforms import currency_at
from sync.workspace.flow import Check, Cohort, Flow, MapRow, Off, When

_MOST_FORMS = 256
_WHOLE = 2**64


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """A condition that could not be evaluated. `reads` are the fields at the top of the record that it looks at."""

    violation: Violation
    reads: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """What one check or row of the flow waits for."""

    path: str
    label: str
    when: When | None
    flag: str | None


def due(record: Record, flow: Flow) -> NotDue | Violation | None:
    """Why the flow has nothing to do for the record, or what keeps that from being told; None when it is due."""
    when = flow.trigger.when
    if when is None:
        return None
    if (held := judged(when, record, flow)) is True:
        return None
    if isinstance(held, str):
        at = when.path or "record"
        return Violation(reason="rule_failed", path=at, label="Trigger", found="", expected=held[:300])
    if when.rule is not None:
        return NotDue(why=f"it is not so that {when.rule}"[:300])
    wanted = " or ".join(text(each) for each in when.wanted)
    found = text(select(when.path or "", record))
    return NotDue(why=f"{when.path} is {found or 'empty'}, not {wanted}")


def in_force(record: Record, flow: Flow) -> tuple[Flow, tuple[Unsure, ...]]:
    """The flow as it is for this record, and the conditions that could not be told: what waits for those is in force. Checks
    keep their index; the flow itself where nothing in it waits for anything."""
    gates = _gates(flow)
    if not gates:
        return flow, ()
    unsure: list[Unsure] = []
    closed = frozenset(place for place, gate in enumerate(gates) if not _open(gate, record, flow, unsure))
    forms = _forms(flow)
    if closed not in forms:
        if len(forms) >= _MOST_FORMS:
            forms.clear()
        forms[closed] = _without(flow, closed) if closed else flow
    return forms[closed], tuple(unsure)


def _open(gate: _Gate, record: Record, flow: Flow, unsure: list[Unsure]) -> bool:
    cohort = flow.flags.get(gate.flag) if gate.flag is not None else None
    if cohort is not None and not is_in(gate.flag or "", cohort, record):
        return False
    held = judged(gate.when, record, flow) if gate.when is not None else True
    if isinstance(held, str):
        expected = f"a condition that can be evaluated: {held}"[:300]
        violation = Violation(reason="rule_failed", path=gate.path, label=gate.label, found="", expected=expected)
        unsure.append(Unsure(violation=violation, reads=_reads(gate.when)))
        return True
    return held


def is_in(flag: str, cohort: Cohort, record: Record) -> bool:
    """Whether the record is among those for which the flag is on. Raises nothing: what cannot be told is not."""
    try:
        subject = text(select(cohort.by, record))
    except SelectorFailed:
        return cohort.share == 1
    if subject in {text(each) for each in cohort.of}:
        return True
    place = int.from_bytes(hashlib.sha256(f"{flag}:{subject}".encode()).digest()[:8], "big")
    return Fraction(place, _WHOLE) < Fraction(cohort.share)


def judged(when: When, record: Record, flow: Flow) -> bool | str:
    """Whether the condition holds, or in words why that cannot be told."""
    try:
        if when.rule is not None:
            return holds(cel.compile(when.rule), record, currency_at(flow.record.currency, record))
        return when.holds(select(when.path or "", record))
    except (RuleFailed, SelectorFailed) as error:
        return str(error)


def _reads(when: When | None) -> frozenset[str]:
    return roots(cel.compile(when.rule)) if when is not None and when.rule is not None else frozenset()


@kept_of
def _forms(flow: Flow) -> dict[frozenset[int], Flow]:
    return {}


@kept_of
def _gates(flow: Flow) -> Sequence[_Gate]:
    """Everything in the flow that waits for something, in one order: checks, then rows from top to bottom."""
    of_checks = [
        _Gate(path=each.path, label=each.label or each.path, when=each.when, flag=each.flag)
        for each in flow.checks
        if _waits(each)
    ]
    rows = (row for write in flow.writes for row in _every(write.record) if _waits(row))
    return [*of_checks, *(_Gate(path=row.from_ or row.to, label=row.to, when=row.when, flag=row.flag) for row in rows)]


def _waits(each: Check | MapRow) -> bool:
    return each.when is not None or each.flag is not None


def _every(rows: Sequence[MapRow]) -> Iterator[MapRow]:
    for row in rows:
        yield row
        yield from _every(row.record or ())


def _without(flow: Flow, closed: frozenset[int]) -> Flow:
    places = iter(range(len(_gates(flow))))
    checks = tuple(
        Off(path=each.path, reason=each.reason) if _waits(each) and next(places) in closed else each
        for each in flow.checks
    )
    writes = tuple(
        write.model_copy(update={"record": _kept_rows(write.record, places, closed)}) for write in flow.writes
    )
    return flow.model_copy(update={"checks": checks, "writes": writes})


def _kept_rows(rows: Sequence[MapRow], places: Iterator[int], closed: frozenset[int]) -> tuple[MapRow, ...]:
    kept_rows = []
    for row in rows:
        shut = _waits(row) and next(places) in closed
        inner = _kept_rows(row.record, places, closed) if row.record is not None else None
        if not shut:
            kept_rows.append(row if inner is None or inner == row.record else row.model_copy(update={"record": inner}))
    return tuple(kept_rows)
