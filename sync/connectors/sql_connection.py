"""One database, as a source that is polled and as a target that is written. A change is one transaction; where its commit was not
confirmed that is AnswerLost, and the reference tells whether it is there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, String, and_, cast, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from sync.connectors import sql_polling as polling
from sync.connectors.sql_session import Database, Taken
from sync.connectors.sql_tables import Known
from sync.connectors.sql_values import logical_type
from sync.described import Described, Property
from sync.errors import Rejected, WebhookRefused
from sync.listing import Entry, Listed
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page

T = TypeVar("T")

_MOST = 100


class Sql(Database):
    """The tables of one database that the workspace names."""

    async def probe(self) -> str:
        """Looks up every table, and counts the rows that polling could never see."""
        said = []
        for entity, options in self._options.entities.items():
            known = await self._look_up(entity)
            line = f"{entity} in {options.table} can be {'written' if options.reference else 'read'}"
            if options.changed and (unseen := await self._unseen(known)):
                line += f" ({unseen:,} rows have no readable {options.changed} and are never polled)"
            said.append(line)
        return f"{self._name} answers; {'; '.join(said)}"

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """A database sends no webhooks."""
        raise WebhookRefused(404, "Unknown connection", f"{self._name} is polled and sends no webhooks.")

    def start_at(self, entity: str, since: datetime) -> Record:
        """The cursor from which `changes` gives what changed at or after this moment."""
        return polling.start_at(since)

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of rows that changed since the cursor, by the database's own clock where it is behind ours."""
        known = await self._look_up(entity)
        if known.options.changed is None:
            raise self._unsupported(entity, "polled: name the column `changed`")
        overlap, lag = (timedelta(seconds=each) for each in (self._options.overlap, self._options.lag))
        until = min(now, await self._now(known, now)) - lag
        window = polling.window(cursor, until)
        rows = await self._rows(polling.asked(known, window))
        return polling.page(known, window, rows, overlap)

    async def read(self, entity: str, record_id: str) -> Record:
        """The row as it is now. Raises Rejected(reason="not_found") when it is gone."""
        found = await self.get(entity, record_id)
        if found is None:
            raise Rejected(f"{entity} {record_id} is not in {self._name}", reason="not_found")
        return found.record

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Rows whose named columns equal all of `by`, or hold all of its words, at most 100."""
        known = await self._look_up(entity)
        if not by:
            return []
        rules = []
        for name, value in by.items():
            rule = _holds_words(known, value) if name == "*" else self._equals(known, name, value)
            if rule is None:
                return []
            rules.append(rule)
        rows = await self._rows(select(*known.selected()).where(*rules).order_by(known.key).limit(_MOST))
        return [known.found(row).record for row in rows]

    async def describe(self, entity: str) -> Described | None:
        """The named columns as the database describes them now; None where the table is gone."""
        if entity not in self._options.entities:
            return None
        self._known.pop(entity, None)
        known = await self._look_up(entity)
        fields = {name: Property(label=name, type=logical_type(known.column(name))) for name in known.names}
        return Described(entity=entity, fields={"id": Property(label="id", type="string"), **fields})

    def want(self, entity: str, paths: Collection[str]) -> None:
        """Only the named columns are read, whatever else a flow would like."""

    def lists(self, entity: str) -> bool:
        """Every named table can be listed."""
        return entity in self._options.entities

    def lists_changes(self, entity: str) -> bool:
        """Whether the table says when a row changed."""
        known = self._options.entities.get(entity)
        return known is not None and known.changed is not None

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
        known = await self._look_up(entity)
        query = select(*known.selected()).order_by(known.key).limit(limit)
        if after is not None:
            query = query.where(known.key > known.bound(known.options.key, after))
        if since is not None and known.options.changed is not None:
            query = query.where(known.stamp() >= polling.moment(known, since))
        entries = tuple(_entry(known, known.found(row)) for row in await self._rows(query))
        return Listed(entries=entries, after=entries[-1].id if len(entries) == limit else None)

    async def find(self, entity: str, reference: str) -> Found | None:
        """The row with our reference. Several are Rejected(reason="ambiguous_reference")."""
        known = await self._target(entity)
        rule = known.equals(known.options.reference or "", reference)
        rows = await self._rows(select(*known.selected()).where(rule).limit(2)) if rule is not None else []
        if len(rows) > 1:
            raise Rejected(f"{entity} holds {reference} more than once", reason="ambiguous_reference")
        return known.found(rows[0]) if rows else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The row with this key."""
        known = await self._look_up(entity)
        return await self._in_change(known, target_id, self._rows)

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """A new row with our reference, a draft where the table has a status. A taken reference is
        Rejected(reason="reference_taken")."""
        known = await self._target(entity)
        status = known.options.status
        values = self._values(known, body) | ({status.column: status.draft} if status is not None else {})
        values[str(known.options.reference)] = known.bound(str(known.options.reference), reference)

        async def make(connection: AsyncConnection) -> Found:
            await connection.execute(insert(known.table).values(values))
            rule = known.column(str(known.options.reference)) == reference
            return known.found((await connection.execute(select(*known.selected()).where(rule))).one())

        try:
            return await self._change(make)
        except Taken as taken:
            refusal = taken.refusal
        if await self.find(entity, reference) is not None:
            refusal = Rejected(f"{reference} is in {known.options.table} already", reason="reference_taken")
        raise refusal

    async def alike(self, entity: str, by: Mapping[str, Any]) -> Sequence[Found]:
        """Rows without a reference that have all of these values, at most three."""
        known = await self._target(entity)
        rules = [known.is_free()]
        for name, value in by.items():
            rule = known.equals(name, value) if name in known.names else None
            if rule is None:
                return []
            rules.append(rule)
        rows = await self._rows(select(*known.selected()).where(*rules).order_by(known.key).limit(3))
        return [known.found(row) for row in rows]

    async def adopt(self, entity: str, target_id: str, reference: str) -> Found:
        """Put our reference into a row that has none, whatever its status."""
        known = await self._target(entity)
        column, key = str(known.options.reference), known.is_key(target_id)

        async def change(connection: AsyncConnection) -> Found | None:
            if key is None:
                return None
            await connection.execute(update(known.table).where(key, known.is_free()).values({column: reference}))
            row = (await connection.execute(select(*known.selected()).where(key))).one_or_none()
            return known.found(row) if row is not None else None

        found: Found | None = None
        with suppress(Taken):
            found = await self._change(change)
        if found is None or found.record.get(column) != reference:
            raise Rejected(f"{known.name} {target_id} or {reference} is taken", reason="reference_taken")
        return found

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set columns of a row. What is final or taken back is refused."""
        known = await self._target(entity)
        values, status = self._values(known, body), known.options.status
        closed = (status.posted, status.void) if status is not None else ()
        return await self._set(known, target_id, values, unless=closed, done="")

    async def post(self, entity: str, target_id: str) -> Found:
        """Make a draft final. One that is final already answers with itself."""
        known, status = await self._with_status(entity, "posted")
        values = {status.column: status.posted}
        return await self._set(known, target_id, values, unless=(status.void,), done=status.posted)

    async def void(self, entity: str, target_id: str) -> Found:
        """Take a draft back. One that is taken back already answers with itself."""
        known, status = await self._with_status(entity, "voided")
        return await self._set(
            known, target_id, {status.column: status.void}, unless=(status.posted,), done=status.void
        )

    async def _set(
        self, known: Known, target_id: str, values: Mapping[str, Any], *, unless: Sequence[str], done: str
    ) -> Found:
        key = known.is_key(target_id)
        status = known.options.status

        async def change(connection: AsyncConnection) -> Found | None:
            if key is None:
                return None
            statement = update(known.table).where(key)
            if status is not None:
                column = known.column(status.column)
                statement = statement.where(or_(column.is_(None), column.not_in([*unless, *filter(None, [done])])))
            if values:
                await connection.execute(statement.values(**values))
            row = (await connection.execute(select(*known.selected()).where(key))).one_or_none()
            return known.found(row) if row is not None else None

        try:
            found = await self._change(change)
        except Taken as taken:
            refusal = taken.refusal
        else:
            if found is None:
                raise Rejected(f"{known.name} {target_id} is not in {self._name}", code="gone")
            if found.status not in unless or not unless:
                return found
            refusal = Rejected(f"{known.name} {target_id} is {found.status} and is not changed any more", code="final")
        raise refusal

    def _values(self, known: Known, body: Record) -> dict[str, Any]:
        named = {known.options.key, *known.options.columns}
        for field in body:
            if field not in named:
                raise Rejected(
                    f"{field} is none of the columns that are named for {known.name}", code="column", path=field
                )
        return {name: known.bound(name, value) for name, value in body.items()}

    async def _in_change(
        self, known: Known, target_id: str, ask: Callable[[Select[Any]], Awaitable[Sequence[Any]]]
    ) -> Found | None:
        key = known.is_key(target_id)
        rows = await ask(select(*known.selected()).where(key).limit(2)) if key is not None else []
        if len(rows) > 1:
            raise Rejected(f"{known.name} holds {target_id} more than once", reason="ambiguous_reference")
        return known.found(rows[0]) if rows else None

    def _equals(self, known: Known, name: str, value: str) -> Any:
        column = known.options.key if name == "id" else name
        if column not in known.names:
            raise self._unsupported(known.name, f"searched by {name}: name the column")
        return known.equals(column, value)


def _entry(known: Known, found: Found) -> Entry:
    changed = found.record.get(known.options.changed or "")
    reference = found.record.get(known.options.reference or "")
    return Entry(found.id, found.record, _moment(changed), found.status, "" if reference is None else str(reference))


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _holds_words(known: Known, words: str) -> Any:
    texts = [known.column(name) for name in known.names if isinstance(known.column(name).type, String)]
    if not texts or not words.split():
        return None
    each = [or_(*(cast(column, String).icontains(word, autoescape=True) for column in texts)) for word in words.split()]
    return and_(*each)
