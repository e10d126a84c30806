"""Sequences one after the other, each in a world of its own, and the shortest part of one that still goes wrong."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.database import address_of
from store.ledger import Store
from store.migrate import to_head
from store.vault import SIZE, Vault
from tests.model import company, loop
from tests.model.judging import Verdict, judge_all
from tests.model.operations import Op, sequence, size
from tests.model.playing import Playing
from tests.postgres import cluster

LENGTH = 150
Player = Callable[[int, Sequence[Op]], Verdict]
_compiled: dict[str, Any] = {}


@dataclass(slots=True)
class Figures:
    """What came of many sequences. `failed` are the seeds whose end nobody explains, with the words."""

    operations: int = 0
    seeds: int = 0
    open_cases: int = 0
    explained: int = 0
    left_open: int = 0
    failed: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def note(self, seed: int, operations: int, verdict: Verdict) -> None:
        """One sequence more."""
        self.operations += operations
        self.seeds += 1
        self.open_cases += verdict.open_cases
        self.explained += verdict.explained
        self.left_open += verdict.left_open
        if verdict.unexplained:
            self.failed[seed] = verdict.unexplained

    def add(self, other: Figures) -> None:
        """What another process came to."""
        for name in ("operations", "seeds", "open_cases", "explained", "left_open"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failed |= other.failed


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


async def _play(url: str, seed: int, ops: Sequence[Op]) -> Verdict:
    store = Store(url)
    store.db.vault = Vault(bytes(SIZE))
    await store.db.open()
    _share_statements(store)
    try:
        world = Playing(store, seed)
        await world.begin()
        for op in ops:
            await world.apply(op)
        return await judge_all(world)
    finally:
        await store.close()


def _share_statements(store: Store) -> None:
    """What one world has compiled the next need not: a fifth of the time."""
    for name in ("_writing", "_reading"):
        engine = getattr(store.db._backend, name, None)
        if engine is not None:
            engine._compiled_cache = _compiled.setdefault(name, engine._compiled_cache)


@contextmanager
def on_postgres() -> Iterator[Player]:
    """Plays on a PostgreSQL server that lives as long as the block; the turns are not quite the same each time."""
    with cluster(fsync=False) as server:
        server.url("model_fresh")
        loop.run(to_head(address_of(server.address("model_fresh"))), inline=False)

        def player(seed: int, ops: Sequence[Op]) -> Verdict:
            name = f"model_{seed}"
            try:
                return loop.run(_play(server.url(name, template="model_fresh"), seed, ops), inline=False)
            finally:
                server.drop(name)

        yield player


def run(player: Player, seeds: Iterable[int], operations: int, *, most_failures: int = 3) -> Figures:
    """As many sequences as make these operations together, or until some have failed."""
    figures = Figures()
    for seed in seeds:
        if figures.operations >= operations or len(figures.failed) >= most_failures:
            break
        ops = sequence(seed, LENGTH)
        figures.note(seed, size(ops), player(seed, ops))
    return figures


def shrunk(player: Player, seed: int, ops: Sequence[Op], *, patience: int = 400) -> list[Op]:
    """A part of the operations that still fails, from which nothing more can be left out (within so many tries)."""
    left, tries = list(ops), patience
    for simpler in (_leaving_out, _inside):
        chunk = max(1, len(left) // 2)
        while chunk and tries > 0:
            for smaller in simpler(left, chunk):
                tries -= 1
                if tries <= 0 or player(seed, smaller).unexplained:
                    left = smaller if tries > 0 else left
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
