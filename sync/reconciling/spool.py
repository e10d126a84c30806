"""What a run has read so far, in two files: rows of the source, rows of the target. Every page is kept together with where the
list goes on, so a run that was cut off continues from there and reads nothing twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from sync.reconciling.nouns import Row

SIDES = ("source", "target")
_BUCKETS = 1024
_NOT_DUE = b"-"


@dataclass(slots=True, kw_only=True)
class Place:
    """How far one side was read: `rows` in `size` bytes of its file, and where its list continues; `done` when it ended. `listed`
    are all records of its pages, `counted` how many the system itself had before the first, where it can count."""

    rows: int = 0
    listed: int = 0
    counted: int | None = None
    size: int = 0
    after: str | None = None
    done: bool = False


class Spool:
    """The files of one run in a directory of their own. Only one process at a time may write."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.places = {side: Place(**kept) for side, kept in self._kept().items()}

    def append(self, side: str, rows: Sequence[Row], after: str | None, *, listed: int = 0) -> None:
        """Keep a page of so many records and where the list goes on behind it; None is the end."""
        place = self.places[side]
        lines = b"".join([line(row) for row in rows])
        with self._file(side).open("ab") as file:
            file.truncate(place.size)  # a page that was cut off before it counted
            file.seek(0, os.SEEK_END)
            file.write(lines)
        place.rows, place.size = place.rows + len(rows), place.size + len(lines)
        place.listed += listed
        place.after, place.done = after, after is None
        self._keep()

    def lines(self, side: str) -> Iterator[tuple[bytes, bytes]]:
        """Every row of a side: its group and its line."""
        path = self._file(side)
        if not path.exists():
            return
        left = self.places[side].size
        with path.open("rb", buffering=1 << 20) as file:
            for each in file:
                left -= len(each)
                if left < 0:
                    return
                group, _, whole = each.partition(b"\t")
                yield group, whole

    def begin_anew(self, *sides: str) -> None:
        """What was read of these sides, or of both, is too old or of no use: they are read from their beginning."""
        self.places |= {side: Place() for side in sides or SIDES}
        self._keep()

    def forget(self) -> None:
        """The run is over."""
        shutil.rmtree(self._directory, ignore_errors=True)

    def _file(self, side: str) -> Path:
        return self._directory / f"{side}.rows"

    def _kept(self) -> dict[str, dict[str, Any]]:
        try:
            kept = orjson.loads((self._directory / "places.json").read_bytes())
            return {side: kept[side] for side in SIDES}
        except (OSError, ValueError, KeyError):
            return {side: {} for side in SIDES}

    def _keep(self) -> None:
        fresh = self._directory / "places.new"
        fresh.write_bytes(orjson.dumps({side: asdict(self.places[side]) for side in SIDES}))
        fresh.replace(self._directory / "places.json")


def line(row: Row) -> bytes:
    """A row as a line: its group, its digest and its money as numbers, and the row."""
    digest = int.from_bytes(blake2b(orjson.dumps((row.key or row.id, row.values)), digest_size=8).digest(), "big")
    return b"%b\t%d\t%d\t%b\n" % (group_of(row), digest, row.minor, orjson.dumps(tuple(row)))


def group_of(row: Row) -> bytes:
    """Period, currency and, of its customers, the bucket in which this one is: so many groups that memory stays flat."""
    if not row.due:
        return _NOT_DUE
    bucket = crc32(row.customer.encode("utf-8", "replace")) % _BUCKETS
    return f"{_bare(row.period)}|{_bare(row.currency)}|{bucket}".encode("utf-8", "replace")


def is_due(group: bytes) -> bool:
    """Whether rows of this group are expected on the other side."""
    return group != _NOT_DUE


def parse(whole: bytes) -> tuple[int, int]:
    """The digest of a line and its minor units; its row stays unread."""
    digest, minor, _ = whole.split(b"\t", 2)
    return int(digest), int(minor)


def read_row(whole: bytes) -> Row:
    """The row of a line."""
    row = whole.split(b"\t", 2)[2]
    key, id_, customer, period, currency, minor, values, changed, due = orjson.loads(row)
    return Row(key, id_, customer, period, currency, minor, tuple(values), changed, due)


def _bare(word: str) -> str:
    return word.replace("|", " ").replace("\t", " ").replace("\n", " ")
