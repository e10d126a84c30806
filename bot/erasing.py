"""Erasures that a running service carries out: what a source asked for at the next beat, the database's files at night."""

from __future__ import annotations

from datetime import datetime

import structlog

from store.ledger import Store
from sync.errors import LedgerUnavailable

log = structlog.get_logger()

_TURN = "compact"


async def erase_asked(store: Store, now: datetime) -> int:
    """Carry on with every erasure that was begun; how many."""
    done = 0
    for about in await store.unfinished_erasures():
        known = await store.erasure(about)
        if known is not None and known.state == "begun":
            await store.erase(about, by=known.asked_by, now=now)
            done += 1
    return done


async def compact_at_night(store: Store, night: str, now: datetime) -> None:
    """Where somebody was erased and the files still hold a rest: write them anew, once a night."""
    gone = await store.unfinished_erasures()
    if not gone or not await store.claim_tick(_TURN, night, now=now):
        return
    try:
        for about in gone:
            await store.compacted(about, now=now)
    except LedgerUnavailable as error:
        log.warning("not_compacted", detail=str(error))
