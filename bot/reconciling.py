"""Reconciliation as it runs: daily on its owner's clock and whenever somebody asks, by one process at a time. What a run found is
told in the owner's channel with its rows as CSV; a run that could not end says so and is taken up again by itself."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from bot.reconciling_words import Found, csv_of, report_card, stopped_words
from bot.slots import last_slot
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.billing import Scope, Source
from sync.errors import ConfigurationError, ConnectorError, IllegalMove, LeaseLost, NotFound
from sync.line import Line
from sync.model import Record
from sync.reconciling.asking import Sides, is_listing
from sync.reconciling.ledger import Run
from sync.reconciling.nouns import Disagreement, Kind, Open, Report
from sync.reconciling.rules import rules_of
from sync.reconciling.running import changed_since, compare, read_both
from sync.reconciling.spool import Spool
from sync.reconciling.trend import growing, share, suspect
from sync.sending_packs import SentFile
from sync.workspace.flow import Flow
from sync.workspace.reconciling import Reconciling as Options
from sync.workspace.workspace import Workspace

log = structlog.get_logger()

_OVERLAP = timedelta(minutes=5)  # lists lag behind by seconds
_AGAIN = timedelta(minutes=30)
_TRIES = 8
_KEPT = timedelta(hours=24)
_HISTORY = 12
CLOCK = "clock"


def check_listing(workspace: Workspace, connections: dict[str, Any]) -> None:
    """Both sides of every flow that is reconciled can be listed. Raises ConfigurationError with all that cannot."""
    mistakes = []
    for flow in workspace.flows.values():
        if flow.reconcile is None:
            continue
        write = next(each for each in flow.writes if each.name == flow.reconcile.write)
        places = ((flow.trigger.connection, flow.trigger.entity), (write.connection, write.entity))
        mistakes += [
            f"flow {flow.name} is reconciled, and {name} cannot list its {entity}: describe `list` there, or take `reconcile` out"
            for name, entity in places
            if name in connections and not is_listing(connections[name], entity)
        ]
    if mistakes:
        raise ConfigurationError(mistakes)


@dataclass(slots=True, kw_only=True)
class Reconciling:
    """`look` begins what is due and does not wait for it; `run` carries out one run. `spools` is where what was read is kept
    until a run has ended."""

    store: Store
    surroundings: Surroundings
    clock: Callable[[], datetime]
    line: Callable[[], Line]
    changed: Callable[[], None]
    spools: Path = field(default_factory=lambda: Path(tempfile.gettempdir()) / "meshline-reconciliation")
    under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def look(self, now: datetime) -> int:
        """Begin what is due; how many runs."""
        begun, busy = 0, {task.get_name() for task in self.under_way}
        for flow in self.surroundings.workspace.flows.values():
            if flow.reconcile is not None and flow.name not in busy and await self._due(flow, flow.reconcile, now):
                task = asyncio.create_task(self._carried_out(flow), name=flow.name)
                self.under_way.add(task)
                task.add_done_callback(self.under_way.discard)
                begun += 1
        return begun

    async def close(self) -> None:
        """Let go of runs that are under way; another process, or the next start, goes on with what they read."""
        for task in list(self.under_way):
            task.cancel()
        await asyncio.gather(*self.under_way, return_exceptions=True)

    async def run(self, flow: Flow, *, by: str, full: bool = False) -> Run:
        """Compare now. Raises NotFound for a flow that is not reconciled, IllegalMove while it is being reconciled,
        ConnectorError for a side that does not answer: then nothing was concluded."""
        sides, now = await self._sides(flow), self.clock()
        before = await self.store.runs(flow.name, limit=_HISTORY)
        marks = None if full else _marks(sides, before, now)
        spool = Spool(self._place(flow))
        began = _began(before, spool, now)
        mode = "full" if marks is None else "changed"
        run = await self.store.begin_run(flow.name, mode, by=by, began=began if mode == "full" else now, now=now)
        if run is None:
            raise IllegalMove(f"{flow.title} is being reconciled already.", state="reading")
        try:
            report = await self._report(sides, run, spool, marks if run.mode == "changed" else None)
        except ConnectorError as error:
            words = stopped_words(run.mode, spool.places["source"].rows, spool.places["target"].rows, str(error))
            await self.store.fail_run(run, words, now=self.clock())
            await self._tell_failed(flow, run, words)
            raise
        new, closed = await self.store.end_run(run, report, connection=flow.trigger.connection, now=self.clock())
        spool.forget()
        done = (await self.store.runs(flow.name, limit=1))[0]
        await self._tell(flow, sides, Found(run=done, report=report, new=new, closed=closed), before)
        self.changed()
        return done

    async def _report(self, sides: Sides, run: Run, spool: Spool, marks: tuple[datetime, datetime] | None) -> Report:
        if marks is not None:
            kept = [each.what for each in await self.store.open_disagreements(run.flow)]
            open_ = [Open(each.key, each.source_id, _foreign(each), each.kind.value) for each in kept]
            report = await changed_since(sides, marks, open_, started=run.began_at)
            if report is not None:
                return report

        async def beat(read: Spool) -> None:
            source, target = read.places["source"].rows, read.places["target"].rows
            await self.store.beat_run(run, source_read=source, target_read=target, now=self.clock())

        await read_both(sides, spool, beat)
        return await compare(sides, spool, started=run.began_at)

    async def _sides(self, flow: Flow) -> Sides:
        line = self.line()
        if flow.reconcile is None:
            raise NotFound(f"{flow.title} is not reconciled: its file has no `reconcile`.")
        write = next(each for each in flow.writes if each.name == flow.reconcile.write)
        bound = dict[str, str]()
        for each in flow.writes:
            if each.operation == "upsert" and each.name != write.name:
                place = (each.connection, each.entity)
                bound |= await self.store.bound_customers(flow.trigger.connection, place)
        undone = await self.store.taken_back(write.connection)
        rules = rules_of(flow, line.workspace.own, line.workspace.flows.values(), bound, undone)
        source, target = line.source(flow.trigger.connection), line.target(write.connection)
        return Sides(rules=rules, source=source, target=target, ledger=self.store)

    async def _due(self, flow: Flow, options: Options, now: datetime) -> bool:
        """Whether this process begins a run now: the day's own, or one that failed or was left behind."""
        slot = last_slot(now, options.time, self.surroundings.workspace.calendar(flow.owner).timezone)
        name, day = f"reconcile:{flow.name}", slot.date().isoformat()
        last = await self.store.last_tick(name)
        if last != day:
            return await self.store.claim_tick(name, day, now=now) and last is not None
        runs = await self.store.runs(flow.name, limit=_TRIES)
        if not runs or runs[0].by != CLOCK:
            return False
        if runs[0].state == "reading":
            return await self.store.claim_tick(name + ":left", _slot(now), now=now)
        failed = all(each.state == "failed" for each in runs) and len(runs) == _TRIES
        ended = runs[0].ended_at
        return runs[0].state == "failed" and not failed and ended is not None and now >= ended + _AGAIN

    async def _carried_out(self, flow: Flow) -> None:
        with suppress(ConnectorError, IllegalMove, LeaseLost):
            await self.run(flow, by=CLOCK)

    async def _tell(self, flow: Flow, sides: Sides, found: Found, before: list[Run]) -> None:
        """The card of a run that found something new, or more than the threshold; over the other one billing stops."""
        options, run = sides.rules.options, found.run
        part = share(run.drifts, _size(run, before))
        held = options.armed and part > options.block and await self._hold(flow, found, part)
        counts = [each.drifts for each in reversed(before) if each.state == "done"]
        field_ = suspect(run.fields, run.drifts) if growing(counts, run.drifts) else ""
        if not found.new and not held and part <= options.alert:
            return
        rows = await self.store.open_disagreements(flow.name)
        body: Record = report_card(flow, sides.rules.write, found, rows, share=part, held=held, drifting=field_)
        content = csv_of(flow, sides.rules.write, rows)
        files = [SentFile(name=f"reconciliation-{flow.name}-{run.id}.csv", alt="", content=content)]
        channel = self.surroundings.workspace.team(flow.owner).channel
        await self.store.put_pack("reconciliation", str(run.id), channel, body, files, now=self.clock())

    async def _hold(self, flow: Flow, found: Found, part: Any) -> bool:
        why = f"{found.run.drifts:,} records differ between the two systems, {part:.2%} of them"
        with suppress(IllegalMove):
            await self.store.place_hold(
                Scope.FLOW.value, flow.name, why=why, source=Source.DRIFT.value, by=CLOCK, now=self.clock(), name=flow.title
            )  # fmt: skip
            return True
        return False

    async def _tell_failed(self, flow: Flow, run: Run, words: str) -> None:
        channel = self.surroundings.workspace.team(flow.owner).channel
        text = f"{flow.title} could not be reconciled. {words}"
        await self.store.announce(channel, f"reconcile-failed:{flow.name}", text, now=self.clock(), once=str(run.id))
        log.warning("reconciliation_failed", flow=flow.name, run=run.id)

    def _place(self, flow: Flow) -> Path:
        """A directory of this flow as it is written now: rows that were read under other rules are not gone on with."""
        same = f"{self.store.db.url}\n{flow.model_dump_json()}"
        place = self.spools / hashlib.sha256(same.encode()).hexdigest()[:24]
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return place


