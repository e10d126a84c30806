"""What a person may answer to a question: how the field is entered, what it may hold, and whether the flow's own checks of that
field would take the answer. Pure: the person learns in the dialog what would otherwise come back as a new card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sync import checks
from sync.mapping import compile_path, pattern, put
from sync.model import Case, Record, Violation
from sync.questions import Lookups
from sync.scene import Scene
from sync.workspace import flow as f
from sync.workspace.contract import Contract
from sync.workspace.workspace import Workspace

Kind = Literal["text", "money", "date", "select", "person", "link", "company"]
_KINDS: tuple[Kind, ...] = ("text", "money", "date", "select", "person", "link", "company")
_BY_ITSELF = (f.Enum, f.InReference, f.Range, f.Regex, f.Currency, f.Amount, f.Date, f.Length, f.Type)
_MOST_ITEMS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The list that a value has to be in, as (value, what people call it), and the team that keeps it."""

    name: str
    pairs: tuple[tuple[str, str], ...]
    kept_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Where records are looked up by the words of their name: `label` is where each keeps it."""

    connection: str
    entity: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """How one question is answered. `currency` is the record's; `search` is there when the value is a record of the source."""

    kind: Kind = "text"
    currency: str | None = None
    choices: Choices | None = None
    search: Searched | None = None


def plain_field(question: Violation) -> Field:
    """How a question is answered as far as it says so itself."""
    kind: Kind = next((each for each in _KINDS if each == question.kind), "text")
    return Field(kind=kind, currency=question.currency or None)


def field_of(question: Violation, case: Case, workspace: Workspace) -> Field:
    """How a question of this case is answered, by the contract's field and the flow's checks."""
    found = replace(plain_field(question), currency=_currency(question, case))
    flow = workspace.flows.get(case.flow)
    if flow is None:
        return found
    contract = workspace.contract_of(flow)
    place = pattern(question.path)
    entered = _entered(contract, place)
    if found.kind == "text" and entered is not None:
        found = replace(found, kind=entered)
    choices = _choices(flow, place, contract, workspace)
    if choices is not None and found.kind in ("text", "select"):
        found = replace(found, kind="select", choices=choices)
    return replace(found, search=_searched(flow, place)) if found.kind == "company" else found


def objection(answer: str, question: Violation, case: Case, workspace: Workspace) -> str:
    """What the flow's own checks of this field say against the answer, as words of expectation; empty when they take it. Only
    checks that need nothing but the value are asked, and none that waits for a condition."""
    flow = workspace.flows.get(case.flow)
    if flow is None:
        return ""
    place = pattern(question.path)
    asked = [
        index
        for index, each in enumerate(flow.checks)
        if isinstance(each, _BY_ITSELF) and each.path == place and each.when is None and each.flag is None
    ]
    scene = Scene(
        record=_stand_in(question.path, answer, flow, _currency(question, case)),
        flow=flow,
        contract=workspace.contract_of(flow),
        tables=workspace.tables,
        lookups=Lookups(),
        own=workspace.own,
    )
    found = checks.judged(scene, asked)
    return found[0][1].expected if found else ""


def _stand_in(path: str, answer: str, flow: f.Flow, currency: str | None) -> Record:
    """A record that holds nothing but the answer and the currency."""
    record: Any = answer
    for step in reversed(compile_path(path)):
        before: list[Any] = [{} for _ in range(min(step, _MOST_ITEMS))] if isinstance(step, int) else []
        record = [*before, record] if isinstance(step, int) else {str(step): record}
    if currency is not None and flow.record.currency not in (None, path):
        try:
            return put(record, str(flow.record.currency), currency)
        except ValueError:  # the currency comes from more than one place
            return dict(record)
    return dict(record)


def _currency(question: Violation, case: Case) -> str | None:
    return question.currency or (case.money.currency if case.money is not None else None)


def _entered(contract: Contract, place: str) -> Kind | None:
    known = contract.fields.get(place)
    return None if known is None else next((each for each in _KINDS if each == known.terms.entered_as), None)


def _choices(flow: f.Flow, place: str, contract: Contract, workspace: Workspace) -> Choices | None:
    """The list that a check of the field looks the value up in; a reference table before the words of the flow."""
    for each in flow.checks:
        if isinstance(each, f.InReference | f.Required) and place in (each.path, getattr(each, "fill", None)):
            table = workspace.tables.get(each.reference or "")
            if table is not None:
                title = each.title if isinstance(each, f.InReference) else _title(flow, each)
                pairs = tuple(table.values(each.column or table.columns[0], title))
                return Choices(name=table.name.replace("_", " "), pairs=pairs, kept_by=_keeper(contract, place))
    for each in flow.checks:
        if isinstance(each, f.Enum) and each.path == place:
            return Choices(name="the flow's list", pairs=tuple((one, one) for one in each.values))
    return None


def _title(flow: f.Flow, check: f.Required) -> str | None:
    same = (each for each in flow.checks if isinstance(each, f.InReference) and each.path == check.path)
    return next((each.title for each in same), None)


def _keeper(contract: Contract, place: str) -> str:
    known = contract.fields.get(place)
    return (known.terms.owner if known is not None else None) or contract.owner


def _searched(flow: f.Flow, place: str) -> Searched | None:
    for each in flow.checks:
        if isinstance(each, f.Required) and each.candidates is not None and place in (each.path, each.fill):
            source = each.candidates
            return Searched(connection=flow.trigger.connection, entity=source.entity, label=source.label)
    return None


def ranked(choices: Choices, typed: str, most: int = 100) -> Sequence[tuple[str, str]]:
    """What a search among the choices shows: those that begin with what was typed, then those in which a word does, then those
    that hold it anywhere; at most so many."""
    wanted = " ".join(typed.casefold().split())
    found = []
    for order, (value, label) in enumerate(choices.pairs):
        rank = min(_rank(wanted, value.casefold()), _rank(wanted, label.casefold()))
        if rank < 3:
            found.append((rank, order, (value, label)))
    return [pair for _, _, pair in sorted(found)[:most]]


def _rank(wanted: str, text: str) -> int:
    if text.startswith(wanted):
        return 0
    return 1 if f" {wanted}" in f" {text.replace('-', ' ')}" else 2 if wanted in text else 3
