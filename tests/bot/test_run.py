"""`meshline run` as an operating system knows it: a process that is told to stop, that is killed, and that is started twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.sandbox.stage import example
from bot.sandbox.world import free_port
from tests.ledgers import on_sqlite
from tests.world import World

pytestmark = [pytest.mark.slow, pytest.mark.alone]

TREE = Path(__file__).resolve().parents[2]
_PATIENCE = 60.0


@dataclass
class Running:
    """A process that we started."""

    process: asyncio.subprocess.Process

    def tell(self, word: signal.Signals) -> None:
        self.process.send_signal(word)

    async def listens(self) -> None:
        """Wait until it says so. Raises AssertionError with its words when it ends instead."""
        said, out = b"", self.process.stderr
        assert out is not None
        async with asyncio.timeout(_PATIENCE):
            while b"Meshline listens" not in said:
                line = await out.readline()
                assert line, said.decode()
                said += line

    async def ended(self) -> tuple[int, str]:
        """Its exit code and the rest of its words."""
        async with asyncio.timeout(_PATIENCE):
            said, told = await self.process.communicate()
        return self.process.returncode or 0, (said + told).decode()


@asynccontextmanager
async def started(*words: str, **environ: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=TREE, env={"PATH": os.environ.get("PATH", ""), **environ},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def meshline(world: World, *words: str) -> AbstractAsyncContextManager[Running]:
    url = world.parts.settings.database_url.get_secret_value()
    environ = world.sandbox.environ(workspace=example(), database_url=url, port=free_port())
    return started("-m", "bot", *words, **environ)


@pytest.mark.slow
@on_sqlite
async def test_a_ledger_is_served_once_whoever_was_told_to_stop_or_killed_before(world: World) -> None:
    async with meshline(world, "run") as first:
        await first.listens()
        async with meshline(world, "run", "--role", "bot") as second:
            code, words = await second.ended()
            assert code == 2 and "another Meshline serves this SQLite ledger already" in words, words
            assert "Traceback" not in words
        async with meshline(world, "status") as beside:
            code, words = await beside.ended()
            assert code == 0 and "The engine works in 1 process" in words, words
        first.tell(signal.SIGKILL)
        await first.ended()
    async with meshline(world, "run") as next_one:
        await next_one.listens()
        next_one.tell(signal.SIGTERM)
        code, words = await next_one.ended()
        assert code == 0, words
    assert len(await world.store.workers()) == 1, "who was killed could not say goodbye and is forgotten in a day"


async def test_a_process_that_cannot_stop_is_gone_all_the_same() -> None:
    script = "import time; from bot.cli.serving import gone_within\nwith gone_within(0.1): time.sleep(60)"
    async with started("-c", script) as process:
        code, words = await process.ended()
    assert code == 1 and "did not stop in time" in words


async def test_a_process_that_stops_in_time_is_left_alone() -> None:
    script = "import time; from bot.cli.serving import gone_within\nwith gone_within(0.1): pass\ntime.sleep(0.3)"
    async with started("-c", script) as process:
        code, words = await process.ended()
    assert (code, words) == (0, "")
