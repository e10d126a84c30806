"""One run: read both sides, or what changed on them, and say on which records they disagree. What was read is kept page by page,
so that a run whose source fails goes on from there; nothing is concluded from half of a side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice

from sync.circles import Walk
from sync.errors import Unavailable
from sync.listing import Entry, Listing
from sync.reconciling.asking import Sides, counted, together
from sync.reconciling.judging import classified, difference, explained
from sync.reconciling.nouns import Disagreement, Finding, Known, Open, Report, Row
from sync.reconciling.spool import Spool
from sync.reconciling.sweep import findings, summed

PAGE = 1000
KEPT = 10_000
"""So many disagreements of one run are kept as rows; all of them are counted."""
MOST_CHANGED = 5_000
"""Where more records than this changed, reading both sides whole is less work than asking for each."""
_AT_ONCE = 500
_NOTHING = Known()
_EXAMPLES = 200
_DECIDED = "decided by a person, and written so"
_ACCEPTED = "accepted by a person as it is"
Beat = Callable[[Spool], Awaitable[None]]
_Rows = Callable[[Sequence[Entry]], list[Row]]


async def read_both(sides: Sides, spool: Spool, beat: Beat) -> None:
    """Read what is left of both sides into the spool; `beat` is called after every page. Raises ConnectorError, and what was read
    by then stays; Unavailable for a side that lists fewer records than it counts, which is then read anew."""
    rules = sides.rules

    def ours(entries: Sequence[Entry]) -> list[Row]:
        return [row for each in entries if (row := rules.source(each.record, each.changed)).key]

    def theirs(entries: Sequence[Entry]) -> list[Row]:
        return [row for row in map(rules.target, entries) if row is not None]

    flow, write = rules.flow, rules.write
    await _read(spool, "source", sides.source, flow.trigger.entity, rules.source_fields(), ours, beat)
    await _read(spool, "target", sides.target, write.entity, rules.target_fields(), theirs, beat)


async def _read(
    spool: Spool, side: str, system: Listing, entity: str, fields: Collection[str], rows: _Rows, beat: Beat
) -> None:
    """One side to its end, held against what the system counts by itself before and after."""
    if spool.places[side].done:
        return
    walk = Walk()
    while not (place := spool.places[side]).done:
        if place.after is None:
            place.counted = await counted(system, entity)
        page = await system.listed(entity, fields=fields, after=place.after, limit=PAGE)
        _on(walk, entity, page.after)
        spool.append(side, rows(page.entries), page.after, listed=len(page.entries))
        await beat(spool)
    now = await counted(system, entity)
    if place.counted is None or now is None:
        return
    least = min(place.counted, now) - abs(place.counted - now)  # what came or went meanwhile may be in the list or not
    if place.listed < least:
        spool.begin_anew(side)
        raise Unavailable(f"the {side} lists {place.listed:,} {entity} and counts {now:,}: some were left out")


async def compare(sides: Sides, spool: Spool, *, started: datetime) -> Report:
    """Both sides were read: what differs, and what of that is only under way."""
    sums = await asyncio.to_thread(summed, spool)  # minutes of counting must not hold up the rest of the process
    differing = sums.differing()
    report = Report(
        source_read=spool.places["source"].rows,
        target_read=spool.places["target"].rows,
        groups=len(sums),
        differing=len(differing),
        totals=sums.totals(),
    )
    every = findings(sides.rules, spool, differing)
    while chunk := await asyncio.to_thread(lambda: list(islice(every, _AT_ONCE))):
        await _conclude(sides, chunk, report, started)
    return report


async def changed_since(
    sides: Sides, marks: tuple[datetime, datetime], open_: Sequence[Open], *, started: datetime
) -> Report | None:
    """What changed since the marks of the two sides, and what disagreed before (`open_`), each looked at on both sides. None
    where too much changed."""
    rules = sides.rules
    sources = await _listed(sides.source, rules.flow.trigger.entity, rules.source_fields(), marks[0])
    targets = await _listed(sides.target, rules.write.entity, rules.target_fields(), marks[1])
    if sources is None or targets is None or len(open_) > MOST_CHANGED:
        return None
    report = Report(source_read=len(sources), target_read=len(targets))
    ours = {row.key: row for each in sources if (row := rules.source(each.record, each.changed)).key}
    theirs: dict[str, list[Row]] = {}
    for shown in map(rules.target, targets):
        if shown is not None:
            theirs.setdefault(shown.key or f"\0{shown.id}", []).append(shown)
    chunk = await _pairs(sides, ours, theirs, open_)
    for start in range(0, len(chunk), _AT_ONCE):
        await _conclude(sides, chunk[start : start + _AT_ONCE], report, started)
    return report


async def _pairs(
    sides: Sides, ours: dict[str, Row], theirs: dict[str, list[Row]], open_: Sequence[Open]
) -> list[Finding]:
    """The records that changed, each with its other half as it stands now."""
    rules, found = sides.rules, []
    lonely = [Finding(shape="", key=key, source=None, targets=()) for key in theirs if key not in ours]
    known = await sides.known([each for each in lonely if not each.key.startswith("\0")])

    async def pair(key: str) -> Finding | None:
        mine, other = ours.get(key), theirs.get(key, [])
        if key.startswith("\0"):
            return difference(rules, [], other)
        source_id = known.get(key, _NOTHING).source_id if mine is None else mine.id
        source = [mine] if mine is not None else await sides.sources_now(source_id or _id_in(sides, key))
        if not other or len(other) == 1:
            now = await sides.targets_now(key)
            other = other if len(now) == 1 and other else now
        return difference(rules, source, other) if source or other else None

    keys = list(dict.fromkeys([*ours, *theirs]))
    found += [each for each in await together([pair(key) for key in keys]) if each is not None]
    again = [each for each in open_ if not {each.key, f"\0{each.target_id}"} & (ours.keys() | theirs.keys())]
    looked = await together([sides.look(each.key, each.source_id, each.target_id) for each in again])
    found += [replace(now, before=each.kind) for each, now in zip(again, looked, strict=True) if now is not None]
    return found


async def _conclude(sides: Sides, chunk: Sequence[Finding], report: Report, started: datetime) -> None:
    """Add to the report what each of these is."""
    rules = sides.rules
    known = await sides.known(chunk)
    since = started - rules.options.grace
    for finding in chunk:
        about = known.get(finding.key, _NOTHING)
        why = explained(finding, about, since=since)
        if not why and about.decided and finding.source is not None and finding.shape == "differs":
            why = "" if await sides.look(finding.key, finding.source.id) is not None else _DECIDED
        found = classified(rules, finding, about)
        if not why and found.print in about.accepted:
            why = _ACCEPTED
        if not why:
            _take(report, found)
            continue
        _count(report.explained, why)
        if len(report.examples) < _EXAMPLES:
            report.examples.append((found.key, about.waits or why))


def _take(report: Report, found: Disagreement) -> None:
    _count(report.counts, found.kind.value)
    _count(report.stakes, found.currency, found.at_stake)
    _count(report.customers, found.customer)
    for name in (found.field, *found.also):
        _count(report.fields, name)
    if len(report.found) < KEPT:
        report.found.append(found)


def _count(counts: dict[str, int], name: str, by: int = 1) -> None:
    if name:
        counts[name] = counts.get(name, 0) + by


def _on(walk: Walk, entity: str, after: str | None) -> None:
    """The next page may be asked for. Raises Unavailable where the pages go in a circle."""
    if after is not None and walk.circles(after):
        raise Unavailable(f"the list of {entity} goes in a circle")


async def _listed(side: Listing, entity: str, fields: Sequence[str], since: datetime) -> list[Entry] | None:
    found: list[Entry] = []
    after, walk = None, Walk()
    while True:
        page = await side.listed(entity, fields=fields, after=after, since=since, limit=PAGE)
        _on(walk, entity, page.after)
        found += page.entries
        after = page.after
        if len(found) > MOST_CHANGED:
            return None
        if after is None:
            return found


def _id_in(sides: Sides, key: str) -> str:
    """The source's id that a reference of ours shows, where it is the one thing that varies in it."""
    found = sides.rules.ours.fullmatch(key)
    return found[1] if found is not None and sides.rules.ours.groups == 1 else ""


def overlap(mark: datetime) -> datetime:
    """From when on to ask for changes: lists lag a little behind."""
    return mark - timedelta(minutes=5)
