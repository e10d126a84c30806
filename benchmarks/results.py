"""What came out, as one document: for a file by its date, for a table, and for a line that other programs read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.comparing import Comparison
from benchmarks.growth import Point
from benchmarks.judge import Verdict
from benchmarks.machine import facts, versions
from benchmarks.places import RESULTS
from benchmarks.plot import plot

OURS = ("meshline-sqlite", "meshline-postgresql")


@dataclass(slots=True, kw_only=True)
class Results:
    """One whole run of the benchmarks. `disk` is where the databases lay."""

    settings: dict[str, Any]
    disk: Path
    plain: Comparison
    slow: Comparison
    half: dict[str, Verdict] = field(default_factory=dict)
    growth: list[Point] = field(default_factory=list)
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def document(self) -> dict[str, Any]:
        """Everything. It names no machine and no path."""
        return {
            "began": self.began.isoformat(timespec="seconds"),
            "machine": facts(self.disk),
            "versions": versions(),
            "settings": self.settings,
            "medians": {name: one.as_json() for name, one in self.plain.medians.items()},
            "medians_slow": {name: one.as_json() for name, one in self.slow.medians.items()},
            "half_load": {name: one.as_json() for name, one in self.half.items()},
            "ratios": {name: self.plain.ratios(name) for name in OURS if name in self.plain.medians},
            "ratios_slow": {name: self.slow.ratios(name) for name in OURS if name in self.slow.medians},
            "growth": self._curves(),
            "runs": [one.as_json() for one in (*self.plain.runs, *self.slow.runs)],
        }

    def last_line(self) -> dict[str, Any]:
        """The figures of the product on its default database, SQLite; on PostgreSQL where only that was measured. Latencies
        of the answer are those at half load, the others those of the flood."""
        ours = next((name for name in OURS if name in self.plain.medians), None)
        if ours is None:
            return {"ratios": {}, "right": self.right}
        flood, half = self.plain.medians[ours], self.half.get(ours)
        return {
            "engine": ours,
            "events_per_s": flood.events_per_s,
            "cpu_ms_per_event": round(flood.cpu_ms_per_event, 4),
            "ack_p50_ms": half.ack_p50_ms if half else flood.ack_p50_ms,
            "ack_p99_ms": half.ack_p99_ms if half else flood.ack_p99_ms,
            "e2e_p50_ms": flood.e2e_p50_ms,
            "e2e_p99_ms": flood.e2e_p99_ms,
            "rss_mb": flood.rss_mb,
            "ratios": self.plain.ratios(ours),
            "ratios_slow_fsync": self.slow.ratios(ours),
            "ratios_postgresql": self.plain.ratios(OURS[1]),
            "ratios_slow_fsync_postgresql": self.slow.ratios(OURS[1]),
            "growth": self._curves(),
            "right": self.right,
        }

    @property
    def right(self) -> bool:
        """Whether no run of ours lost, doubled, misordered or failed to record anything."""
        runs = (*self.plain.runs, *self.slow.runs, *self.half.values())
        return all(one.right for one in runs if one.engine in OURS) and all(point.right for point in self.growth)

    def save(self) -> Path:
        """Write the document and its plot under the date."""
        RESULTS.mkdir(exist_ok=True)
        document = self.document()
        file = RESULTS / f"{self.began:%Y-%m-%d}.json"
        file.write_text(json.dumps(document, indent=1) + "\n")
        file.with_suffix(".svg").write_text(plot(document))
        return file

    def _curves(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        curves: dict[str, dict[str, list[dict[str, Any]]]] = {}
        for point in self.growth:
            curves.setdefault(point.curve, {}).setdefault(point.engine, []).append(point.as_json())
        return curves


def table(results: Results) -> str:
    """The results for people."""
    lines = [*_engines("As fast as it can", results.plain)]
    if results.slow.runs:
        lines += ["", *_engines(f"With {results.settings['slow_us'] / 1000:g} ms more per fsync", results.slow)]
    if results.half:
        lines += ["", f"{'At half of its rate':<22}{'events/s':>10}{'ack p50':>10}{'ack p99':>10}{'e2e p99':>10}  ms"]
        lines += [
            f"{name:<22}{one.rate:>10,.0f}{one.ack_p50_ms:>10.1f}{one.ack_p99_ms:>10.1f}{one.e2e_p99_ms:>10.1f}"
            for name, one in results.half.items()
        ]
    return "\n".join([*lines, *_growth(results.growth)])


def _engines(title: str, found: Comparison) -> list[str]:
    ratios = {name: found.ratios(name) for name in OURS}
    lines = [f"{title:<32}{'events/s':>10}{'CPU ms':>9}{'e2e p50':>10}{'e2e p99':>10}{'MB':>7}  × sqlite  × postgresql"]
    for name, one in found.medians.items():
        times = "".join(f"{ratios[ours].get(name.replace('-', '_'), ''):>10}" for ours in OURS)
        lines.append(
            f"{name:<32}{one.events_per_s:>10,.0f}{one.cpu_ms_per_event:>9.2f}{one.e2e_p50_ms:>10,.0f}"
            f"{one.e2e_p99_ms:>10,.0f}{one.rss_mb:>7,.0f}{times}"
        )
    return lines


def _growth(points: Sequence[Point]) -> list[str]:
    lines: list[str] = []
    for curve, engine in dict.fromkeys((point.curve, point.engine) for point in points):
        row = [point for point in points if (point.curve, point.engine) == (curve, engine)]
        shown = "".join(f"{point.size:>11,}: {point.per_s:,.0f}/s {point.rss_mb:.0f} MB" for point in row)
        lines += ["", f"By {curve}, {engine}", shown]
    return lines
