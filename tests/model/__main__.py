"""The model test: `python -m tests.model [--operations N] [--seed S] [--json] [--database sqlite|postgresql] [--mutants]`. Plays random
sequences until so many operations are through, prints its figures, and exits 1 when the end of a sequence is not explained; then
it prints the sequence as short as it goes, ready to become a test."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from itertools import count

import structlog

from tests.model import mutants
from tests.model.operations import sequence
from tests.model.running import LENGTH, Figures, on_postgres, play, run, shrunk, worlds

_SHARE = 20  # sequences that one process plays before it is heard of
_SHRUNK = 2


def main(words: Sequence[str]) -> int:
    """0 when every difference was explained."""
    said = _asked(words)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if said.mutants:
        return mutants.kill_all(said.operations)
    if said.once:
        return _first(said)
    begun = time.monotonic()
    figures = _on_server(said) if said.database == "postgresql" else _in_processes(said)
    told = [] if said.database == "postgresql" else list(_told(figures))
    print("\n\n".join(told), file=sys.stderr)
    seconds = round(time.monotonic() - begun, 1)
    shown = {
        "operations": figures.operations, "seeds": figures.seeds, "open_cases": figures.open_cases,
        "unexplained": len(figures.failed), "explained": figures.explained, "left_open": figures.left_open,
        "seconds": seconds, "failed": {str(seed): list(why) for seed, why in figures.failed.items()},
    }  # fmt: skip
    print(json.dumps(shown) if said.json else _in_words(shown))
    return 1 if figures.failed or not figures.seeds else 0


def _asked(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--operations", type=int, default=0, help="how many in all (200,000; for each mutant 4,000)")
    parser.add_argument("--seed", type=int, default=1, help="the first sequence's")
    parser.add_argument("--json", action="store_true", help="one object at the end")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--mutants", action="store_true", help="take protections out and see the model notice")
    parser.add_argument("--once", action="store_true", help="in this process, until the first that is not explained")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1))
    said = parser.parse_args(words)
    said.operations = said.operations or (4_000 if said.mutants else 200_000)
    return said


def _first(said: argparse.Namespace) -> int:
    with worlds() as folder:
        figures = run(lambda seed, ops: play(folder, seed, ops), count(said.seed), said.operations, most_failures=1)
    for seed, why in figures.failed.items():
        print(f"after {figures.operations} operations, seed {seed}: {why[0]}")
    return 1 if figures.failed else 0


def _in_processes(said: argparse.Namespace) -> Figures:
    """Shares are handed out until the operations are through or several sequences failed."""
    figures, shares = Figures(), said.operations // (_SHARE * LENGTH) + 1
    jobs = [(range(said.seed + n * _SHARE, said.seed + (n + 1) * _SHARE), _SHARE * LENGTH * 2) for n in range(shares)]
    last = said.operations - (shares - 1) * _SHARE * LENGTH
    jobs[-1] = (jobs[-1][0], last)
    with ProcessPoolExecutor(said.processes) as pool:
        for done in pool.map(_share, jobs):
            figures.add(done)
            for seed, why in done.failed.items():
                print(f"  seed {seed}: {'; '.join(why)}", file=sys.stderr, flush=True)
            print(
                f"  {figures.operations:>8,} operations, {len(figures.failed)} unexplained", file=sys.stderr, flush=True
            )
            if len(figures.failed) >= 3:
                pool.shutdown(cancel_futures=True)
                break
    return figures


def _share(job: tuple[range, int]) -> Figures:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    seeds, operations = job
    with worlds() as folder:
        return run(lambda seed, ops: play(folder, seed, ops), seeds, operations)


def _on_server(said: argparse.Namespace) -> Figures:
    with ExitStack() as stack:
        player = stack.enter_context(on_postgres())
        return run(player, range(said.seed, said.seed + 1_000_000), said.operations)


def _told(figures: Figures) -> Iterator[str]:
    """Each failed sequence as short as it goes."""
    with worlds() as folder:
        for seed, why in list(figures.failed.items())[:_SHRUNK]:
            ops = shrunk(lambda at, some: play(folder, at, some), seed, sequence(seed, LENGTH))
            lines = "\n".join(f"        {op!r}," for op in ops)
            left = play(folder, seed, ops).unexplained or why
            yield f"seed {seed}: {'; '.join(left)}\n    OPS = [\n{lines}\n    ]"


def _in_words(shown: dict[str, object]) -> str:
    return "\n".join(
        f"{name:<12} {value:,}" if isinstance(value, int) else f"{name:<12} {value}" for name, value in shown.items()
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
