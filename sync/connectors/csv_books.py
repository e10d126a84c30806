"""Files that Meshline writes. A change is a new file beside the old one, put in its place at once: a reader sees the one or the other,
a crash leaves one of the two, and the reference tells which. Processes that write one file wait for each other."""

from __future__ import annotations

import asyncio
import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sync.connectors.csv_cells import unguarded
from sync.errors import AnswerLost, ConnectorError, Rejected, Unauthorized, Unavailable

try:
    import fcntl
except ModuleNotFoundError:  # there is none for Windows: one process writes there
    fcntl = None  # type: ignore[assignment]

OURS = ".meshline"
"""What Meshline keeps for itself in a directory of files."""
Cells = Mapping[str, str]
Rows = dict[str, Cells]
"""The rows of a file by their key, each by column, as the cells are written."""
Change = Callable[[Rows], Any]
"""Changes the rows, or raises ConnectorError and changes nothing."""


@dataclass(slots=True)
class _Asked:
    change: Change
    answer: asyncio.Future[Any]


@dataclass(slots=True, kw_only=True)
class Book:
    """One file. What is asked while a change is being written is written together with the next one. One that `vanishes` is gone
    when its last row is."""

    path: Path
    heads: tuple[str, ...]
    key: str
    sign: str
    encoding: str
    waiting: list[_Asked] = field(default_factory=list)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    vanishes: bool = False
    known: tuple[tuple[int, int], Rows] | None = None
    under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def rows(self) -> Rows:
        """What the file holds now. Raises ConnectorError."""
        return await asyncio.to_thread(self._guarded, self._read)

    async def change(self, change: Change) -> Any:
        """What the change gives, once the file with it is in place. Raises ConnectorError; AnswerLost where it may be in place."""
        asked = _Asked(change, asyncio.get_running_loop().create_future())
        self.waiting.append(asked)
        task = asyncio.create_task(self._flush())  # goes on where whoever asked is gone
        self.under_way.add(task)
        task.add_done_callback(self.under_way.discard)
        found, error = await asyncio.shield(asked.answer)
        if error is not None:
            raise error
        return found

    async def close(self) -> None:
        """Let what is being written be in place."""
        await asyncio.gather(*self.under_way, return_exceptions=True)

    async def _flush(self) -> None:
        async with self.turn:
            together, self.waiting = self.waiting, []
            told: list[tuple[Any, ConnectorError | None]] = []
            try:
                told = await asyncio.to_thread(self._together, together) if together else []
            finally:
                lost = (None, AnswerLost(f"{self.path.name} was being written"))
                for at, each in enumerate(together):
                    if not each.answer.done():
                        each.answer.set_result(told[at] if told else lost)

    def _together(self, asked: Sequence[_Asked]) -> list[tuple[Any, ConnectorError | None]]:
        told: list[tuple[Any, ConnectorError | None]] = []
        try:
            with self._alone():
                rows = dict(self._guarded(self._read))
                before = dict(rows)
                for each in asked:
                    told.append(_tried(each.change, rows))
                if rows != before:
                    self._guarded(lambda: self._write(rows))
        except ConnectorError as error:
            return [(None, error) for _ in asked]
        return told

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """File errors in our words; what was not put in place did not happen."""
        words = ""
        try:
            return work()
        except PermissionError:
            raise Unauthorized(
                f"{self.path.name} may not be written or read by this user, or is open elsewhere"
            ) from None
        except OSError as error:
            words = error.strerror or type(error).__name__
        raise Unavailable(f"{self.path.name}: {words}")

    def _read(self) -> Rows:
        try:
            told = self.path.stat()
        except FileNotFoundError:
            return {}
        if self.known is not None and self.known[0] == (told.st_size, told.st_mtime_ns):
            return self.known[1]
        rows = self._parsed(self.path.read_bytes())
        self.known = ((told.st_size, told.st_mtime_ns), rows)
        return rows

    def _parsed(self, content: bytes) -> Rows:
        if not content:
            return {}
        try:
            text = content.decode("utf-8-sig" if self.encoding == "utf-8" else self.encoding)
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.sign, strict=True)
            heads = tuple(next(reader, []))
            lines = [line for line in reader if line]
        except (UnicodeError, csv.Error):
            raise self._drift("cannot be read as it was written") from None
        missing = [each for each in self.heads if each not in heads]
        if missing or any(len(line) != len(heads) for line in lines):
            raise self._drift(
                f"has no column {', '.join(missing)}" if missing else "has rows of other lengths than its first line"
            )
        rows: Rows = {}
        for line in lines:
            cells = dict(zip(heads, line, strict=True))
            if rows.setdefault(unguarded(cells[self.key]), cells) is not cells:
                raise Rejected(f"{cells[self.key]} is in {self.path.name} more than once", reason="ambiguous_reference")
        return rows

    def _drift(self, words: str) -> Rejected:
        return Rejected(f"{self.path.name} {words}", reason="schema_drift", code="schema")

    def _write(self, rows: Rows) -> None:
        heads = tuple(dict.fromkeys((*self.heads, *(name for cells in rows.values() for name in cells))))
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.sign, lineterminator="\n")
        writer.writerows([heads, *([cells.get(name, "") for name in heads] for cells in rows.values())])
        if self.vanishes and not rows:
            self.path.unlink(missing_ok=True)
            return
        part = self.path.with_name(f".{self.path.name}.part")
        with part.open("wb") as file:
            file.write(text.getvalue().encode(self.encoding))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)
        self.known = None
        try:
            _kept(self.path.parent)
        except OSError:
            raise AnswerLost(f"{self.path.name} is in place, and the disk did not say that it stays there") from None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process writes this file meanwhile."""
        if fcntl is None:
            yield
            return
        with self._guarded(self._lock) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _lock(self) -> BinaryIO:
        place = self.path.parent / OURS
        place.mkdir(mode=0o700, exist_ok=True)
        return (place / f"{self.path.name}.lock").open("wb")


def _tried(change: Change, rows: Rows) -> tuple[Any, ConnectorError | None]:
    try:
        return change(rows), None
    except ConnectorError as error:
        return None, error


def _kept(directory: Path) -> None:
    """What the directory names is on the disk."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
