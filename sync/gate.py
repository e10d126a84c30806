"""The gate: a record that says by which version of a contract it was made is looked at only under that version."""

from __future__ import annotations

from sync.mapping import SelectorFailed, select, text
from sync.model import Record, Violation
from sync.workspace.flow import Flow

REASON = "contract_mismatch"


def mismatch(record: Record, flow: Flow) -> Violation | None:
    """That the record was made by another version than the flow reads. One that says none passes; what cannot be read does not."""
    where = flow.trigger.version
    if where is None:
        return None
    try:
        said = text(select(where, record))
    except SelectorFailed as error:
        said = str(error)[:200]
    name, _, version = flow.contract.partition("@")
    if said in ("", version, flow.contract):
        return None
    words = f"{flow.contract}, the version of {name} that this flow reads"
    return Violation(reason=REASON, path=where, label="Contract version", found=said, expected=words)
