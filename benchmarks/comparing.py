"""The same small job on every engine, in rounds that take turns, so that a busy minute of the machine hits them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from statistics import median

from benchmarks.engines import Engine, measure
from benchmarks.judge import Load, Verdict

Say = Callable[[str], None]

SHARES = {"procrastinate-lock": 0.6, "pgqueuer": 0.8, "n8n": 0.06}
"""How much of the load a slow engine gets: enough to see its rate, not so much that nobody waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Every run, and the medians by engine."""

    runs: tuple[Verdict, ...]
    medians: dict[str, Verdict]

    def ratios(self, ours: str) -> dict[str, float]:
        """How many times as fast we are as each peer."""
        if ours not in self.medians:
            return {}
        speed = self.medians[ours].events_per_s
        peers = {name: one.events_per_s for name, one in self.medians.items() if not name.startswith("meshline")}
        return {name.replace("-", "_"): round(speed / peer, 2) for name, peer in peers.items() if peer}


def compare(engines: Sequence[Engine], load: Load, rounds: int, say: Say) -> Comparison:
    """Flood each engine in each round."""
    runs = []
    for number in range(rounds):
        for engine in engines:
            share = SHARES.get(engine.name, 1.0)
            runs.append(measure(engine, replace(load, n=max(100, int(load.n * share)), prefix=f"r{number}x")))
            say(f"round {number + 1}/{rounds}  {line(runs[-1])}")
    return Comparison(runs=tuple(runs), medians=medians(runs))


def at_half_load(engine: Engine, full_rate: float, rounds: int, say: Say, *, seconds: int = 10) -> Verdict:
    """Open loop at half of what it can do: how long a sender then waits for the answer."""
    rate = max(1.0, full_rate / 2)
    runs = []
    for number in range(rounds):
        load = Load(n=max(100, int(rate * seconds)), rate=round(rate, 1), connections=256, prefix=f"h{number}x")
        runs.append(measure(engine, load))
        say(f"half load {number + 1}/{rounds}  {line(runs[-1])}")
    return _median(runs)


def medians(runs: Sequence[Verdict]) -> dict[str, Verdict]:
    """By engine, in the order in which they came."""
    return {
        name: _median([one for one in runs if one.engine == name]) for name in dict.fromkeys(r.engine for r in runs)
    }


def _median(runs: Sequence[Verdict]) -> Verdict:
    """Field by field, of the runs that no stranger disturbed if there is one; of what went wrong the worst."""
    counted = [one for one in runs if one.quiet] or list(runs)
    worst = {name: max(getattr(one, name) for one in runs) for name in ("lost", "doubled", "misordered", "unrecorded")}
    middle = {
        each.name: median(getattr(one, each.name) for one in counted)
        for each in fields(Verdict)
        if each.name not in worst and isinstance(getattr(runs[0], each.name), int | float)
    }
    return replace(runs[0], **{**middle, **worst})


def line(run: Verdict) -> str:
    """One run in one line."""
    trouble = (
        ""
        if run.right
        else f"  LOST {run.lost} DOUBLED {run.doubled} MISORDERED {run.misordered} UNRECORDED {run.unrecorded}"
    )
    noise = "" if run.quiet else f"  (others used {run.strangers} cores)"
    return (
        f"{run.engine:<20} {run.events_per_s:>8.0f}/s  cpu {run.cpu_ms_engine:.2f}+{run.cpu_ms_store:.2f} ms  "
        f"ack {run.ack_p50_ms:.1f}/{run.ack_p99_ms:.1f} ms  end to end {run.e2e_p50_ms:.0f}/{run.e2e_p99_ms:.0f} ms  "
        f"{run.rss_mb:.0f} MB{trouble}{noise}"
    )
