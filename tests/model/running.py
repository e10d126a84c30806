"""Sequences one after the other, each in a world of its own, and the shortest part of one that still goes wrong."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from store.ledger import Store
from tests.model import company, loop
from tests.model.judging import Verdict, judge
from tests.model.operations import Op, sequence, size
from tests.model.playing import Playing

LENGTH = 100


@dataclass(slots=True)
class Figures:
    """What came of many sequences. `failed` are the seeds whose end nobody explains, with the words."""

    operations: int = 0
    seeds: int = 0
    open_cases: int = 0
    explained: int = 0
    failed: dict[int, tuple[str, ...]] = field(default_factory=dict)


@contextmanager
def worlds() -> Iterator[Path]:
    """A folder with a fresh ledger to copy."""
    with tempfile.TemporaryDirectory(prefix="model-", dir=company.fast_folder()) as folder:
        company.fresh_ledger(Path(folder) / "fresh.db")
        yield Path(folder)


def play(folder: Path, seed: int, ops: Sequence[Op]) -> Verdict:
    """The verdict on these operations. The same seed and operations have the same end."""
    file = folder / "ledger.db"
    for each in folder.glob("ledger.db*"):
        each.unlink()
    shutil.copy(folder / "fresh.db", file)
    return loop.run(_play(f"sqlite:///{file}", seed, ops))


async def _play(url: str, seed: int, ops: Sequence[Op], *, inline: bool = True) -> Verdict:
    store = Store(url)
    await store.db.open()
    try:
        world = Playing(store, seed)
        await world.begin()
        for op in ops:
            await world.apply(op)
        if not await world.rest():
            world.wrong.append("it does not come to rest")
        return await judge(world)
    finally:
        await store.close()


def run(folder: Path, seeds: Sequence[int], operations: int, *, most_failures: int = 3) -> Figures:
    """As many sequences as make these operations together, or until some have failed."""
    figures = Figures()
    for seed in seeds:
        if figures.operations >= operations or len(figures.failed) >= most_failures:
            break
        ops = sequence(seed, LENGTH)
        verdict = play(folder, seed, ops)
        figures.operations += size(ops)
        figures.seeds += 1
        figures.open_cases += verdict.open_cases
        figures.explained += verdict.explained
        if verdict.unexplained:
            figures.failed[seed] = verdict.unexplained
    return figures


def shrunk(folder: Path, seed: int, ops: Sequence[Op], *, patience: int = 400) -> list[Op]:
    """A part of the operations that still fails, from which nothing more can be left out (within so many tries)."""
    left, tries = list(ops), patience
    for simpler in (_leaving_out, _inside):
        chunk = max(1, len(left) // 2)
        while chunk and tries > 0:
            for smaller in simpler(left, chunk):
                tries -= 1
                if tries <= 0:
                    break
                if play(folder, seed, smaller).unexplained:
                    left = smaller
                    break
            else:
                chunk //= 2
    return left


def _leaving_out(ops: list[Op], chunk: int) -> Iterator[list[Op]]:
    for at in range(0, len(ops), chunk):
        yield ops[:at] + ops[at + chunk :]


def _inside(ops: list[Op], _: int) -> Iterator[list[Op]]:
    for at, op in enumerate(ops):
        if op[0] != "work":
            continue
        _, engines, seed, crash, between = op
        simpler = [("work", 1, seed, crash, between)] if engines > 1 else []
        simpler += [("work", engines, seed, 0, between)] if crash else []
        simpler += [("work", engines, seed, crash, between[:n] + between[n + 1 :]) for n in range(len(between))]
        for each in simpler:
            yield [*ops[:at], each, *ops[at + 1 :]]
