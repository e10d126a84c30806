"""Samples: records that live with the contract, each with the outcome it must have. They run through `prepare`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from sync.mapping import compile_path, put, text
from sync.model import NotDue, Overlay, Plan, Record, Ref, Violations
from sync.prepare import Lookups, Question, prepare, questions
from sync.workspace.documents import Document, read
from sync.workspace.flow import Flow
from sync.workspace.mistakes import nearest, parse
from sync.workspace.values import Strict, Words
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

    @model_validator(mode="after")
    def _one_outcome(self) -> Self:
        if sum(each is not None for each in (self.record, self.reasons, self.not_due)) != 1:
            raise ValueError("exactly one of `record`, `reasons` and `not_due` is needed")
        return self


class Sample(Strict):
    """One sample file. `like` starts from another sample's record and `changes` sets values in it by path; `source` holds
    the records that the source would answer with, by entity."""

    title: Words = Field(alias="sample")
    entity: str
    flow: str | None = None
    record: dict[str, Any] | None = None
    like: str | None = None
    changes: dict[str, Any] = Field(default_factory=dict)
    overlays: tuple[SampleOverlay, ...] = ()
    source: dict[str, list[dict[str, Any]]] = Field(default_factory=dict)
    expect: Expect

    @model_validator(mode="after")
    def _one_record(self) -> Self:
        if (self.record is None) == (self.like is None):
            raise ValueError("exactly one of `record` and `like` is needed")
        for path in self.changes:
            compile_path(path)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleResult:
    """How a sample came out in one flow. No problems means that it came out as it must."""

    file: str
    title: str
    flow: str
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.problems


def read_samples(directory: Path) -> tuple[list[tuple[Document, Sample]], list[Document]]:
    """Every sample that can be read, and all documents with what is wrong in them."""
    documents: list[Document] = []
    samples: dict[str, tuple[Document, Sample]] = {}
    for path in sorted((directory / FOLDER).rglob("*.yaml")):
        document = read(directory, path.relative_to(directory).as_posix())
        documents.append(document)
        if (sample := parse(Sample, document)) is not None:
            samples[document.file] = (document, sample)
    whole = [(document, _whole(document, sample, samples)) for document, sample in samples.values()]
    return [(document, sample) for document, sample in whole if sample is not None], documents


def _whole(document: Document, sample: Sample, samples: dict[str, tuple[Document, Sample]]) -> Sample | None:
    record = sample.record
    if sample.like is not None:
        file = (Path(document.file).parent / sample.like).as_posix()
        record = samples[file][1].record if file in samples else None
        if record is None:
            known = [Path(each).name for each, (_, other) in samples.items() if other.record is not None]
            document.wrong(
                ("like",), f"there is no sample with a record called {sample.like!r}", nearest(sample.like, known)
            )
            return None
    for path, value in sample.changes.items():
        record = put(record or {}, path, value)
    return sample.model_copy(update={"record": record})


def run_samples(workspace: Workspace, samples: list[tuple[Document, Sample]]) -> Iterator[SampleResult]:
    """Each sample through each flow that its entity triggers."""
    for document, sample in samples:
        flows = [each for each in workspace.flows.values() if each.trigger.entity == sample.entity]
        flows = [each for each in flows if sample.flow in (None, each.name)]
        if not flows:
            document.wrong(("entity",), f"no flow is triggered by {sample.entity!r}", "correct the entity or the flow")
        for flow in flows:
            problems = tuple(_problems(workspace, flow, sample))
            yield SampleResult(file=document.file, title=sample.title, flow=flow.name, problems=problems)


def _problems(workspace: Workspace, flow: Flow, sample: Sample) -> Iterator[str]:
    overlays = tuple(Overlay(**each.model_dump()) for each in sample.overlays)
    record, lookups = sample.record or {}, Lookups()
    while asked := questions(record, flow, overlays, lookups):
        for question in asked:
            lookups = lookups.plus(question, _answer(sample, question))
    outcome = prepare(record, flow, workspace, overlays, lookups)
    if sample.expect.record is not None:
        yield from _record_problems(outcome, sample.expect.record)
    elif sample.expect.reasons is not None:
        yield from _reason_problems(outcome, sample.expect.reasons)
    elif not isinstance(outcome, NotDue):
        yield f"it should not be due, but {_words(outcome)}"


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
    elif _plain(found) != wanted:
        yield f"{at} is {_plain(found)!r}, expected {wanted!r}"


def _plain(value: Any) -> Any:
    return f"ref {value.write}.{value.field}" if isinstance(value, Ref) else value


def _words(outcome: Plan | Violations | NotDue) -> str:
    match outcome:
        case Plan():
            return f"it becomes {', '.join(write.name for write in outcome.writes)}"
        case Violations():
            return f"it is stopped by {', '.join(f'{each.reason} at {each.path}' for each in outcome.found)}"
        case NotDue():
            return f"it is not due: {outcome.why}"
