"""Who may go now: nobody to a connection that does not answer, few after it recovered, never more than there are places; and
of many who find out that it is down one tells of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.stage import example
from store.ledger import Store
from sync import connectors
from sync.decide import Failed, Outage, Outcome, Resting, Written, decide
from sync.errors import AnswerLost, ConnectorError, Rejected, Throttled, Unavailable
from sync.model import Change, NotDue
from sync.steps import Pause, Retry
from sync.traffic import Traffic, needs_of
from sync.workspace.flow import Flow
from sync.workspace.loader import load
from sync.workspace.workspace import Workspace
from tests.ledgers import ledger_url
from tests.world import MONDAY, Clock

FLOW = "quote_to_cash"
PLACES = 8
DONE = Written(bindings=())


def failed(error: ConnectorError | None = None, connection: str = "erp") -> Failed:
    return Failed(error=error or Unavailable("503"), connection=connection, side="erp")


@dataclass
class Town:
    """Two engines on one ledger."""

    store: Store
    clock: Clock
    flow: Flow
    one: Traffic
    two: Traffic
    lease: datetime = MONDAY  # until when the last one was claimed

    async def hear(self, outcome: Outcome, engine: Traffic | None = None) -> Outage | None:
        answered = set(needs_of(self.flow)) if outcome is DONE else set[str]()
        return await (engine or self.one).heard(self.flow, outcome, self.clock(), answered, lease=self.lease)

    async def fail(self, engine: Traffic, *, times: int = 9) -> None:
        """Not yet enough to know that the connection is down."""
        for _ in range(times):
            assert await self.hear(failed(), engine) is None

    async def wants(self, engine: Traffic, *, free: int = PLACES) -> int:
        found = (await engine.wants(free, self.clock())).get(FLOW)
        return found.most if found is not None else 0

    async def claim(self) -> int:
        """How many of what waits an engine gets now."""
        now = self.clock()
        wants = await self.one.wants(PLACES, now)
        self.lease = now + timedelta(seconds=60)
        return len(await self.store.claim(limit=9, lease_seconds=60, max_losses=3, now=now, flows=wants))

    async def probe(self) -> None:
        """The breaker's time is up, and of three deliveries that wait one is claimed to try."""
        [breaker] = await self.store.breakers()
        now = self.clock.now = breaker.until
        told = [Change(entity="deals", record_id=n, key=n, kind="deal.changed", occurred_at=now) for n in "123"]
        await self.store.receive("crm", told, {"deals": [FLOW]}, now=now)
        assert await self.claim() == 1
        await self.one.learn(now)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    workspace: Workspace = load(example(), connectors.kinds())
    store = Store(ledger_url(tmp_path))
    await store.open()
    engines = [Traffic(ledger=store, workspace=workspace, jitter=lambda: 1.0) for _ in range(2)]
    for each in engines:
        await each.learn(MONDAY)
    yield Town(store, Clock(), workspace.flows[FLOW], *engines)
    await store.close()


async def test_the_delivery_that_finds_out_tells_of_the_outage_and_no_other_does(town: Town) -> None:
    await town.fail(town.one)
    await town.fail(town.two)
    down = MONDAY + timedelta(seconds=30)
    assert await town.hear(failed()) == Outage(until=down, opened=True)
    assert await town.hear(failed(), town.two) == Outage(until=down)
    for each in (town.one, town.two, town.two):
        assert await town.hear(failed(), each) == Outage(until=down)
    assert [(each.state, each.trips) for each in await town.store.breakers()] == [("open", 1)]


@pytest.mark.parametrize(("opened", "step"), [(True, Pause), (False, Retry)])
def test_who_tells_of_the_outage_pauses_with_a_case_and_the_others_keep_their_place(opened: bool, step: type) -> None:
    outage = Outage(until=MONDAY + timedelta(seconds=30), opened=opened)
    flow = load(example(), connectors.kinds()).flows[FLOW]
    taken = decide(
        failed(), subject="deals:1", retries=5, policy=flow.retry, now=MONDAY, jitter=0.0, outage=outage
    )  # fmt: skip
    assert type(taken) is step
    assert not isinstance(taken, Retry) or not taken.counted


async def test_a_probe_that_fails_is_no_second_case_and_the_next_one_is_later(town: Town) -> None:
    await town.fail(town.one)
    await town.hear(failed())
    await town.probe()
    assert await town.hear(failed()) == Outage(until=town.clock() + timedelta(minutes=1))
    [breaker] = await town.store.breakers()
    assert (breaker.trips, breaker.opened_at) == (2, MONDAY)


