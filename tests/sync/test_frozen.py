"""A worker that froze between its record in the ledger and its call: whatever its lease had left, it doubles nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from store.ledger import Store
from sync.decide import Resting
from sync.errors import LeaseLost
from sync.model import Change, Delivery, Found, Record, WriteSpec
from sync.ports import Target
from sync.writing import Writing
from tests.ledgers import ledger_url
from tests.world import MONDAY, Clock

SPEC = WriteSpec(
    name="invoice", connection="erp", entity="invoice", operation="create", key="crm-deal-1", body={"n": 1}
)


@dataclass
class Careless:
    """A target that takes a reference as often as it is told."""

    made: list[Found] = field(default_factory=list)

    async def find(self, entity: str, reference: str) -> Found | None:
        return self.made[0] if self.made else None

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        self.made.append(Found(id=f"I-{len(self.made) + 1}", record=body))
        return self.made[-1]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(ledger_url(tmp_path))
    await opened.open()
    yield opened
    await opened.close()


async def claimed(store: Store, clock: Clock) -> Delivery:
    [delivery] = await store.claim(limit=1, lease_seconds=60, max_losses=3, now=clock())
    return delivery


@pytest.mark.parametrize("begun", [0, 29, 31])
@pytest.mark.parametrize("frozen", [25, 35, 60, 90])
async def test_a_worker_that_thaws_writes_nothing_that_another_one_has_written(
    store: Store, begun: int, frozen: int
) -> None:
    erp, clock = Careless(), Clock()
    told = Change(entity="deals", record_id="1", key="a", kind="changed", occurred_at=MONDAY)
    await store.receive("crm", [told], {"deals": ["bill"]}, now=MONDAY)

    async def write(delivery: Delivery, ledger: Any) -> None:
        writing = Writing(ledger=ledger, delivery=delivery, clock=clock, lease_seconds=60)
        await writing.write(cast(Target, erp), SPEC, {}, quarantine_seconds=5)

    class Freezing:
        """The ledger of a worker that freezes as soon as its intent is on record; meanwhile another one looks for work."""

        async def begin_write(self, *args: Any, **more: Any) -> Any:
            permit = await store.begin_write(*args, **more)
            for _ in range(frozen // 5):
                clock.forward(seconds=5)
                for one in await store.claim(limit=1, lease_seconds=60, max_losses=3, now=clock()):
                    await write(one, store)
            return permit

    first = await claimed(store, clock)
    clock.forward(seconds=begun)
    try:
        await write(first, Freezing())
    except LeaseLost:
        assert frozen >= 30
    assert len(erp.made) <= 1


class Died(BaseException):
    """The worker is no more."""


@dataclass
class Far(Careless):
    """A target at the end of a slow wire: a request arrives four seconds after it was sent, whatever became of its sender."""

    clock: Clock = field(default_factory=Clock)
    wire: list[tuple[datetime, Record]] = field(default_factory=list)
    kills: bool = True

    async def find(self, entity: str, reference: str) -> Found | None:
        self.arrive()
        return await super().find(entity, reference)

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        self.arrive()
        if self.kills:
            self.kills = False
            self.wire.append((self.clock() + timedelta(seconds=4), body))
            raise Died
        return await super().create(entity, reference, body)

    def arrive(self) -> None:
        while self.wire and self.wire[0][0] <= self.clock():
            self.made.append(Found(id="I-late", record=self.wire.pop(0)[1]))


async def test_a_call_that_was_begun_late_and_whose_worker_died_is_not_made_again_before_it_arrives(
    store: Store,
) -> None:
    clock = Clock()
    erp = Far(clock=clock)
    told = Change(entity="deals", record_id="1", key="a", kind="changed", occurred_at=MONDAY)
    await store.receive("crm", [told], {"deals": ["bill"]}, now=MONDAY)

    class Slow:
        """The ledger of a worker that freezes after its intent is on record, for less than half of its lease."""

        async def begin_write(self, *args: Any, **more: Any) -> Any:
            permit = await store.begin_write(*args, **more)
            clock.forward(seconds=29)
            return permit

    async def write(delivery: Delivery, ledger: Any) -> object:
        writing = Writing(ledger=ledger, delivery=delivery, clock=clock, lease_seconds=60)
        return await writing.write(cast(Target, erp), SPEC, {}, quarantine_seconds=5)

    first = await claimed(store, clock)
    clock.forward(seconds=29)
    with pytest.raises(Died):
        await write(first, Slow())
    clock.forward(seconds=3)
    other = await claimed(store, clock)
    assert isinstance(await write(other, store), Resting), "the call may have begun three seconds ago"
    clock.forward(seconds=5)
    assert await write(other, store) == Found(id="I-late", record={"n": 1})
    assert len(erp.made) == 1


async def test_a_worker_whose_look_took_longer_than_its_lease_lasts_creates_nothing(store: Store) -> None:
    clock = Clock()

    class Ponderous(Careless):
        async def find(self, entity: str, reference: str) -> Found | None:
            clock.forward(seconds=40)
            return None

    erp, told = Ponderous(), Change(entity="deals", record_id="1", key="a", kind="changed", occurred_at=MONDAY)
    await store.receive("crm", [told], {"deals": ["bill"]}, now=MONDAY)
    writing = Writing(ledger=store, delivery=await claimed(store, clock), clock=clock, lease_seconds=60)
    with pytest.raises(LeaseLost):
        await writing.write(cast(Target, erp), replace(SPEC, operation="upsert"), {}, quarantine_seconds=5)
    assert erp.made == []
