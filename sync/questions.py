"""What the source must be asked before a record can be judged, and the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sync.bound import Bound
from sync.kept import kept_of
from sync.mapping import SelectorFailed, TooMany, compile_path, expand, get, missing, select, text
from sync.model import Record
from sync.workspace.flow import Attachment, Flow, Required, Unique


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Ask for records of `entity`: the source, or the `connection` where one is named. `unique`, `candidates`, `related` and
    `search`: `search(entity, by)`. `read`: `read(entity, by["id"])`, where a record that is gone answers with none. `find`: a
    target's record with the external reference `by["reference"]`. `check` is the index of the check that asks."""

    check: int
    entity: str
    by: dict[str, str]
    purpose: str
    connection: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """Questions with the records that answered them, and what the ledger has bound. Without `others` no other system is asked:
    the checks that do are not made."""

    answers: Sequence[tuple[Question, Sequence[Record]]] = ()
    others: bool = True
    bound: Mapping[Bound, tuple[str, ...]] = field(default_factory=dict)

    def of(self, question: Question) -> Sequence[Record] | None:
        """The answer, None when the source was not asked."""
        return next((records for asked, records in self.answers if asked == question), None)

    def plus(self, question: Question, records: Sequence[Record]) -> Lookups:
        """These answers and one more."""
        return replace(self, answers=(*self.answers, (question, records)))


def asked(record: Record, flow: Flow) -> tuple[Question, ...]:
    """Every question of a flow's checks about this record."""
    questions: list[Question] = []
    for index, check in asking(flow):
        if isinstance(check, Required):
            questions += _of_required(index, check, record)
        elif isinstance(check, Attachment):
            question = related(index, check, record)
            questions += [question] if question is not None else []
        else:
            questions += _of_unique(index, check, record)
    return tuple(questions)


@kept_of
def asking(flow: Flow) -> Sequence[tuple[int, Required | Unique | Attachment]]:
    """The checks that may ask the source, with their indexes."""
    found: list[tuple[int, Required | Unique | Attachment]] = []
    for index, check in enumerate(flow.checks):
        asks = isinstance(check, Required) and check.candidates is not None
        asks = asks or (isinstance(check, Attachment) and check.related is not None)
        if isinstance(check, Required | Unique | Attachment) and (asks or isinstance(check, Unique)):
            found.append((index, check))
    return found


def stub(check: Required, record: Record) -> str:
    """The id of a relation of which nothing is known but the id that a person filled in; empty otherwise."""
    if check.fill is None or check.candidates is None or check.fill == check.path:
        return ""
    last = compile_path(check.fill)[-1]
    related = get(record, check.path)
    if isinstance(related, dict) and list(related) == [last]:
        return text(get(record, check.fill))
    return ""


def _of_required(index: int, check: Required, record: Record) -> list[Question]:
    source = check.candidates
    if source is None:
        return []
    if chosen := stub(check, record):
        return [Question(check=index, entity=source.entity, by={"id": chosen}, purpose="read")]
    if not missing(get(record, check.path)):
        return []
    try:
        words = text(select(source.by, record))
    except SelectorFailed:
        return []
    return [Question(check=index, entity=source.entity, by={"*": words}, purpose="candidates")] if words else []


def _of_unique(index: int, check: Unique, record: Record) -> list[Question]:
    try:
        return [unique(index, check, value) for _, value in expand(record, check.path) if not missing(value)]
    except TooMany:
        return []  # the check will say so


def unique(index: int, check: Unique, value: object) -> Question:
    """The question whether another record has this value."""
    field = check.field or str(compile_path(check.path)[-1])
    return Question(check=index, entity=check.entity, by={field: text(value)}, purpose="unique")


def related(index: int, check: Attachment, record: Record) -> Question | None:
    """The question for the records that belong to this one; None where what it asks by is empty."""
    if check.related is None:
        return None
    try:
        by = {name: text(select(each, record)) for name, each in check.related.by.items()}
    except SelectorFailed:
        return None
    return Question(check=index, entity=check.related.entity, by=by, purpose="related") if all(by.values()) else None
