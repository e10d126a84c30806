"""The ledger's writer in a process of its own: the batches of the service are committed there, on another core. It has no
state, ends when the service is gone, and is started anew when it died itself."""

from __future__ import annotations

import asyncio
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
from sqlalchemy import URL

from store.parcels import pack, unpack
from store.together import Answer, Job
from sync.errors import LedgerUnavailable

HEAD = struct.Struct("!Q")
_BEGIN = (
    "import sys, json; sys.path[:] = json.loads(sys.argv.pop()); from store.scribing import scribing; "
    "scribing(sys.argv.pop())"
)
_LARGEST = 1 << 20
_PATIENCE = 20.0


class Scribe:
    """One such process for one SQLite ledger."""

    def __init__(self, url: URL) -> None:
        self._url = url.render_as_string(hide_password=False)
        self._process: Process | None = None

    async def open(self) -> None:
        """Start it. Raises LedgerUnavailable."""
        command = [sys.executable, "-P", "-c", _BEGIN, self._url, orjson.dumps(sys.path).decode()]
        try:
            self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=_LARGEST)
        except OSError as error:
            raise LedgerUnavailable(
                f"the ledger does not answer (its writer cannot start: {error.strerror})"
            ) from error

    async def close(self) -> None:
        """Let it end after its last commit."""
        if self._process is None:
            return
        self._pipes()[0].close()
        try:
            await asyncio.wait_for(self._process.wait(), _PATIENCE)
        except TimeoutError:
            await self._drop()
        self._process = None

    async def commit(self, jobs: Sequence[Job]) -> list[Answer]:
        """Everything in one transaction; the answers come after its commit. Only one call at a time. Raises what undid the
        whole, and LedgerUnavailable when the process died: then it was committed or it was not."""
        words = pack([(job.many, job.item) for job in jobs])
        try:
            if self._process is None:
                await self.open()
            answers = await self._exchange(words)
        except (OSError, EOFError) as error:
            await self._drop()
            raise LedgerUnavailable("the ledger does not answer (its writer stopped)") from error
        except asyncio.CancelledError:
            await self._drop()  # its answer would be taken for the next one's
            raise
        if isinstance(answers, BaseException):
            raise answers
        found: list[Answer] = answers
        return found

    async def _exchange(self, words: bytes) -> Any:
        into, out = self._pipes()
        into.write(HEAD.pack(len(words)) + words)
        await into.drain()
        (size,) = HEAD.unpack(await out.readexactly(HEAD.size))
        return unpack(await out.readexactly(size))

    def _pipes(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise RuntimeError("the ledger's writer was not started")
        return process.stdin, process.stdout

    async def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
