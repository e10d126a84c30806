"""Whether anybody works: /readyz says what stops intake and what is only worth knowing, and a silent engine is told once."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from bot.readiness import EngineWatch, engine_words
from bot.sandbox.slack.values import Message
from bot.surroundings import Surroundings
from store.workers import Worker
from tests.bot.hands import DANA
from tests.ledgers import on_sqlite
from tests.store.words import sql
from tests.world import MONDAY, World

REVOPS = "C0REVOPS00"


async def ready(world: World) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(f"{world.url}/readyz") as response:
        return response.status, await response.json()


async def beats(world: World, name: str = "engine", role: str = "worker") -> None:
    now = world.clock()
    await world.store.beat(Worker(name=name, role=role, started_at=now, beat_at=now))


async def look(world: World, *watches: EngineWatch, times: int = 4) -> int:
    """Everybody looks a few times at this moment, and what was said is posted."""
    told = 0
    for _ in range(times):
        for watch in watches:
            told += await watch.look(world.clock())
    while await world.parts.poster.once():
        pass
    return told


def said(world: World, channel: str = REVOPS) -> list[Message]:
    return [one for one in world.slack.messages(channel) if "engine" in one.text]


@pytest.fixture
def watches(world: World) -> list[EngineWatch]:
    """Two processes that look."""
    parts = world.parts
    surroundings = Surroundings(parts.workspace, parts.jobs._around.people)
    return [EngineWatch(world.store, surroundings) for _ in range(2)]


async def one_waits(world: World) -> None:
    world.deal(world.company())
    await world.crm.webhooks.flush()


async def test_a_silent_engine_is_told_once_to_the_owner_of_what_waits_and_its_return_once(
    world: World, watches: list[EngineWatch]
) -> None:
    await one_waits(world)
    await beats(world)
    for _ in range(10):
        world.clock.forward(seconds=6)
        await look(world, *watches)
    assert len(said(world)) == 1
    [message] = said(world)
    assert message.text == "The engine is silent since 2026-11-23 09:00 UTC; 1 record waits."
    assert "<!date^" in str(message.blocks)
    world.clock.forward(minutes=30)
    assert await look(world, *watches) == 0
    await beats(world)
    assert await look(world, *watches) == 1
    assert (
        said(world)[-1].text == "The engine is back. It was silent from 2026-11-23 09:00 UTC to 2026-11-23 09:31 UTC."
    )
    world.clock.forward(minutes=2)
    await look(world, *watches)
    assert len(said(world)) == 3, "the next silence is another one"
    assert world.slack.refused == []


async def test_a_bot_that_was_started_again_repeats_nothing_and_still_tells_the_return(
    world: World, watches: list[EngineWatch]
) -> None:
    await one_waits(world)
    await beats(world)
    world.clock.forward(minutes=2)
    assert await look(world, watches[0]) == 1
    assert await look(world, watches[1]) == 0
    await beats(world)
    fresh = EngineWatch(world.store, watches[0]._around)
    assert await look(world, fresh) == 1
    assert said(world)[-1].text.startswith("The engine is back.")


async def test_an_engine_that_nobody_started_is_missed_too(world: World, watches: list[EngineWatch]) -> None:
    await one_waits(world)
    await beats(world, role="bot")
    assert await look(world, *watches) == 0
    world.clock.forward(seconds=61)
    await beats(world, role="bot")
    assert await look(world, *watches) == 1
    world.clock.forward(minutes=5)
    await beats(world, "the first")
    assert await look(world, *watches) == 1
    assert said(world)[-1].text.startswith("The engine is back.")


async def test_a_rolling_restart_is_no_silence(world: World, watches: list[EngineWatch]) -> None:
    await one_waits(world)
    await beats(world)
    await look(world, *watches)
    world.clock.forward(seconds=50)
    await world.store.leave("engine")
    assert await look(world, *watches) == 0
    await beats(world, "the next")
    world.clock.forward(seconds=50)
    assert await look(world, *watches) == 0


async def test_a_clock_that_jumps_is_no_silence(world: World, watches: list[EngineWatch]) -> None:
    await one_waits(world)
    for hours in (1, -2, 3, -1):
        await beats(world)
        await look(world, *watches)
        world.clock.forward(hours=hours)
        assert await look(world, *watches, times=2) == 0
    world.clock.forward(seconds=61)
    assert await look(world, *watches) == 1, "after a clock that went back, a silence is found as soon as ever"


async def test_an_engine_whose_clock_is_slow_is_not_silent(world: World, watches: list[EngineWatch]) -> None:
    await one_waits(world)
    for _ in range(20):
        world.clock.forward(minutes=-10)
        await beats(world)
        world.clock.forward(minutes=10, seconds=5)
        assert await look(world, *watches, times=1) == 0


async def test_nobody_is_disturbed_when_nothing_waits_or_a_person_paused_it(
    world: World, watches: list[EngineWatch]
) -> None:
    await beats(world)
    world.clock.forward(hours=1)
    assert await look(world, *watches) == 0
    await world.store.pause("flow", "quote_to_cash", by=DANA, now=world.clock())
    await one_waits(world)
    assert await look(world, *watches) == 0
    await world.store.resume("flow", "quote_to_cash", by=DANA, now=world.clock())
    await world.store.pause("connection", "crm", by=DANA, now=world.clock())
    assert await look(world, *watches) == 0
    await world.store.resume("connection", "crm", by=DANA, now=world.clock())
    assert await look(world, *watches) == 1


async def test_the_beat_looks(world: World) -> None:
    await one_waits(world)
    await beats(world)
    world.clock.forward(minutes=2)
    for _ in range(3):
        await world.parts.jobs.beat()
    await look(world)
    assert len(said(world)) == 1


async def test_a_silent_engine_is_a_note_at_readyz_and_stops_no_intake(world: World) -> None:
    assert await ready(world) == (200, {"status": "ready"})
    await beats(world)
    assert await ready(world) == (200, {"status": "ready"})
    world.clock.forward(seconds=60)
    note = "the engine is silent since 2026-11-23 09:00 UTC"
    assert await ready(world) == (200, {"status": "ready", "notes": [note]})
    await world.store.leave("engine")
    world.parts.web.intake.role = "bot"
    assert await ready(world) == (200, {"status": "ready", "notes": ["no engine is running"]})


@pytest.mark.parametrize(("version", "word"), [("9999", "newer"), ("0001", "older")])
async def test_readyz_says_that_somebody_changed_the_schema(world: World, version: str, word: str) -> None:
    [row] = await world.store.db.read(lambda tx: tx.exec_driver_sql("SELECT version_num FROM alembic_version").all())
    await sql(world.store, f"UPDATE alembic_version SET version_num = '{version}'")
    status, found = await ready(world)
    assert status == 503 and f"schema is {word} than this program" in found["why"]
    await sql(world.store, f"UPDATE alembic_version SET version_num = '{row.version_num}'")
    assert (await ready(world))[0] == 200


@on_sqlite
async def test_readyz_says_that_the_ledger_may_only_be_read(world: World) -> None:
    await sql(world.store, "PRAGMA query_only = ON")
    status, found = await ready(world)
    assert status == 503 and found["why"] == "the ledger does not answer (readonly database)"


async def test_readyz_says_that_it_is_stopping(world: World) -> None:
    world.parts.web.intake.stopping = True
    status, found = await ready(world)
    assert (status, found["why"]) == (503, "Meshline is stopping")
    async with aiohttp.ClientSession() as http, http.post(f"{world.url}/hooks/crm", data=b"[]") as response:
        assert response.status == 503 and response.headers["Retry-After"] == "5"


def test_the_engines_in_one_line() -> None:
    def worker(name: str, role: str) -> Worker:
        return Worker(name=name, role=role, started_at=MONDAY, beat_at=MONDAY)

    one, two, bot = worker("a", "worker"), worker("b", "all"), worker("c", "bot")
    assert engine_words([one, bot], MONDAY) == "The engine works in 1 process; the last beat was 0 s ago."
    assert engine_words([one, two], MONDAY) == "The engine works in 2 processes; the last beat was 0 s ago."
    assert engine_words([bot], MONDAY) == "No engine is running."
    later = MONDAY.replace(hour=12)
    assert engine_words([one, bot], later) == "The engine is silent since 2026-11-23 09:00 UTC."