def _marks(sides: Sides, before: list[Run], now: datetime) -> tuple[datetime, datetime] | None:
    """From when on to ask for changes: from the last run that ended. None where both sides have to be read whole."""
    done = [each for each in before if each.state == "done"]
    whole = next((each for each in done if each.mode == "full"), None)
    failed_since = bool(before) and before[0].state == "failed" and before[0].mode == "full"
    if whole is None or failed_since or not sides.lists_changes():
        return None
    if now - whole.began_at >= sides.rules.options.full or whole.drifts > len(whole.examples) + 10_000:
        return None
    mark = done[0].began_at - max(_OVERLAP, sides.rules.options.grace + _OVERLAP)
    return mark, mark


def _began(before: list[Run], spool: Spool, now: datetime) -> datetime:
    """Since when the rows of the spool were read: the failed run's beginning, where this one goes on with them. Rows that are
    too old are thrown away."""
    read = any(place.rows or place.done for place in spool.places.values())
    last = before[0] if before else None
    if read and last is not None and last.mode == "full" and last.state != "done" and now - last.began_at < _KEPT:
        return last.began_at
    spool.begin_anew()
    return now


def _foreign(what: Disagreement) -> str:
    """The target's id of a record that was made without our reference."""
    ours = what.kind is not Kind.BYPASS or what.source_id or what.field
    return "" if ours else next(iter(what.target_ids), "")


def _size(run: Run, before: list[Run]) -> int:
    """How many records there are: what the last full run read, where this one only looked at what changed."""
    whole = next((each for each in before if each.mode == "full" and each.state == "done"), None)
    return run.records if run.mode == "full" or whole is None else max(run.records, whole.records)


def _slot(now: datetime) -> str:
    return str(int(now.timestamp()) // 300)
