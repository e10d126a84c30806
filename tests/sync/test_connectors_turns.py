"""A connection sends as often as it may, waits a little for its turn, and says so when that takes too long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web
from connector_fakes import Front
from connector_harness import HARNESSES
from test_connectors_http import client

from sync.connectors import build
from sync.connectors.options import HttpOptions
from sync.connectors.turns import PATIENCE, Turns
from sync.errors import ConfigurationError, Throttled, Unavailable
from sync.workspace.pacing import ThrottlePolicy


class Sleeper:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, [0.0]

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def turns(self, most: int | None = None, **policy: Any) -> Turns:
        told = ThrottlePolicy.model_validate(policy) if policy else None
        return Turns("erp", told, most, ticks=self, sleep=self.sleep)


async def fine(request: web.Request) -> web.Response:
    return web.json_response({})


async def test_each_request_waits_for_its_turn() -> None:
    sleeper = Sleeper()
    async with client(fine) as http:
        http.turns = sleeper.turns(rate="2/s")
        for _ in range(4):
            await http.request("GET", "", idempotent=True)
    assert sleeper.now == pytest.approx(1001.5)


async def test_a_turn_that_comes_too_late_is_not_waited_for_and_nothing_is_sent() -> None:
    sleeper, front = Sleeper(), Front()
    async with client(fine, front) as http:
        http.turns = sleeper.turns(rate="1/min")
        await http.request("POST", "", json={}, idempotent=False)
        with pytest.raises(Throttled) as kept:
            await http.request("POST", "", json={}, idempotent=False)
    assert len(front.seen) == 1 and sleeper.now == 1000.0
    assert kept.value.retry_after == pytest.approx(60.0) and not kept.value.sent
    assert kept.value.__context__ is None


async def test_one_429_pauses_the_whole_connection() -> None:
    sleeper, front = Sleeper(), Front()
    async with client(fine, front) as http:
        http.turns = sleeper.turns()
        front.next("say", status=429, headers={"Retry-After": "3"})
        with pytest.raises(Throttled) as refused:
            await http.request("GET", "/a", idempotent=True)
        assert refused.value.sent and refused.value.retry_after == 3.0
        await http.request("GET", "/b", idempotent=True)
        assert sleeper.now == 1003.0
        front.next(
            "say",
            status=429,
            headers={"Retry-After": "Fri, 20 Nov 2026 10:00:00 GMT", "Date": "Fri, 20 Nov 2026 09:59:00 GMT"},
        )
        with pytest.raises(Throttled):
            await http.request("GET", "/c", idempotent=True)
        sent = len(front.seen)
        for path in ("/d", "/e"):
            with pytest.raises(Throttled) as kept:
                await http.request("GET", path, idempotent=True)
            assert kept.value.retry_after == 60.0 and not kept.value.sent
    assert len(front.seen) == sent and sleeper.now == 1003.0


async def test_a_429_without_a_wait_takes_the_reset_of_the_limit() -> None:
    sleeper, front = Sleeper(), Front()
    async with client(fine, front) as http:
        http.turns = sleeper.turns()
        front.next("say", status=429, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4"})
        with pytest.raises(Throttled) as refused:
            await http.request("GET", "", idempotent=True)
        assert refused.value.retry_after == 4.0
        await http.request("GET", "", idempotent=True)
    assert sleeper.now == 1004.0


@pytest.mark.parametrize(("status", "headers"), [(503, {"Retry-After": "30"}), (500, {}), (404, {})])
async def test_other_trouble_pauses_nobody(status: int, headers: dict[str, str]) -> None:
    sleeper, front = Sleeper(), Front()
    async with client(fine, front) as http:
        http.turns = sleeper.turns()
        front.next("say", status=status, headers=headers)
        with pytest.raises(Exception, match=str(status)):
            await http.request("GET", "", idempotent=True)
        await http.request("GET", "", idempotent=True)
    assert sleeper.slept == [0.0]


async def test_an_answer_that_says_nothing_is_left_slows_the_next_request() -> None:
    async def last(request: web.Request) -> web.Response:
        return web.json_response({}, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2"})

    sleeper = Sleeper()
    async with client(last) as http:
        http.turns = sleeper.turns()
        await http.request("GET", "", idempotent=True)
        await http.request("GET", "", idempotent=True)
    assert sleeper.now == 1002.0


async def test_whoever_waits_while_another_is_turned_away_waits_on() -> None:
    sleeper = Sleeper()
    turns = sleeper.turns(rate="1/s")

    async def turned_away_meanwhile(seconds: float) -> None:
        if not turns.throttle.paused(sleeper.now):
            turns.throttle.refused(2.0, sleeper.now + seconds)
        await Sleeper.sleep(sleeper, seconds)

    turns._sleep = turned_away_meanwhile
    async with turns:
        pass
    async with turns:
        assert sleeper.now >= 1003.0


async def test_places_are_given_back_whatever_happens() -> None:
    sleeper = Sleeper()
    turns = sleeper.turns(most=1, rate="1/min")
    with pytest.raises(RuntimeError):
        async with turns:
            raise RuntimeError
    for _ in range(3):
        with pytest.raises(Throttled):
            async with turns:
                pass
    sleeper.now += 60
    async with turns:
        pass


async def test_a_place_that_does_not_come_free_is_not_waited_for() -> None:
    turns = Turns("erp", None, 1, patience=0.01)
    async with turns:
        with pytest.raises(Throttled, match="as many requests under way as it may have") as kept:
            async with turns:
                pass
    assert kept.value.retry_after == 1.0 and kept.value.__context__ is None
    async with turns:
        pass


async def test_places_go_to_those_who_came_first() -> None:
    turns, order = Turns("erp", None, 2), []

    async def go(n: int) -> None:
        async with turns:
            order.append(n)
            await asyncio.sleep(0)

    await asyncio.gather(*(go(n) for n in range(9)))
    assert order == list(range(9))


def test_waiting_stays_well_below_a_lease() -> None:
    assert PATIENCE <= 5


def test_a_limit_is_also_an_unavailability_that_can_be_tried_again() -> None:
    assert issubclass(Throttled, Unavailable)


@pytest.mark.parametrize(
    ("options", "most"),
    [({}, None), ({"concurrency": 4}, 4), ({"throttle": {"concurrency": 3}}, 3), ({"throttle": {"rate": "1/s"}}, None),
     ({"concurrency": 4, "throttle": {"concurrency": 9}}, 4)],
)  # fmt: skip
def test_the_lower_of_both_concurrencies_counts(options: dict[str, Any], most: int | None) -> None:
    assert HttpOptions.model_validate(options).most == most


def test_what_sends_nothing_has_no_throttle() -> None:
    options = HARNESSES["webhook"].options("") | {"throttle": {"rate": "10/s"}}
    with pytest.raises(ConfigurationError, match=r"connections\.shop\.throttle"):
        build("webhook", options, name="shop")
