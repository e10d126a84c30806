"""Meshline in many short lives. This process has imported the product and forks: each child goes on as `python -m bot …` does
after its imports, in a process of its own that kill -9 ends like any other. What it saves is a second of importing per life.

Run by path, in the tree whose product is meant. One JSON line in is one start; lines out say which process began or ended."""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

sys.path[0] = str(Path.cwd())


def imported() -> None:
    """Everything that the product would import in the course of its life."""
    from bot.__main__ import main
    from sync import connectors

    assert callable(main)
    connectors.kinds()
    for extra in ("store.migrate", "sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.asyncpg", "uvloop"):
        with contextlib.suppress(ImportError):
            importlib.import_module(extra)


def live(start: dict[str, Any]) -> int:
    """A child's whole life; its exit code."""
    log = os.open(start["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(start["environ"])
    random.seed()
    sys.argv = ["meshline", *start["argv"]]
    if start.get("bomb"):
        plant_bomb(**start["bomb"])
    from bot.__main__ import main

    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def plant_bomb(where: str, nth: int, count: str = "") -> None:
    """kill -9 from within, at the nth `commit` (before it), `committed` (after it), `call` or `answered` (of the target or
    Slack). With `count` nothing explodes: how often each came is written to that file."""
    seen: dict[str, int] = {}

    def pass_by(place: str) -> None:
        seen[place] = seen.get(place, 0) + 1
        if count:
            Path(count).write_text(json.dumps(seen), encoding="utf-8")
        elif place == where and seen[place] == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    _wrap_commits(pass_by)
    _wrap_calls(pass_by)


def _wrap_commits(pass_by: Any) -> None:
    from sqlalchemy.engine.default import DefaultDialect

    commit: Any = DefaultDialect.do_commit

    def do_commit(self: Any, connection: Any) -> None:
        pass_by("commit")
        commit(self, connection)
        pass_by("committed")

    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]


def _wrap_calls(pass_by: Any) -> None:
    import aiohttp

    request = aiohttp.ClientSession._request

    async def asked(self: Any, *args: Any, **options: Any) -> Any:
        pass_by("call")
        answer = await request(self, *args, **options)
        pass_by("answered")
        return answer

    aiohttp.ClientSession._request = asked  # type: ignore[method-assign]


def tell(**line: Any) -> None:
    os.write(1, json.dumps(line).encode() + b"\n")


def reap(alive: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        alive.discard(pid)
        tell(ended=pid, code=os.waitstatus_to_exitcode(status))


def begin(start: dict[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = live(start)
        finally:
            os._exit(code)
    tell(began=pid, name=start["name"])
    return pid


def main() -> None:
    """Until the end of input, which ends all children too."""
    imported()
    alive: set[int] = set()
    gc.freeze()
    waking, woken = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(waking, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    tell(ready=os.getpid())
    pending = b""
    while True:
        ready, _, _ = select.select([0, waking], [], [])
        if waking in ready:
            os.read(waking, 4096)
            reap(alive)
        if 0 in ready:
            more = os.read(0, 65536)
            if not more:
                break
            *lines, pending = (pending + more).split(b"\n")
            for line in lines:
                alive.add(begin(json.loads(line)))
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
