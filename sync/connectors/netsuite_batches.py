"""Many records in one request: NetSuite makes a job of them (Oracle, "Batch Operations"). The job's end says only that nothing more
comes; what became of each record is read from the record itself, by its external id."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson

from sync.connectors.netsuite_rest import ASYNC, RECORD, Suite
from sync.errors import AnswerLost, ConnectorError, Unavailable
from sync.model import Found, Record

MOST = 100
"""So many records NetSuite takes in one request."""
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Seconds before each question whether a job has ended; after the last one its records are left to be found later."""
_COLLECTION = "application/vnd.oracle.resource+json; type=collection"
_NAMESPACE = uuid.UUID("6f1c1b0e-6b0f-5c59-9a55-2a1d4c9f7a10")
_JOB = re.compile(r".*/job/(\d{1,15})", re.DOTALL)

Find = Callable[[str], Awaitable[Found | None]]
Alone = Callable[[str, Record], Awaitable[Found]]
Outcome = Found | ConnectorError | None


class Batches:
    """The jobs of one connection."""

    def __init__(self, suite: Suite, sleep: Callable[[float], Awaitable[Any]] = asyncio.sleep) -> None:
        self._suite, self._sleep = suite, sleep

    async def made(
        self, kind: str, records: Sequence[tuple[str, Record, Record]], *, find: Find, alone: Alone
    ) -> list[Outcome]:
        """For each record (its reference, our body, NetSuite's), in their order: what was made of it, why it was refused, or None
        where the job has not ended. A record that an ended job left out is tried alone, which says why. Raises ConnectorError."""
        ended = await self._ended(await self._begun(kind, [told for _, _, told in records]))
        return list(await asyncio.gather(*(self._one(each, ended, find, alone) for each in records)))

    async def _begun(self, kind: str, told: Sequence[Record]) -> str:
        """The job; the one that was begun before where NetSuite knows this very request. Raises AnswerLost without one."""
        key = str(uuid.uuid5(_NAMESPACE, f"{kind} {orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()}"))
        headers = {"prefer": "respond-async", "content-type": _COLLECTION, "x-netsuite-idempotency-key": key}
        location = await self._suite.begin(f"{RECORD}/{kind}", {"items": list(told)}, headers)
        job = _JOB.fullmatch(location)
        if job is None:
            raise AnswerLost(f"{self._suite.name} took {len(told)} records and does not say in which job")
        return job[1]

    async def _ended(self, job: str) -> bool:
        for seconds in WAITS:
            await self._sleep(seconds)
            try:
                state = await self._suite.ask(f"{ASYNC}/job/{job}")
            except Unavailable:
                continue  # the job goes on, whether we hear of it or not
            if state.get("completed") is True:
                return True
        return False

    async def _one(self, record: tuple[str, Record, Record], ended: bool, find: Find, alone: Alone) -> Outcome:
        reference, body, _ = record
        try:
            found = await find(reference)
            return found if found is not None or not ended else await alone(reference, body)
        except Unavailable:
            return None  # it may be there: whoever looks later finds it
        except ConnectorError as error:
            return error
