"""A process that has imported what every test imports and forks for each run of pytest, so that a run costs little more than
its tests. Nothing of the tree under test is in it."""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_HEAVY = (
    "aiohttp.web", "alembic.command", "apscheduler.schedulers.asyncio", "asyncpg", "holidays", "open_data_contract_standard.model",
    "orjson", "pydantic_settings", "pytest", "rapidfuzz", "rich.console", "slack_bolt.async_app", "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite", "sqlalchemy.ext.asyncio", "structlog", "typer", "yaml",
)  # fmt: skip


class Warm:
    """Carries out one run after the other. `environ` is what every run finds."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._server = subprocess.Popen([sys.executable, __file__], text=True, env=environ, **pipes)

    def run(
        self, tree: Path, arguments: Sequence[str], more: Mapping[str, str], patience: float
    ) -> tuple[int | None, str]:
        """Run pytest in the tree with `more` in its environment: its exit status, None after so many seconds, and what it said."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as said:
            order = [str(tree), *map(list, (arguments, more.items())), said.name, patience]
            self._server.stdin.write(f"{json.dumps(order)}\n")
            self._server.stdin.flush()
            return json.loads(self._server.stdout.readline()), said.read()

    def close(self) -> None:
        """End when the run under way is over."""
        self._server.communicate()


def serve() -> int:
    """Orders come on the standard input, exit statuses go to the standard output."""
    for name in _HEAVY:
        importlib.import_module(name)
    gc.freeze()  # what is here stays: no run's collector need look at it
    for line in sys.stdin:
        tree, arguments, more, said, patience = json.loads(line)
        child = os.fork()
        if child == 0:
            return _run(tree, arguments, more, said)
        print(json.dumps(_status(child, patience)), flush=True)
    return 0


def _run(tree: str, arguments: list[str], more: list[tuple[str, str]], said: str) -> int:
    os.setsid()
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), os.open(said, os.O_WRONLY))):
        os.dup2(file, number)
    os.dup2(1, 2)
    os.environ.update(more)
    os.chdir(tree)
    sys.path[0] = tree  # in place of this file's directory
    pytest = importlib.import_module("pytest")
    return int(pytest.main(arguments))


def _status(child: int, patience: float) -> int | None:
    end = time.monotonic() + patience
    try:
        while time.monotonic() < end:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
    except KeyboardInterrupt:
        os.killpg(child, signal.SIGKILL)
        raise
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


if __name__ == "__main__":
    raise SystemExit(serve())
