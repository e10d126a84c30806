"""Pages as HTML: each a file of its own without scripts and without anything from elsewhere, readable by keyboard, by ear and on
a phone. Every word of a workspace is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from bot.render.drawing import drawn
from bot.render.page import Cell, Code, Facts, Inline, Link, Page, Paragraph, Part, Picture, Section, Table
from sync.mapping import clean

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; color: #14202e; background: #fff; }
main, nav, footer { max-width: 76rem; margin: 0 auto; padding: 0 1rem; }
nav { padding-top: 1rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: .2rem 0 .6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-top: .6rem; border-top: 1px solid #d5dde6; }
.kind { margin: 1.2rem 0 0; color: #4a5b6e; font-size: .85rem; letter-spacing: .04em; text-transform: uppercase; }
.lead { font-size: 1.1rem; max-width: 46rem; margin: 0 0 1rem; }
a { color: #0b5394; } a:focus-visible, .wide:focus-visible { outline: 3px solid #0b5394; outline-offset: 2px; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; background: #f1f4f8; padding: .1em .3em; border-radius: 4px;
  overflow-wrap: anywhere; }
.wide { overflow-x: auto; border: 1px solid #d5dde6; border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; padding: .5rem .7rem; color: #4a5b6e; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-top: 1px solid #e4eaf0; }
td:last-child { min-width: 13rem; }
thead th { background: #f4f7fb; vertical-align: bottom; } tbody th { font-weight: 600; } th code, td code { overflow-wrap: break-word; }
* + .wide { margin-top: 1rem; } dl { display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: .35rem 1rem; margin: 0; }
dt { color: #4a5b6e; } dd { margin: 0; overflow-wrap: anywhere; }
figure { margin: 0; max-width: 30rem; } svg { width: 100%; height: auto; display: block; } figcaption { color: #4a5b6e; font-size: .9rem; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: .5rem; background: #fff; padding: .3rem .6rem; }
footer { margin: 3rem auto 2rem; color: #4a5b6e; font-size: .85rem; }
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; } h1 { font-size: 1.5rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, th, td, caption { display: block; width: 100%; }
  tbody tr { border-top: 1px solid #c3cfdb; padding: .4rem 0; } th, td { border: 0; padding: .2rem .7rem; }
  td[data-head]::before { content: attr(data-head) ": "; color: #4a5b6e; } td:empty { display: none; }
  td:last-child { min-width: 0; }
}
@media print { nav, .skip { display: none; } .wide { overflow: visible; border: 0; } }
"""
_SAFE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def html(page: Page, pages: frozenset[str]) -> str:
    """The page as a whole document. Links lead to the `pages` that there are."""
    body = "\n".join(line for section in page.sections for line in _section(section, pages))
    home = (
        ""
        if page.name == "index"
        else '<nav aria-label="All pages"><a href="index.html">All contracts and flows</a></nav>'
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_SAFE}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(page.title)} · {_text(page.kind)}</title>
<style>{_STYLE}</style>
</head>
<body>
<a class="skip" href="#content">To the content</a>
{home}
<main id="content">
<p class="kind">{_text(page.kind)}</p>
<h1>{_text(page.title)}</h1>
<p class="lead">{_text(page.lead)}</p>
{body}
</main>
<footer>Written by <code>meshline contracts render</code> from the files of the workspace. Change those, not this page.</footer>
</body>
</html>
"""


def _section(section: Section, pages: frozenset[str]) -> Iterator[str]:
    name = _name(section.title)
    yield f'<section aria-labelledby="{name}">'
    yield f'<h2 id="{name}">{_text(section.title)}</h2>'
    for part in section.parts:
        yield from _part(part, name, pages)
    yield "</section>"


def _part(part: Part, name: str, pages: frozenset[str]) -> Iterator[str]:
    match part:
        case Paragraph():
            yield f"<p>{_cell(part.words, pages)}</p>"
        case Facts():
            yield "<dl>"
            for term, answer in part.rows:
                yield f"<dt>{_text(term)}</dt><dd>{_cell(answer, pages)}</dd>"
            yield "</dl>"
        case Table():
            yield from _table(part, pages)
        case Picture():
            yield f"<figure>{drawn(part, name)}<figcaption>{_text(part.words)}</figcaption></figure>"


def _table(table: Table, pages: frozenset[str]) -> Iterator[str]:
    yield f'<div class="wide" role="region" tabindex="0" aria-label="{_text(table.caption)}">'
    yield f'<table role="table"><caption>{_text(table.caption)}</caption>'
    heads = "".join(f'<th scope="col" role="columnheader">{_text(head)}</th>' for head in table.heads)
    yield f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead><tbody role="rowgroup">'
    for first, *rest in table.rows:
        cells = "".join(
            f'<td role="cell" data-head="{_text(head)}">{words}</td>'
            if (words := _cell(cell, pages))
            else '<td role="cell"></td>'
            for head, cell in zip(table.heads[1:], rest, strict=True)
        )
        yield f'<tr role="row"><th scope="row" role="rowheader">{_cell(first, pages)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _cell(cell: Cell, pages: frozenset[str]) -> str:
    parts = (cell,) if isinstance(cell, str | Code | Link) else cell
    return "".join(_inline(each, pages) for each in parts)


def _inline(each: Inline, pages: frozenset[str]) -> str:
    match each:
        case Code():
            return f"<code>{_text(each.text)}</code>" if each.text else ""
        case Link():
            return f'<a href="{_text(each.to)}.html">{_text(each.text)}</a>' if each.to in pages else _text(each.text)
    return _text(each)


def _name(title: str) -> str:
    return "".join(char if char.isalnum() and char.isascii() else "-" for char in title.lower())


def _text(words: str) -> str:
    """The words, escaped; blanks at their ends stay."""
    kept = clean(words)
    return escape(f"{' ' * words.startswith(' ')}{kept}{' ' * (words.endswith(' ') and bool(kept))}")
