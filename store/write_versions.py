"""Which state of the source's record each write was made of. A version only ever goes up."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

from sqlalchemy import Connection, Executable, TableClause, and_, or_, update

from store.given import Prepared, types
from store.rows import AnyRow
from store.tables import writes
from sync.lifecycle import WriteState
from sync.model import Record, Version


def columns(version: Version | None) -> Record:
    """The version as the columns of a write."""
    if version is None:
        return {"version_by": None, "version": None, "version_sequence": None}
    return {"version_by": version.by, "version": version.at, "version_sequence": version.sequence}


def is_stale(row: AnyRow, version: Version | None) -> bool:
    """Whether what the write was made of is newer. What was refused never came to be, but what was there before it still is: that
    is newer, too, than what is older than the refused."""
    if version is None or (row.state == WriteState.REFUSED and row.target_id is None):
        return False
    return version.is_before(row.version_by, row.version, row.version_sequence)


def renew(tx: Connection, seen: Iterable[tuple[int, Version | None]]) -> None:
    """What these writes say is what the record is as of these versions, too. A version never goes down."""
    rows = [
        {"id": number, **columns(version)} for number, version in sorted(seen, key=itemgetter(0)) if version is not None
    ]
    if rows:
        _RENEWED.run(tx, rows)


def _renewal(given: TableClause, _: str) -> Executable:
    w, g = writes.c, given.c
    sooner = or_(w.version < g.version, and_(w.version == g.version, w.version_sequence < g.version_sequence))
    older = or_(w.version_by.is_(None), w.version_by != g.version_by, sooner)
    values = {"version_by": g.version_by, "version": g.version, "version_sequence": g.version_sequence}
    return update(writes).where(w.id == g.id, older).values(values)


_w = writes.c
_RENEWED = Prepared(types(_w.id, _w.version_by, _w.version, _w.version_sequence), _renewal)
