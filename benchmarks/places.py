"""Where things are kept: a cache for what is built and installed, and a directory for one run that is removed after it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
RESULTS = HERE / "results"
_SOURCES = HERE / "rig"


def cache() -> Path:
    """What is built and installed, kept from run to run: $MESHLINE_BENCH_HOME, else in the user's cache."""
    home = Path(os.environ.get("MESHLINE_BENCH_HOME") or "~/.cache/meshline-bench").expanduser()
    home.mkdir(parents=True, exist_ok=True)
    return home


def peers_python() -> Path:
    """The interpreter of the virtual environment in which `make bench-peers` installs."""
    return cache() / "venv" / "bin" / "python"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where one run takes place. `directory` is readable for the database's user and holds `slowfsync.so`."""

    directory: Path
    rig: Path
    front_port: int
    target_port: int
    store_port: int

    @property
    def shim(self) -> Path:
        return self.directory / "slowfsync.so"


@contextmanager
def site() -> Iterator[Site]:
    """A fresh directory and free ports; removed afterwards, also when the run failed."""
    rig, shim = built()
    directory = Path(tempfile.mkdtemp(prefix="run-", dir=databases()))
    directory.chmod(0o755)  # PostgreSQL refuses to be root and runs as a user of its own
    shutil.copy(shim, directory / "slowfsync.so")
    try:
        front, target, store = free_ports(3)
        yield Site(directory=directory, rig=rig, front_port=front, target_port=target, store_port=store)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def databases() -> Path:
    """A directory on a real disk: a temporary one may be memory, whose fsync costs nothing."""
    if os.geteuid() != 0:
        return cache()
    home = Path("/var/tmp/meshline-bench")  # a home of root's may be closed to the database's user
    home.mkdir(parents=True, exist_ok=True)
    return home


def built() -> tuple[Path, Path]:
    """The rig and the slow fsync, compiled when their sources are newer."""
    rig, shim = cache() / "meshline-rig", cache() / "meshline-slowfsync.so"
    _compile(rig, [_SOURCES / "rig.c", _SOURCES / "connection.h"], ["-O2"])
    _compile(shim, [_SOURCES / "slowfsync.c"], ["-O2", "-shared", "-fPIC"], ["-ldl"])
    return rig, shim


def _compile(made: Path, sources: list[Path], flags: list[str], libraries: list[str] | None = None) -> None:
    if made.exists() and all(made.stat().st_mtime > source.stat().st_mtime for source in sources):
        return
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        raise SystemExit("the rig is written in C: install a compiler (cc)")
    fresh = made.with_suffix(".fresh")
    subprocess.run([compiler, *flags, "-o", fresh, sources[0], *(libraries or [])], check=True)
    fresh.replace(made)


def free_ports(count: int) -> list[int]:
    """Ports on loopback that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
