"""What is kept, and for how long: held records that expire, changes that a newer one replaces, cards of an outage, and what is
forgotten at night. Whether anything is due is decided by rows, so any number of processes may do it at every beat."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.erasing import compact_at_night, erase_asked
from bot.wording import OUTAGES
from store.ledger import Store
from sync.workspace.workspace import Workspace

_NIGHT, _WEEK, _FOREVER = timedelta(hours=2), timedelta(days=7), timedelta(days=36_500)
_PARTS = 10  # a beat must not take long; the next one goes on


async def keep(store: Store, workspace: Workspace, now: datetime) -> int:
    """Do what is due; how much of it people or the engine should hear of."""
    moved = await store.expire(now=now)
    moved += await store.collapse([flow.name for flow in workspace.flows.values() if flow.newest], now=now)
    moved += await store.redraw_outages(OUTAGES, now=now)
    moved += await erase_asked(store, now)
    await retire(store, workspace, now)
    return moved


async def retire(store: Store, workspace: Workspace, now: datetime, *, parts: int = _PARTS) -> bool:
    """Go on with the round of last night (it begins at two o'clock, UTC) for so many parts; False when it is over."""
    night = (now - _NIGHT).date().isoformat()
    read, done = (now - min(each, _FOREVER) for each in (workspace.retention.snapshots, workspace.retention.events))
    await store.shred_audit(before=now - min(workspace.retention.audit, _FOREVER), now=now)
    await compact_at_night(store, night, now)
    for _ in range(parts):
        more = [
            await store.forget(before=read, night=night, now=now),
            await store.archive(before=done, night=night, now=now),
            await store.drop_messages(before=read, night=night, now=now),
            await store.drop_ticks(before=now - _WEEK, night=night, now=now),
        ]
        if not any(more):
            return False
    return True
