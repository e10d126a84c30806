"""What a row of the fault matrix is: a name, a sentence, and a function that breaks something and returns figures."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.faults.oracle import Verdict
from tests.faults.plant import Plant
from tests.postgres import Cluster


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and how a row runs. `home` is empty and its own; `server` starts PostgreSQL at the first call. `size` scales a
    row's number of events and kills: 1.0 is the whole matrix, less is a quick look."""

    home: Path
    seed: int
    size: float
    server: Callable[[], Cluster]
    say: Callable[[str], None]

    @property
    def rng(self) -> Random:
        return Random(self.seed)

    def many(self, whole: int, *, least: int = 1) -> int:
        """A number of the whole matrix, scaled."""
        return max(least, round(whole * self.size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a row found. It holds when nothing is `wrong`; `detail` are further figures, `notes` what could not be tried."""

    events: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    wrong: tuple[str, ...] = ()
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return not self.wrong


Run = Callable[[Setting], Coroutine[Any, Any, Figures]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row. `needs` is "", "postgres" or "root"; `long` ones run only when they are asked for."""

    name: str
    title: str
    run: Run
    needs: str = ""
    long: bool = False


ROWS: dict[str, Row] = {}


def row(name: str, title: str, *, needs: str = "", long: bool = False) -> Callable[[Run], Run]:
    """Add a function to the matrix under this name."""

    def added(run: Run) -> Run:
        ROWS[name] = Row(name=name, title=title, run=run, needs=needs, long=long)
        return run

    return added


def figures(built: Plant, verdict: Verdict, *also: str, **detail: Any) -> Figures:
    """The figures of a plant that was judged; `also` is what else is wrong, in words."""
    crashes = built.crashes()
    wrong = [*verdict.wrong, *(words for words in also if words), *(f"a bug: {line}" for line in crashes[:5])]
    repeated = sum(sender.repeated for sender in built.senders)
    answers = {str(status): many for sender in built.senders for status, many in sender.answers.items()}
    return Figures(
        events=len(built.promised), kills=built.kills, lost=len(verdict.lost), doubled=len(verdict.doubled),
        reordered=len(verdict.reordered), wrong=tuple(wrong),
        detail={"commits": built.look(), "repeated": repeated, "answers": answers, **detail},
    )  # fmt: skip
