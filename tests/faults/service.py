"""Meshline as its users run it: a process of its own, `python -m bot run`, that can be killed at any moment and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]


class Service:
    """One Meshline at a time. `kill` is kill -9 and takes effect before it returns to its caller's event loop."""

    def __init__(self, environ: dict[str, str], *, port: int, log: Path, tree: Path = TREE) -> None:
        self._environ = {"PATH": os.environ.get("PATH", ""), "PYTHONUNBUFFERED": "1", **environ}
        self._port, self._log, self._tree = port, log, tree
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=self._tree, env=self._environ, stdout=log, stderr=log
            )
        self.starts += 1

    async def ready(self, *, patience: float = 30.0) -> None:
        """Wait until it listens. Raises AssertionError when it ends instead."""
        async with asyncio.timeout(patience):
            while not await self._listens():
                assert self.alive, f"Meshline did not start: {self._log.read_text()[-2000:]}"
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """kill -9 of the process that we started."""
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, signal.SIGKILL)

    async def ended(self) -> int:
        """Wait for its end; its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def stop(self) -> int:
        """Ask it to end, as an operator does."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
        return await self.ended()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        return True
