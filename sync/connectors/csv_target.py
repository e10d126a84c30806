"""Records that are written into one file: a row for each reference."""

from __future__ import annotations

from pathlib import Path

from sync.connectors.csv_books import Book, Cells, Rows
from sync.connectors.csv_cells import number_read, unguarded, written
from sync.connectors.csv_options import CsvEntity
from sync.errors import Rejected
from sync.listing import Entry
from sync.model import Found, Record

_DRAFT, _FINAL = "draft", ("posted", "void")


class Written:
    """One file. The reference of a row is its id."""

    def __init__(self, directory: Path, name: str, entity: CsvEntity) -> None:
        self._name, self._entity = name, entity
        status = (entity.status,) if entity.status is not None else ()
        heads = tuple(dict.fromkeys((entity.key, *entity.columns, *status)))
        path = directory / (entity.write or "")
        self.book = Book(path=path, heads=heads, key=entity.key, sign=entity.sign, encoding=entity.encoding)

    async def find(self, reference: str) -> Found | None:
        """The row with this reference. Raises ConnectorError."""
        cells = (await self.book.rows()).get(reference)
        return self._found(reference, cells) if cells is not None else None

    async def entries(self) -> list[Entry]:
        """All rows, in the order of their references."""
        shown = [self._found(reference, cells) for reference, cells in sorted((await self.book.rows()).items())]
        return [Entry(each.id, each.record, None, each.status, each.id) for each in shown]

    async def create(self, reference: str, body: Record) -> Found:
        """A new row. Raises Rejected(reason="reference_taken"), ConnectorError."""
        status = {self._entity.status: _DRAFT} if self._entity.status is not None else {}
        own = written(self._entity.key, reference, number=False, decimal=".", encoding=self._entity.encoding)
        row = {self._entity.key: own, **status, **self._cells(body)}

        def add(rows: Rows) -> Found:
            if reference in rows:
                raise Rejected(f"{reference} is in {self.book.path.name} already", reason="reference_taken")
            rows[reference] = row
            return self._found(reference, row)

        made: Found = await self.book.change(add)
        return made

    async def update(self, reference: str, body: Record) -> Found:
        """Set cells of a row. Raises Rejected where it is final or not there, ConnectorError."""
        cells = self._cells(body)

        def change(rows: Rows) -> Found:
            before = self._there(rows, reference)
            if before.status in _FINAL:
                raise Rejected(f"{reference} is {before.status} and is not changed any more", code="final")
            rows[reference] = {**rows[reference], **cells}
            return self._found(reference, rows[reference])

        changed: Found = await self.book.change(change)
        return changed

    async def move(self, reference: str, to: str, *, unless: str) -> Found:
        """Set the status. Raises Rejected where the file has none, or where it says `unless`."""
        status = self._entity.status
        if status is None:
            raise Rejected(f"{self.book.path.name} has no column that says whether a row is {to}", code="unsupported")

        def change(rows: Rows) -> Found:
            if self._there(rows, reference).status == unless:
                raise Rejected(f"{reference} is {unless} and is not changed any more", code="final")
            rows[reference] = {**rows[reference], status: to}
            return self._found(reference, rows[reference])

        moved: Found = await self.book.change(change)
        return moved

    def _there(self, rows: Rows, reference: str) -> Found:
        if reference not in rows:
            raise Rejected(f"{reference} is not in {self.book.path.name}", code="gone")
        return self._found(reference, rows[reference])

    def _cells(self, body: Record) -> dict[str, str]:
        entity = self._entity
        for field in body:
            if field not in entity.columns:
                raise Rejected(f"{field} is none of the columns of {self.book.path.name}", code="column", path=field)
        return {
            field: written(
                field, value, number=field in entity.numbers, decimal=entity.decimal, encoding=entity.encoding
            )
            for field, value in body.items()
        }

    def _found(self, reference: str, cells: Cells) -> Found:
        entity = self._entity
        record: Record = {"id": reference}
        for head, cell in cells.items():
            text = unguarded(cell)
            record[head] = number_read(text, entity.decimal) if head in entity.numbers and text else text or None
        status = record.get(entity.status) if entity.status is not None else ""
        return Found(id=reference, record=record, status=str(status or ""))
