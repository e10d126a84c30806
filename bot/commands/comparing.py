"""`/sync reconcile`: what a flow delivered against what stands in the target now. Everybody may look."""

from __future__ import annotations

from bot import answers_paths
from bot.commands.desk import Asked, Desk, Payload
from sync.comparing import compare
from sync.workspace.flow import Flow, WriteRow

MOST = 200


async def reconcile(desk: Desk, asked: Asked) -> Payload:
    """Compare the newest records of the flow's own target, one by one."""
    flow, line = desk.flow(asked.text), desk.line()
    row = _main(flow)
    written = await desk.store.records_of(flow.name, [(row.connection, row.entity)], limit=MOST)
    fields = _compared(flow, row)
    amount = next((name for name in fields if name.endswith("_minor")), "")
    found = await compare(line.target(row.connection), written, fields, amount)
    return answers_paths.reconciled(flow.title, row.entity, found, limited=len(written) == MOST)


def _main(flow: Flow) -> WriteRow:
    """The write that the flow is for: the last one that makes a record of its own."""
    made = [each for each in flow.writes if each.operation in ("create", "upsert")]
    return made[-1] if made else flow.writes[-1]


def _compared(flow: Flow, row: WriteRow) -> list[str]:
    """What the flow itself demands of the record, its state apart: posting changes that; and the currency of amounts."""
    named = [each.field for each in row.verify if each.from_ is not None]
    return list(dict.fromkeys([*named, "currency"]))
