"""What comes in is bounded: who is too much is turned away at once, and what was accepted is done."""

from __future__ import annotations

import asyncio
import resource
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from sqlalchemy import Connection

from bot import web
from tests.bot.test_web import MILLION, answered, changes, http, signed
from tests.ledgers import on_sqlite
from tests.world import World

__all__ = ["http"]


async def until(true: Callable[[], Any]) -> None:
    """Wait for what no event tells of."""
    async with asyncio.timeout(10):
        while not (await found if isawaitable(found := true()) else found):  # noqa: ASYNC110
            await asyncio.sleep(0.002)


@asynccontextmanager
async def busy_writer(world: World) -> AsyncIterator[None]:
    """The ledger's one writer is at something else until the block ends."""
    begun, done = threading.Event(), threading.Event()

    def sit(tx: Connection) -> None:
        begun.set()
        done.wait(20)

    sitting = asyncio.create_task(world.store.db.write(sit))
    await until(begun.is_set)
    try:
        yield
    finally:
        done.set()
        await sitting


async def send(world: World, http: aiohttp.ClientSession, event: int) -> tuple[int, dict[str, str]]:
    body = orjson.dumps(changes("1", first_event=event))
    async with http.post(f"{world.url}/hooks/crm", data=body, headers=signed(world, body)) as response:
        await response.read()
        return response.status, dict(response.headers)


