"""A watched directory: which contents are new, row by row from a cursor, and what a record is now. A content is read once however
often and under whatever name it is put there; it is kept for a while, so that a file may be replaced before its rows were delivered."""

from __future__ import annotations

import hashlib
import shutil
import stat
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sync.connectors.csv_books import OURS
from sync.connectors.csv_options import CsvEntity
from sync.connectors.csv_sheets import Row, Sheet, read_sheet
from sync.model import Change, Record
from sync.ports import Page

PAGE = 500
REJECTED = ".rejected.csv"
_SHEETS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it stands there now. `name` is what people call it, also of a kept copy."""

    path: Path
    name: str
    size: int
    changed_ns: int

    @property
    def changed(self) -> datetime:
        return datetime.fromtimestamp(self.changed_ns / 1_000_000_000, UTC)


@dataclass(slots=True, kw_only=True)
class Folder:
    """The files of one entity."""

    directory: Path
    name: str
    entity: CsvEntity
    settle: float
    keep: float
    sheets: OrderedDict[tuple[str, int, int], Sheet] = field(default_factory=OrderedDict)
    index: tuple[tuple[File, ...], dict[str, File]] = ((), {})

    def files(self) -> list[File]:
        """Those that fit the pattern, the oldest first. What is hidden or written by us is none."""
        return sorted(self._fitting(), key=lambda file: (file.changed_ns, file.name))

    def start_at(self, since: datetime) -> Record:
        """The cursor behind every file that was there before this moment."""
        seen = {each.name: [each.size, each.changed_ns, "", ""] for each in self.files() if each.changed < since}
        return {"seen": seen, "at": None}

    def changes(self, cursor: Record | None, now: datetime) -> Page:
        """The rows of new contents, at most about a page of them."""
        at = (cursor or {}).get("at")
        files = {each.name: each for each in self.files()}
        seen = {name: known for name, known in (cursor or {}).get("seen", {}).items() if name in files}
        if at and at[0] not in files:  # it was moved away while it was read: its copy is read to the end
            files |= {each.name: each for each in self._kept() if f"-{at[3][:16]}-{at[0]}" in each.path.name}
        found: list[Change] = []
        for file in files.values():
            stopped = at if at and at[0] == file.name else None
            news = self._news(file, seen.get(file.name), stopped, now)
            if news is None:
                continue
            sheet, version = news
            start = stopped[2] if stopped and stopped[1] == version else 0
            rows = sheet.rows[start : start + PAGE - len(found)]
            found += [self._change(row, file, version) for row in rows]
            if start + len(rows) < len(sheet.rows):
                place = [file.name, version, start + len(rows), sheet.content]
                return Page(changes=tuple(found), cursor={"seen": seen, "at": place}, more=True)
            seen[file.name] = [file.size, file.changed_ns, version, sheet.content]
        self._forget(now)
        return Page(changes=tuple(found), cursor={"seen": seen, "at": None}, more=False)

    def row(self, record_id: str) -> tuple[Row, Sheet] | None:
        """The row as the newest file has it, and its sheet."""
        file = self._index().get(record_id)
        if file is None:
            return None
        sheet = self._sheet(file)
        row = sheet.by_id.get(record_id) if sheet is not None else None
        return (row, sheet) if row is not None and sheet is not None else None

    def records(self) -> Iterator[tuple[Row, File]]:
        """Every row that can be read, as the newest file has it, in the order of the keys."""
        for record_id, file in sorted(self._index().items()):
            sheet = self._sheet(file)
            row = sheet.by_id.get(record_id) if sheet is not None else None
            if row is not None and not row.problem:
                yield row, file

    def newest(self) -> Sheet | None:
        """The file that came last; None where there is none."""
        files = self.files()
        return self._sheet(files[-1]) if files else None

    def _fitting(self) -> Iterator[File]:
        pattern = (self.entity.files or "").lower()
        for path in self.directory.iterdir() if self.directory.is_dir() else ():
            if (
                not path.name.startswith((".", "~$"))
                and not path.name.endswith(REJECTED)
                and fnmatchcase(path.name.lower(), pattern)
            ):
                yield from _file(path, path.name)

    def _news(
        self, file: File, known: list[Any] | None, stopped: list[Any] | None, now: datetime
    ) -> tuple[Sheet, str] | None:
        """A content that was not read to its end, and what tells it apart from all others of this name; None where there is none.
        `known` is what was read of the name before, `stopped` where the reading of another one stopped."""
        if known is not None and stopped is None and known[:2] == [file.size, file.changed_ns]:
            return None
        if abs((now - file.changed).total_seconds()) < self.settle:
            return None
        sheet = self._sheet(file)
        if sheet is None or (stopped is None and known is not None and known[3] == sheet.content):
            return None
        self._keep(file, sheet)
        if stopped is not None and stopped[3] == sheet.content:
            return sheet, str(stopped[1])
        before = str(stopped[1]) if stopped is not None else str(known[2]) if known is not None else ""
        return sheet, hashlib.sha256(f"{before}{sheet.content}".encode()).hexdigest() if before else sheet.content

    def _change(self, row: Row, file: File, version: str) -> Change:
        key = f"file:{version[:40]}:{row.id}"
        return Change(entity=self.name, record_id=row.id, key=key, kind="row", occurred_at=file.changed)

    def _sheet(self, file: File) -> Sheet | None:
        """What the file holds; None where it changed while it was read, or is gone."""
        place = (str(file.path), file.size, file.changed_ns)
        sheet = self.sheets.pop(place, None)
        if sheet is None:
            before = list(_file(file.path, file.name))
            try:
                content = file.path.read_bytes()
            except FileNotFoundError:
                return None
            if not before or len(content) != file.size or list(_file(file.path, file.name)) != before:
                return None
            sheet = read_sheet(file.name, content, self.entity)
        self.sheets[place] = sheet
        while len(self.sheets) > _SHEETS:
            self.sheets.popitem(last=False)
        return sheet

    def _index(self) -> dict[str, File]:
        """In which file each record stands: the one that came last."""
        files = sorted([*self._kept(), *self.files()], key=lambda file: (file.changed_ns, file.name))
        if self.index[0] != tuple(files):
            found: dict[str, File] = {}
            for file in files:
                sheet = self._sheet(file)
                found |= dict.fromkeys((row.id for row in sheet.rows), file) if sheet is not None else {}
            self.index = (tuple(files), found)
        return self.index[1]

    @property
    def _shelf(self) -> Path:
        return self.directory / OURS / self.name

    def _keep(self, file: File, sheet: Sheet) -> None:
        place = self._shelf / f"{file.changed_ns}-{sheet.content[:16]}-{file.name}"
        if self.keep and not place.exists():
            self._shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = place.with_name(f".{place.name}.part")
            shutil.copyfile(file.path, part)
            part.replace(place)

    def _kept(self) -> Iterator[File]:
        for path in self._shelf.iterdir() if self._shelf.is_dir() else ():
            stamp, _, rest = path.name.partition("-")
            if stamp.isdecimal():
                for file in _file(path, rest.partition("-")[2]):
                    yield File(path=path, name=file.name, size=file.size, changed_ns=int(stamp))

    def _forget(self, now: datetime) -> None:
        for file in list(self._kept()):
            copied = next((each.changed for each in _file(file.path, file.name)), now)
            if (now - copied).total_seconds() > self.keep:  # since it was read, however old it was then
                file.path.unlink(missing_ok=True)


def _file(path: Path, name: str) -> Iterator[File]:
    try:
        told = path.stat()
    except FileNotFoundError:
        return
    if stat.S_ISREG(told.st_mode):
        yield File(path=path, name=name, size=told.st_size, changed_ns=told.st_mtime_ns)


def in_words(problems: Sequence[Row]) -> str:
    """The first problems of a file, for whoever sent it."""
    more = f"; and {len(problems) - 5} more" if len(problems) > 5 else ""
    return "; ".join(row.problem for row in problems[:5]) + more
