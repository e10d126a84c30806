"""The loop: receive, claim, deliver, decide, settle. A bug stops one delivery and no other."""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypedDict
from uuid import uuid4

import structlog

from sync.customers import MergeSeen
from sync.decide import Outcome, Wrong, decide
from sync.deliver import Trip
from sync.errors import IllegalMove, LeaseLost, LedgerUnavailable, NotFound, NotKept, Outdated, WebhookRefused
from sync.line import Line
from sync.minimal import asked_to_erase, grouping, kept_changes, minimised
from sync.model import Change, Delivery, Received, Record, WriteEnd
from sync.ports import Incoming
from sync.releases import Compared, Running
from sync.returning import tell
from sync.steps import Bury, Deliver, Hold, Pause, Retry, Step
from sync.traffic import Traffic
from sync.trials import Candidate, judged
from sync.words import fitted, not_kept
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

log = structlog.get_logger()

_UNKNOWN_FLOW = timedelta(minutes=5)
_LEDGER_PAUSE = 1.0
_GIVE_BACK_SECONDS = 1.5
_HISTORY = "_since"
"""Stands in a cursor from which history is still being read: since which moment."""


class Engine:
    """Works through the ledger. `jitter` gives numbers from 0 to 1; the line's clock gives aware UTC times."""

    def __init__(self, line: Line, *, jitter: Callable[[], float]) -> None:
        self.line = line
        self.releases: Running | None = None
        self.candidate: Candidate | None = None
        self.outdated = asyncio.Event()
        self._ledger, self._clock = line.ledger, line.clock
        self._jitter = jitter
        self._traffic = Traffic(ledger=line.ledger, workspace=line.workspace, jitter=jitter)
        self._newest = _newest(line.workspace)
        self._wake = asyncio.Event()

    @property
    def _workspace(self) -> Workspace:
        return self.line.workspace

    def adopt(self, line: Line, releases: Running, candidate: Candidate | None = None) -> None:
        """From now on what is claimed goes down this line, which is the active release's; what is under way ends as it began."""
        self.line, self.releases, self.candidate = line, releases, candidate
        self._traffic.workspace, self._newest = line.workspace, _newest(line.workspace)
        self.outdated.clear()
        self.wake()

    async def receive(self, connection: str, incoming: Incoming) -> Received:
        """Take in a webhook; durable when it returns. Raises WebhookRefused."""
        try:
            source = self.line.source(connection)
        except NotFound:
            raise WebhookRefused(404, "Unknown connection") from None
        now = self._clock()
        changes = kept_changes(source.accept(incoming, now=now), self._workspace, connection)
        try:
            await self._follow_merges(connection, changes, now)
            received = await self._ledger.receive(
                connection, changes, self._flows_of(connection), now=now, newest=self._newest
            )
            if forgotten := asked_to_erase(changes, connection):
                await self._ledger.ask_to_erase(forgotten, by=connection, now=now)
        except NotKept as error:
            raise WebhookRefused(400, "Body is malformed", str(error)) from None
        self.wake()
        return received

    async def _follow_merges(self, connection: str, changes: Sequence[Change], now: datetime) -> None:
        merges = [
            MergeSeen(connection=connection, entity=each.entity, survivor=each.survivor, merged=each.merged)
            for each in changes
            if each.merged
        ]
        if merges:
            await self._ledger.note_merges(merges, now=now)

    async def poll(
        self, flow: Flow, *, since: datetime | None = None, told: Callable[[Received], None] | None = None
    ) -> Received:
        """Read what changed since the last poll, page by page, each page with its cursor in one transaction. A flow that was
        never polled begins now: history comes in only when a person names a moment with `since`. What was asked for since a
        moment and not read to its end goes on where it stopped. `told` hears of every page how much was read by then."""
        name, entity = flow.trigger.connection, flow.trigger.entity
        source, got, more = self.line.source(name), Received(received=0, duplicates=0), True
        known = await self._ledger.cursor(name, entity)
        history = known.get(_HISTORY) if known is not None else None
        cursor = {key: value for key, value in known.items() if key != _HISTORY} if known is not None else None
        if cursor is None or (since is not None and history != since.isoformat()):
            cursor = source.start_at(entity, since or self._clock())
            history = since.isoformat() if since is not None else None
        while more:
            now = self._clock()
            page = await source.changes(entity, cursor, now=now)
            cursor, more = page.cursor, page.more
            changes = kept_changes([each for each in page.changes if _is_kept(each, name)], self._workspace, name)
            kept = {**cursor, _HISTORY: history} if more and history is not None else cursor
            new = await self._ledger.receive(
                name, changes, self._flows_of(name), now=now, cursor=(entity, kept), newest=self._newest
            )
            got = Received(received=got.received + new.received, duplicates=got.duplicates + new.duplicates)
            if told is not None:
                told(got)
            self.wake()
        return got

    def wake(self) -> None:
        """There may be work."""
        self._wake.set()

    async def run(self, stop: asyncio.Event, *, idle_seconds: float = 0.5) -> None:
        """Work until told to stop, then let what is under way finish."""
        running: set[asyncio.Task[None]] = set()
        stopping = asyncio.create_task(self._woken_by(stop))
        several = max(1, self._workspace.engine.concurrency // 4)  # one claim takes several at once

        def free() -> int:
            return self._traffic.capacity() - len(running)

        def ended(task: asyncio.Task[None]) -> None:
            running.discard(task)
            if not task.cancelled() and (bug := task.exception()) is not None:
                log.error("worker_bug", error=type(bug).__name__)  # the lease runs out; poison buries it if it stays
            if free() >= several:
                self._wake.set()

        while not stop.is_set():
            for one in await self._claim_or_rest(len(running)) if free() >= several else []:
                task = asyncio.create_task(self.deliver(one))
                running.add(task)
                task.add_done_callback(ended)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), idle_seconds)
        stopping.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _woken_by(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def drain(self, *, limit: int = 1_000_000) -> int:
        """Work until nothing is due now; how many deliveries were settled."""
        settled = 0
        while settled < limit:
            claimed = await self._claim()
            if not claimed:
                break
            await asyncio.gather(*(self.deliver(one) for one in claimed))
            settled += len(claimed)
        return settled

    @property
    def _release(self) -> int:
        return self.releases.active if self.releases is not None else 0

    async def deliver(self, delivery: Delivery) -> None:
        """One delivery from its lease to its settlement."""
        self._traffic.began(delivery.flow)
        trip: Trip | None = None
        with structlog.contextvars.bound_contextvars(trace=delivery.event.trace, delivery=delivery.id):
            try:
                flow = self._workspace.flows.get(delivery.flow)
                if flow is None:
                    await self._put_back(delivery)
                    return
                trip = Trip(self.line, delivery, flow, batch=self._traffic.batches(flow))
                trip.release, trip.candidate = self._release, self.candidate
                await self._settle(delivery, flow, await self._guarded(trip), trip)
            except asyncio.CancelledError:  # the process has to be gone
                await self._give_back(delivery, trip)
                raise
            except LeaseLost:
                log.warning("lease_lost", flow=delivery.flow)
            except LedgerUnavailable as error:
                log.error("ledger_unavailable", detail=str(error))  # the lease runs out and the delivery comes back
            finally:
                self._traffic.ended(delivery.flow)

    async def bury_poison(self) -> int:
        """Into the dead letters with every delivery whose worker died again and again."""
        settings = self._workspace.engine
        poisoned = await self._ledger.poisoned(max_losses=settings.max_losses, now=self._clock())
        for delivery in poisoned:
            flow = self._workspace.flows.get(delivery.flow)
            if flow is None:
                await self._put_back(delivery)
                continue
            detail = f"the worker stopped {settings.max_losses} times in the middle of this record"
            await self._settle(delivery, flow, Wrong(reason="poison", detail=detail), None)
        return len(poisoned)

    async def _give_back(self, delivery: Delivery, trip: Trip | None) -> None:
        """Due again at once, uncounted. What was sent for it is in the ledger, rests and is read back before anything is sent again."""
        now = self._clock()
        step = Retry(due_at=now, detail="the process was stopped", counted=False)
        ended = tuple(trip.ended) if trip is not None else ()
        with contextlib.suppress(LeaseLost, LedgerUnavailable, TimeoutError):
            await asyncio.wait_for(self._ledger.settle(delivery, step, now=now, ended=ended), _GIVE_BACK_SECONDS)

    async def _put_back(self, delivery: Delivery) -> None:
        now = self._clock()
        step = Retry(due_at=now + _UNKNOWN_FLOW, detail="the flow is not in the workspace", counted=False)
        await self._ledger.settle(delivery, step, now=now)
        log.error("flow_unknown", flow=delivery.flow)

    async def _guarded(self, trip: Trip) -> Outcome:
        try:
            return await trip.run()
        except (LeaseLost, LedgerUnavailable):
            raise
        except Exception as error:  # a bug stops this delivery and no other
            reference = uuid4().hex[:8]
            frames = "".join(traceback.format_tb(error.__traceback__))  # no message: it may quote the record
            log.error("crashed", reference=reference, error=type(error).__name__, frames=frames)
            return Wrong(reason="crashed", detail=f"reference {reference}", about=trip.about)

    async def _settle(self, delivery: Delivery, flow: Flow, outcome: Outcome, trip: Trip | None) -> None:
        now, workspace = self._clock(), self._workspace
        answered: Set[str] = frozenset()
        if trip is not None:
            answered, flow, workspace = trip.answered, trip.flow, trip.line.workspace
        step: Step = decide(
            outcome,
            subject=delivery.subject,
            retries=delivery.retries,
            policy=flow.retry,
            now=now,
            jitter=self._jitter(),
            outage=await self._traffic.heard(flow, outcome, now, answered, lease=delivery.leased_until),
        )
        step, route = grouping(step, flow, workspace.contract_of(flow)), None
        if isinstance(step, Hold | Bury | Pause):
            route = workspace.route(flow, step.opening.reason, now)
        about = trip.delivery.about if trip is not None else ""
        await tell(self.line.connections.get(delivery.event.connection), delivery, step)
        await self._ledger.settle(replace(delivery, about=about), step, now=now, route=route, **_left(delivery, trip))
        if trip is not None and trip.compared is not None and (trip.compared.unannounced or route is not None):
            await self.judge_trial()
        if not isinstance(step, Deliver):  # what went through is in the journal; a line for each would be noise
            log.info("settled", flow=flow.name, step=type(step).__name__.lower(), attempt=delivery.number)

    async def judge_trial(self) -> None:
        """End the canary where its rule says so: back at the first sign that it is wrong, for all when it has passed."""
        candidate = self.candidate
        if candidate is None or not candidate.writes:
            return
        said = judged(candidate.trial.rule, *await self._ledger.tallies(candidate.release))
        if said is None:
            return
        end = {"promote": self._ledger.promote, "roll_back": self._ledger.roll_back}[said.verb]
        with contextlib.suppress(IllegalMove):  # another engine was first
            await end(candidate.release, by="engine", why=said.why, now=self._clock())
            log.warning("trial_ended", release=candidate.release, verb=said.verb, why=said.why)
        self.candidate = None
        self.outdated.set()

    async def _claim(self, in_hand: int = 0) -> list[Delivery]:
        self._wake.clear()
        settings, now = self._workspace.engine, self._clock()
        await self._traffic.learn(now)
        await self.line.watch.hear()
        await self.line.erased.hear()
        limit = max(0, self._traffic.capacity() - in_hand)
        claimed = await self._ledger.claim(
            limit=limit,
            lease_seconds=settings.lease.total_seconds(),
            max_losses=settings.max_losses,
            now=now,
            flows=await self._traffic.wants(limit, now),
            releases=self.releases,
        )
        if not claimed:
            await self.bury_poison()
        return claimed

    async def _claim_or_rest(self, in_hand: int) -> list[Delivery]:
        try:
            return await self._claim(in_hand)
        except Outdated:
            self.outdated.set()
            return []
        except LedgerUnavailable as error:
            log.error("ledger_unavailable", detail=str(error))
            await asyncio.sleep(_LEDGER_PAUSE)
            return []

    def _flows_of(self, connection: str) -> dict[str, list[str]]:
        flows: dict[str, list[str]] = {}
        for flow in self._workspace.flows.values():
            if flow.trigger.connection == connection:
                flows.setdefault(flow.trigger.entity, []).append(flow.name)
        return flows


class _Left(TypedDict, total=False):
    """What a trip leaves behind beside its step."""

    snapshot: Record | None
    ended: Sequence[WriteEnd]
    release: int
    compared: Compared | None


def _left(delivery: Delivery, trip: Trip | None) -> _Left:
    if trip is None:
        return {}
    read, snapshot = trip.record, None
    if read is not None and read is not delivery.event.payload:  # the event keeps what came with it
        contract = trip.line.workspace.contract_of(trip.flow)
        snapshot = minimised(read, trip.flow, contract, about=trip.delivery.about)
    return {"snapshot": snapshot, "ended": trip.ended, "release": trip.release, "compared": trip.compared}


def _newest(workspace: Workspace) -> frozenset[str]:
    return frozenset(flow.name for flow in workspace.flows.values() if flow.newest)


def _is_kept(change: Change, connection: str) -> bool:
    """Whether the ledger keeps the change. One that it does not must not hold up what comes after it, nor get lost in silence."""
    why = not_kept(change)
    if why:
        log.error("change_not_kept", connection=connection, record=fitted(change.record_id), why=why)
    return not why
