"""A flood: ten times what the ledger takes, a body of 100 MB, a thousand sockets that say nothing. What is refused is told so
clearly, memory stays bounded, and everything that was accepted is done."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp

from tests.faults.orders import plan
from tests.faults.plant import Plant, plant
from tests.faults.rows import Figures, Setting, figures, row

_MEMORY_MB = 400.0
_HELD, _FREE = 0.9, 0.1
_HUGE = 100 * 2**20


@row("flood", "ten times more than the ledger takes, because its lock is held nine tenths of the time")
async def flood(setting: Setting) -> Figures:
    async with plant(setting.home, seed=setting.seed) as built:
        seconds = max(5.0, 15.0 * setting.size)
        with _mostly_locked(setting.home / "ledger.db"):
            peak = await _pour(built, setting, seconds)
        verdict = await built.judge(patience=60)
        [sender] = built.senders
        refused = sender.answers[429]
        full = "" if refused else "nothing was refused with 429: the queue has no end"
        fat = "" if peak < _MEMORY_MB else f"memory grew to {peak:.0f} MB"
        silent = "a refusal without Retry-After" if sender.retry_after[""] else ""
        other = [status for status in sender.answers if status not in (0, 202, 429, 503)]
        strange = f"answered {other}" if other else ""
        return figures(built, verdict, full, fat, silent, strange, peak_mb=round(peak), refused=refused)


@contextlib.contextmanager
def _mostly_locked(file: Path) -> Iterator[None]:
    stop = threading.Event()

    def hold() -> None:
        connection = sqlite3.connect(file, timeout=30, isolation_level=None)
        while not stop.is_set():
            connection.execute("BEGIN IMMEDIATE")
            stop.wait(_HELD)
            connection.rollback()
            time.sleep(_FREE)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        yield
    finally:
        stop.set()
        holder.join()


async def _pour(built: Plant, setting: Setting, seconds: float) -> float:
    """Post without waiting for answers, and without repeating what is refused; the peak of the memory in MB."""
    sender, peak = built.sender(), 0.0
    orders = iter(plan(setting.rng, 1_000_000 // 4, customers=5_000))
    waiting: set[asyncio.Task[int]] = set()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=60)) as session:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for _ in range(40):
                if len(waiting) < 4_000:
                    task = asyncio.create_task(sender.post(session, next(orders)))
                    waiting.add(task)
                    task.add_done_callback(waiting.discard)
            await asyncio.sleep(0.02)
            peak = max(peak, await built.meshlines[0].memory())
        await asyncio.gather(*waiting)
    return max(peak, await built.meshlines[0].memory())


@row("huge", "a body of 100 MB, announced and in chunks, is refused with 413 and costs no memory")
async def huge(setting: Setting) -> Figures:
    async with plant(setting.home, seed=setting.seed) as built:
        before = await built.meshlines[0].memory()
        statuses = [await _post_huge(built, chunked=chunked) for chunked in (False, True)]
        grown = await built.meshlines[0].memory() - before
        await built.sender().send(plan(setting.rng, 50, customers=10))
        verdict = await built.judge()
        wrong = "" if set(statuses) <= {"413", "cut"} and "413" in statuses else f"it was answered {statuses}"
        fat = f"memory grew by {grown:.0f} MB" if grown > 60 else ""
        return figures(built, verdict, wrong, fat, statuses=statuses, grown_mb=round(grown))


async def _post_huge(built: Plant, *, chunked: bool) -> str:
    """ "413", another status, or "cut" when it hangs up while we still send."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(_HUGE // 2**16):
            yield b"x" * 2**16

    headers = {} if chunked else {"content-length": str(_HUGE)}
    timeout = aiohttp.ClientTimeout(total=20)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(f"{built.addresses[0]}/hooks/crm", data=chunks(), headers=headers) as answer,
        ):
            problem = answer.content_type == "application/problem+json"
            return str(answer.status) if problem else f"{answer.status} without a problem"
    except (aiohttp.ClientError, OSError):
        return "cut"


@row("idle", "a thousand sockets that say nothing, or half a request, keep nobody waiting")
async def idle(setting: Setting) -> Figures:
    async with plant(setting.home, seed=setting.seed) as built:
        sockets = await _open(built, 1_000)
        begun = time.monotonic()
        await built.sender(lanes=8).send(plan(setting.rng, setting.many(500, least=50), customers=50))
        seconds = time.monotonic() - begun
        memory = await built.meshlines[0].memory()
        verdict = await built.judge()
        for writer in sockets:
            writer.close()
        slow = f"{seconds:.1f} s for {len(built.promised)} events" if seconds > 10 else ""
        fat = f"memory grew to {memory:.0f} MB" if memory > _MEMORY_MB else ""
        few = f"only {len(sockets)} sockets could be opened" if len(sockets) < 1_000 else ""
        return figures(
            built, verdict, slow, fat, few, sockets=len(sockets), seconds=round(seconds, 1), memory_mb=round(memory)
        )


async def _open(built: Plant, many: int) -> list[asyncio.StreamWriter]:
    port, found = int(built.addresses[0].rpartition(":")[2]), []
    for number in range(many):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            break
        if number % 2:
            writer.write(b"POST /hooks/crm HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n{")
        found.append(writer)
    return found
