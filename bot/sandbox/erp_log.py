"""The ERP's memory of who asked what: entries are added and never changed, in memory and as JSON lines in a file."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request. Status 0: the answer was cut off. `committed`: the books changed. A commit that came after its answer
    was cut has an entry of its own with method LATE."""

    seq: int
    at: str
    method: str
    path: str
    reference: str | None
    status: int
    committed: bool


class RequestLog:
    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._entries: list[Entry] = []

    @property
    def entries(self) -> Sequence[Entry]:
        return tuple(self._entries)

    def add(self, *, at: str, method: str, path: str, reference: str | None, status: int, committed: bool) -> None:
        entry = Entry(
            seq=len(self._entries) + 1,
            at=at,
            method=method,
            path=path,
            reference=reference,
            status=status,
            committed=committed,
        )
        self._entries.append(entry)
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps(asdict(entry)) + "\n")
