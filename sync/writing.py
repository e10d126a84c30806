"""One write, once. The intent is in the ledger before the call; what the call did is recorded after it; a lost answer is
never followed by a blind second call but by reading back."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson

from sync.acknowledging import passing
from sync.adopting import BOUND, adopt, alike
from sync.confirming import differing as differing
from sync.crediting import CreditingTarget
from sync.decide import Blocked, Resting
from sync.errors import AnswerLost, ConnectorError, LeaseLost, Rejected
from sync.model import Bills, Delivery, Found, Record, Ref, Turn, Version, WriteEnd, WriteSpec
from sync.ports import Busy, Differs, Done, Go, Held, Ledger, Permit, Stale, Target, VoidingTarget

AS_IT_STANDS = "as it stands"

_ONCE = ("create", "credit")  # what these find is left as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The record exists already with other content, and this operation may not change it."""

    spec: WriteSpec
    target_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdone:
    """A newer state of the source's record was written: this one must not follow it."""

    spec: WriteSpec


Made = Found | Resting | Changed | Blocked | Outdone


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a permit is asked for; `rest` are the seconds of its quarantine."""

    spec: WriteSpec
    body: Record
    rest: float
    bills: Bills | None
    turn: Turn | None


@dataclass(slots=True, kw_only=True)
class Writing:
    """The writes of one delivery. How a call ended is recorded with whatever is recorded next: `ended` is what still has to
    be. Until then the write says `sent`, which is as true as it is safe."""

    ledger: Ledger
    delivery: Delivery
    clock: Callable[[], datetime]
    lease_seconds: float
    version: Version | None = None
    ended: list[WriteEnd] = field(default_factory=list)

    async def write(
        self,
        target: Target,
        spec: WriteSpec,
        done: Mapping[str, Found],
        *,
        quarantine_seconds: float,
        bills: Bills | None = None,
        turn: Turn | None = None,
    ) -> Made:
        """Carry out one write of a plan; `done` holds the earlier ones by name. A hold on what it `bills` stops it. Raises
        ConnectorError, LeaseLost."""
        asked = _Asked(spec=spec, body=filled(spec.body, done), rest=quarantine_seconds, bills=bills, turn=turn)
        now, permit = await self._ask(asked)
        if isinstance(permit, Stale):
            newer = await self._newer(target, spec, permit)
            if newer is not None:
                return newer
            now, permit = await self._ask(asked, missing_after=permit.sends)
        if isinstance(permit, Done) and await self._deleted(target, spec, permit):
            now, permit = await self._ask(asked, anew=True)
        match permit:
            case Held(hold=hold):
                return Blocked(hold=hold, bills=bills.payer if bills is not None else None)
            case Done(target_id=target_id, record=record):
                return Found(id=target_id, record=record)
            case Busy(until=until, detail=detail):
                return Resting(until=until, detail=detail)
            case Stale():
                later = now + timedelta(seconds=quarantine_seconds)
                return Resting(until=later, detail=f"a newer state of {spec.key} is being written")
            case Differs(target_id=target_id):
                return Changed(spec=spec, target_id=target_id)
            case Go():
                surely_ours = timedelta(seconds=self.lease_seconds / 2)  # so much is left at least
                return await self._call(target, asked, done, permit, until=now + surely_ours)

    async def _deleted(self, target: Target, spec: WriteSpec, done: Done) -> bool:
        """Whether somebody deleted in the target what was written before. Looked at only when people had it done once more, and
        only of what may be written again."""
        replayed = self.delivery.number > self.delivery.retries + 1
        return replayed and spec.operation == "upsert" and await target.get(spec.entity, done.target_id) is None

    async def _ask(
        self, asked: _Asked, *, missing_after: int | None = None, anew: bool = False
    ) -> tuple[datetime, Permit]:
        now, content = self.clock(), fingerprint(asked.body)
        permit = await self.ledger.begin_write(
            self.delivery,
            asked.spec,
            fingerprint({"anew": content}) if anew else content,
            quarantine_seconds=asked.rest,
            lease_seconds=self.lease_seconds,
            now=now,
            ended=tuple(self.ended),
            bills=asked.bills,
            version=self.version,
            turn=asked.turn,
            missing_after=missing_after,
        )
        self.ended.clear()
        return now, permit

    async def _newer(self, target: Target, spec: WriteSpec, stale: Stale) -> Found | Outdone | None:
        """A record that others share is taken as the newer state left it, one of our own is not ours to write any more. None where
        nothing is there: the newer state may wait for us, so we do not wait for it."""
        if spec.operation != "upsert":
            return Outdone(spec=spec)
        if stale.target_id is not None:
            return Found(id=stale.target_id, record=stale.record, status=AS_IT_STANDS)
        found = await target.find(spec.entity, spec.key)
        return replace(found, status=AS_IT_STANDS) if found is not None else None

    async def _call(
        self, target: Target, asked: _Asked, done: Mapping[str, Found], permit: Go, *, until: datetime
    ) -> Found | Changed:
        spec, body = asked.spec, asked.body

        def in_time() -> None:
            if self.clock() >= until:  # we were frozen, or looked for too long; another worker may act now
                raise LeaseLost("the lease ran out before the call")

        try:
            found = await passing(
                target, lambda: send(target, spec, body, done, permit, in_time), self.delivery.overlays
            )
        except AnswerLost as error:
            self._doubt(permit, asked, str(error))
            raise
        except ConnectorError as error:
            if (
                permit.again
            ):  # a second try may have failed to look, and the first may still have written: it stays unknown
                self._doubt(permit, asked, str(error))
            else:
                self._end(permit, "refuse", detail=str(error))
            raise
        if permit.changed and spec.operation in _ONCE and differing(found.record, body):
            self._end(permit, "confirm", found=found, content="")
            return Changed(spec=spec, target_id=found.id)
        self._end(permit, "confirm", found=found, content=fingerprint(body), detail=BOUND if found.bound else "")
        return found

    def _doubt(self, permit: Go, asked: _Asked, detail: str) -> None:
        """The call is over: what it may still do it does within the quarantine from now."""
        self._end(permit, "doubt", detail=detail, rests_until=self.clock() + timedelta(seconds=asked.rest))

    def _end(
        self,
        permit: Go,
        verb: str,
        *,
        found: Found | None = None,
        content: str | None = None,
        detail: str = "",
        rests_until: datetime | None = None,
    ) -> None:
        target_id, record = (found.id, found.record) if found else (None, None)
        self.ended.append(
            WriteEnd(
                write_id=permit.write_id,
                verb=verb,
                at=self.clock(),
                target_id=target_id,
                record=record,
                detail=detail,
                fingerprint=content,
                rests_until=rests_until,
            )
        )


def _always() -> None:
    """Whenever it is."""


async def send(
    target: Target,
    spec: WriteSpec,
    body: Record,
    done: Mapping[str, Found],
    permit: Go,
    in_time: Callable[[], None] = _always,
) -> Found:
    """The call itself. After an earlier call of unknown fate, or where records are shared, it looks before it creates. Before
    anything is changed `in_time` is asked, which raises where it is too late."""
    match spec.operation:
        case "create":
            return await _create(target, spec, body, in_time, look_first=permit.again)
        case "upsert":
            return await _upsert(target, spec, body, in_time, permit.target_id)
        case "credit" if isinstance(target, CreditingTarget):
            return await _credit(target, spec, body, done, in_time, look_first=permit.again)
        case "update":
            in_time()
            return await target.update(spec.entity, _target_id(spec, done), body)
        case "post":
            in_time()
            return await target.post(spec.entity, _target_id(spec, done))
        case "void" if isinstance(target, VoidingTarget):
            in_time()
            return await target.void(spec.entity, _target_id(spec, done))
        case "void" | "credit":
            raise Rejected(f"{spec.connection} cannot {spec.operation} a {spec.entity}", reason="rule_failed")
    raise Rejected(f"there is no operation {spec.operation}", reason="rule_failed")


async def _create(
    target: Target, spec: WriteSpec, body: Record, in_time: Callable[[], None], *, look_first: bool
) -> Found:
    async def make() -> Found:
        there = await alike(target, spec, body) if spec.same else None
        in_time()
        if there is not None:
            return replace(await adopt(target, spec, there), bound=True)
        return await target.create(spec.entity, spec.key, body)

    return await _once(target, spec, make, in_time, look_first=look_first)


async def _credit(
    target: CreditingTarget,
    spec: WriteSpec,
    body: Record,
    done: Mapping[str, Found],
    in_time: Callable[[], None],
    *,
    look_first: bool,
) -> Found:
    credited = _target_id(spec, done)
    make = partial(target.credit, spec.entity, credited, spec.key, body)
    return await _once(target, spec, make, in_time, look_first=look_first)


async def _once(
    target: Target,
    spec: WriteSpec,
    make: Callable[[], Awaitable[Found]],
    in_time: Callable[[], None],
    *,
    look_first: bool,
) -> Found:
    if look_first:
        existing = await target.find(spec.entity, spec.key)
        if existing is not None:
            return existing
    in_time()
    try:
        return await make()
    except Rejected as error:
        if error.reason != "reference_taken":
            raise
        existing = await target.find(spec.entity, spec.key)  # it is ours: nobody else uses our references
        if existing is None:
            raise
        return existing if look_first else replace(existing, bound=True)  # it was there before anything was sent


async def _upsert(
    target: Target, spec: WriteSpec, body: Record, in_time: Callable[[], None], target_id: str | None
) -> Found:
    existing = await (target.get(spec.entity, target_id) if target_id else target.find(spec.entity, spec.key))
    if existing is None:
        return await _create(target, spec, body, in_time, look_first=False)
    if not spec.keep and differing(existing.record, body):
        in_time()
        existing = await target.update(spec.entity, existing.id, body)
    return existing if target_id else replace(existing, bound=True)


def _target_id(spec: WriteSpec, done: Mapping[str, Found]) -> str:
    if spec.of is None:
        raise Rejected(f"the write {spec.name} does not say what it changes", reason="rule_failed")
    return done[spec.of].id if spec.of in done else spec.of


def filled(value: Any, done: Mapping[str, Found]) -> Any:
    """The body with every Ref replaced by what the earlier write returned."""
    match value:
        case Ref(write=write, field="id"):
            return done[write].id
        case Ref(write=write, field=field):
            return done[write].record.get(field)
        case dict():
            return {key: filled(inner, done) for key, inner in value.items()}
        case list() | tuple():
            return [filled(inner, done) for inner in value]
    return value


def fingerprint(body: Record) -> str:
    """The same content has the same fingerprint, in every process."""
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
