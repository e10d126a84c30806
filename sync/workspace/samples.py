"""Samples: records that live with the contract, each with the outcome it must have. They run through `prepare`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from sync.bound import Bound
from sync.mapping import put, text
from sync.model import NotDue, Overlay, Plan, Record, Ref, Violations
from sync.prepare import Lookups, Question, prepare, questions, questions_elsewhere, references
from sync.reasons import REASONS
from sync.workspace.documents import Document, read
from sync.workspace.flow import Flow
from sync.workspace.mistakes import nearest, parse
from sync.workspace.spots import whole
from sync.workspace.values import Broken, Strict, Words, exactly_one
from sync.workspace.values import Path as FieldPath
from sync.workspace.workspace import Workspace

FOLDER = "samples"


class SampleOverlay(Strict):
    path: str
    found: str = ""
    action: Literal["set", "waive"] = "set"
    value: str = ""
    reason: str = ""


class ExpectedReason(Strict):
    reason: str
    path: str


class Expect(Strict):
    """Exactly one outcome: bodies that the writes must contain, the reasons that must stop it, or nothing to do."""

    record: dict[str, Any] | None = None
    reasons: tuple[ExpectedReason, ...] | None = None
    not_due: Literal[True] | None = None

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        yield from exactly_one(given, "record", "reasons", "not_due")


class Sample(Strict):
    """One sample file. `like` starts from another sample's record and `changes` sets values in it by path; `source` holds
    the records that the source and other systems would answer with, by entity, and `bound` the ids that records of the source
    have in the target, by entity and id."""

    title: Words = Field(alias="sample")
    entity: str
    flow: str | None = None
    record: dict[str, Any] | None = None
    like: str | None = None
    changes: dict[FieldPath, Any] = Field(default_factory=dict)
    overlays: tuple[SampleOverlay, ...] = ()
    source: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)
    bound: dict[str, dict[str, str]] = Field(default_factory=dict)
    expect: Expect

    @classmethod
    def broken(cls, given: Mapping[str, Any]) -> Iterator[Broken]:
        yield from exactly_one(given, "record", "like")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleResult:
    """How a sample came out in one flow; `line` is where its outcome is written. No problems means that it came out as it must."""

    file: str
    line: int = 1
    title: str
    flow: str
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


def read_samples(directory: Path) -> tuple[list[tuple[Document, Sample]], list[Document]]:
    """Every sample that can be read, and all documents with what is wrong in them."""
    parsed: dict[str, tuple[Document, Sample | None]] = {}
    for path in sorted((directory / FOLDER).rglob("*.yaml")):
        document = read(directory, path.relative_to(directory).as_posix())
        parsed[document.file] = (document, parse(Sample, document))
    documents = [document for document, _ in parsed.values()]
    for document in documents:
        _check_like(document, parsed)
    found = [(document, _whole(document, sample, parsed)) for document, sample in parsed.values() if sample is not None]
    return [(document, sample) for document, sample in found if sample is not None], documents


def _base(document: Document, like: str) -> str:
    return (Path(document.file).parent / like).as_posix()


def _check_like(document: Document, parsed: dict[str, tuple[Document, Sample | None]]) -> None:
    """A sample starts from one that has a record. What cannot be told of a broken one is not held against it."""
    like = whole(document).at("like")
    if like.word is None:
        return
    base, sample = parsed.get(_base(document, like.word), (None, None))
    if base is None or (sample is not None and sample.record is None):
        known = [
            Path(each).name for each, (_, other) in parsed.items() if other is not None and other.record is not None
        ]
        like.wrong(f"there is no sample with a record called {like.word!r}", nearest(like.word, known))


def _whole(document: Document, sample: Sample, parsed: dict[str, tuple[Document, Sample | None]]) -> Sample | None:
    record = sample.record
    if sample.like is not None:
        base = parsed.get(_base(document, sample.like), (document, None))[1]
        record = base.record if base is not None else None
    if record is None:
        return None
    for path, value in sample.changes.items():
        record = put(record, path, value)
    return sample.model_copy(update={"record": record})


def check_samples(documents: list[Document], triggers: list[tuple[str, str]] | None) -> None:
    """The reasons that the samples name exist, and each sample has a flow. `triggers` are the flows by name with the entity
    that triggers each; None where that cannot be told."""
    for sample in map(whole, documents):
        for each in (*sample.at("expect", "reasons").items, *sample.at("overlays").items):
            if each.at("reason").word:
                each.at("reason").known("reason", REASONS)
        entity, flow = sample.at("entity"), sample.at("flow").word
        met = [name for name, trigger in triggers or () if trigger == entity.word and flow in (None, name)]
        if triggers is not None and entity.word is not None and not met:
            entity.wrong(f"no flow is triggered by {entity.word!r}", "correct the entity or the flow")


def run_samples(workspace: Workspace, samples: list[tuple[Document, Sample]]) -> Iterator[SampleResult]:
    """Each sample without a mistake through each flow that its entity triggers."""
    for document, sample in samples:
        flows = [each for each in workspace.flows.values() if each.trigger.entity == sample.entity]
        for flow in flows:
            if sample.flow in (None, flow.name) and not document.mistakes:
                problems = tuple(problems_of(workspace, flow, sample))
                line = document.line(("expect",))
                yield SampleResult(file=document.file, line=line, title=sample.title, flow=flow.name, problems=problems)


def outcome_of(workspace: Workspace, flow: Flow, sample: Sample) -> Plan | Violations | NotDue:
    """What a sample's record becomes in a flow, where the source answers with what the sample holds."""
    overlays = tuple(Overlay(**each.model_dump()) for each in sample.overlays)
    record, lookups = sample.record or {}, Lookups()
    while asked := questions(record, flow, overlays, lookups):
        for question in asked:
            lookups = lookups.plus(question, _answer(sample, question))
    for question in questions_elsewhere(record, flow, workspace, overlays, lookups):
        lookups = lookups.plus(question, _answer(sample, question))
    asked_of_ledger = references(record, flow, overlays, lookups)
    lookups = replace(lookups, bound={each: _bound(sample, each) for each in asked_of_ledger})
    return prepare(record, flow, workspace, overlays, lookups)


