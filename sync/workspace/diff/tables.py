"""What changed in the reference tables: prices, accounts, terms. Only what a flow reads can change what is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sync.workspace.diff.change import PROOF, SAFE, About, Change
from sync.workspace.diff.contracts import approvers
from sync.workspace.diff.judges import use
from sync.workspace.flow import Flow
from sync.workspace.tables import ReferenceTable, Row
from sync.workspace.workspace import Workspace

_FEW = 3
_COLUMNS = ("column", "key", "currency_column")


def table_changes(old: Workspace, new: Workspace) -> Iterator[Change]:
    """Everything that changed in any table."""
    for name in sorted({*old.tables, *new.tables}):
        users = {**_users(name, old), **_users(name, new)}
        about = About(noun="table", name=name, approvers=_approvers(users, old, new))
        before, after = old.tables.get(name), new.tables.get(name)
        if before is None or after is None:
            verb = "new" if before is None else "removed"
            gone = after is None
            side = f"{name}.csv"
            yield about.change(
                SAFE, f"table_{'removed' if gone else 'added'}", "", f"the table is {verb}", gone=gone,
                old=side if gone else None, new=None if gone else side,
            )  # fmt: skip
        else:
            yield from _changes(about, before, after, users)


def _users(table: str, workspace: Workspace) -> dict[str, tuple[Flow, frozenset[str]]]:
    """The flows that read the table, with the columns they decide by."""
    found: dict[str, tuple[Flow, frozenset[str]]] = {}
    for flow in workspace.flows.values():
        plain = flow.model_dump(exclude_none=True)
        columns = [column for block in _naming(plain, table) for column in _columns(block)]
        if columns:
            found[flow.name] = flow, frozenset(columns)
    return found


def tables_read(flow: Flow) -> frozenset[str]:
    """Every table that the flow reads."""
    return frozenset(_referenced(flow.model_dump(exclude_none=True)))


def _referenced(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(name := value.get("reference"), str):
            yield name
        for inner in value.values():
            yield from _referenced(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _referenced(inner)


def _naming(value: object, table: str) -> Iterator[Mapping[str, object]]:
    if isinstance(value, Mapping):
        if value.get("reference") == table:
            yield value
        for inner in value.values():
            yield from _naming(inner, table)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _naming(inner, table)


def _columns(block: Mapping[str, object]) -> Iterator[str]:
    for key in _COLUMNS:
        if isinstance(column := block.get(key), str):
            yield column
    if "column" not in block:
        yield "*"


def _approvers(users: Mapping[str, tuple[Flow, frozenset[str]]], old: Workspace, new: Workspace) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name, (flow, _) in users.items():
        known = old.flows.get(name, flow)
        contract = old.contracts.get(known.contract) or new.contracts.get(known.contract)
        found |= dict.fromkeys((approvers(contract) if contract is not None else ()) or (known.owner,))
    return tuple(found)


def _changes(
    about: About, old: ReferenceTable, new: ReferenceTable, users: Mapping[str, tuple[Flow, frozenset[str]]]
) -> Iterator[Change]:
    read = {column for _, columns in users.values() for column in columns}
    reading = use(tuple(users) or ("no flow",), "reads")
    for column in sorted({*old.columns, *new.columns}):
        if (column in old.columns) != (column in new.columns):
            verb = "added" if column in new.columns else "removed"
            at = {
                "place": (1,),
                "gone": verb == "removed",
                verb.replace("added", "new").replace("removed", "old"): column,
            }
            yield about.change(SAFE, f"column_{verb}", column, f"the column {column} is {verb}; no flow reads it", **at)  # type: ignore[arg-type]
    before, after = _rows(old), _rows(new)
    added, removed = [key for key in after if key not in before], [key for key in before if key not in after]
    used = PROOF if users else SAFE
    if added:
        words = f"{_count(added)} new; {reading} the table"
        yield about.change(used, "rows_added", "", words, new=_few(added), place=(after[added[0]][0],))
    if removed:
        words = f"{_count(removed)} removed; {reading} the table"
        yield about.change(
            used, "rows_removed", "", words, old=_few(removed), place=(before[removed[0]][0],), gone=True
        )
    for column in (each for each in new.columns if each in old.columns):
        yield from _cells(about, column, before, after, (read & {column, "*"}, reading))
    common = [[key for key in side if key in before and key in after] for side in (before, after)]
    if common[0] != common[1]:
        words = "the rows stand in another order: suggestions come in it"
        yield about.change(SAFE, "rows_reordered", "", words, place=(1,))


Rows = dict[str, tuple[int, Row]]


def _rows(table: ReferenceTable) -> Rows:
    lines: Sequence[int] = table.lines or range(2, len(table.rows) + 2)
    return {row[table.columns[0]]: (line, row) for row, line in zip(table.rows, lines, strict=True)}


def _cells(about: About, column: str, before: Rows, after: Rows, reading: tuple[set[str], str]) -> Iterator[Change]:
    changed = [
        (key, before[key][1][column], row[column], line)
        for key, (line, row) in after.items()
        if key in before and before[key][1].get(column) != row.get(column)
    ]
    if changed:
        read, who = reading
        words = f"{column} changes in {_count(changed)}" + (f"; {who} it" if read else "; no flow decides by it")
        old, new = (_few([f"{each[0]} {each[at]}" for each in changed]) for at in (1, 2))
        category = PROOF if read else SAFE
        yield about.change(category, "rows_changed", column, words, old=old, new=new, place=(changed[0][3],))


def _count(things: Sequence[object]) -> str:
    return f"{len(things)} row{'s' if len(things) > 1 else ''}"


def _few(words: Sequence[str]) -> str:
    return ", ".join(words[:_FEW]) + (f" and {len(words) - _FEW} more" if len(words) > _FEW else "")
