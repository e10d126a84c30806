"""One database, as a source that is polled and as a target that is written. A change is one transaction; where its commit was not
confirmed that is AnswerLost, and the reference tells whether it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson
from sqlalchemy import Select, String, and_, cast, func, insert, or_, select, update
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from sync.connectors import sql_polling as polling
from sync.connectors.decode import decode
from sync.connectors.sql import SqlOptions, SqlStatus
from sync.connectors.sql_errors import TROUBLE, error_of, is_taken
from sync.connectors.sql_tables import Known, look_up
from sync.connectors.sql_values import logical_type
from sync.described import Described, Property
from sync.errors import ConfigurationError, ConnectorError, Rejected, WebhookRefused
from sync.listing import Entry, Listed
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page

T = TypeVar("T")

_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}
_MOST = 100
_JSON: dict[str, Any] = {"json_serializer": lambda value: orjson.dumps(value).decode(), "json_deserializer": decode}


class Sql:
    """The tables of one database that the workspace names."""

    def __init__(self, options: SqlOptions, name: str) -> None:
        self._options, self._name = options, name
        self._engine = _engine(options, name)
        self._known: dict[str, Known] = {}

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

    async def close(self) -> None:
        """Let go of its connections."""
        await self._engine.dispose()

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
        except _Taken as taken:
            refusal = taken.refusal
        if await self.find(entity, reference) is not None:
            refusal = Rejected(f"{reference} is in {known.options.table} already", reason="reference_taken")
        raise refusal

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
        except _Taken as taken:
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

    async def _with_status(self, entity: str, what: str) -> tuple[Known, SqlStatus]:
        known = await self._target(entity)
        if known.options.status is None:
            raise self._unsupported(entity, f"{what}: name the column `status`")
        return known, known.options.status

    async def _target(self, entity: str) -> Known:
        known = await self._look_up(entity)
        if known.options.reference is None:
            raise self._unsupported(entity, "written: name the column `reference`")
        return known

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

    def _unsupported(self, entity: str, what: str) -> Rejected:
        return Rejected(f"{entity} cannot be {what}", code="unsupported")

    async def _look_up(self, entity: str) -> Known:
        if entity not in self._options.entities:
            raise self._unsupported(entity, f"found: it is none of the entities of {self._name}")
        if entity not in self._known:
            look = lambda sync: look_up(sync, entity, self._options)  # noqa: E731 - run_sync hands over one argument
            async with self._asking() as connection:
                self._known[entity] = await connection.run_sync(look)
        return self._known[entity]

    async def _unseen(self, known: Known) -> int:
        rows = await self._rows(select(func.count()).select_from(known.table).where(known.stamp().is_(None)))
        return int(rows[0][0])

    async def _now(self, known: Known, now: datetime) -> datetime:
        """The database's clock; a file has ours."""
        if known.sqlite:
            return now
        [[at]] = await self._rows(select(func.current_timestamp()))
        return at if isinstance(at, datetime) and at.tzinfo else now

    async def _rows(self, query: Select[Any]) -> Sequence[Any]:
        async with self._asking() as connection:
            found: Sequence[Any] = (await connection.execute(query)).all()
            return found

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[AsyncConnection]:
        failed: ConnectorError | None = None
        try:
            async with asyncio.timeout(self._options.timeout), self._engine.connect() as connection:
                yield connection
        except ConnectorError as error:
            failed = error
        except TROUBLE as error:
            failed = self._failed(error, committing=False)
        if failed is not None:
            raise failed  # out here it carries no trace of a statement with its values

    async def _change(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """One transaction. Raises _Taken where a unique constraint spoke."""
        committing, failed = False, None
        try:
            async with asyncio.timeout(self._options.timeout), self._engine.connect() as connection:
                await connection.begin()
                made = await work(connection)
                committing = True
                await connection.commit()
                return made
        except ConnectorError as error:
            failed = error
        except TROUBLE as error:
            failed = self._failed(error, committing=committing)
            if is_taken(error) and isinstance(failed, Rejected):
                raise _Taken(failed) from None
        raise failed

    def _failed(self, error: Exception, *, committing: bool) -> ConnectorError:
        found = error_of(self._name, error, committing=committing)
        if isinstance(found, Rejected) and found.code == "schema":
            self._known.clear()
        return found


class _Taken(Exception):
    """Something unique is there already."""

    def __init__(self, refusal: Rejected) -> None:
        self.refusal = refusal


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


def _engine(options: SqlOptions, name: str) -> AsyncEngine:
    mistake = ""
    try:
        return create_async_engine(
            _address(options.url.get_secret_value()), hide_parameters=True, pool_pre_ping=True,
            pool_size=options.connections, max_overflow=0, **_JSON,
        )  # fmt: skip
    except ArgumentError:
        mistake = "is no address of a database, such as postgresql+asyncpg://user@host/name"
    except InvalidRequestError:
        mistake = "needs a driver that does not wait, such as sqlite+aiosqlite or postgresql+asyncpg"
    except ModuleNotFoundError as missing:
        mistake = f"needs the package {missing.name}: install it beside meshline"
    raise ConfigurationError([f"connections.{name}.url: {mistake}"])


def _address(url: str) -> URL:
    address = make_url(url)
    return address.set(drivername=_DRIVERS.get(address.drivername, address.drivername))
