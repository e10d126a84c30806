"""Recorded replay: what the records of the past would become under two versions of a workspace, and where the two differ,
field by field. Pure. Nobody else is asked: on both sides no other record in the source has the same value, and a relation
that a person picked is not looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sync.mapping import pattern, text
from sync.model import NotDue, Plan, Ref, Violation, Violations, WriteSpec
from sync.money import Money
from sync.prepare import prepare, questions
from sync.questions import Lookups
from sync.recorded import Recorded
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

ASSUMED = "No other system was asked: no other record has the same value, and a picked relation was not looked up."
_EXAMPLES = 3
_MOST = 1_000
_ROUNDS = 4
_ABOUT_WRITE = ("connection", "entity", "operation", "key", "of")
ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One record that differs. `path` is concrete; `before` and `after` are texts, empty where there is nothing."""

    event_id: int
    subject: str
    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """A field of a write that comes out differently in `records` of the records. A path that begins with `@` is about the
    write itself: its key, its target. The write is empty for what cards say of the record."""

    flow: str
    write: str
    path: str
    records: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeChange:
    """Records that end otherwise: `before` and `after` say how, such as `record` and `stopped by missing_field at company`."""

    flow: str
    before: str
    after: str
    records: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Minor units of one currency in all that becomes a record, on both sides."""

    currency: str
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two versions on the same records. `differing` counts records with any difference, `picked` those in which a person
    picked a relation; `more` counts differences in fields beyond the first thousand fields."""

    records: int
    differing: int
    picked: int
    fields: tuple[FieldChange, ...]
    outcomes: tuple[OutcomeChange, ...]
    totals: tuple[Total, ...]
    more: int = 0

    @property
    def equal(self) -> bool:
        return not self.differing


def compare_recorded(records: Iterable[Recorded], old: Workspace, new: Workspace) -> Comparison:
    """Every record under both workspaces. Memory does not grow with the number of records."""
    comparing = Comparing(old, new)
    for each in records:
        comparing.add(each)
    return comparing.result()


@dataclass(slots=True)
class _Tally:
    records: int = 0
    examples: list[Example] = field(default_factory=list)

    def add(self, example: Example) -> None:
        self.records += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Comparing:
    """A comparison under way, for records that come in pages."""

    old: Workspace
    new: Workspace
    _records: int = 0
    _differing: int = 0
    _picked: int = 0
    _more: int = 0
    _fields: dict[tuple[str, str, str], _Tally] = field(default_factory=dict)
    _outcomes: dict[tuple[str, str, str], _Tally] = field(default_factory=dict)
    _before: Counter[str] = field(default_factory=Counter)
    _after: Counter[str] = field(default_factory=Counter)

    def add(self, recorded: Recorded) -> None:
        """One more record under both versions."""
        before, picked = _outcome(recorded, self.old)
        after, _ = _outcome(recorded, self.new)
        self._records += 1
        self._picked += picked
        _sum(self._before, before)
        _sum(self._after, after)
        ends = ended(before), ended(after)
        if ends[0] != ends[1]:
            self._differing += 1
            self._note(self._outcomes, (recorded.flow, *ends), _example(recorded, "", *ends))
        elif isinstance(before, Plan) and isinstance(after, Plan) and before != after:
            self._differing += self._compare(recorded, before, after)

    def result(self) -> Comparison:
        """What was found so far, the most frequent first."""
        fields = [
            FieldChange(flow=flow, write=write, path=path, records=found.records, examples=tuple(found.examples))
            for (flow, write, path), found in _sorted(self._fields)
        ]
        outcomes = [
            OutcomeChange(flow=flow, before=before, after=after, records=found.records, examples=tuple(found.examples))
            for (flow, before, after), found in _sorted(self._outcomes)
        ]
        totals = [
            Total(currency=each, before=self._before[each], after=self._after[each])
            for each in sorted(self._before.keys() | self._after.keys())
        ]
        return Comparison(
            records=self._records, differing=self._differing, picked=self._picked, more=self._more,
            fields=tuple(fields), outcomes=tuple(outcomes), totals=tuple(totals),
        )  # fmt: skip

    def _compare(self, recorded: Recorded, before: Plan, after: Plan) -> bool:
        seen = set[tuple[str, str]]()
        for write, path, was, is_ in _differences(before, after):
            place = (write, pattern(path))
            if place not in seen:  # a record counts once for a field, however many of its lines differ
                seen.add(place)
                self._note(self._fields, (recorded.flow, *place), _example(recorded, path, _shown(was), _shown(is_)))
        return bool(seen)

    def _note(self, tallies: dict[tuple[str, str, str], _Tally], place: tuple[str, str, str], one: Example) -> None:
        found = tallies.get(place)
        if found is None:
            if len(tallies) >= _MOST:
                self._more += 1
                return
            found = tallies[place] = _Tally()
        found.add(one)


