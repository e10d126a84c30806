"""How speed and memory go with size: of the backlog, of the history, of the number of workers and of customers.

A backlog is drained by workers alone, and the middle 80% of what is measured counts. Up to 10,000 deliveries are put into
the ledger of a worker that has done 20,000 before; of a longer backlog, which is there before the worker starts, the first
20,000 count. So the memory of each has seen as much work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from benchmarks import filling
from benchmarks.comparing import Say
from benchmarks.engines import Stage, stage
from benchmarks.judge import Load, Verdict, judge
from benchmarks.product import DOOR, Meshline

SIZES = (1_000, 10_000, 100_000, 1_000_000)
CUSTOMERS = (1, 10, 100, 1_000, 10_000, 100_000)
WORKERS = (1, 2, 4)
_DRAINED = 20_000
_HOT = 10_000
_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One place on a curve. `size` is what the curve is about."""

    curve: str
    engine: str
    size: int
    per_s: float
    rss_mb: float
    right: bool

    def as_json(self) -> dict[str, Any]:
        return {"size": self.size, "per_s": round(self.per_s, 1), "rss_mb": round(self.rss_mb, 1), "right": self.right}


class Drain:
    """An empty ledger, its workers, and what they make of a backlog."""

    def __init__(self, product: Meshline, ground: Stage, url: str) -> None:
        self._product, self._ground, self._url, self._round = product, ground, url, 0

    def start(self, workers: int) -> None:
        """So many processes that only work."""
        for _ in range(workers):
            self._product.start(self._ground, self._url, role="worker")

    def fill(self, count: int, keys: int) -> str:
        """A backlog under a prefix of its own, which is returned."""
        prefix = f"d{self._round}x"
        self._round += 1
        filling.backlog(self._url, count, keys=keys, prefix=prefix)
        return prefix

    def hot(self, count: int, keys: int = filling.KEYS) -> Verdict:
        """A backlog that appears before workers that run and have finished the one before."""
        filling.wait_until_settled(self._url)
        prefix = f"d{self._round}x"
        return self._judged(Load(n=count, keys=keys, prefix=prefix), lambda: self.fill(count, keys))

    def cold(self, count: int, measured: int, keys: int, workers: int = 1) -> Verdict:
        """A backlog that is there when the workers start; the first `measured` of it count."""
        load = Load(n=measured, keys=keys, prefix=self.fill(count, keys))
        return self._judged(load, lambda: self.start(workers))

    def _judged(self, load: Load, when_ready: Callable[[], object]) -> Verdict:
        return judge(
            self._product.name, self._ground.site, DOOR, replace(load, target_only=True),
            engine=self._ground.engine, store=self._ground.store, when_ready=when_ready,
        )  # fmt: skip


def backlog(product: Meshline, sizes: Sequence[int], say: Say) -> list[Point]:
    """The speed with which a backlog of each size is worked off."""
    points = []
    for size in sizes:
        with stage() as ground, product.ledger(ground) as url:
            drain = Drain(product, ground, url)
            if size <= _HOT:
                drain.start(1)
                drain.hot(_DRAINED)
                runs = [drain.hot(size) for _ in range(_ROUNDS)]
            else:
                runs = [drain.cold(size, _DRAINED, filling.KEYS)]
        points.append(_point("backlog", product, size, runs, say))
    return points


def history(product: Meshline, sizes: Sequence[int], n: int, say: Say) -> list[Point]:
    """The speed of the whole job on a ledger that has done so much already."""
    points = []
    for size in sizes:
        with stage() as ground, product.ledger(ground) as url:
            filling.history(url, size)
            product.start(ground, url, role="all")
            runs = [
                judge(product.name, ground.site, DOOR, Load(n=n, prefix=f"n{number}x"),
                      engine=ground.engine, store=ground.store)
                for number in range(_ROUNDS + 1)
            ][1:]  # fmt: skip
        points.append(_point("history", product, size, runs, say, of=lambda run: run.events_per_s))
    return points


def workers(product: Meshline, counts: Sequence[int], say: Say) -> list[Point]:
    """The speed of several workers on one backlog."""
    points = []
    for count in counts:
        with stage() as ground, product.ledger(ground) as url:
            drain = Drain(product, ground, url)
            drain.start(count)
            runs = [drain.hot(_DRAINED) for _ in range(4)][1:]
        points.append(_point("workers", product, count, runs, say))
    return points


def customers(product: Meshline, counts: Sequence[int], say: Say) -> list[Point]:
    """The speed on a backlog of 100,000 whose lines are as long as so few customers make them."""
    points = []
    for count in counts:
        with ExitStack() as stack:
            ground = stack.enter_context(stage())
            drain = Drain(product, ground, stack.enter_context(product.ledger(ground)))
            measured = 500 if count == 1 else 5_000 if count == 10 else _DRAINED
            runs = [drain.cold(100_000, measured, count)]
        points.append(_point("customers", product, count, runs, say))
    return points


def _point(
    curve: str, product: Meshline, size: int, runs: Sequence[Verdict], say: Say,
    *, of: Callable[[Verdict], float] = lambda run: run.steady_per_s,
) -> Point:  # fmt: skip
    counted = [run for run in runs if run.quiet] or runs
    point = Point(
        curve=curve,
        engine=product.name,
        size=size,
        per_s=median(of(run) for run in counted),
        rss_mb=max(run.rss_mb for run in runs),
        right=all(run.right for run in runs),
    )
    noise = "" if all(run.quiet for run in runs) else f"  (others used {max(run.strangers for run in runs)} cores)"
    trouble = "" if point.right else "  LOST, DOUBLED OR MISORDERED"
    say(f"{curve:<10} {product.name:<20} {size:>9,}  {point.per_s:>8.0f}/s  {point.rss_mb:.0f} MB{trouble}{noise}")
    return point
