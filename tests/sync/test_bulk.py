"""Records that wait for one call: when it goes out, who hears what of it, and who is not in it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from sync.bulk import Batches, Bulk
from sync.errors import AnswerLost, ConnectorError, LeaseLost, LedgerUnavailable, Rejected, Unavailable, Unmentioned
from sync.model import Found, Record
from sync.ports import Ledger
from sync.workspace.batching import BatchPolicy
from tests.world import Clock

Answer = Callable[[str], Found | ConnectorError | None]


@dataclass
class Target:
    """Takes everything it is given, unless `answer` says otherwise. `fail` is raised for the call as a whole."""

    calls: list[list[str]] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    existing: set[str] = field(default_factory=set)
    answer: Answer = lambda reference: Found(id=f"t-{reference}", record={})
    fail: Exception | None = None
    gate: asyncio.Event | None = None
    called: asyncio.Event = field(default_factory=asyncio.Event)

    def takes_many(self, entity: str) -> bool:
        return True

    async def create_many(self, entity: str, records: Sequence[tuple[str, Record]]) -> list[Any]:
        self.calls.append([reference for reference, _ in records])
        self.called.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fail is not None:
            raise self.fail
        return [self.answer(reference) for reference, _ in records]

    async def find(self, entity: str, reference: str) -> Found | None:
        return Found(id=f"old-{reference}", record={}) if reference in self.existing else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        return Found(id=target_id, record={"got": entity})

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        self.alone.append(reference)
        if reference == "bad":
            raise Rejected("no lines", code="validation")
        return Found(id=f"one-{reference}", record=body)

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        return Found(id=target_id, record=body)

    async def post(self, entity: str, target_id: str) -> Found:
        return Found(id=target_id, record={}, status="posted")


@dataclass
class Notes:
    """The one verb of the ledger that is used. Everything in `before` was left out before."""

    noted: list[tuple[int, int, list[str]]] = field(default_factory=list)
    before: frozenset[str] = frozenset()
    away: bool = False

    async def note_batch(
        self, connection: str, entity: str, *, sent: int, refused: int, missing: Sequence[str], now: object
    ) -> frozenset[str]:
        if self.away:
            raise LedgerUnavailable("gone")
        self.noted.append((sent, refused, list(missing)))
        return self.before & set(missing)


@dataclass
class Timers:
    """Time that passes when it is told to."""

    running: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __call__(self, seconds: float, then: Callable[[], None]) -> Timers.One:
        self.running.append((seconds, then))
        return Timers.One(self, self.running[-1])

    def pass_by(self) -> None:
        """Every window is over."""
        over, self.running = self.running, []
        for _, then in over:
            then()

    @dataclass
    class One:
        timers: Timers
        entry: tuple[float, Callable[[], None]]

        def cancel(self) -> None:
            if self.entry in self.timers.running:
                self.timers.running.remove(self.entry)


class Office:
    """A target in batch mode: three at a time, or what there is after five seconds."""

    def __init__(self) -> None:
        self.target, self.notes, self.timers, self.clock = Target(), Notes(), Timers(), Clock()
        policy = BatchPolicy(mode="always", size=3, window=timedelta(seconds=5))
        ledger = cast(Ledger, self.notes)
        self.batches = Batches("erp", self.target, policy, ledger=ledger, clock=self.clock, after=self.timers)

    def create(self, reference: str, entity: str = "invoice", *, seconds: float = 30) -> asyncio.Task[Found]:
        """A delivery that surely has its lease for so long asks for a record."""
        bulk = Bulk(target=self.target, batches=self.batches, until=self.clock() + timedelta(seconds=seconds))
        return asyncio.create_task(bulk.create(entity, reference, {}))

    async def all_of(self, *references: str) -> list[Any]:
        asked = [self.create(each) for each in references]
        await asyncio.sleep(0)
        self.timers.pass_by()
        async with asyncio.timeout(5):
            return list(await asyncio.gather(*asked, return_exceptions=True))


@pytest.fixture
def office() -> Office:
    return Office()


async def test_a_full_batch_goes_out_at_once_and_the_rest_when_the_first_has_waited_long_enough(office: Office) -> None:
    asked = [office.create(each) for each in "abcd"]
    await asyncio.gather(*asked[:3])
    assert office.target.calls == [["a", "b", "c"]]
    assert [seconds for seconds, _ in office.timers.running] == [5.0]
    office.timers.pass_by()
    assert (await asked[3]).id == "t-d"
    assert office.target.calls == [["a", "b", "c"], ["d"]] and office.timers.running == []


async def test_each_hears_of_its_own_record_alone(office: Office) -> None:
    refused, later = Rejected("no lines", code="validation"), Unavailable("locked")
    told: dict[str, Found | ConnectorError] = {"a": Found(id="1", record={}), "b": refused, "c": later}
    office.target.answer = lambda reference: told[reference]
    assert await office.all_of("a", "b", "c") == [told["a"], refused, later]
    assert office.notes.noted == [(3, 2, [])]


async def test_what_the_answer_leaves_out_is_of_unknown_fate_and_counted(office: Office) -> None:
    office.target.answer = lambda reference: None if reference == "b" else Found(id=reference, record={})
    office.notes.before = frozenset({"b"})
    first, missing, third = await office.all_of("a", "b", "c")
    assert (first.id, third.id) == ("a", "c")
    assert isinstance(missing, Unmentioned) and missing.again
    assert str(missing) == "erp answered for 2 of 3 invoice records and left out b"
    assert office.notes.noted == [(3, 0, ["b"])]
    office.notes.before = frozenset()
    [missing] = await office.all_of("b")
    assert isinstance(missing, Unmentioned) and not missing.again


async def test_when_the_ledger_cannot_note_the_batch_what_was_written_is_still_heard_of(office: Office) -> None:
    office.notes.away = True
    office.target.answer = lambda reference: None if reference == "b" else Found(id=reference, record={})
    first, missing = await office.all_of("a", "b")
    assert first.id == "a"
    assert isinstance(missing, Unmentioned) and not missing.again


@pytest.mark.parametrize("error", [AnswerLost("cut"), Unavailable("503"), RuntimeError("a bug")])
async def test_a_call_that_fails_as_a_whole_fails_for_each(office: Office, error: Exception) -> None:
    office.target.fail = error
    assert await office.all_of("a", "b", "c") == [error] * 3
    assert office.target.alone == [] and office.notes.noted == []


async def test_a_call_that_is_refused_as_a_whole_is_made_one_by_one_so_that_the_guilty_one_shows(
    office: Office,
) -> None:
    office.target.fail, office.target.existing = Rejected("one of these is wrong"), {"a"}
    first, bad, third = await office.all_of("a", "bad", "c")
    assert (first.id, third.id) == ("old-a", "one-c")
    assert isinstance(bad, Rejected) and bad.code == "validation"
    assert office.target.alone == ["bad", "c"]


async def test_nothing_is_sent_whose_lease_may_have_run_out_while_it_waited(office: Office) -> None:
    frozen, fresh = office.create("frozen", seconds=30), office.create("fresh", seconds=31)
    await asyncio.sleep(0)
    office.clock.forward(seconds=30)
    office.timers.pass_by()
    assert (await fresh).id == "t-fresh"
    with pytest.raises(LeaseLost):
        await frozen
    assert office.target.calls == [["fresh"]]


async def test_one_by_one_nothing_is_sent_either_whose_lease_may_have_run_out(office: Office) -> None:
    office.target.fail, office.target.gate = Rejected("no"), asyncio.Event()
    asked = office.create("a", seconds=30)
    await asyncio.sleep(0)
    office.timers.pass_by()
    await asyncio.sleep(0)
    office.clock.forward(seconds=30)
    office.target.gate.set()
    with pytest.raises(LeaseLost):
        await asked
    assert office.target.alone == []


async def test_a_batch_in_which_nobody_is_left_is_no_call(office: Office) -> None:
    assert [type(one) for one in await late(office)] == [LeaseLost]
    gone = office.create("a")
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    office.timers.pass_by()
    await asyncio.sleep(0)
    assert office.target.calls == []


async def late(office: Office) -> list[Any]:
    asked = office.create("late", seconds=1)
    await asyncio.sleep(0)
    office.clock.forward(seconds=1)
    office.timers.pass_by()
    return list(await asyncio.gather(asked, return_exceptions=True))


async def test_a_delivery_that_is_given_up_during_the_call_takes_nobody_with_it(office: Office) -> None:
    office.target.gate = asyncio.Event()
    asked = [office.create(each) for each in "abc"]
    await office.target.called.wait()
    asked[0].cancel()
    office.target.gate.set()
    async with asyncio.timeout(5):
        gone, *others = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(gone, asyncio.CancelledError)
    assert [one.id for one in others if isinstance(one, Found)] == ["t-b", "t-c"]


async def test_one_reference_never_stands_twice_in_a_call(office: Office) -> None:
    assert [one.id for one in await office.all_of("a", "a")] == ["t-a", "t-a"]
    assert office.target.calls == [["a"], ["a"]]


async def test_each_kind_of_record_has_a_call_of_its_own(office: Office) -> None:
    asked = [office.create("a", "invoice"), office.create("a", "customer")]
    await asyncio.sleep(0)
    office.timers.pass_by()
    await asyncio.gather(*asked)
    assert office.target.calls == [["a"], ["a"]]


async def test_everything_but_creating_goes_straight_to_the_target(office: Office) -> None:
    bulk = Bulk(target=office.target, batches=office.batches, until=office.clock())
    office.target.existing = {"a"}
    assert await bulk.find("invoice", "a") == Found(id="old-a", record={})
    assert await bulk.get("invoice", "1") == Found(id="1", record={"got": "invoice"})
    assert await bulk.update("invoice", "1", {"n": 1}) == Found(id="1", record={"n": 1})
    assert (await bulk.post("invoice", "1")).status == "posted"
    assert office.target.calls == []
