"""The results as one small SVG: bars for the engines, lines for the growth. Rates go up in powers of ten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

_WIDTH, _HEIGHT, _GAP = 420, 230, 60
_COLOURS = ("#1264a3", "#e01e5a", "#2eb67d", "#8a5a00", "#666666")
_STYLE = (
    "text{font:12px sans-serif;fill:#1d1c1d}.small{font-size:10px}.grid{stroke:#ddd}.line{fill:none;stroke-width:2}"
)

Series = dict[str, list[tuple[float, float]]]


def plot(document: dict[str, Any]) -> str:
    """The picture of a results document."""
    panels = [_bars("Events per second", {k: v["events_per_s"] for k, v in document["medians"].items()})]
    if document["medians_slow"]:
        bars = {name: one["events_per_s"] for name, one in document["medians_slow"].items()}
        panels.append(_bars(f"… with {document['settings']['slow_us'] / 1000:g} ms more per fsync", bars))
    curves = document["growth"]
    titles = {
        "backlog": "deliveries waiting",
        "history": "events done before",
        "workers": "workers",
        "customers": "customers",
    }
    panels += [
        _lines(f"Events per second, by {titles[name]}", _series(curves[name])) for name in titles if curves.get(name)
    ]
    placed = [
        f'<g transform="translate({index % 2 * (_WIDTH + _GAP) + _GAP},{index // 2 * (_HEIGHT + _GAP) + 40})">{panel}</g>'
        for index, panel in enumerate(panels)
    ]
    width, height = 2 * (_WIDTH + _GAP) + 20, ceil(len(panels) / 2) * (_HEIGHT + _GAP) + 40
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="white"/>{"".join(placed)}</svg>\n'
    )


def _series(curve: dict[str, list[dict[str, Any]]]) -> Series:
    return {engine: [(point["size"], point["per_s"]) for point in points] for engine, points in curve.items()}


def _bars(title: str, values: dict[str, float]) -> str:
    scale = _Scale(list(values.values()))
    step = _WIDTH / max(1, len(values))
    parts = [_heading(title), *scale.grid()]
    for index, (name, value) in enumerate(values.items()):
        x, y = index * step + step * 0.15, scale.y(value)
        colour = _COLOURS[0] if name.startswith("meshline") else _COLOURS[4]
        parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{step * 0.7:.1f}" height="{_HEIGHT - y:.1f}" fill="{colour}"/>'
        )
        middle = x + step * 0.35
        parts.append(_text(middle, y - 4, f"{value:,.0f}", "middle"))
        parts.append(_text(middle, _HEIGHT + 14, name, "middle", small=True))
    return "".join(parts)


def _lines(title: str, series: Series) -> str:
    scale = _Scale([y for points in series.values() for _, y in points])
    sizes = sorted({x for points in series.values() for x, _ in points})
    places = {size: index * _WIDTH / max(1, len(sizes) - 1) for index, size in enumerate(sizes)}
    parts = [_heading(title), *scale.grid()]
    parts += [_text(places[size], _HEIGHT + 14, f"{size:,}", "middle", small=True) for size in sizes]
    for index, (name, points) in enumerate(series.items()):
        colour = _COLOURS[index % len(_COLOURS)]
        way = " ".join(f"{places[x]:.1f},{scale.y(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="line" points="{way}" stroke="{colour}"/>')
        parts += [f'<circle cx="{places[x]:.1f}" cy="{scale.y(y):.1f}" r="3" fill="{colour}"/>' for x, y in points]
        parts.append(f'<rect x="8" y="{_HEIGHT - 34 + index * 16}" width="10" height="10" fill="{colour}"/>')
        parts.append(_text(24, _HEIGHT - 25 + index * 16, name, "start", small=True))
    return "".join(parts)


class _Scale:
    """From rates to heights: logarithmic, from one power of ten to another."""

    def __init__(self, values: Sequence[float]) -> None:
        positive = [value for value in values if value > 0] or [1.0]
        self._low = floor(log10(min(positive)))
        self._high = max(self._low + 1, ceil(log10(max(positive)) + 0.05))

    def y(self, value: float) -> float:
        """The height at which the value is drawn, from above."""
        share = (log10(max(value, 10**self._low)) - self._low) / (self._high - self._low)
        return _HEIGHT * (1 - share)

    def grid(self) -> Iterator[str]:
        """A line for each power of ten."""
        for power in range(self._low, self._high + 1):
            y = self.y(10.0**power)
            yield f'<line class="grid" x1="0" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield _text(-6, y + 4, f"{10**power:,}" if power >= 0 else f"{10**power}", "end", small=True)


def _heading(title: str) -> str:
    return _text(0, -14, title, "start")


def _text(x: float, y: float, words: str, anchor: str, *, small: bool = False) -> str:
    kind = ' class="small"' if small else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(words)}</text>'
