"""Charts as PNG images, readable on a phone in Slack's light and dark themes. matplotlib is loaded when the first one is drawn,
and nothing of it outlives the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

_INK, _SOFT, _PAPER, _BLUE, _PALE = "#1d2b36", "#5b6b78", "#ffffff", "#1f5f8b", "#c9dbe8"
_WIDE, _HIGH, _HIGHER, _DPI = 8.0, 4.4, 5.6, 100
_LONGEST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A line over time. `values` are tenths; a None is a gap."""

    title: str
    labels: tuple[str, ...]
    values: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Bars, the longest first: how many came, and how many of them are open, which is hatched."""

    title: str
    names: tuple[str, ...]
    came: tuple[int, ...]
    left: tuple[int, ...]


def png(chart: Trend | Ranking) -> bytes:
    """The image, 800 pixels wide."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    line = isinstance(chart, Trend)
    figure = Figure(figsize=(_WIDE, _HIGH if line else _HIGHER), dpi=_DPI, facecolor=_PAPER)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.07, 0.15, 0.87, 0.66) if line else (0.04, 0.10, 0.92, 0.76))
    figure.text(0.04, 0.90 if line else 0.92, _plain(chart.title), fontsize=19, fontweight="bold", color=_INK)
    if isinstance(chart, Trend):
        _trend(axes, chart)
    else:
        _ranking(figure, axes, chart)
    kept = BytesIO()
    canvas.print_png(kept, metadata={"Software": None}, pil_kwargs={"optimize": True})
    return kept.getvalue()


def _trend(axes: Any, chart: Trend) -> None:
    places = list(range(len(chart.values)))
    heights = [float("nan") if one is None else one / 10 for one in chart.values]
    known = [one for one in chart.values if one is not None]
    axes.plot(places, heights, color=_BLUE, linewidth=3, marker="o", markersize=9, clip_on=False)
    top = max(known, default=10) / 10 or 1
    axes.set_ylim(0, top * 1.25)
    for place, value in zip(places, chart.values, strict=True):
        if value is not None:
            words = f"{value // 10}.{value % 10}"
            weight = "bold" if place == places[-1] else "normal"
            axes.annotate(words, (place, value / 10), xytext=(0, 13), textcoords="offset points", ha="center",
                          fontsize=15, color=_INK, fontweight=weight)  # fmt: skip
    axes.set_xticks(places, [_plain(one) for one in chart.labels], fontsize=14, color=_SOFT)
    axes.set_yticks([])
    axes.margins(x=0.06)
    _calm(axes, keep=("bottom",))


def _ranking(figure: Any, axes: Any, chart: Ranking) -> None:
    places = list(range(len(chart.names)))[::-1]
    look = {"height": 0.36, "align": "edge", "color": _PALE, "edgecolor": _BLUE, "linewidth": 1.2}
    axes.barh(places, chart.came, **look)
    axes.barh(places, chart.left, hatch="///", **look)
    most = max(*chart.came, *chart.left, 1)
    beside = {"textcoords": "offset points", "fontsize": 14, "color": _INK}
    for place, name, came, left in zip(places, chart.names, chart.came, chart.left, strict=True):
        words = f"{came:,} came{f', {left:,} open' if left else ''}"
        axes.annotate(words, (max(came, left), place + 0.18), xytext=(8, 0), va="center", fontweight="bold", **beside)
        axes.annotate(_short(name), (0, place + 0.36), xytext=(0, 4), **beside)
    axes.set_yticks([])
    axes.set_xticks([])
    axes.set_xlim(0, most * 1.75)  # room for `12,345 came, 1,234 open`
    axes.set_ylim(min(0, len(places) - 4), max(len(places) - 0.1, 1))
    _calm(axes, keep=("left",))
    figure.text(0.04, 0.035, "Whole bar: came in this time.  Hatched: open now.", fontsize=13, color=_SOFT)


def _calm(axes: Any, keep: Sequence[str]) -> None:
    axes.set_facecolor(_PAPER)
    axes.tick_params(length=0, pad=8)
    for side, spine in axes.spines.items():
        spine.set_visible(side in keep)
        spine.set_color(_PALE)


def _short(name: str) -> str:
    return _plain(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…")


def _plain(text: str) -> str:
    """Text that draws as it stands: a dollar sign would begin a formula."""
    return text.replace("$", r"\$")
