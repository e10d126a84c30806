"""References by binding: which records of the source a flow refers to in a target, where only the ledger knows their ids."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sync.bound import Bound
from sync.kept import kept_of
from sync.mapping import MOST_ITEMS, SelectorFailed, select, text
from sync.model import Record
from sync.workspace.flow import BoundRecord, Flow, MapRow, WriteRow


def refers(flow: Flow) -> bool:
    """Whether a row of the flow refers to a record by its binding."""
    return _refers(flow)


def referred(record: Record, flow: Flow) -> tuple[Bound, ...]:
    """Everything that the ledger must be asked about the record, each once. What cannot be selected is not asked about: the
    mapping says so."""
    found = (each for write in flow.writes for each in _in_rows(_rows(write), record, flow, write.connection))
    return tuple(dict.fromkeys(found))


def row_of(of: BoundRecord, name: str) -> MapRow:
    """What a write asks about the record that it builds on, as a row that asks the same."""
    return MapRow(to=name.replace("-", "_"), xref=of.xref, of=of.of, entity=of.entity)


def bound(row: MapRow, item: Any, flow: Flow, connection: str) -> Bound | None:
    """What one row asks of a record, or of an item of it; None where the id is empty. Raises SelectorFailed."""
    source_id = text(select(row.of or "", item))
    if not source_id or row.xref is None:
        return None
    return Bound(
        source_connection=flow.trigger.connection,
        source_entity=row.xref,
        source_id=source_id,
        target_connection=connection,
        target_entity=row.entity or "",
    )


@kept_of
def _refers(flow: Flow) -> bool:
    return any(_has(_rows(write)) for write in flow.writes)


def _rows(write: WriteRow) -> tuple[MapRow, ...]:
    return (*write.record, *((row_of(write.of, write.name),) if isinstance(write.of, BoundRecord) else ()))


def _has(rows: Sequence[MapRow]) -> bool:
    return any(row.xref is not None or _has(row.record or ()) for row in rows)


def _in_rows(rows: Sequence[MapRow], item: Any, flow: Flow, connection: str) -> Iterator[Bound]:
    for row in rows:
        try:
            if row.xref is not None and (one := bound(row, item, flow, connection)) is not None:
                yield one
            elif row.each is not None and _has(row.record or ()):
                items = select(row.each, item)
                for inner in items[:MOST_ITEMS] if isinstance(items, list) else ():
                    yield from _in_rows(row.record or (), inner, flow, connection)
        except SelectorFailed:
            continue
