"""Processes under fault: the nursery that starts Meshlines, each life of one, and the target beside them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

TREE = Path(__file__).resolve().parents[2]
_NURSERY = Path(__file__).with_name("nursery.py")
_READY = "Meshline listens"
_LIMIT = 2**20


class Nursery:
    """Starts `meshline …` processes of one tree quickly. Use `open` and `close`."""

    def __init__(self, tree: Path = TREE) -> None:
        self._tree = tree
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._began: dict[str, asyncio.Future[int]] = {}
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._births = 0

    async def open(self) -> None:
        environ = {"PATH": os.environ.get("PATH", ""), "PYTHONUNBUFFERED": "1"}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, str(_NURSERY), cwd=self._tree, env=environ,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LIMIT,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = json.loads(await self._process.stdout.readline() or "{}")
        assert "ready" in line, "the nursery did not start: see above"
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """End it; its children must have ended."""
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.close()
        await self._process.wait()
        if self._reader is not None:
            await self._reader

    async def begin(self, argv: list[str], environ: dict[str, str], log: Path, bomb: dict[str, Any] | None) -> int:
        """Start a process; its id."""
        assert self._process is not None and self._process.stdin is not None
        self._births += 1
        name = f"life-{self._births}"
        self._began[name] = asyncio.get_running_loop().create_future()
        line = {"name": name, "argv": argv, "environ": environ, "log": str(log), "bomb": bomb}
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        return await self._began[name]

    async def ended(self, pid: int) -> int:
        """Wait for the end of a process that we began; its exit code."""
        return await asyncio.shield(self._ended[pid])

    def is_alive(self, pid: int) -> bool:
        return pid in self._ended and not self._ended[pid].done()

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        loop = asyncio.get_running_loop()
        async for raw in self._process.stdout:
            line = json.loads(raw)
            if "began" in line:
                self._ended[line["began"]] = loop.create_future()
                self._began.pop(line["name"]).set_result(line["began"])
            elif "ended" in line:
                self._ended[line["ended"]].set_result(line["code"])


@dataclass
class Meshline:
    """One place at which a Meshline runs, in one life after the other."""

    nursery: Nursery
    role: str
    environ: dict[str, str]
    log: Path
    pid: int = 0
    kills: int = 0
    _from: int = field(default=0)

    @property
    def alive(self) -> bool:
        return self.nursery.is_alive(self.pid)

    async def start(self, bomb: dict[str, Any] | None = None) -> None:
        self._from = self.log.stat().st_size if self.log.exists() else 0
        self.pid = await self.nursery.begin(["run", "--role", self.role], self.environ, self.log, bomb)

    async def ready(self, patience: float = 30.0) -> bool:
        """Wait until it says that it works; False when it ended before."""
        async with asyncio.timeout(patience):
            while _READY not in self.said():
                if not self.alive:
                    return False
                await asyncio.sleep(0.01)
        return True

    def said(self) -> str:
        """What this life has written so far."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(self._from)
            return log.read().decode("utf-8", "replace")

    def kill(self) -> bool:
        """kill -9 of the process that we started; whether it was alive."""
        was = self.alive
        if was:
            os.kill(self.pid, signal.SIGKILL)
            self.kills += 1
        return was

    def freeze(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    async def ended(self) -> int:
        return await self.nursery.ended(self.pid)

    async def again(self) -> None:
        """kill -9, and the next life at once."""
        self.kill()
        await self.ended()
        await self.start()

    async def stop(self, patience: float = 40.0) -> int:
        """End it as an operator does; its exit code. Raises TimeoutError when it does not end."""
        if self.alive:
            os.kill(self.pid, signal.SIGTERM)
        async with asyncio.timeout(patience):
            return await self.ended()

    async def memory(self) -> float:
        """Resident memory in MB."""
        try:
            status = await asyncio.to_thread(Path(f"/proc/{self.pid}/status").read_text, encoding="ascii")
        except OSError:
            return 0.0
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return int(lines.get("VmRSS", "0 kB").split()[0]) / 1024


class TargetProcess:
    """The target in a process of its own. `port` and `log` are known after `open`."""

    def __init__(self, log: Path) -> None:
        self.log, self.port = log, 0
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.target", "--log", str(self.log), cwd=TREE,
            env={"PATH": os.environ.get("PATH", "")}, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.port = int(await self._process.stdout.readline())
        self._session = aiohttp.ClientSession(f"http://127.0.0.1:{self.port}")

    async def weather(self, **values: Any) -> None:
        """Change these and leave the rest."""
        assert self._session is not None
        async with self._session.put("/control", json=values) as answer:
            assert answer.status == 200, await answer.text()

    async def counts(self) -> dict[str, int]:
        assert self._session is not None
        async with self._session.get("/control") as answer:
            counts: dict[str, int] = await answer.json()
            return counts

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
