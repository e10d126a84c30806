"""What is measured: an engine comes up on a site, takes webhooks at its door, and writes to the rig's target."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from benchmarks.judge import Door, Load, Verdict, judge
from benchmarks.places import Site, site
from benchmarks.processes import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where an engine runs: its site, and the two groups that its processes are counted in."""

    site: Site
    engine: Group
    store: Group
    slow_us: int


class Engine(Protocol):
    """One thing to measure."""

    @property
    def name(self) -> str:
        """What it is called in the results."""
        ...

    def missing(self) -> str | None:
        """What is not installed that it needs; None when it can run."""
        ...

    def running(self, stage: Stage) -> AbstractContextManager[Door]:
        """Come up empty and be ready; gone afterwards."""
        ...


@contextmanager
def stage(slow_us: int = 0) -> Iterator[Stage]:
    """A fresh site with two groups; everything is stopped and removed afterwards."""
    with site() as place, Group("store", place.directory) as store, Group("engine", place.directory) as engine:
        yield Stage(site=place, engine=engine, store=store, slow_us=slow_us)


def measure(engine: Engine, load: Load) -> Verdict:
    """One run of an engine on a stage of its own."""
    with stage(load.slow_us) as ground, engine.running(ground) as door:
        seen = judge(engine.name, ground.site, door, load, engine=ground.engine, store=ground.store)
        done = door.delivered() if door.delivered else load.n + load.warm
    return replace(seen, unrecorded=load.n + load.warm - done)


def answers(port: int, path: str) -> bool:
    """Whether something answers there with less than 500."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return bool(answer.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
