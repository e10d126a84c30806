"""What changed in an org: windows of polling, the bulk job of a long past, and, where the connection wants them, change events in
between. Whatever comes first, a window ends up having looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sync.connectors import salesforce_polling as polling
from sync.connectors.auth import Auth
from sync.connectors.http import Client
from sync.connectors.salesforce_backfill import Backfill
from sync.connectors.salesforce_events import Events, Missed, extra
from sync.connectors.salesforce_options import SalesforceOptions
from sync.connectors.salesforce_reader import Reader
from sync.connectors.salesforce_records import moment
from sync.model import Record
from sync.ports import Page

REPLAY = "replay"


class Changes:
    """The changes of one org, page by page. Raises ConfigurationError where events are wanted and their extra is not there."""

    def __init__(self, client: Client, data: str, reader: Reader, options: SalesforceOptions, who: Auth | None) -> None:
        self._client, self._reader, self._options, self._who = client, reader, options, who
        self.backfill = Backfill(client=client, data=data, above=options.bulk_above)
        self.events = Events(options.events_address, self._metadata, self._refused)
        self._headers: Mapping[str, str] = {}
        if options.change_events:
            extra()

    async def page(self, entity: str, cursor: Record, *, now: datetime) -> Page:
        """The next page behind the cursor. Raises ConnectorError."""
        if entity not in self._options.change_events:
            return await self._window(entity, cursor, now)
        replay = str(cursor.get(REPLAY) or "")
        since = moment(cursor.get("since"))
        between = since is not None and REPLAY in cursor and cursor.get("until") is None
        if between and since is not None and now - since < timedelta(seconds=self._options.sweep):
            try:
                got = await self.events.fetch(entity, replay, since - timedelta(seconds=self._options.overlap))
                return Page(changes=got.changes, cursor=cursor | {REPLAY: got.replay}, more=got.more)
            except Missed as missed:
                replay = missed.replay
        page = await self._window(entity, cursor, now)
        return replace(page, cursor=page.cursor | {REPLAY: replay})

    async def close(self) -> None:
        """Let go of the event bus."""
        await self.events.close()

    async def _window(self, entity: str, cursor: Record, now: datetime) -> Page:
        shape = await self._reader.shape(entity)  # first, for any answer shows the clock that stamps the records
        theirs = self._client.theirs(now)
        window = polling.window(cursor, overlap=self._options.overlap, lag=self._options.lag, now=theirs)
        if isinstance(job := cursor.get("job"), Mapping):
            return await self.backfill.page(entity, window, job)
        ends = polling.ends_of(shape.columns)
        begun = None if cursor.get("paged") else await self.backfill.begun(entity, window, self._every, ends=ends)
        if begun is not None:
            return begun
        size = self._options.page_size
        return polling.page(entity, window, await self._every(polling.query(entity, window, size, ends=ends)), size)

    async def _every(self, text: str) -> Any:
        return await self._reader.query(text, everything=True)

    async def _metadata(self) -> Mapping[str, str]:
        options = self._options
        if self._who is not None:
            self._headers = await self._who.headers_for("POST", options.events_address, None)
            token = self._headers.get("authorization", "").removeprefix("Bearer ")
        else:
            token = options.token.get_secret_value() if options.token is not None else ""
        return {"accesstoken": token, "instanceurl": options.base_url, "tenantid": options.organisation or ""}

    def _refused(self) -> bool:
        return self._who is not None and self._who.refused(self._headers)