def problems_of(workspace: Workspace, flow: Flow, sample: Sample) -> Iterator[str]:
    """Where a sample comes out otherwise than it says."""
    outcome = outcome_of(workspace, flow, sample)
    if sample.expect.record is not None:
        yield from _record_problems(outcome, sample.expect.record)
    elif sample.expect.reasons is not None:
        yield from _reason_problems(outcome, sample.expect.reasons)
    elif not isinstance(outcome, NotDue):
        yield f"it should not be due, but {_words(outcome)}"


def _bound(sample: Sample, asked: Bound) -> tuple[str, ...]:
    found = sample.bound.get(asked.source_entity, {}).get(asked.source_id)
    return (found,) if found is not None else ()


def _answer(sample: Sample, question: Question) -> list[Record]:
    records = sample.source.get(question.entity, [])
    if question.purpose == "candidates":
        return records
    return [each for each in records if all(text(each.get(name)) == value for name, value in question.by.items())]


def _record_problems(outcome: Plan | Violations | NotDue, wanted: Record) -> Iterator[str]:
    if not isinstance(outcome, Plan):
        yield f"it should become a record, but {_words(outcome)}"
        return
    bodies = {write.name: write.body for write in outcome.writes}
    for name, body in wanted.items():
        if name in bodies:
            yield from _differences(bodies[name], body, name)
        else:
            yield f"there is no write called {name}; {nearest(name, bodies)}"


def _reason_problems(outcome: Plan | Violations | NotDue, wanted: tuple[ExpectedReason, ...]) -> Iterator[str]:
    if not isinstance(outcome, Violations):
        yield f"it should be stopped, but {_words(outcome)}"
        return
    found = {(each.reason, each.path) for each in outcome.found}
    expected = {(each.reason, each.path) for each in wanted}
    for reason, path in sorted(expected - found):
        yield f"{reason} at {path} was not found"
    for reason, path in sorted(found - expected):
        yield f"{reason} at {path} was found and is not expected"


def _differences(found: Any, wanted: Any, at: str) -> Iterator[str]:
    """Where what was found does not contain what is wanted."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for name, value in wanted.items():
            yield from _differences(found.get(name), value, f"{at}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for index, (ours, theirs) in enumerate(zip(found, wanted, strict=True)):
            yield from _differences(ours, theirs, f"{at}[{index}]")
    elif shown(found) != wanted:
        yield f"{at} is {shown(found)!r}, expected {wanted!r}"


def shown(value: Any) -> Any:
    """A value of a body as a sample writes it."""
    if isinstance(value, dict):
        return {name: shown(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shown(inner) for inner in value]
    return f"ref {value.write}.{value.field}" if isinstance(value, Ref) else value


def _words(outcome: Plan | Violations | NotDue) -> str:
    match outcome:
        case Plan():
            return f"it becomes {', '.join(write.name for write in outcome.writes)}"
        case Violations():
            return f"it is stopped by {', '.join(f'{each.reason} at {each.path}' for each in outcome.found)}"
        case NotDue():
            return f"it is not due: {outcome.why}"
