"""Takes the protections out one at a time, in a copy of the tree, and sees the tests that guard them fail. A mutant that
survives means a protection that nobody proves. Run it as `python tests/mutants.py`, or with words to choose by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # where this file is run, its directory is on the path and not the one above

from tests.postgres import available  # noqa: E402
from tests.protections import MUTANTS, Mutant  # noqa: E402

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "docs", "benchmarks", "node_modules", "*.db")
FAILED = 1  # pytest's exit status when tests ran and some failed
PATIENCE = 120.0
DATABASE = "MESHLINE_TEST_DATABASE"
_NOT_OURS = (DATABASE, "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


def run(tree: Path, tests: Sequence[str], *, postgres: bool) -> subprocess.CompletedProcess[str]:
    """Run the tests in the tree, to the first that fails where there is one; raises TimeoutExpired."""
    stop = ("-x",) if len(tests) == 1 else ()
    command = [sys.executable, "-m", "pytest", "-q", "-rf", "-p", "no:cacheprovider", *stop, *tests]
    environ = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    environ |= {DATABASE: "postgresql"} if postgres else {}
    return subprocess.run(command, cwd=tree, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False)


def survived(test: str, output: str) -> bool:
    """Whether nothing of the test, or of the file if it names one, is among what pytest says has failed."""
    ends = ("[", " ", ":", "")
    return not any(
        line.removeprefix("FAILED ").startswith(test) and line.removeprefix(f"FAILED {test}")[:1] in ends
        for line in output.splitlines()
        if line.startswith("FAILED ")
    )


def fate(base: Path, one: Mutant) -> str:
    """Killed, or what is wrong with the mutant."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = shutil.copytree(base, Path(folder) / "tree")
        path = tree / one.file
        source = path.read_text(encoding="utf-8") if path.exists() else ""
        if source.count(one.text) != 1:
            return f"OUT OF DATE: the text stands {source.count(one.text)} times in {one.file}"
        path.write_text(source.replace(one.text, one.instead), encoding="utf-8")
        try:
            ended = run(tree, one.tests, postgres=one.postgres)
        except subprocess.TimeoutExpired:
            return f"HUNG: {' '.join(one.tests)}"
        alive = [test for test in one.tests if survived(test, ended.stdout)]
        if ended.returncode != FAILED or alive:
            return f"SURVIVED {' '.join(alive)} (status {ended.returncode}) {ended.stdout[-400:]}"
    return "killed"


def whole(base: Path, chosen: Sequence[Mutant]) -> bool:
    """Whether the tests pass while nothing is taken out."""
    for postgres in (False, True):
        guards = tuple(dict.fromkeys(test for one in chosen if one.postgres == postgres for test in one.tests))
        ended = run(base, guards, postgres=postgres) if guards else None
        if ended is not None and ended.returncode:
            print(ended.stdout[-4000:])
            print("the tests fail without any mutant: nothing can be said")
            return False
    return True


def main(words: list[str]) -> int:
    named = [one for one in MUTANTS if all(word in one.name for word in words)]
    chosen = [one for one in named if not one.postgres or available()]
    if len(chosen) < len(named):
        print(f"{len(named) - len(chosen)} mutants are left out: there is no PostgreSQL here")
    alive = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        base = shutil.copytree(ROOT, Path(folder) / "tree", ignore=LEFT_OUT)  # one state, whoever edits meanwhile
        if not whole(base, chosen):
            return 1
        with ThreadPoolExecutor(2) as workers:
            for one, end in zip(chosen, workers.map(lambda one: fate(base, one), chosen), strict=True):
                print(f"{end:<8} {one.file:<42} {one.name}", flush=True)
                alive += end != "killed"
    print(f"{len(chosen) - alive} of {len(chosen)} mutants killed")
    return 1 if alive or not chosen else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
