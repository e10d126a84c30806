"""Every night a made-up record sets out in each flow that has one, and is taken back when it has arrived as a draft."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import structlog

from bot.slots import last_slot
from store.ledger import Store
from sync.model import Record
from sync.synthetic import change
from sync.workspace.samples import FOLDER, read_samples
from sync.workspace.workspace import Workspace

log = structlog.get_logger()


async def set_out(store: Store, workspace: Workspace, now: datetime) -> int:
    """Send what is due on its way; how many. Of many processes one does. On the first day of a flow nothing is due yet."""
    sent = 0
    for flow in workspace.flows.values():
        if flow.synthetic is None:
            continue
        day = last_slot(now, flow.synthetic.at, workspace.calendar(flow.owner).timezone).date()
        name = f"synthetic:{flow.name}"
        first, slot = await store.last_tick(name), day.isoformat()
        if first == slot or not await store.claim_tick(name, slot, now=now) or first is None:
            continue
        record = await asyncio.to_thread(_record, workspace.directory, flow.synthetic.sample)
        if record is None:
            log.error("synthetic_sample_missing", flow=flow.name)
            continue
        told = [change(flow, record, day, now)]
        await store.receive(flow.trigger.connection, told, {flow.trigger.entity: [flow.name]}, now=now)
        sent += 1
    return sent


def _record(directory: Path, sample: str) -> Record | None:
    samples, _ = read_samples(directory)
    return next((one.record for document, one in samples if document.file == f"{FOLDER}/{sample}"), None)