@dataclass
class Talk:
    """A connection on which somebody says what they like."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, *words: str, body: bytes = b"") -> None:
        self.writer.write("\r\n".join((*words, "", "")).encode() + body)

    async def hears(self) -> tuple[int, bytes]:
        async with asyncio.timeout(10):
            head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split()[1]), head


@asynccontextmanager
async def talk(world: World) -> AsyncIterator[Talk]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(world.url.rpartition(":")[2]))
    try:
        yield Talk(reader, writer)
    finally:
        writer.close()


POST = ("POST /hooks/crm HTTP/1.1", "Host: meshline")


@on_sqlite
async def test_who_comes_when_too_many_wait_is_told_to_come_again_and_who_waited_is_answered(
    world: World, http: aiohttp.ClientSession
) -> None:
    intake = world.parts.web.intake
    intake.most = 3
    async with busy_writer(world):
        waiting = [asyncio.create_task(send(world, http, 9000 + at)) for at in range(3)]
        await until(lambda: intake.waiting == 3)
        refused = [await send(world, http, 9100 + at) for at in range(5)]
        async with http.get(f"{world.url}/readyz") as response:
            status, _, said = await answered(response)
        assert status == 503 and "3 webhooks wait for their commit" in said["why"]
    assert [status for status, _ in refused] == [429] * 5
    assert {head["Content-Type"] for _, head in refused} == {"application/problem+json"}
    assert sorted(head["Retry-After"] for _, head in refused) == ["1", "2", "3", "4", "5"]
    assert [status for status, _ in await asyncio.gather(*waiting)] == [202] * 3
    assert (await world.store.counts())["events"] == 3
    assert (await send(world, http, 9100))[0] == 202
    assert (intake.waiting, intake.held) == (0, 0)


@on_sqlite
async def test_the_bytes_that_wait_are_bounded_too(world: World, http: aiohttp.ClientSession) -> None:
    intake = world.parts.web.intake
    intake.room = 100
    async with busy_writer(world):
        waiting = asyncio.create_task(send(world, http, 9000))
        await until(lambda: intake.waiting == 1)
        assert (await send(world, http, 9001))[0] == 429
    assert (await waiting)[0] == 202


async def test_who_is_too_much_is_refused_before_the_body_comes(world: World) -> None:
    world.parts.web.intake.most = 0
    async with talk(world) as one:
        one.say(*POST, "Content-Length: 5000", body=b"[")
        assert (await one.hears())[0] == 429


async def test_who_is_overtaken_while_the_body_comes_is_turned_away_too(world: World) -> None:
    intake = world.parts.web.intake
    async with talk(world) as one:
        one.say(*POST, "Content-Length: 2", body=b"[")
        await until(lambda: intake.arriving == 1)
        intake.most = 0
        one.writer.write(b"]")
        assert (await one.hears())[0] == 429


async def test_a_body_that_is_announced_as_too_large_is_refused_before_it_comes(world: World) -> None:
    async with talk(world) as one:
        one.say(*POST, f"Content-Length: {100 * MILLION}")
        assert (await one.hears())[0] == 413


@pytest.mark.slow
async def test_a_hundred_megabytes_in_chunks_are_refused_and_not_kept(
    world: World, http: aiohttp.ClientSession
) -> None:
    intake, kept = world.parts.web.intake, list[int]()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * MILLION
            kept.append(intake.arriving)

    async with http.post(f"{world.url}/hooks/crm", data=chunks()) as response:
        status, kind, _ = await answered(response)
    assert (status, kind) == (413, "application/problem+json")
    assert max(kept) < 2 * MILLION and intake.arriving == 0


async def test_bodies_that_are_still_arriving_share_a_bounded_room(world: World) -> None:
    intake = world.parts.web.intake
    intake.room = 1_000
    async with talk(world) as slow, talk(world) as late:
        slow.say(*POST, "Content-Length: 5000", body=b"[" * 900)
        await until(lambda: intake.arriving == 900)
        late.say(*POST, "Content-Length: 5000", body=b"[" * 200)
        status, head = await late.hears()
        assert status == 429 and b"Retry-After: " in head
        assert intake.arriving == 900
    await until(lambda: intake.arriving == 0)


async def test_a_body_that_does_not_come_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "BODY_SECONDS", 0.05)
    async with talk(world) as one:
        one.say(*POST, "Content-Length: 500", body=b"[")
        assert (await one.hears())[0] == 408


async def test_who_asks_before_sending_is_told_at_once(world: World, http: aiohttp.ClientSession) -> None:
    async with talk(world) as one:
        one.say(*POST, f"Content-Length: {MILLION + 1}", "Expect: 100-continue")
        assert (await one.hears())[0] == 413
    async with talk(world) as one:
        one.say(*POST, "Content-Length: 2", "Expect: 100-continue")
        assert (await one.hears())[0] == 100
        one.writer.write(b"[]")
        assert (await one.hears())[0] == 401
    async with talk(world) as one:
        one.say(*POST, "Content-Length: 2", "Expect: miracles")
        assert (await one.hears())[0] == 417
    body = orjson.dumps(changes("1"))
    async with http.post(f"{world.url}/hooks/crm", data=body, headers=signed(world, body), expect100=True) as response:
        assert response.status == 202


async def test_hundreds_of_sockets_that_say_nothing_keep_nobody_waiting(
    world: World, http: aiohttp.ClientSession
) -> None:
    port = int(world.url.rpartition(":")[2])
    sockets = [await asyncio.open_connection("127.0.0.1", port) for _ in range(300)]
    for _, writer in sockets[::2]:
        writer.write(b"POST /hooks/crm HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n[")
    await until(lambda: world.parts.web.intake.arriving == 150)
    assert (await send(world, http, 9000))[0] == 202
    assert world.parts.web.intake.waiting == 0, "half a request waits for no commit"
    for _, writer in sockets:
        writer.close()
    await until(lambda: world.parts.web.intake.arriving == 0)


@contextmanager
def no_room_left(file: Path) -> Iterator[None]:
    """The disk takes nothing more: what the ledger has written so far is as long as it gets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{file}-wal").stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@on_sqlite
async def test_a_full_disk_takes_nothing_in_says_so_and_goes_on_alone(
    world: World, http: aiohttp.ClientSession
) -> None:
    url = world.parts.settings.database_url.get_secret_value()
    assert (await send(world, http, 9000))[0] == 202
    with no_room_left(Path(url.removeprefix("sqlite:///"))):
        for event in range(9001, 9004):
            status, head = await send(world, http, event)
            assert status == 503 and head["Retry-After"] == "5"
        async with http.get(f"{world.url}/readyz") as response:
            status, _, said = await answered(response)
        assert status == 503 and said["why"].startswith("the ledger does not answer (")
    assert (await world.store.counts())["events"] == 1
    assert (await send(world, http, 9001))[0] == 202
    async with http.get(f"{world.url}/readyz") as response:
        assert response.status == 200
    assert (await world.store.verify_journal())[1] is None
