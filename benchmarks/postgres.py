"""A throw-away PostgreSQL on loopback, as durable as a real one: fsync, synchronous commit and full page writes are on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from benchmarks.places import Site
from benchmarks.processes import Group, wait_for

_USER = "postgres"
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_buffers = 512MB
max_connections = 120
fsync = on
synchronous_commit = on
full_page_writes = on
max_wal_size = 4GB
"""


def programs() -> Path | None:
    """The directory of the newest server's programs; None where there is none."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Postgres:
    """One fresh cluster. Use it as a context."""

    def __init__(self, site: Site, group: Group, *, slow_us: int = 0) -> None:
        self._site, self._group, self._slow_us = site, group, slow_us
        self.dsn = f"postgresql://{_USER}@127.0.0.1:{site.store_port}/postgres"

    def __enter__(self) -> Postgres:
        found = programs()
        if found is None:
            raise SystemExit("there is no PostgreSQL here: install its server")
        data = self._site.directory / "pg"
        data.mkdir(mode=0o700)
        user = _USER if os.geteuid() == 0 else None  # it refuses to run as root
        if user is not None:
            shutil.chown(data, user, user)
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        command = [found / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(
            command, user=user, group=user, extra_groups=[] if user else None, cwd=data,
            env=environment, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(f"{_SETTINGS}port = {self._site.store_port}\n")
        self._group.start(
            [found / "postgres", "-D", data], environment,
            directory=data, shim=self._site.shim, slow_us=self._slow_us, user=user,
        )  # fmt: skip
        asking = [found / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._site.store_port)]
        wait_for("PostgreSQL", lambda: subprocess.run(asking).returncode == 0, group=self._group)
        return self

    def __exit__(self, *error: object) -> None:
        self._group.stop(with_signal=signal.SIGINT)  # a fast shutdown
