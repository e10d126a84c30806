"""Installs the peers into the cache: `python -m benchmarks.peers.install [all | python | n8n]`. Registries are reached through
pip and npm as they are configured."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.peers import node
from benchmarks.places import built, cache, peers_python

_PYTHON = (
    "aiohttp>=3.10", "asyncpg>=0.29", "orjson>=3.10", "pgqueuer>=1.6,<2", "procrastinate>=3.10,<4",
    "psycopg[binary,pool]>=3.2", "pydantic>=2.8", "uvloop>=0.20",
)  # fmt: skip
_NODE = "24"
_N8N = "2.41.1"
_OVERRIDES = {"linkedom": "0.18.12"}  # later ones ask for a package that no registry has


def python_peers() -> None:
    """Procrastinate and PgQueuer, in a virtual environment of their own."""
    if not peers_python().exists():
        subprocess.run([sys.executable, "-m", "venv", peers_python().parent.parent], check=True)
    pip = [peers_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *_PYTHON], check=True)


def n8n() -> None:
    """n8n with a Node of its own. Of its native parts only SQLite's is built, here, from source: the others serve nodes
    that the job does not use."""
    if shutil.which("npm") is None:
        raise SystemExit("n8n comes by npm: install Node.js")
    home = cache() / "n8n"
    _npm(home / "node24", {"node": _NODE})
    app, root = home / "app", node().parent.parent
    environment = {**os.environ, "PATH": f"{node().parent}:{os.environ['PATH']}", "npm_config_nodedir": str(root)}
    _npm(app, {"n8n": _N8N}, "--ignore-scripts", environment=environment, overrides=_OVERRIDES)
    subprocess.run(["npm", "rebuild", "sqlite3", "--build-from-source"], cwd=app, env=environment, check=True)


def _npm(
    directory: Path, packages: dict[str, str], *flags: str,
    environment: dict[str, str] | None = None, overrides: dict[str, str] | None = None,
) -> None:  # fmt: skip
    directory.mkdir(parents=True, exist_ok=True)
    manifest = {"private": True, "dependencies": packages, "overrides": overrides or {}}
    (directory / "package.json").write_text(json.dumps(manifest))
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *flags]
    subprocess.run(command, cwd=directory, env=environment, check=True)


def main(asked: str = "all") -> None:
    """Install what is asked for; what is there already stays."""
    steps = {"python": python_peers, "n8n": n8n}
    if asked not in ("all", *steps):
        raise SystemExit(f"{asked} is none of all, {', '.join(steps)}")
    built()
    for name, step in steps.items():
        if asked in ("all", name):
            print(f"installing {name} into the cache …", file=sys.stderr, flush=True)
            step()


if __name__ == "__main__":
    main(*sys.argv[1:2])
