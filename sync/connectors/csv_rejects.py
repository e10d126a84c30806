"""What was refused, in a file beside the one it came in: its rows as they were, and why. A row is there once, with its latest reason,
and gone when it went through after all; a file without rows is gone too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from sync.connectors.csv_books import Book, Rows
from sync.connectors.csv_cells import guarded, unguarded
from sync.connectors.csv_options import CsvEntity
from sync.connectors.csv_sheets import Row, Sheet
from sync.connectors.csv_watching import REJECTED
from sync.returning import Refusal

_RECORD, _WHY, _FIX = "meshline_record", "refused_because", "what_to_do"
_ENDINGS = (".csv", ".txt", ".tsv")


@dataclass(slots=True, kw_only=True)
class Rejects:
    """The files of the refused rows of one entity."""

    directory: Path
    name: str
    entity: CsvEntity
    books: dict[Path, Book] = field(default_factory=dict)

    async def add(self, record_id: str, refusal: Refusal, found: tuple[Row, Sheet] | None) -> None:
        """Name the record. Raises ConnectorError."""
        own: dict[str, str] = {}
        if found is not None:
            cells = zip(found[1].heads, found[0].cells, strict=False)
            own = {head: guarded(unguarded(cell.strip())) for head, cell in cells if head}
        said = {_RECORD: record_id, _WHY: refusal.why, _FIX: refusal.what_to_do}
        row = {**own, **{head: guarded(text) for head, text in said.items()}}

        def put(rows: Rows) -> None:
            rows[record_id] = row

        stem = Path(found[1].name).stem if found is not None else self._uploads
        await self._book(self.directory / f"{stem}{REJECTED}").change(put)

    async def remove(self, record_id: str) -> None:
        """The record is refused no more, in whichever file it is named. Raises ConnectorError."""
        for path in self._mine():
            book = self._book(path)
            if record_id in await book.rows():
                await book.change(lambda rows: rows.pop(record_id, None) and None)

    async def close(self) -> None:
        """Let what is being written be in place."""
        for book in self.books.values():
            await book.close()

    @property
    def _uploads(self) -> str:
        return f"{self.name}-uploads"

    def _mine(self) -> Iterator[Path]:
        pattern = (self.entity.files or "").lower()
        for path in self.directory.glob(f"*{REJECTED}") if self.directory.is_dir() else ():
            stem = path.name.removesuffix(REJECTED)
            if stem == self._uploads or any(fnmatchcase(f"{stem}{end}".lower(), pattern) for end in _ENDINGS):
                yield path

    def _book(self, path: Path) -> Book:
        if path not in self.books:
            self.books[path] = Book(
                path=path, heads=(_RECORD,), key=_RECORD, sign=self.entity.sign, encoding="utf-8-sig", vanishes=True
            )
        return self.books[path]
