"""The lineage picture: plain boxes from top to bottom, as wide as a phone, readable without colour."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from bot.render.page import Box, Picture
from sync.mapping import clean

WIDTH = 360
_MARGIN, _GAP, _ARROW, _LINE, _PAD = 8, 8, 30, 18, 12
_FIT = 44
"""So many characters fit into a box of the whole width."""


def drawn(picture: Picture, name: str) -> str:
    """The picture as SVG. `name` makes its ids unique on a page."""
    body: list[str] = []
    height = _MARGIN
    for number, level in enumerate(picture.levels):
        if number:
            body += _arrows(level, height)
            height += _ARROW
        boxes, tall = _level(level, height)
        body += boxes
        height += tall
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + _MARGIN}" role="img" '
        f'aria-labelledby="{name}-title {name}-words" font-family="system-ui, sans-serif" font-size="13">',
        f'<title id="{name}-title">{_text(picture.title)}</title>',
        f'<desc id="{name}-words">{_text(picture.words)}</desc>',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *body,
        "</svg>",
    ])  # fmt: skip


def _level(level: tuple[Box, ...], top: int) -> tuple[list[str], int]:
    """The boxes of a level: side by side where there are two at most, else one under the other."""
    if len(level) > 2:
        drawn_boxes: list[str] = []
        height = 0
        for box in level:
            drawn_boxes += _box(box, _MARGIN, top + height, WIDTH - 2 * _MARGIN, _tall(box))
            height += _tall(box) + _GAP
        return drawn_boxes, height - _GAP
    wide = (WIDTH - 2 * _MARGIN - _GAP * (len(level) - 1)) // len(level)
    tall = max(_tall(box) for box in level)
    boxes = [part for at, box in enumerate(level) for part in _box(box, _MARGIN + at * (wide + _GAP), top, wide, tall)]
    return boxes, tall


def _tall(box: Box) -> int:
    return _LINE * (1 + len(box.lines)) + _PAD


def _box(box: Box, left: int, top: int, wide: int, tall: int) -> Iterator[str]:
    yield (
        f'<rect x="{left}" y="{top}" width="{wide}" height="{tall}" rx="6" fill="#f4f7fb" stroke="#3b5573" stroke-width="1.2"/>'
    )
    most = _FIT * wide // (WIDTH - 2 * _MARGIN)
    for number, line in enumerate((box.title, *box.lines)):
        weight = ' font-weight="600"' if not number else ""
        middle, base = left + wide // 2, top + _LINE * (number + 1) + 1
        yield f'<text x="{middle}" y="{base}" text-anchor="middle" fill="#14202e"{weight}>{_text(_clipped(line, most))}</text>'


def _arrows(level: tuple[Box, ...], top: int) -> Iterator[str]:
    """One arrow to each box of a level, or one to all of them."""
    count = len(level) if len(level) <= 2 else 1
    wide = (WIDTH - 2 * _MARGIN) // count
    for at in range(count):
        x = _MARGIN + wide * at + wide // 2
        yield f'<path d="M{x} {top + 4}V{top + _ARROW - 10}" stroke="#3b5573" stroke-width="1.6" fill="none"/>'
        yield f'<path d="M{x - 5} {top + _ARROW - 11}h10l-5 8z" fill="#3b5573"/>'


def _clipped(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _text(words: str) -> str:
    return escape(clean(words))