async def test_what_an_engine_did_not_find_out_it_hears_within_a_second(town: Town) -> None:
    await town.fail(town.one)
    await town.hear(failed())
    town.clock.forward(seconds=1)
    await town.two.learn(town.clock())
    assert await town.hear(failed(), town.two) == Outage(until=MONDAY + timedelta(seconds=30))


def noticed_late() -> ConnectorError:
    error = AnswerLost("timed out, as did everything else while this process was frozen")
    error.late = True
    return error


@pytest.mark.parametrize("error", [lambda: Rejected("no"), lambda: Throttled("429", sent=True), noticed_late])
async def test_a_connection_that_refuses_or_is_at_its_limit_or_that_a_frozen_worker_did_not_hear_is_not_down(
    town: Town, error: Callable[[], ConnectorError]
) -> None:
    for _ in range(20):
        assert await town.hear(failed(error())) is None
    assert await town.store.breakers() == []


async def recovered(town: Town) -> None:
    """An outage that is over: the probe went through."""
    await town.fail(town.one)
    await town.hear(failed())
    await town.probe()
    await town.hear(DONE)
    assert [each.state for each in await town.store.breakers()] == ["closed"]


async def test_after_a_recovery_what_waited_goes_out_slowly_at_first(town: Town) -> None:
    await recovered(town)
    gone = []
    for _ in range(600):
        gone.append(await town.wants(town.one))
        town.clock.forward(seconds=0.1)
    first, second, last = sum(gone[:100]), sum(gone[100:200]), sum(gone[500:])
    assert 40 <= first <= 51, "five a second, and the one that goes first"
    assert 80 <= second <= 101, "ten a second"
    assert last <= 100 * PLACES
    assert gone[0] <= 1
    assert await town.wants(town.one) == PLACES, "after a minute nothing is bound any more"


async def test_another_engine_drains_slowly_too(town: Town) -> None:
    await recovered(town)
    town.clock.forward(seconds=1)
    gone = [await town.wants(town.two) for _ in range(20)]
    assert 1 <= sum(gone) <= 6


async def test_no_more_are_wanted_than_there_are_places(town: Town) -> None:
    assert await town.wants(town.one, free=100) == PLACES
    for _ in range(PLACES - 1):
        town.one.began(FLOW)
    assert await town.wants(town.one, free=100) == 1
    town.one.began(FLOW)
    assert await town.wants(town.one, free=100) == 0
    town.one.ended(FLOW)
    assert await town.wants(town.one, free=100) == 1


@pytest.mark.parametrize(
    "outcome", [NotDue(why="not won"), Resting(until=MONDAY, detail="it rests"), failed(Rejected("no"), "crm")]
)
async def test_a_probe_that_never_asked_the_connection_is_followed_by_the_next(town: Town, outcome: Outcome) -> None:
    await town.fail(town.one)
    await town.hear(failed())
    await town.probe()
    await town.hear(outcome)
    assert await town.claim() == 1
    assert [each.state for each in await town.store.breakers()] == ["probing"]


async def test_what_was_under_way_before_the_outage_does_not_let_a_second_probe_go(town: Town) -> None:
    told = [Change(entity="deals", record_id="0", key="0", kind="deal.changed", occurred_at=MONDAY)]
    await town.store.receive("crm", told, {"deals": [FLOW]}, now=MONDAY)
    [early] = await town.store.claim(limit=1, lease_seconds=600, max_losses=3, now=MONDAY)
    await town.fail(town.one)
    await town.hear(failed())
    await town.probe()
    await town.one.heard(town.flow, NotDue(why="not won"), town.clock(), lease=early.leased_until)
    assert await town.claim() == 0


async def test_a_source_that_answers_again_lets_everything_through(town: Town) -> None:
    flow = town.flow.model_copy(update={"writes": town.flow.writes[:1]})
    assert {each.connection for each in flow.writes} == {"erp"}
    for _ in range(10):
        await town.one.heard(flow, failed(connection="crm"), town.clock(), lease=town.lease)
    await town.probe()
    await town.one.heard(flow, DONE, town.clock(), {"crm", "erp"}, lease=town.lease)
    assert [each.state for each in await town.store.breakers()] == ["closed"]
