"""The target itself: its log holds exactly what it committed, whatever it did to whoever asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.faults.lives import TargetProcess
from tests.faults.oracle import read_log
from tests.faults.weather import AFTER, BEFORE, Weather


@pytest.fixture
async def target(tmp_path: Path) -> AsyncIterator[TargetProcess]:
    process = TargetProcess(tmp_path / "log")
    await process.open()
    process.log.touch()
    yield process
    await process.close()


async def post(target: TargetProcess, key: str) -> str:
    """The status, `cut` when it hung up, `half` when the answer ended in the middle, `mute` when none came."""
    body = {"reference": key, "customer": "c", "sequence": 1}
    try:
        timeout = aiohttp.ClientTimeout(total=0.3)
        async with (
            aiohttp.ClientSession(f"http://127.0.0.1:{target.port}", timeout=timeout) as session,
            session.post("/orders", json=body) as answer,
        ):
            await answer.read()
            return str(answer.status)
    except aiohttp.ClientPayloadError:
        return "half"
    except aiohttp.ClientError:
        return "cut"
    except TimeoutError:
        return "mute"


async def found(target: TargetProcess, key: str) -> int:
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{target.port}") as session,
        session.get("/orders", params={"reference": key}) as answer,
    ):
        return len((await answer.json())["items"])


@pytest.mark.parametrize(
    ("fate", "answers"),
    [
        ("refused", "429"),
        ("busy", "503"),
        ("broken", "500"),
        ("lost", "cut"),
        ("wrong", "500"),
        ("loris", "mute"),
        ("mute", "mute"),
    ],
)
async def test_every_fate_is_what_the_sender_sees_and_the_log_says_what_became_of_it(
    target: TargetProcess, fate: str, answers: str
) -> None:
    await target.weather(**{fate: 1.0}, faults=1)
    assert await post(target, "a") == answers
    assert len(read_log(target.log)) == await found(target, "a") == (fate in AFTER)
    assert (fate in BEFORE) != (fate in AFTER)
    assert await post(target, "a") == "201"
    assert await found(target, "a") == 1 + (fate in AFTER), "it takes a reference twice"


async def test_half_an_answer_breaks_off_after_the_commit(target: TargetProcess) -> None:
    await target.weather(half=1.0, faults=1)
    assert await post(target, "a") in ("half", "mute")
    assert [commit.key for commit in read_log(target.log)] == ["a"]


async def test_a_late_commit_comes_although_the_sender_is_gone(target: TargetProcess) -> None:
    await target.weather(gone=1.0, late_seconds=1.0, faults=1)
    assert await post(target, "a") == "cut"
    assert read_log(target.log) == [] and await found(target, "a") == 0
    while (await target.counts()).get("pending"):
        pass
    assert [commit.key for commit in read_log(target.log)] == ["a"]


async def test_a_target_that_is_down_commits_nothing(target: TargetProcess) -> None:
    for down, answers in (("closed", "cut"), ("503", "503")):
        await target.weather(down=down)
        assert await post(target, "a") == answers
    assert read_log(target.log) == []


async def test_a_trap_says_when_the_moment_has_come_before_it_goes_on(target: TargetProcess) -> None:
    await target.weather(trap="arrived", trap_nth=2, trap_seconds=0.05)
    assert [await post(target, key) for key in "abc"] == ["201"] * 3
    lines = [json.loads(line) for line in target.log.read_bytes().splitlines()]
    assert [("trap" in line, line.get("key") or line.get("commit")) for line in lines] == [
        (False, "a"), (True, "b"), (False, "b"), (False, "c"),
    ]  # fmt: skip


def test_the_same_seed_has_the_same_weather_and_no_key_is_struck_for_ever() -> None:
    weather = Weather(seed=3, lost=0.1, late=0.1, refused=0.1, faults=2)
    keys = [f"order-{number}" for number in range(3000)]
    fates = [weather.fate(key, 1) for key in keys]
    assert fates == [weather.fate(key, 1) for key in keys]
    many = Counter(fates)
    assert all(240 < many[name] < 360 for name in ("lost", "late", "refused"))
    assert {weather.fate(key, 3) for key in keys} == {""}


def test_an_unknown_kind_of_weather_is_refused() -> None:
    with pytest.raises(ValueError, match="no such weather: rain"):
        Weather().changed({"rain": 1})
