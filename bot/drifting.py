"""Watching for drift: sources are asked what fields they have, and what arrived is compared with what used to arrive."""

from __future__ import annotations

from datetime import datetime, timedelta

from store.ledger import Store
from sync.drift import Difference
from sync.model import NotDue
from sync.prepare import prepare
from sync.trends import PAST, RECENT, Seen, trends
from sync.watching import Watch
from sync.workspace.flow import Flow

_EVERY = 300  # seconds
_HISTORY = timedelta(days=30)
_LIMIT = 4 * (PAST + RECENT)
_ENOUGH = 2
_AMONG = 50_000


async def watch_sources(store: Store, watch: Watch, now: datetime) -> None:
    """Ask the sources that are due, and look at what each flow read lately; of many processes one does."""
    await watch.due()
    for flow in watch.workspace.flows.values():
        if await store.claim_tick(f"arrivals:{flow.name}", str(int(now.timestamp()) // _EVERY), now=now):
            await watch.arrived(flow, await _unusual(store, watch, flow, now))


async def _unusual(store: Store, watch: Watch, flow: Flow, now: datetime) -> tuple[Difference, ...]:
    """What is unlike before in the records that the flow had something to do for, each as it was read last."""
    newest: dict[str, Seen] = {}
    async for page in store.recorded(flow.name, since=now - _HISTORY, limit=_LIMIT, among=_AMONG):
        for each in page:
            if not isinstance(prepare(each.record, flow, watch.workspace), NotDue):
                newest.setdefault(each.subject, Seen(at=each.at, record=each.record))
        if len(newest) > _ENOUGH * (PAST + RECENT):  # some fields are not in every record
            break
    seen = list(reversed(newest.values()))
    if len(seen) < PAST + RECENT:
        return ()
    contract = watch.workspace.contract_of(flow)
    accepted = {value: at for (name, value), at in (await store.accepted()).items() if name == flow.name}
    since = {path: accepted[f"{contract.id}.{path}"] for path in contract.fields if f"{contract.id}.{path}" in accepted}
    return trends(seen, contract, since=since)
