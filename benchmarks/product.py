"""Meshline itself, as it is run: real processes with an environment, on SQLite or PostgreSQL, with the workspace `job/`."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec

from benchmarks.engines import Stage, answers
from benchmarks.filling import wait_until_settled
from benchmarks.judge import Door
from benchmarks.places import HERE, REPOSITORY
from benchmarks.postgres import Postgres, programs
from benchmarks.processes import run_to_end, wait_for

TOKEN = "a-token-for-the-benchmark"
KEY = base64.b64encode(bytes(32)).decode()
DOOR = Door(path="/hooks/crm", header=f"Authorization: Bearer {TOKEN}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meshline:
    """The product on one kind of database."""

    name: str
    postgres: bool = False

    def missing(self) -> str | None:
        """PostgreSQL, or its driver, where it is needed."""
        if self.postgres and programs() is None:
            return "PostgreSQL's server programs"
        return "asyncpg" if self.postgres and find_spec("asyncpg") is None else None

    @contextmanager
    def running(self, stage: Stage) -> Iterator[Door]:
        """One process that receives and works."""
        with self.ledger(stage) as url:
            self.start(stage, url, role="all")
            yield replace(DOOR, delivered=lambda: wait_until_settled(url))

    @contextmanager
    def ledger(self, stage: Stage) -> Iterator[str]:
        """An empty ledger with its schema; its address."""
        with ExitStack() as stack:
            url = f"sqlite:///{stage.site.directory}/ledger.db"
            if self.postgres:
                cluster = stack.enter_context(Postgres(stage.site, stage.store, slow_us=stage.slow_us))
                url = cluster.dsn.replace("postgresql://", "postgresql+asyncpg://")
            command = [sys.executable, "-m", "bot", "migrate"]
            run_to_end(self.name, command, _environment(stage, url), directory=REPOSITORY)
            try:
                yield url
            finally:
                stage.engine.stop()

    def start(self, stage: Stage, url: str, *, role: str) -> None:
        """One more process; with a role that receives, ready when this returns."""
        stage.engine.start(
            [sys.executable, "-m", "bot", "run", "--role", role], _environment(stage, url),
            directory=REPOSITORY, shim=stage.site.shim, slow_us=stage.slow_us,
        )  # fmt: skip
        if role != "worker":
            wait_for(self.name, lambda: answers(stage.site.front_port, "/readyz"), group=stage.engine)


def _environment(stage: Stage, url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "MESHLINE_WORKSPACE": str(HERE / "job"),
        "MESHLINE_DATABASE_URL": url,
        "MESHLINE_KEY": KEY,
        "MESHLINE_HTTP_PORT": str(stage.site.front_port),
        "BENCH_TOKEN": TOKEN,
        "BENCH_TARGET_URL": f"http://127.0.0.1:{stage.site.target_port}",
        "SLACK_BOT_TOKEN": "xoxb-nobody",
        "SLACK_SIGNING_SECRET": "nobody",
        "SLACK_API_URL": "http://127.0.0.1:9/api/",  # nothing of the job is ever posted
    }


SQLITE = Meshline(name="meshline-sqlite")
POSTGRES = Meshline(name="meshline-postgresql", postgres=True)
