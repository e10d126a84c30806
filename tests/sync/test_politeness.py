"""A vendor's limits are kept and used: small versions of `python -m benchmarks.politeness`, and a short one in real time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Any

import pytest
from aiohttp import web
from test_connectors_http import client

from benchmarks.politeness import POLITE, measured
from benchmarks.stepped import run


def test_a_backlog_is_fetched_within_the_smallest_tier_and_at_nine_tenths_of_it() -> None:
    polite = run(measured("hubspot", 150, {**POLITE}, 10.0, seed=7))
    assert (polite.records, polite.refused) == (150, 0)
    assert polite.share >= 0.9


def test_of_the_requests_that_netsuite_lets_be_under_way_our_share_is_used_and_kept() -> None:
    ours = run(measured("netsuite", 150, {}, 3.0, seed=7, longest=0.025))
    assert (ours.records, ours.refused) == (150, 0) and ours.share >= 0.9
    assert run(measured("netsuite", 40, {"concurrency": None}, 5.0, seed=7, longest=0.025)).refused > 0


def test_without_limits_the_same_account_refuses() -> None:
    assert run(measured("hubspot", 150, {}, 10.0, seed=7)).refused > 0


def test_on_a_stepped_clock_waiting_takes_no_time() -> None:
    async def two_days() -> float:
        async with asyncio.timeout(3 * 86400):
            await asyncio.sleep(2 * 86400)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run(two_days()) == 1000 + 2 * 86400 and time.monotonic() - began < 5


class Gate:
    """Lets a hundred through in any two seconds of real time."""

    def __init__(self) -> None:
        self.came: deque[float] = deque()
        self.refused = 0

    async def pass_one(self, request: web.Request) -> web.Response:
        now = time.monotonic()
        while self.came and self.came[0] <= now - 2:
            self.came.popleft()
        if len(self.came) >= 100:
            self.refused += 1
            return web.json_response({}, status=429)
        self.came.append(now)
        return web.json_response({})


async def real_time(n: int, **options: Any) -> tuple[int, float, float]:
    """How many were refused, what share of the allowed 50/s was used, and for how long the machine stood still at most."""
    gate, longest, going = Gate(), 0.0, True

    async def watch() -> None:
        nonlocal longest
        while going:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest = max(longest, time.monotonic() - before)

    watching = asyncio.create_task(watch())
    async with client(gate.pass_one, **options) as http:
        began = time.monotonic()
        await asyncio.gather(*(http.request("GET", "", idempotent=True) for _ in range(n)), return_exceptions=True)
        share = n / (time.monotonic() - began) / 50
    going = False
    await watching
    return gate.refused, share, longest


@pytest.mark.slow
async def test_in_real_time_too_the_limit_is_kept_and_used() -> None:
    for _ in range(3):
        refused, share, stood_still = await real_time(220, throttle={"rate": "48/s"})
        if stood_still < 0.1:
            break  # else a machine that held its breath let several go at once
    assert refused == 0 and share >= 0.9
