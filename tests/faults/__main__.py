"""The fault matrix: `python -m tests.faults [--json] [--row NAME] [--seed N] [--quick] [--long]`. Breaks the product row by row,
prints a table with the figures of each, and exits 1 when a row does not hold."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import structlog

from tests.faults import matrix
from tests.faults.rows import Figures, Row, Setting
from tests.faults.stillness import Stillness
from tests.ledgers import ledgers
from tests.postgres import Cluster, available, cluster

_QUICK = 0.08


def main(words: Sequence[str]) -> int:
    """Run what is asked for; 0 when every row held."""
    said = _asked(words)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGINT))  # ends what was started, too
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    chosen = [one for one in matrix.ROWS.values() if (one.name in said.row if said.row else one.long == said.long)]
    found: dict[str, Figures] = {}
    with contextlib.ExitStack() as stack:
        stack.enter_context(ledgers(None))  # for the rows that wire Meshline into this process

        @cache
        def server() -> Cluster:
            one = stack.enter_context(cluster())
            one.sql(
                "ALTER SYSTEM SET recovery_init_sync_method = 'syncfs'"
            )  # or a restart syncs every file of every row
            return one

        for one in chosen:
            begun = time.monotonic()
            print(f"▶ {one.name}: {one.title}", file=sys.stderr, flush=True)
            try:
                found[one.name] = _fairly(one, said.seed, _QUICK if said.quick else said.size, server)
            except KeyboardInterrupt:
                found[one.name] = Figures(wrong=("it was told to stop",))
                break
            seconds = round(time.monotonic() - begun)
            found[one.name].detail["seconds"] = seconds
            print(f"  {_words(found[one.name])}, {seconds} s", file=sys.stderr, flush=True)
    _table(found)
    if said.json:
        print(json.dumps(summary(found)))
    return 1 if any(not figures.holds for figures in found.values()) or not found else 0


def _asked(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one object last")
    parser.add_argument(
        "--row", action="append", default=[], choices=sorted(matrix.ROWS), help="only this row; again for more"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="a twelfth of the events and kills")
    parser.add_argument("--size", type=float, default=1.0, help="scale the events and kills")
    parser.add_argument("--long", action="store_true", help="the long rows instead")
    return parser.parse_args(words)


def _fairly(one: Row, seed: int, size: float, server: Callable[[], Cluster]) -> Figures:
    """Run a row, and once more if it was not carried out as it should while the machine stood still. What was lost, doubled or
    reordered is never excused, nor is a bug."""
    for left in (1, 0):
        with Stillness() as still:
            figures = _run(one, seed, size, server)
        if figures.holds or still.seconds == 0.0 or _harm(figures):
            break
        again = "; once more" if left else ""
        _say(f"the machine stood still for {still.seconds:.0f} s, and it {_words(figures)}{again}")
    stood = {"stood_still_s": round(still.seconds)} if still.seconds else {}
    return dataclasses.replace(figures, detail=figures.detail | stood)


def _harm(figures: Figures) -> bool:
    bug = any(words.startswith("a bug") for words in figures.wrong)
    return bug or bool(figures.lost or figures.doubled or figures.reordered)


def _run(one: Row, seed: int, size: float, server: Callable[[], Cluster]) -> Figures:
    if one.needs == "postgres" and not available():
        return Figures(wrong=("there is no PostgreSQL here; nothing was tried",))
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as home:
        setting = Setting(home=Path(home), seed=seed, size=size, server=server, say=_say)
        try:
            return asyncio.run(one.run(setting))
        except Exception as error:  # a row that cannot be carried out has failed; the others go on
            traceback.print_exc()
            return Figures(wrong=(f"the row ended with {type(error).__name__}: {error}"[:500],))


def _say(words: str) -> None:
    print(f"  · {words}", file=sys.stderr, flush=True)


def _words(figures: Figures) -> str:
    return "holds" if figures.holds else f"FAILS: {'; '.join(figures.wrong[:5])} ({len(figures.wrong)} in all)"


def _table(found: dict[str, Figures]) -> None:
    print(f"{'row':<18} {'events':>7} {'kills':>5} {'lost':>5} {'doubled':>7} {'reordered':>9}  verdict")
    for name, one in found.items():
        counts = f"{one.events:>7} {one.kills:>5} {one.lost:>5} {one.doubled:>7} {one.reordered:>9}"
        print(f"{name:<18} {counts}  {'holds' if one.holds else 'FAILS'}  {_short(one)}")


def _short(figures: Figures) -> str:
    if not figures.holds:
        return figures.wrong[0][:120]
    plain = {name: value for name, value in figures.detail.items() if isinstance(value, int | float | str) and value}
    return ", ".join(f"{name} {value}" for name, value in plain.items())


def summary(found: dict[str, Figures]) -> dict[str, object]:
    """All rows in one object: the sums, how many rows there were and failed, and each row."""
    names = ("events", "kills", "lost", "doubled", "reordered")
    sums = {name: sum(getattr(one, name) for one in found.values()) for name in names}
    failed = [name for name, one in found.items() if not one.holds]
    detail = {name: dataclasses.asdict(one) | {"holds": one.holds} for name, one in found.items()}
    return {**sums, "rows": len(found), "rows_failed": len(failed), "failed": failed, "detail": detail}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
