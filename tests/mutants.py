"""Takes the protections out one at a time, in a copy of the tree, and sees the tests that guard them fail. A mutant that
survives means a protection that nobody proves. Run it as `python tests/mutants.py`, or with words to choose by name or file."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from queue import Queue

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # where this file is run, its directory is on the path and not the one above

from tests.postgres import available  # noqa: E402
from tests.protections.mutant import Mutant  # noqa: E402
from tests.protections.table import MUTANTS  # noqa: E402
from tests.protections.warm import Warm  # noqa: E402

LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "images", "walk", "benchmarks", "node_modules", "*.db")
FAILED = 1  # pytest's exit status when tests ran and some failed
PATIENCE = 300.0  # seconds
DATABASE = "MESHLINE_TEST_DATABASE"
_NOT_OURS = (DATABASE, "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")


def run(warm: Warm, tree: Path, tests: Sequence[str], *, postgres: bool) -> tuple[int | None, str]:
    """Run the tests in the tree, to the first that fails where there is one: pytest's exit status, None where it hangs, and
    what it says."""
    stop = ("-x",) if len(tests) == 1 else ()
    more = {DATABASE: "postgresql"} if postgres else {}
    return warm.run(tree, ("-q", "-rf", "-p", "no:cacheprovider", *stop, *tests), more, PATIENCE)


def survived(test: str, output: str) -> bool:
    """Whether nothing of the test, or of the file if it names one, is among what pytest says has failed."""
    ends = ("[", " ", ":", "")
    return not any(
        line.removeprefix("FAILED ").startswith(test) and line.removeprefix(f"FAILED {test}")[:1] in ends
        for line in output.splitlines()
        if line.startswith("FAILED ")
    )


def fate(warm: Warm, base: Path, one: Mutant) -> str:
    """Killed, or what is wrong with the mutant."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        tree = shutil.copytree(base, Path(folder) / "tree", copy_function=os.link)  # one copy serves them all
        path = tree / one.file
        source = path.read_text(encoding="utf-8") if path.exists() else ""
        if source.count(one.text) != 1:
            return f"OUT OF DATE: the text stands {source.count(one.text)} times in {one.file}"
        path.unlink()
        path.write_text(source.replace(one.text, one.instead), encoding="utf-8")
        status, said = run(warm, tree, one.tests, postgres=one.postgres)
        if status is None:
            return f"HUNG: {' '.join(one.tests)}"
        alive = [test for test in one.tests if survived(test, said)]
        if status != FAILED or alive:
            return f"SURVIVED {' '.join(alive)} (status {status}) {said[-400:]}"
    return "killed"


def trouble(warm: Warm, base: Path, chosen: Sequence[Mutant], *, postgres: bool) -> str:
    """What the tests say while nothing is taken out, where they do not pass. What they compile every mutant's tree has too."""
    guards = tuple(dict.fromkeys(test for one in chosen if one.postgres == postgres for test in one.tests))
    status, said = run(warm, base, guards, postgres=postgres) if guards else (0, "")
    return said[-4000:] if status != 0 else ""


def killed(base: Path, chosen: Sequence[Mutant], at_once: int) -> int:
    """How many are killed; each is told as it ends. None of them where the tests fail by themselves."""
    environ = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    with ThreadPoolExecutor(at_once) as workers, ExitStack() as ends:
        idle = Queue[Warm]()
        for _ in range(at_once):
            idle.put(warm := Warm(environ))
            ends.callback(warm.close)

        def with_one(work: Callable[[Warm], str]) -> str:
            warm = idle.get()
            try:
                return work(warm)
            finally:
                idle.put(warm)

        tries = [partial(trouble, base=base, chosen=chosen, postgres=postgres) for postgres in (False, True)]
        wrong = "".join(workers.map(with_one, tries))
        if wrong:
            print(f"{wrong}\nthe tests fail without any mutant: nothing can be said")
            return 0
        dead = 0
        fates = workers.map(with_one, [partial(fate, base=base, one=one) for one in chosen])
        for one, end in zip(chosen, fates, strict=True):
            print(f"{end:<8} {one.file:<42} {one.name}", flush=True)
            dead += end == "killed"
    return dead


def part(share: str) -> Callable[[Mutant], bool]:
    """Which mutants are of this part. One that the commit chooses is another one with each commit, so that all have their turn."""
    if not share:
        return lambda one: True
    wanted, _, parts = share.partition("/")
    several = int(parts)
    number = int(wanted) % several if wanted else int(_commit(), 16) % several
    return lambda one: zlib.crc32(f"{one.name} {one.file}".encode()) % several == number


def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return asked.stdout.strip() or "0"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="only mutants in whose name or file all of these words stand")
    parser.add_argument("--at-once", type=int, default=2, help="how many run at the same time")
    parser.add_argument(
        "--share", default="", help="one part of several, such as 2/3, or /3: which one follows from the commit"
    )
    asked = parser.parse_args()
    mine = part(asked.share)
    named = [one for one in MUTANTS if all(word in f"{one.name} {one.file}" for word in asked.words) and mine(one)]
    chosen = [one for one in named if not one.postgres or available()]
    if len(chosen) < len(named):
        print(f"{len(named) - len(chosen)} mutants are left out: there is no PostgreSQL here")
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        base = shutil.copytree(ROOT, Path(folder) / "tree", ignore=LEFT_OUT)  # one state, whoever edits meanwhile
        dead = killed(base, chosen, asked.at_once)
    print(f"{dead} of {len(chosen)} killed")
    return 0 if chosen and dead == len(chosen) else 1


if __name__ == "__main__":
    raise SystemExit(main())
