"""The target: a system of record that is a process of its own and keeps an append-only log of all it ever committed. It takes
the same reference twice, as many do, so that nothing but Meshline keeps a record single.

`python -m tests.faults.target --log FILE` prints its port. `PUT /control` sets the weather, `GET /control` shows the counts."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from tests.faults.weather import AFTER, BEFORE, LATE, Weather
from tests.faults.wire import Request, Wire

_STATUS = {"refused": 429, "busy": 503, "broken": 500}
_DRIBBLE_SECONDS = 0.5
BULK = "/orders/bulk"


class Target:
    """Records by id and by reference, the weather, and the log."""

    def __init__(self, log: int) -> None:
        self._log = log
        self.weather = Weather()
        self.counts: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}
        self._records: dict[str, dict[str, Any]] = {}
        self._ids: defaultdict[str, list[str]] = defaultdict(list)
        self._later: set[asyncio.Task[None]] = set()

    async def handle(self, request: Request, wire: Wire) -> None:
        """Answer one request as the weather has it."""
        if request.path == "/control":
            return self._control(request, wire)
        self.counts["requests"] += 1
        if self.weather.down:
            return self._away(wire)
        if request.method == "POST":
            body = json.loads(request.body)
            return await self._write(body["orders"] if request.path == BULK else [body], wire, request.path == BULK)
        return self._read(request, wire)

    def _control(self, request: Request, wire: Wire) -> None:
        if request.method == "PUT":
            self.weather = self.weather.changed(json.loads(request.body))
        wire.send(200, json.dumps(self.counts | {"pending": len(self._later)}).encode())

    def _away(self, wire: Wire) -> None:
        self.counts["away"] += 1
        wire.cut() if self.weather.down == "closed" else self._refuse(503, wire, "")

    def _refuse(self, status: int, wire: Wire, key: str) -> None:
        self.counts[str(status)] += 1
        wait = self.weather.wait(self.counts[str(status)])
        if wait:
            self._not_before[key] = time.monotonic() + 0.9 * wait[0]
        body = b'{"error":{"code":"try_later","message":"not now"}}'
        wire.send(status, body, headers=wait[1] if wait else {})

    def _read(self, request: Request, wire: Wire) -> None:
        self.counts["reads"] += 1
        reference = request.query.get("reference")
        asked = f"read:{reference or request.path}"
        self._asked[asked] += 1
        if self.weather.read_fails(asked, self._asked[asked]):
            return self._refuse(503, wire, "")
        if reference is not None:
            items = [self._records[one] for one in self._ids.get(reference, ())]
            return wire.send(200, json.dumps({"items": items}).encode())
        record = self._records.get(request.path.rpartition("/")[2])
        wire.send(404 if record is None else 200, json.dumps(record or {}).encode())

    async def _write(self, bodies: list[dict[str, Any]], wire: Wire, many: bool) -> None:
        """Write one record, or `many` in one call, whose fate is that of their first."""
        key, arrived = str(bodies[0]["reference"]), time.time()
        self._asked.update(str(body["reference"]) for body in bodies)
        self.counts["writes"] += 1
        self.counts["bulk"] += many
        self.counts["early"] += time.monotonic() < self._not_before.pop(key, 0.0)
        if await self._spring("arrived", key) and not wire.open:
            return None  # whoever asked was killed meanwhile, and what was not begun is dropped
        if self.weather.think:
            await asyncio.sleep(self.weather.think)
        fate = self.weather.fate(key, self._asked[key])
        self.counts[fate or "plain"] += 1
        if fate in BEFORE:
            return self._refuse(_STATUS[fate], wire, key)
        if fate in LATE:
            if fate == "gone":
                wire.cut()
            return self._keep(self._commit_late(bodies, wire, arrived, many))
        if fate == "slow":
            await asyncio.sleep(self.weather.slow_seconds)
        if self._is_too_late(arrived, wire):
            return None
        answer = self._commit_all(bodies, fate, many)
        await self._spring("committed", key)
        if fate in AFTER:
            return self._spoil(fate, answer, wire, odd=self._asked[key] % 2 == 1)
        wire.send(201, answer)

    def _spoil(self, fate: str, answer: bytes, wire: Wire, *, odd: bool) -> None:
        if fate == "lost":
            wire.cut()
        elif fate == "wrong":
            wire.send(500, b"<html>")
        elif fate == "half":
            wire.send(201, answer, part=0.5)
            wire.cut() if odd else None
        elif fate == "loris":
            wire.send(201, answer, part=0.0)
            self._keep(self._dribble(answer, wire))

    async def _dribble(self, whole: bytes, wire: Wire) -> None:
        for at in range(len(whole) - 1):
            if not wire.open:
                return
            wire.dribble(whole[at : at + 1])
            await asyncio.sleep(_DRIBBLE_SECONDS)

    def _is_too_late(self, arrived: float, wire: Wire) -> bool:
        """Whether it may not be committed any more; then it is dropped without a word."""
        if time.time() - arrived <= self.weather.longest:
            return False
        self.counts["dropped"] += 1
        wire.cut()
        return True

    async def _commit_late(self, bodies: list[dict[str, Any]], wire: Wire, arrived: float, many: bool) -> None:
        await asyncio.sleep(self.weather.late_seconds)
        if self._is_too_late(arrived, wire):
            return
        answer = self._commit_all(bodies, "late", many)
        if wire.open:
            wire.send(201, answer)

    def _commit_all(self, bodies: list[dict[str, Any]], fate: str, many: bool) -> bytes:
        """Commit, but of many not those that are forgotten before; the answer, without those that are forgotten after."""
        if not many:
            return json.dumps(self._commit(bodies[0], fate)).encode()
        shown = []
        for body in bodies:
            key = str(body["reference"])
            forgotten = self.weather.forgets(key, self._asked[key])
            self.counts["forgotten"] += forgotten != ""
            if forgotten != "before":
                record = self._commit(body, fate)
                shown += [record] if not forgotten else []
        return json.dumps({"items": shown}).encode()

    def _keep(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def _commit(self, body: dict[str, Any], fate: str) -> dict[str, Any]:
        record = {**body, "id": f"t{len(self._records) + 1}"}
        self._records[record["id"]] = record
        self._ids[record["reference"]].append(record["id"])
        self.counts["commits"] += 1
        self._say(
            {
                "commit": body["reference"],
                "customer": body.get("customer"),
                "sequence": body.get("sequence"),
                "fate": fate,
            }
        )
        return record

    async def _spring(self, moment: str, key: str) -> bool:
        """The trap of the weather, once: say in the log that the moment is here, and give the watcher time to act."""
        weather = self.weather
        if weather.trap != moment or (weather.trap_key and weather.trap_key != key):
            return False
        if weather.trap_nth > 1:
            self.weather = weather.changed({"trap_nth": weather.trap_nth - 1})
            return False
        if not weather.trap_key:
            self.weather = weather.changed({"trap": ""})
        self._say({"trap": moment, "key": key})
        await asyncio.sleep(weather.trap_seconds)
        return True

    def _say(self, line: dict[str, Any]) -> None:
        os.write(self._log, json.dumps({**line, "at": time.time()}).encode() + b"\n")


async def serve(log: Path, port: int) -> None:
    """Serve on loopback until the input ends, which it does when whoever started us is gone."""
    target = Target(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644))
    server = await asyncio.get_running_loop().create_server(
        lambda: Wire(target.handle), "127.0.0.1", port, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    said = parser.parse_args()
    asyncio.run(serve(said.log, said.port))
