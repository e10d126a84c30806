"""A directory of files as a connection: rows are polled from what people put there, and records are written into files of ours."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from yarl import URL

from sync.connectors.csv_options import CsvOptions
from sync.connectors.csv_rejects import Rejects
from sync.connectors.csv_sheets import Row, Sheet, read_sheet
from sync.connectors.csv_target import Written
from sync.connectors.csv_watching import Folder, in_words
from sync.described import Described, Property
from sync.errors import Rejected, Unauthorized, Unavailable, WebhookRefused
from sync.listing import Entry, Listed
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page
from sync.returning import Refusal

T = TypeVar("T")
_MOST = 100


class Csv:
    """One directory."""

    def __init__(self, options: CsvOptions, name: str) -> None:
        self._options, self._name = options, name
        place = self._place = Path(options.directory)
        entities = options.entities.items()
        self._folders = {
            key: Folder(directory=place, name=key, entity=each, settle=options.settle, keep=options.keep)
            for key, each in entities
            if each.files is not None
        }
        self._rejects = {
            key: Rejects(directory=place, name=key, entity=each.entity) for key, each in self._folders.items()
        }
        self._written = {key: Written(place, key, each) for key, each in entities if each.write is not None}
        self._turn = asyncio.Lock()

    async def probe(self) -> str:
        """Looks into the directory."""
        if not await asyncio.to_thread(self._place.is_dir):
            raise Unauthorized(f"{self._name}: there is no directory {self._place}")
        said = []
        for name, folder in self._folders.items():
            said.append(f"{len(await self._reading(folder.files))} files of {name} are there")
        said += [f"{name} is written to {each.book.path.name}" for name, each in self._written.items()]
        return f"{self._name}: {'; '.join(said)}"

    async def close(self) -> None:
        """Let what is being written be in place."""
        for rejects in self._rejects.values():
            await rejects.close()
        for each in self._written.values():
            await each.book.close()

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """The rows of an uploaded file, whole: one that cannot be read refuses the file, and the sender is told why."""
        name, content = self._uploaded(incoming), incoming.body
        sheet = read_sheet("the file", content, self._folders[name].entity)
        problems = [row for row in sheet.rows if row.problem]
        if problems:
            raise WebhookRefused(400, "Nothing was taken in", in_words(problems))
        return [
            Change(
                entity=name, record_id=row.id, key=f"file:{sheet.content[:40]}:{row.id}", kind="row", occurred_at=now,
                payload={**row.record, "id": row.id},
            )
            for row in sheet.rows
        ]  # fmt: skip

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next rows of contents that were not read yet."""
        folder = self._folder(entity)
        if not self._place.is_dir():
            raise Unavailable(f"{self._name}: there is no directory {self._place}")
        return await self._reading(lambda: folder.changes(cursor, now))

    def start_at(self, entity: str, since: datetime) -> Record:
        """The cursor from which `changes` gives what was put there at or after this moment."""
        return self._folder(entity).start_at(since)

    async def read(self, entity: str, record_id: str) -> Record:
        """The row as the newest file has it. Raises Rejected(reason="not_found") when no file has it."""
        if entity in self._written:
            found = await self.get(entity, record_id)
            if found is not None:
                return found.record
        else:
            folder = self._folder(entity)
            row = await self._reading(lambda: folder.row(record_id))
            if row is not None and row[0].problem:
                raise Rejected(row[0].problem, reason="unreadable_file")
            if row is not None:
                return {**row[0].record, "id": row[0].id}
        raise Rejected(f"no file of {entity} has {record_id}", reason="not_found")

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Rows whose columns equal all of `by`, or hold all of its words, at most 100."""
        found = (record for record in (each.record for each in await self._entries(entity)) if _fits(record, by))
        return [record for record, _ in zip(found, range(_MOST), strict=False)] if by else []

    async def describe(self, entity: str) -> Described | None:
        """The columns of the file that came last. Raises ConnectorError where none is there, or it cannot be read."""
        if entity in self._written:
            heads: Collection[str] = self._written[entity].book.heads
        elif entity not in self._folders:
            return None
        else:
            sheet = await self._reading(self._folders[entity].newest)
            if sheet is None or sheet.problem:
                raise Unavailable(f"{self._name}: {sheet.problem if sheet else f'there is no file of {entity} yet'}")
            heads = sheet.heads
        return Described(entity=entity, fields={head: Property(label=head) for head in ("id", *heads) if head})

    def want(self, entity: str, paths: Collection[str]) -> None:
        """A row has the columns that it has."""

    def lists(self, entity: str) -> bool:
        """Every set of rows can be listed."""
        return entity in self._options.entities

    def lists_changes(self, entity: str) -> bool:
        """A file does not say which of its rows changed."""
        return False

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        """The page behind `after`, in the order of the keys."""
        behind = [each for each in await self._entries(entity) if after is None or each.id > after]
        more = len(behind) > limit
        return Listed(entries=tuple(behind[:limit]), after=behind[limit - 1].id if more else None)

    async def refused(self, entity: str, record_id: str, refusal: Refusal) -> None:
        """The row is named in a file beside the one that it came in."""
        folder = self._folders.get(entity)
        if folder is not None:
            row: tuple[Row, Sheet] | None = await self._reading(lambda: folder.row(record_id))
            await self._rejects[entity].add(record_id, refusal, row)

    async def settled(self, entity: str, record_id: str) -> None:
        """The row is named no more."""
        if entity in self._rejects:
            await self._rejects[entity].remove(record_id)

    async def find(self, entity: str, reference: str) -> Found | None:
        """The row with our reference. Several are Rejected(reason="ambiguous_reference")."""
        return await self._target(entity).find(reference)

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The row with this reference, which is its id."""
        return await self._target(entity).find(target_id)

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """A new row, a draft where the file has a status. A taken reference is Rejected(reason="reference_taken")."""
        return await self._target(entity).create(reference, body)

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set cells of a row. What is final or taken back is refused."""
        return await self._target(entity).update(target_id, body)

    async def post(self, entity: str, target_id: str) -> Found:
        """Make a draft final. One that is final already answers with itself."""
        return await self._target(entity).move(target_id, "posted", unless="void")

    async def void(self, entity: str, target_id: str) -> Found:
        """Take a draft back. One that is taken back already answers with itself."""
        return await self._target(entity).move(target_id, "void", unless="posted")

    def _uploaded(self, incoming: Incoming) -> str:
        token = self._options.token
        if token is None:
            raise WebhookRefused(404, "Unknown connection", f"{self._name} takes no uploads: it has no `token`.")
        given = incoming.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {token.get_secret_value()}".encode()):
            raise WebhookRefused(
                401, "Token is missing or wrong", "It belongs into the header Authorization: Bearer TOKEN."
            )
        only = next(iter(self._folders), "") if len(self._folders) == 1 else ""
        name = URL(incoming.url).query.get("entity", only)
        if name not in self._folders:
            raise WebhookRefused(400, "Unknown rows", f"Say ?entity= and one of {', '.join(sorted(self._folders))}.")
        return name

    async def _reading(self, ask: Callable[[], T]) -> T:
        """Files are read beside the loop, one at a time. Raises Unavailable."""
        async with self._turn:
            try:
                return await asyncio.to_thread(ask)
            except OSError as error:
                words = error.strerror or type(error).__name__
        raise Unavailable(f"{self._name}: {words}")

    async def _entries(self, entity: str) -> list[Entry]:
        if entity in self._written:
            return await self._written[entity].entries()
        folder = self._folder(entity)
        return await self._reading(
            lambda: [Entry(row.id, {**row.record, "id": row.id}, file.changed) for row, file in folder.records()]
        )

    def _folder(self, entity: str) -> Folder:
        if entity not in self._folders:
            raise Rejected(f"{entity} are no files that {self._name} reads", code="unsupported")
        return self._folders[entity]

    def _target(self, entity: str) -> Written:
        if entity not in self._written:
            raise Rejected(f"{entity} is no file that {self._name} writes", code="unsupported")
        return self._written[entity]


def _fits(record: Record, by: Mapping[str, str]) -> bool:
    words = by.get("*", "").lower().split()
    text = " ".join(str(value) for value in record.values() if value is not None).lower()
    return all(str(record.get(name)) == value for name, value in by.items() if name != "*") and all(
        word in text for word in words
    )
