"""Erasures: those that a person decides, from the ledger to its files at once; and those that a running service carries out, what
a source asked for at the next beat, the database's files at night."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import structlog

from bot.erase_files import Line, lines_that_name, rewrite
from bot.erase_words import Report
from store.ledger import Store
from sync.errors import LedgerUnavailable
from sync.traces import Traces

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


async def would_erase(store: Store, directory: Path, about: str) -> Report:
    """What is kept about a data subject. Changes nothing."""
    found = await store.traces(about)
    return _report(about, found, tuple(lines_that_name(directory, found.values)), (), erased=False)


async def erased_by(store: Store, directory: Path, about: str, who: str, *, samples: bool, now: datetime) -> Report:
    """Erase a data subject; with `samples` the workspace's files that name it are rewritten first, for afterwards nobody knows
    any more what to look for. It can be run again, wherever it was cut off."""
    found = await store.traces(about)
    lines = tuple(lines_that_name(directory, found.values))
    changed = tuple(rewrite(directory, found.values)) if samples else ()
    await store.erase(about, by=who, now=now)
    await store.compacted(about, now=now)
    return _report(about, found, lines, changed, erased=True)


def _report(about: str, found: Traces, lines: tuple[Line, ...], changed: tuple[str, ...], *, erased: bool) -> Report:
    kept = [f"{each}: the books must be kept" for each in found.bindings]
    kept += ["the number of the record in the CRM, so that it is not taken in again"]
    kept += ["the lines of the journal with their hashes; what they say of the subject can be read no more"]
    return Report(
        subject=about, erased=erased, found=dict(found.found), exceptions=found.cases, slack_messages=len(found.places),
        slack_files=len(found.files), samples=lines, rewritten=changed, kept=tuple(kept),
    )  # fmt: skip
