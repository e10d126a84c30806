"""A throw-away PostgreSQL on loopback: its own data directory, a free port, gone when the block ends. As root the server runs
as the user postgres, otherwise as ourselves."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

Mode = Literal["smart", "fast", "immediate", "kill"]
_SIGNALS = {
    "smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT, "kill": signal.SIGKILL,
}  # fmt: skip
_SMALL = {
    "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "shared_buffers": "32MB", "max_connections": "100",
    "max_wal_size": "256MB", "log_min_messages": "fatal", "timezone": "UTC",
}  # fmt: skip
_HASTY = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0"}
_PATIENCE = 60.0


@cache
def available() -> bool:
    """Whether there are server programs, a driver to talk to them and a user they may run as."""
    return _programs() is not None and importlib.util.find_spec("asyncpg") is not None and _user_exists()


class Cluster:
    """One server. Its calls block; a test that needs the loop meanwhile calls them in a thread."""

    def __init__(self, home: Path, *, fsync: bool) -> None:
        self._home, self._fsync, self._port = home, fsync, 0
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The server's process id. Raises RuntimeError when it is stopped."""
        if self._server is None:
            raise RuntimeError("the server is stopped")
        return self._server.pid

    def address(self, database: str) -> str:
        """Where a database is, whether it exists or not."""
        return f"postgresql+asyncpg://postgres@127.0.0.1:{self._port}/{database}"

    def url(self, database: str | None = None, *, template: str = "template1") -> str:
        """A fresh database, a copy of `template`, with a name of its own unless one is given."""
        name = database or f"test_{secrets.token_hex(6)}"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.address(name)

    def drop(self, database: str) -> None:
        """Remove a database and whoever is connected to it."""
        self.sql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def sql(self, statement: str, database: str = "postgres") -> list[Any]:
        """Run one statement as the superuser, outside any transaction."""
        with ThreadPoolExecutor(1) as pool:  # a thread has no running loop, whoever calls
            return pool.submit(asyncio.run, self._sql(statement, database)).result()

    def start(self) -> None:
        """Start and wait until it answers; a port that was taken meanwhile is replaced only before the first start."""
        deadline = time.monotonic() + _PATIENCE
        first = self._port == 0
        while time.monotonic() < deadline:
            if first:
                self._port = _free_port()
            self._server = self._spawn()
            if self._answers(deadline):
                return
            time.sleep(0.1)  # after a kill its last children still hold the directory for a moment
        raise RuntimeError(f"PostgreSQL does not start: {(self._home / 'log').read_text(errors='replace')[-2000:]}")

    def stop(self, mode: Mode = "fast") -> None:
        """Stop as pg_ctl would, or `kill -9` the server; returns when its process is gone. Does nothing when it is stopped."""
        if self._server is None:
            return
        self._server.send_signal(_SIGNALS[mode])
        self._server.wait(_PATIENCE)
        self._server = None

    def restart(self, mode: Mode = "immediate") -> None:
        """Stop and start on the same port with the same data."""
        self.stop(mode)
        self.start()

    def create(self) -> None:
        """Make the data directory and start for the first time."""
        self._run(
            "initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"
        )
        self.start()

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = _SMALL | {"port": str(self._port)} | ({} if self._fsync else _HASTY)
        words = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        program = str(_found() / "postgres")
        with (self._home / "log").open("ab") as log:
            return subprocess.Popen(
                [program, "-D", str(self._data), *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self._home, start_new_session=True, **_as_user(),
            )  # fmt: skip

    def _answers(self, deadline: float) -> bool:
        """Whether it takes connections; False when its process ended first, or another server was quicker on the port."""
        while time.monotonic() < deadline and self._server is not None and self._server.poll() is None:
            try:
                [[directory]] = self.sql("SHOW data_directory")
            except (OSError, _errors()):
                time.sleep(0.02)
            else:
                return bool(directory == str(self._data))
        return False

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [str(_found() / program), *words], cwd=self._home, capture_output=True, check=False, **_as_user()
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')[-2000:]}")

    async def _sql(self, statement: str, database: str) -> list[Any]:
        import asyncpg

        where = {"host": "127.0.0.1", "port": self._port, "user": "postgres", "database": database}
        connection = await asyncpg.connect(**where, timeout=_PATIENCE, ssl=False)
        try:
            return list(await connection.fetch(statement, timeout=_PATIENCE))
        finally:
            await connection.close(timeout=10)


@contextmanager
def cluster(*, fsync: bool = True) -> Iterator[Cluster]:
    """A server for the length of the block. Without fsync what is committed survives the death of the server, though not
    that of the machine. Raises RuntimeError where there are no server programs."""
    _found()
    lasting = Path("/var/tmp")  # a disk, where fsync means something; readable by another user
    home = Path(tempfile.mkdtemp(prefix="meshline-pg-", dir=lasting if lasting.is_dir() else None))
    if _as_user():
        shutil.chown(home, "postgres", "postgres")
    one = Cluster(home, fsync=fsync)
    with _undertaker(home):
        try:
            one.create()
            yield one
        finally:
            one.stop("immediate")
            shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _undertaker(home: Path) -> Iterator[None]:
    """Should we be killed, nobody runs our `finally`: a shell that notices our end stops the server and clears up."""
    script = 'cat >/dev/null; [ -e "$1" ] || exit 0; kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")"; rm -rf "$1"'
    words = ["sh", "-c", script, "sh", str(home)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet, start_new_session=True):
        yield


@cache
def _programs() -> Path | None:
    """The directory with the server's programs: on the path, where Debian keeps them, or inside the wheel pgserver."""
    on_path = shutil.which("postgres")
    known = [Path(on_path).resolve().parent] if on_path else []
    known += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: _version(one.parent.name), reverse=True)
    wheel = importlib.util.find_spec("pgserver")
    if wheel is not None and wheel.origin is not None:
        known.append(Path(wheel.origin).parent / "pginstall" / "bin")
    return next((one for one in known if (one / "postgres").exists() and (one / "initdb").exists()), None)


def _version(name: str) -> int:
    return int(name) if name.isdigit() else 0


def _found() -> Path:
    programs = _programs()
    if programs is None:
        raise RuntimeError("there is no PostgreSQL server here: install postgresql or the wheel pgserver")
    return programs


def _user_exists() -> bool:
    if os.geteuid() != 0:
        return True
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return False
    return True


def _as_user() -> dict[str, Any]:
    return {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}


def _errors() -> type[Exception]:
    import asyncpg

    error: type[Exception] = asyncpg.PostgresError
    return error


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
