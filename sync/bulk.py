"""Many records in one call. What is to be created waits until enough is together or the first has waited long enough. Each
record has its own intent in the ledger before that, and hears of its own part alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from sync.errors import ConnectorError, LeaseLost, LedgerUnavailable, Rejected, Unmentioned
from sync.model import Found, Record
from sync.ports import BulkTarget, Ledger
from sync.workspace.batching import BatchPolicy

log = structlog.get_logger()

Told = Found | BaseException


class Timer(Protocol):
    """Something that will happen unless it is cancelled."""

    def cancel(self) -> None: ...


After = Callable[[float, Callable[[], None]], Timer]
"""Does something after so many seconds."""


def on_the_loop(seconds: float, then: Callable[[], None]) -> Timer:
    """After so many seconds of the running loop."""
    return asyncio.get_running_loop().call_later(seconds, then)


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """A record that waits. It must not be sent from `until` on: it is surely ours only so long."""

    reference: str
    body: Record
    until: datetime
    heard: asyncio.Future[Found]


@dataclass(slots=True)
class _Batch:
    """What goes out together, by reference."""

    timer: Timer
    waiting: dict[str, _One] = field(default_factory=dict)


class Batches:
    """The records of one flow that wait for a bulk call of one connection."""

    def __init__(
        self,
        connection: str,
        target: BulkTarget,
        policy: BatchPolicy,
        *,
        ledger: Ledger,
        clock: Callable[[], datetime],
        after: After = on_the_loop,
    ) -> None:
        self._connection, self._target, self._policy = connection, target, policy
        self._ledger, self._clock, self._after = ledger, clock, after
        self._gathered: dict[str, _Batch] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def create(self, entity: str, reference: str, body: Record, *, until: datetime) -> Found:
        """Create the record together with others. Raises ConnectorError, Unmentioned where the answer leaves it out; and
        LeaseLost, with nothing sent, where the call would come at `until` or later."""
        one = _One(reference=reference, body=body, until=until, heard=asyncio.get_running_loop().create_future())
        self._join(entity, one)
        return await one.heard

    def _join(self, entity: str, one: _One) -> None:
        batch = self._gathered.get(entity)
        if batch is not None and one.reference in batch.waiting:  # an answer could not tell the two apart
            self._send_off(entity, batch)
            batch = None
        if batch is None:
            batch = self._gathered[entity] = _Batch(self._later(entity))
        batch.waiting[one.reference] = one
        if len(batch.waiting) >= self._policy.size:
            self._send_off(entity, batch)

    def _later(self, entity: str) -> Timer:
        return self._after(self._policy.window.total_seconds(), lambda: self._send_off(entity, self._gathered[entity]))

    def _send_off(self, entity: str, batch: _Batch) -> None:
        batch.timer.cancel()
        del self._gathered[entity]
        task = asyncio.create_task(self._send(entity, list(batch.waiting.values())), name="bulk")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, entity: str, waiting: Sequence[_One]) -> None:
        now = self._clock()
        for one in waiting:
            if now >= one.until and not one.heard.done():
                one.heard.set_exception(LeaseLost("the lease may have run out before the bulk call"))
        there = [one for one in waiting if not one.heard.done()]
        if not there:
            return
        [told] = await asyncio.gather(self._call(entity, there), return_exceptions=True)
        for one, each in zip(there, [told] * len(there) if isinstance(told, BaseException) else told, strict=True):
            _tell(one.heard, each)

    async def _call(self, entity: str, there: Sequence[_One]) -> Sequence[Told]:
        try:
            told = await self._target.create_many(entity, [(one.reference, one.body) for one in there])
        except Rejected:  # the call as a whole, so nothing was written: whose fault it is shows one by one
            log.warning("batch_refused", connection=self._connection, entity=entity, sent=len(there))
            return await asyncio.gather(*(self._alone(entity, one) for one in there), return_exceptions=True)
        missing = [one.reference for one, each in zip(there, told, strict=True) if each is None]
        refused = sum(isinstance(each, ConnectorError) for each in told)
        again = await self._noted(entity, len(there), refused, missing)
        heard_of = f"{self._connection} answered for {len(there) - len(missing)} of {len(there)} {entity} records"
        return [
            each if each is not None else Unmentioned(
                f"{heard_of} and left out {one.reference}", again=one.reference in again
            )
            for one, each in zip(there, told, strict=True)
        ]  # fmt: skip

    async def _alone(self, entity: str, one: _One) -> Found:
        existing = await self._target.find(entity, one.reference)
        if existing is not None:
            return existing
        if self._clock() >= one.until:
            raise LeaseLost("the lease may have run out before the call")
        return await self._target.create(entity, one.reference, one.body)

    async def _noted(self, entity: str, sent: int, refused: int, missing: Sequence[str]) -> frozenset[str]:
        counts = {"sent": sent, "acknowledged": sent - refused - len(missing), "refused": refused}
        say = log.warning if missing else log.info
        say("batch", connection=self._connection, entity=entity, **counts, missing=len(missing))
        try:
            return await self._ledger.note_batch(
                self._connection, entity, sent=sent, refused=refused, missing=missing, now=self._clock()
            )
        except LedgerUnavailable as error:  # what was written is written: each record must still hear of it
            log.error("ledger_unavailable", detail=str(error))
            return frozenset()


def _tell(heard: asyncio.Future[Found], told: Told) -> None:
    if heard.done():  # whoever waited is gone; the intent in the ledger says that it was sent
        return
    if isinstance(told, Found):
        heard.set_result(told)
    elif isinstance(told, Exception):
        heard.set_exception(told)
    else:
        heard.cancel()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """A target as one delivery sees it in batch mode: what is created goes out together with others, before `until`, and
    everything else goes straight to the target."""

    target: BulkTarget
    batches: Batches
    until: datetime

    async def find(self, entity: str, reference: str) -> Found | None:
        return await self.target.find(entity, reference)

    async def get(self, entity: str, target_id: str) -> Found | None:
        return await self.target.get(entity, target_id)

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        return await self.batches.create(entity, reference, body, until=self.until)

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        return await self.target.update(entity, target_id, body)

    async def post(self, entity: str, target_id: str) -> Found:
        return await self.target.post(entity, target_id)
