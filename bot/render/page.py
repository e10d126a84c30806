"""What a page is made of. The same parts become HTML or Markdown; no part holds markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A word as it stands in a file: a field, a code."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A word that leads to another page, by the page's name."""

    text: str
    to: str


Inline = str | Code | Link
Cell = Inline | Sequence[Inline]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    words: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Short answers, each to one question."""

    rows: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under heads; the first cell of a row says what the row is about. `caption` is what the table shows."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box of a picture, with up to three lines."""

    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Boxes from top to bottom, each level leading to the next. `words` says the same to those who do not see it."""

    title: str
    levels: tuple[tuple[Box, ...], ...]
    words: str


Part = Paragraph | Facts | Table | Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. `name` is its file without ending."""

    name: str
    kind: str
    title: str
    lead: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One step in the history of a file. `version` is the one that it left."""

    version: str
    day: str
    author: str
    words: str
