"""What is asked of a person who has a record created in the source instead of picking one: the fields that the contract and the
flow know of it, each judged before it is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sync.fields import objection
from sync.mapping import compile_path
from sync.model import Case, Violation
from sync.money import NotMoney
from sync.transforms import TRANSFORMS, Unreadable, apply
from sync.typed import Unusable, value_of
from sync.workspace.flow import Flow, Required
from sync.workspace.workspace import Workspace

_EMAIL = re.compile(r"[^@\s<>,;]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z0-9-]{2,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewField:
    """One field of a record to be created: where it stands in the record that refers to it, what people call it, and what the
    field begins with."""

    path: str
    name: str
    label: str
    required: bool
    email: bool = False
    begins: str = ""


def new_fields(question: Violation, case: Case, workspace: Workspace) -> tuple[NewField, ...]:
    """What is asked for a new record in answer to this question; nothing where none may be created."""
    flow = workspace.flows.get(case.flow)
    check = _creating(flow, question.path) if flow is not None else None
    if flow is None or check is None or check.candidates is None:
        return ()
    contract, label = workspace.contract_of(flow), check.candidates.label
    found = []
    for path, field in contract.fields.items():
        holder, _, name = path.rpartition(".")
        if holder == check.path and path != check.fill and name:
            begins = case.title if name == label else ""
            email = "email" in field.terms.pii
            found.append(
                NewField(path=path, name=name, label=field.label, required=field.required, email=email, begins=begins)
            )
    return tuple(sorted(found, key=lambda each: (not each.begins, not each.required)))


def entity_created(question: Violation, case: Case, workspace: Workspace) -> str:
    """What kind of record may be created in answer to this question; empty where none may."""
    flow = workspace.flows.get(case.flow)
    check = _creating(flow, question.path) if flow is not None else None
    return check.candidates.entity if check is not None and check.candidates is not None else ""


def read_new(field: NewField, typed: str, case: Case, workspace: Workspace) -> str:
    """What was entered, as it will be kept; empty where nothing was and nothing has to be. Raises Unusable with the words for the
    person."""
    value = value_of(typed)
    if not value:
        if field.required:
            raise Unusable(f"{field.label} is needed for a new record.")
        return ""
    if field.email and not _EMAIL.fullmatch(value):
        raise Unusable("Enter one e-mail address, such as invoices@example.com.")
    question = Violation(reason="invalid_value", path=field.path, label=field.label, found="", expected="a value")
    against = objection(value, question, case, workspace) or _untransformed(field.path, value, case, workspace)
    if against:
        raise Unusable(f"{field.label}: {against}.")
    return value


def _untransformed(path: str, value: str, case: Case, workspace: Workspace) -> str:
    """What the flow's own transforms of this field say against the value; empty where they take it."""
    for names in _transforms(workspace.flow(case.flow), path):
        try:
            apply(names, value, None)
        except (Unreadable, NotMoney) as error:
            return str(error)
    return ""


def _transforms(flow: Flow, path: str) -> Iterator[tuple[str, ...]]:
    for write in flow.writes:
        for row in write.record:
            if row.from_ == path and set(row.transforms) <= TRANSFORMS.keys():
                yield row.transforms


def _creating(flow: Flow, path: str) -> Required | None:
    for each in flow.checks:
        if isinstance(each, Required) and path in (each.path, each.fill) and each.fill is not None:
            within = len(compile_path(each.fill)) == len(compile_path(each.path)) + 1
            if within and each.candidates is not None and each.candidates.create:
                return each
    return None
