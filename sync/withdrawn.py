"""Records that were billed and by now are none of the flow's: a deal reopened, a subscription called off. What stands in the target
for them is never left there in silence."""

from __future__ import annotations

from collections.abc import Iterator

from sync import mapping
from sync.decide import Wrong, about_of
from sync.mapping import SelectorFailed
from sync.model import NotDue, Overlay, Record, WriteSpec
from sync.ports import Ledger
from sync.prepare import shown
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

REASON = "changed_after_posting"


async def left_behind(
    record: Record, flow: Flow, workspace: Workspace, overlays: tuple[Overlay, ...], ledger: Ledger, why: NotDue
) -> Wrong | None:
    """That something to be posted was written for the record, or may have been, though there is nothing to do for it now; None
    where nothing was, or the flow says that this is as it should be."""
    if flow.withdrawn == "leave":
        return None
    for spec in _billing(record, flow):
        if await ledger.sent(spec.connection, spec.entity, spec.operation, spec.key, flow=flow.name):
            what = spec.entity.replace("_", " ")
            detail = f"{why.why}, but the {what} {spec.key} was written to {spec.connection} before"
            return Wrong(reason=REASON, detail=detail, about=about_of(shown(record, flow, workspace, overlays)))
    return None


def _billing(record: Record, flow: Flow) -> Iterator[WriteSpec]:
    """The writes that make what a later one posts. One whose key cannot be told now was never made under another."""
    for write in flow.writes:
        if write.operation != "create" or write.key is None:
            continue
        if any(later.of == write.name and later.operation == "post" for later in flow.writes):
            try:
                key = mapping.key(write.key, record, {"flow": flow.name})
            except (KeyError, SelectorFailed):
                continue
            yield WriteSpec(
                name=write.name, connection=write.connection, entity=write.entity, operation="create", key=key
            )
