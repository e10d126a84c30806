"""Drives the rig through one run: what it saw from the outside, and what the processes under test used meanwhile."""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from time import monotonic
from typing import Any

from benchmarks.places import Site
from benchmarks.processes import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the rig does. `rate` is events a second in open loop (a late event counts from when it was due); 0 sends as fast
    as `connections` are answered. With `target_only` it sends nothing and waits for what the ledger holds already."""

    n: int
    keys: int = 500
    connections: int = 64
    rate: float = 0
    warm: int = 300
    slow_us: int = 0
    quiet_ms: int = 0
    timeout_s: int = 120
    prefix: str = "q"
    target_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the sender knocks. `delivered` waits until the engine rests and says how many it has recorded as done."""

    path: str = "/in"
    header: str | None = None
    delivered: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One run, seen from the outside. Latencies in milliseconds; `steady_per_s` is the rate of the middle 80%. A run in
    which something was lost, doubled, out of order or not recorded as done is not `right`; one in which strangers took a
    fifth of a core or more is not `quiet`."""

    engine: str
    n: int
    rate: float
    slow_us: int
    events_per_s: float
    steady_per_s: float
    ingest_per_s: float
    ack_p50_ms: float
    ack_p99_ms: float
    e2e_p50_ms: float
    e2e_p99_ms: float
    cpu_ms_engine: float
    cpu_ms_store: float
    rss_mb: float
    refused: int
    lost: int
    doubled: int
    misordered: int
    strangers: float
    unrecorded: int = 0

    @property
    def cpu_ms_per_event(self) -> float:
        return self.cpu_ms_engine + self.cpu_ms_store

    @property
    def right(self) -> bool:
        return not (self.lost or self.doubled or self.misordered or self.unrecorded)

    @property
    def quiet(self) -> bool:
        return self.strangers < 0.2

    def as_json(self) -> dict[str, Any]:
        """The fields, and the CPU of engine and store together."""
        shown = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**shown, "cpu_ms_per_event": round(self.cpu_ms_per_event, 4)}


@dataclass(slots=True)
class _Meter:
    engine: Group
    store: Group
    readings: list[tuple[float, float, float, float]] = field(default_factory=list)

    def read(self) -> None:
        self.readings.append((monotonic(), _busy_seconds(), self.engine.cpu_seconds(), self.store.cpu_seconds()))

    def used(self) -> tuple[float, float, float, float]:
        """Seconds since the first reading: of the clock, of all cores, of the engine, of the store."""
        first, last = self.readings[0], self.readings[-1]
        return (last[0] - first[0], last[1] - first[1], last[2] - first[2], last[3] - first[3])


def judge(
    name: str, site: Site, door: Door, load: Load, *, engine: Group, store: Group,
    when_ready: Callable[[], object] = lambda: None,
) -> Verdict:  # fmt: skip
    """Run the load to its end. `when_ready` is called when the target listens and the clock is about to start."""
    meter = _Meter(engine, store)
    command = [str(word) for word in _command(site, door, load)]
    rig = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)  # select sees all
    try:
        for word, seen in _said(rig, name, engine):
            if word == "WARM" and seen["target_unique"] < load.warm:
                raise SystemExit(f"{name} does not get through {load.warm} events:\n{engine.last_words()}")
            if word == "START":
                when_ready()
                meter.read()
                _go_on(rig)
            if word == "RESULT":
                meter.read()
                return _verdict(name, load, seen, meter)
        raise SystemExit(f"the rig stopped while it measured {name}")
    finally:
        rig.kill()
        rig.wait()


def _said(rig: subprocess.Popen[bytes], name: str, engine: Group) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the rig says, a word and its figures. Raises SystemExit when a process under test has ended meanwhile."""
    assert rig.stdout is not None
    while True:
        ready, _, _ = select.select([rig.stdout], [], [], 1.0)
        if ready:
            line = rig.stdout.readline().decode()
            if not line:
                return
            word, _, figures = line.partition(" ")
            yield word.strip(), json.loads(figures or "{}")
        elif not engine.alive():
            raise SystemExit(f"{name} ended while it was measured:\n{engine.last_words()}")


def _go_on(rig: subprocess.Popen[bytes]) -> None:
    assert rig.stdin is not None
    rig.stdin.write(b"\n")
    rig.stdin.flush()


def _command(site: Site, door: Door, load: Load) -> list[str | Path | float]:
    words: list[str | Path | float] = [
        site.rig, "--stub-port", site.target_port, "--ingest-port", site.front_port, "--path", door.path,
        "--n", load.n, "--keys", load.keys, "--conns", load.connections, "--rate", load.rate,
        "--timeout", load.timeout_s, "--quiet-ms", load.quiet_ms, "--prefix", load.prefix,
        "--stub-only", int(load.target_only), "--warm", 0 if load.target_only else load.warm,
    ]  # fmt: skip
    return [*words, "--header", door.header] if door.header else words


def _verdict(name: str, load: Load, seen: dict[str, Any], meter: _Meter) -> Verdict:
    wall, busy, engine, store = meter.used()
    strangers = busy - engine - store - seen["rig_cpu_s"]
    return Verdict(
        engine=name,
        n=load.n,
        rate=load.rate,
        slow_us=load.slow_us,
        events_per_s=seen["events_per_s"],
        steady_per_s=seen["steady_per_s"],
        ingest_per_s=seen["ingest_per_s"],
        ack_p50_ms=seen["ack_ms"]["p50"],
        ack_p99_ms=seen["ack_ms"]["p99"],
        e2e_p50_ms=seen["e2e_ms"]["p50"],
        e2e_p99_ms=seen["e2e_ms"]["p99"],
        cpu_ms_engine=round(engine / load.n * 1000, 4),
        cpu_ms_store=round(store / load.n * 1000, 4),
        rss_mb=round(meter.engine.peak_mb(), 1),
        refused=seen["ack_err"],
        lost=load.n - seen["target_unique"],
        doubled=seen["dup_seen"],
        misordered=seen["order_violations"],
        strangers=round(max(0.0, strangers / max(wall, 0.01)), 2),
    )


def _busy_seconds() -> float:
    """What all cores together have worked since the machine started."""
    with Path("/proc/stat").open() as counters:
        ticks = [int(word) for word in counters.readline().split()[1:9]]
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK")
