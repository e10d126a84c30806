"""What the results were measured on, without a word that names the machine, and with which versions."""

from __future__ import annotations

import json
import os
import platform
import re
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.places import REPOSITORY, cache, peers_python
from benchmarks.postgres import programs

_OURS = ("aiohttp", "asyncpg", "orjson", "pydantic", "sqlalchemy", "uvloop")
_PEERS = ("aiohttp", "asyncpg", "pgqueuer", "procrastinate", "psycopg", "pydantic", "uvloop")


def facts(disk: Path) -> dict[str, Any]:
    """The machine. `disk` is where the databases lie."""
    return {
        "processor": _first(r"model name\s*: (.+)", Path("/proc/cpuinfo")) or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "kernel": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
        "fsync_us": _fsync_us(disk),
    }


def versions() -> dict[str, Any]:
    """What was measured, ours and the peers'."""
    return {
        "commit": _said(["git", "rev-parse", "--short", "HEAD"]),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": (_said([str(found / "postgres"), "-V"]).split() or [""])[-1] if (found := programs()) else None,
        "ours": _versions_of(_OURS),
        "peers": {**_peer_versions(), "n8n": _n8n_version()},
    }


def _versions_of(names: Iterable[str]) -> dict[str, str]:
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _peer_versions() -> dict[str, str]:
    if not peers_python().exists():
        return {}
    listed = json.loads(_said([str(peers_python()), "-m", "pip", "list", "--format", "json"]) or "[]")
    return {one["name"]: one["version"] for one in listed if one["name"].lower() in _PEERS}


def _n8n_version() -> str | None:
    manifest = cache() / "n8n" / "app" / "node_modules" / "n8n" / "package.json"
    return json.loads(manifest.read_text())["version"] if manifest.exists() else None


def _fsync_us(disk: Path) -> int:
    """What one fsync of a small write costs, in microseconds; the median of fifty."""
    times = []
    with tempfile.TemporaryFile(dir=disk) as file:
        for _ in range(50):
            file.write(b"x" * 512)
            file.flush()
            before = perf_counter()
            os.fsync(file.fileno())
            times.append(perf_counter() - before)
    return round(median(times) * 1e6)


def _said(command: list[str]) -> str:
    try:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    except OSError:
        return ""
    return done.stdout.strip()


def _first(pattern: str, file: Path) -> str | None:
    found = re.search(pattern, file.read_text()) if file.exists() else None
    return found[1].strip() if found else None
