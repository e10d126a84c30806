"""What of a record is kept: the fields of its contract, of the personal ones only those that a flow reads, and whatever else a
flow reads. What is personal is told apart, about the data subject that the contract names. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sync.kept import kept, kept_of
from sync.mapping import get, text
from sync.model import Change, Record
from sync.personal import ERASED, Part, Way, marked
from sync.reading import said
from sync.steps import Bury, Hold, Pause, Step
from sync.words import fitted
from sync.workspace.contract import Contract, ContractField
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

FORGETS = ".privacyDeletion"
"""So ends the kind of a change that asks for an erasure, as HubSpot says it."""
_OPEN = ("", "public")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(slots=True)
class Node:
    """A field of the record. `wanted` keeps what stands there, `personal` seals it, `sure` is that the contract makes it personal;
    `inside` are the fields within it. A text that stands where an object should is personal as soon as anything in that is."""

    wanted: bool = False
    personal: bool = False
    sure: bool = False
    inside: dict[str, Node] = field(default_factory=dict)


def is_personal(known: ContractField, flow: Flow) -> bool:
    """Whether the field is: it is classified or marked so, is a name, or is what cards call the record or its customer."""
    plain = known.path.replace("[*]", "")
    named = plain in (flow.record.title, flow.record.customer_title) or plain.rpartition(".")[2].lower().endswith(
        "name"
    )
    return named or known.classification.lower() not in _OPEN or bool(known.terms.pii)


def minimised(record: Record, flow: Flow, contract: Contract, *, about: str) -> Record:
    """The record as it is kept, marked as being about this data subject."""
    parts: list[Part] = []
    public = _object(record, _tree(flow, contract), (), parts)
    return marked(public, about, parts)


def subject_of(record: Record, flow: Flow, contract: Contract, record_id: str) -> str:
    """Whom the record is about: what its contract names as data subject, else the record itself; `crm/companies:4711`."""
    named = contract.data_subject
    found = text(get(record, named.path)) if named is not None else ""
    if named is None or not found:
        return f"{flow.trigger.connection}/{flow.trigger.entity}:{record_id}"
    return f"{flow.trigger.connection}/{named.entity}:{found}"[:255]


def grouping(step: Step, flow: Flow, contract: Contract) -> Step:
    """The step; where cases are grouped by a value that is personal, its opening says so."""
    if not isinstance(step, Hold | Bury | Pause) or not step.opening.violations:
        return step
    first = step.opening.violations[0]
    known = contract.fields.get(_INDEX.sub("[*]", first.path))
    if (
        not first.found
        or step.opening.cause != fitted(first.found)
        or (known is not None and not is_personal(known, flow))
    ):
        return step
    return replace(step, opening=replace(step.opening, private_cause=True))


def asked_to_erase(changes: Sequence[Change], connection: str) -> list[str]:
    """Whom the source has forgotten on their own demand, and wants forgotten here."""
    return [f"{connection}/{each.entity}:{each.record_id}" for each in changes if each.kind.endswith(FORGETS)]


def kept_changes(changes: Sequence[Change], workspace: Workspace, connection: str) -> list[Change]:
    """Changes as they are kept. A record of an entity that no flow reads is not."""
    return [each if each.payload is None else _received(each, each.payload, workspace, connection) for each in changes]


def _received(change: Change, record: Record, workspace: Workspace, connection: str) -> Change:
    found = _read_of(workspace).get((connection, change.entity))
    if found is None:
        return replace(change, payload=None)
    flow, contract, tree = found
    parts: list[Part] = []
    public = _object(record, tree, (), parts)
    return replace(change, payload=marked(public, subject_of(record, flow, contract, change.record_id), parts))


def _object(record: Record, tree: Node, way: Way, parts: list[Part]) -> Record:
    inside, public = tree.inside, Record()
    for name, value in record.items():
        node = inside.get(name)
        if node is not None and (node.wanted or node.inside):
            public[name] = _value(value, node, (*way, name), parts)
    return public


def _value(value: Any, node: Node, way: Way, parts: list[Part]) -> Any:
    if node.inside and not node.wanted:
        if isinstance(value, dict):
            return _object(value, node, way, parts)
        if isinstance(value, list):
            return [_value(each, node, (*way, index), parts) for index, each in enumerate(value)]
    if value is None or value == "" or not node.personal:
        return value
    parts.append((way, value, node.sure))
    return ERASED


@kept
def _tree(flow: Flow, contract: Contract) -> Node:
    """The fields of the contract, and whatever else the flow reads; what nobody classified counts as personal."""
    root, read = Node(), said(flow)
    own = (flow.record.id, contract.data_subject.path if contract.data_subject is not None else "")
    leaves = {path.replace("[*]", ""): known for path, known in contract.fields.items() if not _holds(path, contract)}
    for path, known in leaves.items():
        node, personal = _at(root, path), path not in own and is_personal(known, flow)
        node.wanted, node.personal, node.sure = path in read or not personal, personal, personal
    for path in sorted(read - leaves.keys()):
        if not _is_junk(root, path, leaves):
            node = _at(root, path)
            node.wanted, node.personal = not node.inside, path not in own
    _spread(root)
    return root


def _holds(path: str, contract: Contract) -> bool:
    return any(each.startswith((f"{path}.", f"{path}[*].")) for each in contract.fields)


def _is_junk(root: Node, path: str, leaves: Mapping[str, object]) -> bool:
    """Whether something before the path is a field that holds no others, or is kept as a whole already."""
    steps = path.split(".")
    above = (".".join(steps[:length]) for length in range(1, len(steps)))
    return any(each in leaves or ((found := _there(root, each)) is not None and found.wanted) for each in above)


def _spread(node: Node) -> bool:
    """An object is personal as soon as anything in it is."""
    found = [_spread(each) for each in node.inside.values()]
    node.personal = node.personal if node.wanted else any(found)
    return node.personal


@kept_of
def _read_of(workspace: Workspace) -> dict[tuple[str, str], tuple[Flow, Contract, Node]]:
    """What is kept of the records of each entity: whatever one of its flows keeps."""
    found: dict[tuple[str, str], tuple[Flow, Contract, Node]] = {}
    for flow in workspace.flows.values():
        place, contract = (flow.trigger.connection, flow.trigger.entity), workspace.contract_of(flow)
        tree = _tree(flow, contract)
        first = found.get(place)
        found[place] = (flow, contract, tree) if first is None else (*first[:2], _together(first[2], tree))
    return found


def _together(one: Node, other: Node) -> Node:
    inside = {**one.inside, **other.inside}
    for name in one.inside.keys() & other.inside.keys():
        inside[name] = _together(one.inside[name], other.inside[name])
    wanted, personal = one.wanted or other.wanted, one.personal or other.personal
    return Node(wanted=wanted, personal=personal, sure=one.sure or other.sure, inside=inside)


def _at(root: Node, path: str) -> Node:
    for step in path.split("."):
        root = root.inside.setdefault(step, Node())
    return root


def _there(root: Node, path: str) -> Node | None:
    found: Node | None = root
    for step in path.split("."):
        found = found.inside.get(step) if found is not None else None
    return found
