"""The database is busy, restarted, gone or full: no false 202, /readyz says no, and everything resumes alone."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from tests.faults.orders import plan
from tests.faults.plant import Plant, background, plant
from tests.faults.rows import Figures, Setting, figures, row
from tests.faults.sender import Sender

_PATIENCE = 25.0
_SMALL, _WIDE = "6m", "256m"
_FILE_LIMIT = 4 * 2**20


@dataclass
class Watch:
    """What the outside sees while the database is in trouble."""

    built: Plant
    not_ready: int = 0
    reasons: set[str] = field(default_factory=set)
    ready_again: bool = False

    async def ready(self) -> bool:
        """Ask /readyz once; no answer within three seconds is a no."""
        timeout = aiohttp.ClientTimeout(total=3)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"{self.built.addresses[0]}/readyz") as answer,
            ):
                said = await answer.json(content_type=None)
                if answer.status == 200:
                    return True
                self.reasons.add(str(said.get("why", said.get("detail", ""))))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            self.reasons.add("no answer")
        self.not_ready += 1
        return False

    async def says_no(self, patience: float) -> str:
        """Wait until it says no and why; what is wrong if it does not."""
        last = time.monotonic() + patience
        while not self.reasons - {"", "no answer"}:
            await self.ready()
            if time.monotonic() > last:
                return (
                    f"/readyz did not say why within {patience:.0f} s"
                    if self.not_ready
                    else "/readyz said yes all the while"
                )
            await asyncio.sleep(0.1)
        return ""

    async def says_yes(self) -> str:
        """Wait until it is ready again."""
        last = time.monotonic() + _PATIENCE
        while not await self.ready():
            if time.monotonic() > last:
                return "/readyz did not become ready again"
            await asyncio.sleep(0.1)
        return ""


@asynccontextmanager
async def _sending(built: Plant, setting: Setting, many: int, least: int = 200) -> AsyncIterator[Sender]:
    """Send in the background, not faster than a hundred a second, until all is promised."""
    begun = time.monotonic()
    sender = built.sender(repeats=0.02, lanes=8)
    sender.may_send = lambda: len(sender.acked) < 20 + (time.monotonic() - begun) * 100
    orders = plan(setting.rng, setting.many(many, least=least), customers=100)
    async with background(sender.send(orders)):
        await built.until(lambda: len(sender.acked) > 30, patience=10)
        yield sender


def _locked(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    return connection


@row("db-busy", "another program holds SQLite's write lock, first for a moment and then for long")
async def busy(setting: Setting) -> Figures:
    async with plant(setting.home, seed=setting.seed) as built:
        watch, false = Watch(built), 0
        async with _sending(built, setting, 1_500) as sender:
            for long in (False, True):
                lock = await asyncio.to_thread(_locked, setting.home / "ledger.db")
                await asyncio.sleep(0.3)  # what was committed before the lock is answered by now
                before = len(sender.acked)
                complaint = await watch.says_no(_PATIENCE) if long else ""
                await asyncio.sleep(0 if long else 2.0)
                false += len(sender.acked) - before
                lock.rollback()
                lock.close()
            again = await watch.says_yes()
        verdict = await built.judge()
        lies = f"{false} were promised while nothing could be written" if false else ""
        return figures(built, verdict, complaint, again, lies, readyz=sorted(watch.reasons))


@row("db-restarted", "PostgreSQL restarted ten times under load", needs="postgres")
async def restarted(setting: Setting) -> Figures:
    server = setting.server()
    async with plant(setting.home, seed=setting.seed, roles=("bot", "worker"), url=server.url()) as built:
        times = setting.many(10, least=2)
        async with _sending(built, setting, 2_500):
            for number in range(times):
                await asyncio.sleep(setting.rng.uniform(0.5, 1.5))
                await asyncio.to_thread(server.restart, ("immediate", "fast", "kill")[number % 3])
        dead = _dead(built)
        return figures(built, await built.judge(), dead, restarts=times)


@row("db-gone", "PostgreSQL stopped for a while and started again", needs="postgres")
async def gone(setting: Setting) -> Figures:
    server = setting.server()
    async with plant(setting.home, seed=setting.seed, roles=("bot", "worker"), url=server.url()) as built:
        watch = Watch(built)
        async with _sending(built, setting, 1_500) as sender:
            await asyncio.to_thread(server.stop, "fast")
            before = len(sender.acked)
            complaint = await watch.says_no(10)
            await asyncio.sleep(4)
            false = len(sender.acked) - before
            await asyncio.to_thread(server.start)
            again = await watch.says_yes()
        dead = _dead(built)
        verdict = await built.judge()
        lies = f"{false} were promised without a database" if false > sender.lanes else ""
        return figures(built, verdict, complaint, again, lies, dead, readyz=sorted(watch.reasons))


def _dead(built: Plant) -> str:
    """Nobody may have to start it again. Ask before it is judged, which stops it."""
    dead = [one.role for one in built.meshlines if not one.alive]
    return f"these ended by themselves: {', '.join(dead)}" if dead else ""


@row("disk-full", "the disk of SQLite's file is full, and later there is room again")
async def disk_full(setting: Setting) -> Figures:
    with _little_room(setting.home / "disk") as disk:
        async with plant(setting.home, seed=setting.seed, url=f"sqlite:///{disk.path}/ledger.db") as built:
            disk.shrink(built)
            watch = Watch(built)
            async with _sending(built, setting, 8_000, least=6_000) as sender:
                sender.may_send = lambda: True
                full = await built.until(lambda: sender.answers[503] + sender.answers[507] > 3, patience=60)
                before = sender.answers[202]
                complaint = await watch.says_no(5) if full else "the disk did not fill up"
                await asyncio.sleep(2)
                seen = {
                    "promised": len(sender.acked),
                    "refused": sender.answers[503] + sender.answers[507],
                    "before": before,
                }
                disk.widen(built)
                again = await watch.says_yes()
            verdict = await built.judge(patience=60)
            return figures(built, verdict, complaint, again, disk=disk.kind, readyz=sorted(watch.reasons), **seen)


@dataclass
class Disk:
    """Little room for a file: a small tmpfs for root, a limit of the file's size for everybody else."""

    path: Path
    kind: str
    shrink: Callable[[Plant], None]
    widen: Callable[[Plant], None]


@contextmanager
def _little_room(path: Path) -> Iterator[Disk]:
    path.mkdir()
    mount = shutil.which("mount") if os.geteuid() == 0 else None
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", f"size={_SMALL}", "faults", path], check=False).returncode
    ):
        yield Disk(path, "file size limit", lambda built: _limit(built, _FILE_LIMIT), lambda built: _limit(built, -1))
        return
    wider = [mount, "-o", f"remount,size={_WIDE}", str(path)]
    try:
        yield Disk(path, "tmpfs", lambda built: None, lambda built: _run(wider))
    finally:
        subprocess.run(["umount", "-l", path], check=False)


def _run(words: list[str]) -> None:
    subprocess.run(words, check=True)


def _limit(built: Plant, size: int) -> None:
    _, hard = resource.prlimit(built.meshlines[0].pid, resource.RLIMIT_FSIZE)
    resource.prlimit(built.meshlines[0].pid, resource.RLIMIT_FSIZE, (hard if size < 0 else size, hard))
