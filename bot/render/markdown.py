"""Pages as Markdown, as GitHub and GitLab read it. Every word of a workspace is escaped; a picture is a file beside the page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.render.drawing import drawn
from bot.render.page import Cell, Code, Facts, Inline, Link, Page, Paragraph, Part, Picture, Table
from sync.mapping import clean

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~#!])")
_LISTS = re.compile(r"^(\s*)([-+]|\d+[.)])(\s)")


def markdown(page: Page, pages: frozenset[str]) -> str:
    """The page as one document."""
    lines = [f"# {_text(page.title)}", "", f"*{_text(page.kind)}* {_text(page.lead)}".rstrip(), ""]
    if page.name != "index":
        lines += ["[All contracts and flows](index.md)", ""]
    for section in page.sections:
        lines += [f"## {_text(section.title)}", ""]
        for part in section.parts:
            lines += [*_part(part, page, pages), ""]
    lines.append("Written by `meshline contracts render` from the files of the workspace. Change those, not this page.")
    return "\n".join(lines) + "\n"


def pictures(page: Page) -> dict[str, str]:
    """The files of the page's pictures."""
    found = [part for section in page.sections for part in section.parts if isinstance(part, Picture)]
    return {f"{page.name}.svg": drawn(each, "lineage") + "\n" for each in found[:1]}


def _part(part: Part, page: Page, pages: frozenset[str]) -> Iterator[str]:
    match part:
        case Paragraph():
            yield _cell(part.words, pages)
        case Facts():
            yield from (f"- **{_text(term)}:** {_cell(answer, pages)}" for term, answer in part.rows)
        case Table():
            yield f"**{_text(part.caption)}**"
            yield ""
            yield f"| {' | '.join(map(_text, part.heads))} |"
            yield f"|{'---|' * len(part.heads)}"
            yield from (f"| {' | '.join(_cell(cell, pages) for cell in row)} |" for row in part.rows)
        case Picture():
            yield f"![{_text(part.title)}]({page.name}.svg)"
            yield ""
            yield _text(part.words)


def _cell(cell: Cell, pages: frozenset[str]) -> str:
    parts = (cell,) if isinstance(cell, str | Code | Link) else cell
    return "".join(_inline(each, pages) for each in parts)


def _inline(each: Inline, pages: frozenset[str]) -> str:
    match each:
        case Code():
            return _code(clean(each.text))
        case Link():
            return f"[{_text(each.text)}]({each.to}.md)" if each.to in pages else _text(each.text)
    return _text(each)


def _code(words: str) -> str:
    """The words as code, behind more ticks than they hold in a row. A bar would end the cell of a table, in code too."""
    if not words:
        return ""
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", words)), default=0))
    space = " " if "`" in words else ""
    return f"{ticks}{space}{words.replace('|', chr(92) + '|')}{space}{ticks}"


def _text(words: str) -> str:
    kept = clean(words).replace("&", "&amp;")
    plain = _LISTS.sub(r"\1\\\2\3", _SPECIAL.sub(r"\\\1", kept))
    return f"{' ' * words.startswith(' ')}{plain}{' ' * (words.endswith(' ') and bool(plain))}"
