"""A resolved exception becomes samples: the record that was stopped, without what is personal in it, and what it became once it
was decided. A sample that does not come out as the exception did is not made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from sync.giving_back import CREATE
from sync.mapping import compile_path, get, text
from sync.model import Overlay, Plan, Record, Violation
from sync.redaction import Redactor
from sync.workspace.documents import read_words
from sync.workspace.flow import Flow, Unique
from sync.workspace.mistakes import parse
from sync.workspace.samples import FOLDER, Sample, outcome_of, problems_of, shown
from sync.workspace.workspace import Workspace

_BLOCK = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What is known of a resolved exception. `before` are the decisions that were in force when it was stopped, `decided` those
    that resolved it."""

    ref: str
    title: str
    flow: Flow
    record: Record
    violations: Sequence[Violation]
    before: Sequence[Overlay]
    decided: Sequence[Overlay]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A sample file. `problems` is where it does not come out as it says; then it is none."""

    file: str
    text: str
    problems: tuple[str, ...] = ()


def exhibits(workspace: Workspace, stopped: Stopped) -> list[Exhibit]:
    """The sample of what was stopped and, where a decision about values made it a record, the one of what it became."""
    flow, name = stopped.flow, stopped.ref.lower()
    folder = f"{FOLDER}/{flow.trigger.entity}"
    redactor = Redactor(contract=workspace.contract_of(flow), flow=flow)
    record = redactor.record(stopped.record)
    shared: _BLOCK = {"entity": flow.trigger.entity, "flow": flow.name}
    source = _source(stopped, redactor)
    before = _overlays(stopped.before, stopped.record, record, redactor)
    reasons = [{"reason": each.reason, "path": each.path} for each in stopped.violations]
    first = {
        "sample": f"{stopped.ref}: {stopped.title}", **shared, "record": record, **_given(overlays=before, source=source),
        "expect": {"reasons": reasons},
    }  # fmt: skip
    made = [_exhibit(workspace, flow, f"{folder}/{name}.yaml", first, record)]
    decided = _overlays(stopped.decided, stopped.record, record, redactor)
    if not decided or made[0].problems:
        return made
    second = {
        "sample": f"{stopped.ref}: {stopped.title}, as it was decided", **shared, "like": f"{name}.yaml",
        **_given(overlays=[*before, *decided], source=source), "expect": {"not_due": True},
    }  # fmt: skip
    outcome = outcome_of(workspace, flow, _sample(second, record))
    if isinstance(outcome, Plan):
        second["expect"] = {"record": {write.name: shown(write.body) for write in outcome.writes if write.body}}
        made.append(_exhibit(workspace, flow, f"{folder}/{name}-resolved.yaml", second, record))
    return made


def _given(**blocks: Any) -> _BLOCK:
    return {key: value for key, value in blocks.items() if value}


def _overlays(overlays: Sequence[Overlay], was: Record, record: Record, redactor: Redactor) -> list[_BLOCK]:
    """The decisions about the redacted record: each meets what stands there now where it met what stood there then."""
    found: list[_BLOCK] = []
    for each in overlays:
        if each.action == CREATE:  # what was created stands in the record that is read afterwards
            continue
        met = text(get(was, each.path)) == each.found
        words = text(get(record, each.path)) if met else redactor.words(each.path, each.found)
        value = redactor.words(each.path, each.value) if each.value else ""
        block = {"path": each.path, "found": words, "action": each.action, "value": value, "reason": each.reason}
        found.append({key: word for key, word in block.items() if word})
    return found


def _source(stopped: Stopped, redactor: Redactor) -> dict[str, list[Record]]:
    """What the source answered about values that must be unique, as far as the exception tells."""
    found: dict[str, list[Record]] = {}
    for check in stopped.flow.checks:
        for each in stopped.violations if isinstance(check, Unique) else ():
            if isinstance(check, Unique) and (each.reason, each.path) == (check.reason, check.path):
                field = check.field or str(compile_path(check.path)[-1])
                value = redactor.words(check.path, text(get(stopped.record, each.path)))
                found[check.entity] = [{"id": one.value, field: value} for one in each.candidates]
    return found


def _sample(block: _BLOCK, record: Record) -> Sample:
    given = {key: value for key, value in block.items() if key != "like"}
    return Sample.model_validate({**given, "record": record})


def _exhibit(workspace: Workspace, flow: Flow, file: str, block: _BLOCK, record: Record) -> Exhibit:
    """The file, run as it will be read."""
    words = yaml.safe_dump(block, allow_unicode=True, sort_keys=False, width=110)
    document = read_words(file, words)
    sample = parse(Sample, document)
    if sample is None or document.mistakes:
        return Exhibit(file=file, text=words, problems=tuple(each.what for each in document.mistakes))
    whole = sample if sample.record is not None else sample.model_copy(update={"record": record})
    return Exhibit(file=file, text=words, problems=tuple(problems_of(workspace, flow, whole)))
