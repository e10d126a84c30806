"""The ledger's writer in a process of its own: under load the batches of a service are committed there, on another core. It has
no state, and ends when the service is gone."""

from __future__ import annotations

import asyncio
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import orjson
import structlog
from sqlalchemy import URL

from store.parcels import pack, unpack
from store.together import Answer, Job
from sync.errors import LedgerUnavailable

log = structlog.get_logger()

HEAD = struct.Struct("!Q")
READY = "ready"
_BEGIN = (
    "import sys, json; sys.path[:] = json.loads(sys.argv.pop()); from store.scribing import scribing; "
    "scribing(sys.argv.pop())"
)
_LARGEST = 1 << 20
_PATIENCE = 20.0


class Scribe:
    """One such process for one SQLite ledger. It is there once it is `ready`; until then somebody else has to write."""

    def __init__(self, url: URL) -> None:
        self._url = url.render_as_string(hide_password=False)
        self._process: Process | None = None
        self._beginning: asyncio.Task[None] | None = None
        self.ready = False

    def begin(self) -> None:
        """Let it be started in the background, if it is not being started already."""
        if self._beginning is None:
            self._beginning = asyncio.create_task(self.open(), name="ledger-scribe")

    async def open(self) -> None:
        """Start it, and wait until it is ready. Where it cannot be started it never is."""
        command = [sys.executable, "-P", "-c", _BEGIN, self._url, orjson.dumps(sys.path).decode()]
        try:
            self._process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, limit=_LARGEST)
            self.ready = await self._hear() == READY
        except (OSError, EOFError) as error:
            log.error("scribe_not_started", error=type(error).__name__)
            await self._drop()

    async def close(self) -> None:
        """Let it end after its last commit."""
        if self._beginning is not None:
            await self._beginning
        if self._process is None:
            return
        self.ready = False
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
        if not self.ready:
            await self.open()
        try:
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
        into, _ = self._pipes()
        into.write(HEAD.pack(len(words)) + words)
        await into.drain()
        return await self._hear()

    async def _hear(self) -> Any:
        _, out = self._pipes()
        (size,) = HEAD.unpack(await out.readexactly(HEAD.size))
        return unpack(await out.readexactly(size))

    def _pipes(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise BrokenPipeError
        return process.stdin, process.stdout

    async def _drop(self) -> None:
        process, self._process, self._beginning, self.ready = self._process, None, None, False
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
