"""The mapping of a flow as rows of a data dictionary: what each field of the target is, where it comes from and whose it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.render.checks import in_words
from bot.render.page import Cell, Code, Facts, Paragraph, Part, Section, Table
from sync.workspace.diff.change import shown
from sync.workspace.diff.writes import confirmation
from sync.workspace.flow import BoundRecord, MapRow, SourceRecord, WriteRow
from sync.workspace.workspace import Workspace

_HEADS = ("Target field", "Comes from", "On the way", "Required", "Owner", "Note")
_DOES = {
    "upsert": "Creates the record, or updates it where it is there already",
    "create": "Creates the record, once",
    "update": "Updates a record",
    "post": "Posts the record: from now on it cannot be changed",
    "credit": "Credits what is posted, with a record of its own",
}


def write_section(workspace: Workspace, write: WriteRow, number: int) -> Section:
    """One write with its rows and its confirmation."""
    parts: list[Part] = [
        Paragraph(words=f"{_DOES[write.operation]}, in {write.connection}."),
        Facts(rows=tuple(_facts(write))),
    ]
    if write.record:
        rows = tuple(_rows(workspace, write.record, "", ""))
        parts.append(Table(caption=f"What {write.connection} gets as {write.entity}", heads=_HEADS, rows=rows))
    return Section(title=f"Write {number}: {write.name} → {write.connection} {write.entity}", parts=tuple(parts))


def _facts(write: WriteRow) -> Iterator[tuple[str, Cell]]:
    if write.key is not None:
        yield "Known by", (Code(text=write.key), " (the reference that makes it happen once)")
    if isinstance(write.of, SourceRecord):
        yield "Which record", ("the source's own, by ", Code(text=write.of.source))
    elif isinstance(write.of, BoundRecord):
        what = f"{write.of.entity} that" if write.of.entity else "what"
        yield "Which record", (f"{what} the {write.of.xref} became there, by ", Code(text=write.of.of))
    elif write.of is not None:
        yield "Which record", f"the one of the write {write.of}"
    if write.verify:
        rows = [f"{row.field} is {confirmation(row)}" for row in write.verify]
        yield "Confirmed by", f"reading it back: {', '.join(rows)}"


def _rows(workspace: Workspace, rows: Sequence[MapRow], to: str, at: str) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        owner = workspace.teams[row.owner].title if row.owner in workspace.teams and row.owner else ""
        required = "yes" if row.required else ""
        yield Code(text=to + row.to), source(row, at), on_the_way(row), required, owner, row.note or ""
        if row.record is not None:
            yield from _rows(workspace, row.record, f"{to}{row.to}[*].", f"{at}{row.each}[*].")


def source(row: MapRow, at: str) -> Cell:
    """Where the value of a row comes from; `at` is the path around it."""
    if row.from_ is not None:
        return Code(text=row.from_ if " " in row.from_ else at + row.from_)
    if row.value is not None:
        return "always ", Code(text=shown(row.value))
    if row.text is not None:
        return "the text ", Code(text=row.text)
    if row.ref is not None:
        return f"the record written as {row.ref.partition('.')[0]}", f": {row.ref.partition('.')[2] or 'its id'}"
    if row.xref is not None:
        return f"the id there of the {row.xref} ", Code(text=at + (row.of or ""))
    if row.each is not None:
        return "each of ", Code(text=at + row.each)
    if row.spread is not None:
        return f"each {row.spread.per} of ", Code(text=at + row.spread.amount), f" over {row.spread.months} months"
    return "another place; see the flow's file"


def on_the_way(row: MapRow) -> str:
    """What happens to the value between source and target."""
    steps = []
    if row.lookup is not None:
        steps.append(f"{row.lookup.column} in the table {row.lookup.reference}, by {row.lookup.key}")
    steps += row.transforms
    steps += [f"so many percent of {row.percent_of}"] if row.percent_of is not None else []
    if row.default is not None:
        steps.append(f"{shown(row.default)} when empty")
    if row.when is not None:
        steps.append(f"only when {in_words(row.when.model_dump())}")
    if row.flag is not None:
        steps.append(f"behind the flag {row.flag}")
    return "; ".join(steps)
