"""`python -m benchmarks`: the small job on the product and its peers, then the growth of the product. Progress goes to
stderr, the table to stdout; with --json the last line of stdout is one object."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from benchmarks import growth
from benchmarks.comparing import Comparison, at_half_load, compare
from benchmarks.engines import Engine
from benchmarks.growth import Point
from benchmarks.judge import Load
from benchmarks.peers import PEERS
from benchmarks.places import databases
from benchmarks.product import POSTGRES, SQLITE, Meshline
from benchmarks.results import Results, table

_PRODUCTS = (SQLITE, POSTGRES)
_CURVES = ("backlog", "history", "workers", "customers")
_TOO_SLOW = ("n8n",)  # left out where fsync is slow: it takes minutes and says nothing new
_BEGAN = monotonic()


def say(words: str) -> None:
    """One line of progress."""
    print(f"{monotonic() - _BEGAN:6.0f} s  {words}", file=sys.stderr, flush=True)


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for."""
    names = [engine.name for engine in (*_PRODUCTS, *PEERS)]
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--n", type=int, default=5000, help="events per run (5000); slow peers get a share")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of which the median counts (3)")
    parser.add_argument(
        "--slow", type=int, default=2000, metavar="US", help="added to every fsync in a second pass; 0: none"
    )
    parser.add_argument("--only", default=",".join(names), help=f"of {', '.join(names)}")
    parser.add_argument("--growth", default=",".join(_CURVES), help=f"curves, of {', '.join(_CURVES)}; none: no curves")
    parser.add_argument("--largest", type=int, default=1_000_000, help="where the curves of size end (1000000)")
    parser.add_argument("--save", action=argparse.BooleanOptionalAction, default=None,
                        help="keep the results under their date; by default when everything was measured")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="one object as the last line of stdout")
    asked = parser.parse_args(words)
    asked.only = _listed(parser, asked.only, names)
    asked.growth = [] if asked.growth == "none" else _listed(parser, asked.growth, _CURVES)
    return asked


def _listed(parser: argparse.ArgumentParser, given: str, known: Sequence[str]) -> list[str]:
    wanted = [word for word in given.split(",") if word]
    unknown = [word for word in wanted if word not in known]
    if unknown:
        parser.error(f"{', '.join(unknown)}: known are {', '.join(known)}")
    return wanted


def present(wanted: Sequence[str]) -> list[Engine]:
    """The engines that can run here; what the others lack is said."""
    found = []
    for engine in (*_PRODUCTS, *PEERS):
        if engine.name not in wanted:
            continue
        if (lacking := engine.missing()) is None:
            found.append(engine)
        else:
            say(f"{engine.name} is left out: {lacking} is missing (make bench-peers)")
    return found


def measured(asked: argparse.Namespace) -> Results:
    """Everything that was asked for, one after the other."""
    engines = present(asked.only)
    load = Load(n=asked.n)
    plain = compare(engines, load, asked.rounds, say)
    slow = Comparison(runs=(), medians={})
    if asked.slow:
        say(f"now with {asked.slow} µs more for every fsync")
        patient = [engine for engine in engines if engine.name not in _TOO_SLOW]
        slow = compare(patient, replace(load, slow_us=asked.slow), asked.rounds, say)
    ours = [engine for engine in engines if isinstance(engine, Meshline)]
    half = {one.name: at_half_load(one, plain.medians[one.name].events_per_s, asked.rounds, say) for one in ours}
    settings = {"n": asked.n, "rounds": asked.rounds, "slow_us": asked.slow, "largest": asked.largest}
    return Results(
        settings=settings, disk=databases(), plain=plain, slow=slow, half=half, growth=curves(asked, ours)
    )  # fmt: skip


def curves(asked: argparse.Namespace, ours: Sequence[Meshline]) -> list[Point]:
    """The growth of what was asked for, on both databases; workers on PostgreSQL."""
    sizes = [size for size in growth.SIZES if size <= asked.largest]
    points: list[Point] = []
    for one in ours:
        if "backlog" in asked.growth:
            points += growth.backlog(one, sizes, say)
        if "history" in asked.growth:
            points += growth.history(one, sizes, asked.n, say)
        if "workers" in asked.growth and one.postgres:
            points += growth.workers(one, growth.WORKERS, say)
        if "customers" in asked.growth:
            points += growth.customers(one, [count for count in growth.CUSTOMERS if count <= asked.largest], say)
    return points


def main(words: Sequence[str] | None = None) -> int:
    """Exit 1 when a run of ours lost, doubled, misordered or failed to record anything."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped and removed on the way out
    asked = arguments(words)
    results = measured(asked)
    print(table(results))
    whole = len(asked.only) == len(_PRODUCTS) + len(PEERS) and len(asked.growth) == len(_CURVES)
    if whole if asked.save is None else asked.save:
        say(f"kept in benchmarks/results/{results.save().name}")
    if asked.json:
        print(json.dumps(results.last_line()))
    return 0 if results.right else 1


if __name__ == "__main__":
    sys.exit(main())