Prepared = Plan | Violations | NotDue | str
"""What became of a record; a text says why there is nothing that it could become."""


def _outcome(recorded: Recorded, workspace: Workspace) -> tuple[Prepared, bool]:
    """What the record becomes, and whether a person picked one of its relations."""
    flow = workspace.flows.get(recorded.flow)
    if flow is None:
        return "not taken up: there is no such flow", False
    if (flow.trigger.connection, flow.trigger.entity) != (recorded.connection, recorded.entity):
        return f"not taken up: the flow reads {flow.trigger.entity} of {flow.trigger.connection}", False
    lookups, picked = _assumed(recorded, flow)
    return prepare(recorded.record, flow, workspace, recorded.overlays, lookups), picked


def _assumed(recorded: Recorded, flow: Flow) -> tuple[Lookups, bool]:
    lookups, picked = Lookups(others=False), False
    for _ in range(_ROUNDS):
        asked = questions(recorded.record, flow, recorded.overlays, lookups)
        if not asked:
            break
        picked = picked or any(each.purpose == "read" for each in asked)
        for each in asked:
            lookups = lookups.plus(each, [])
    return lookups, picked


def difference(before: Prepared, after: Prepared) -> Iterator[tuple[str, str, str, str]]:
    """(write, concrete path, before, after) of everything that is not the same in two outcomes that ended alike, as texts."""
    if isinstance(before, Plan) and isinstance(after, Plan) and before != after:
        yield from ((write, path, _shown(was), _shown(is_)) for write, path, was, is_ in _differences(before, after))


def _sum(totals: Counter[str], outcome: Prepared) -> None:
    if isinstance(outcome, Plan) and outcome.money is not None:
        totals[outcome.money.currency] += outcome.money.minor


def ended(outcome: Prepared) -> str:
    """How a record ended, in words: `record`, or what stopped it."""
    match outcome:
        case Plan():
            return "record"
        case NotDue():
            return "nothing to do"
        case Violations(found=found):
            return f"stopped by {', '.join(sorted({_named(each) for each in found}))}"
        case _:
            return outcome


def _named(violation: Violation) -> str:
    return f"{violation.reason} at {pattern(violation.path)}"


def _differences(before: Plan, after: Plan) -> Iterator[tuple[str, str, Any, Any]]:
    """(write, concrete path, before, after) of everything that is not the same."""
    for name in ("customer", "money", "title"):
        if (was := getattr(before, name)) != (is_ := getattr(after, name)):
            yield "", name, ABSENT if was is None else was, ABSENT if is_ is None else is_
    old, new = ({write.name: write for write in plan.writes} for plan in (before, after))
    for name in dict.fromkeys((*old, *new)):
        if name not in old or name not in new:
            yield name, "@write", _operation(old.get(name)), _operation(new.get(name))
        else:
            yield from ((name, *each) for each in _of_write(old[name], new[name]))
    both = [name for name in old if name in new]
    if both != [name for name in new if name in old]:
        yield "", "@order", ", ".join(old), ", ".join(new)


def _operation(write: WriteSpec | None) -> Any:
    return ABSENT if write is None else f"{write.operation} {write.connection}/{write.entity}"


def _of_write(before: WriteSpec, after: WriteSpec) -> Iterator[tuple[str, Any, Any]]:
    for name in _ABOUT_WRITE:
        if (was := getattr(before, name)) != (is_ := getattr(after, name)):
            yield f"@{name}", was, is_
    yield from of_values("", before.body, after.body)
    yield from of_values("@verify", dict(before.verify), dict(after.verify))


def of_values(at: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    """(path, before, after) where two values differ, as deep as both have the same shape."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            path = f"{at}.{name}" if at else name
            yield from of_values(path, before.get(name, ABSENT), after.get(name, ABSENT))
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            yield from of_values(f"{at}[{index}]", _item(before, index), _item(after, index))
    elif before != after or type(before) is not type(after):
        yield at, before, after


def _item(values: list[Any], index: int) -> Any:
    return values[index] if index < len(values) else ABSENT


def _example(recorded: Recorded, path: str, before: str, after: str) -> Example:
    return Example(event_id=recorded.event_id, subject=recorded.subject, path=path, before=before, after=after)


def _shown(value: Any) -> str:
    if value is ABSENT:
        return ""
    if isinstance(value, Ref):
        return f"the {value.field} of {value.write}"
    return str(value) if isinstance(value, Money) else text(value)


def _sorted(tallies: dict[tuple[str, str, str], _Tally]) -> list[tuple[tuple[str, str, str], _Tally]]:
    return sorted(tallies.items(), key=lambda pair: (-pair[1].records, pair[0]))
