"""Asking an org for records: one query at a time, its pages followed on this host only. What changed in the org since it was
described is described anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sync.connectors import salesforce_records as records
from sync.connectors import salesforce_soql as soql
from sync.connectors.http import Client
from sync.connectors.salesforce_polling import MASTER
from sync.connectors.salesforce_schema import Objects, Shape
from sync.errors import Rejected, Unavailable
from sync.model import Record


class Reader:
    """Reads records through the API at the path `data`."""

    def __init__(self, client: Client, data: str) -> None:
        self._client, self._data = client, data
        self.objects = Objects(client, data)

    async def query(self, text: str, *, everything: bool = False) -> Any:
        """The answer to a query; with `everything` it shows what is deleted, too."""
        path = f"{self._data}/{'queryAll' if everything else 'query'}"
        return (await self._client.request("GET", path, query={"q": text}, idempotent=True)).data

    async def select(
        self,
        entity: str,
        paths: Sequence[str],
        where: Sequence[str],
        *,
        parts: Mapping[str, str] | None = None,
        order: str = "",
        limit: int | None = None,
    ) -> list[Record]:
        """Records with these fields. Raises Rejected for an object that is not there, or a value that is not of its type."""

        async def once() -> list[Record]:
            made = await records.selection(soql.name(entity), paths, parts or {}, self.objects.of)
            if made is None:
                raise _unknown(entity)
            answer = await self.query(soql.query(made.columns(), entity, where, order=order, limit=limit))
            return [await records.record(made, row, self._more) for row in records.rows(answer)]

        return await self._described_anew(once)

    async def shape(self, entity: str) -> Shape:
        """The object as it is described. Raises Rejected where there is none."""
        shape = await self.objects.of(entity)
        if shape is None:
            raise _unknown(entity)
        return shape

    async def survivor(self, entity: str, record_id: str) -> str | None:
        """What a record was merged into, None where it was not."""
        if not soql.is_id(record_id) or MASTER not in (await self.shape(entity)).columns:
            return None
        asked = soql.query([MASTER], entity, [f"Id = {soql.text(record_id)}", "IsDeleted = true"])
        listed = records.rows(await self.query(asked, everything=True))
        master = str(listed[0].get(MASTER) or "") if listed else ""
        return master if soql.is_id(master) else None

    async def _described_anew(self, ask: Callable[[], Awaitable[list[Record]]]) -> list[Record]:
        try:
            return await ask()
        except (records.Misfit, Rejected) as error:
            if isinstance(error, Rejected) and error.code != "INVALID_FIELD":
                raise
        self.objects.forget()
        try:
            return await ask()
        except records.Misfit as error:
            wrong = Rejected(f"a field is not as Salesforce describes it: {error}", reason="crm_rejected")
        raise wrong

    async def _more(self, address: str) -> Any:
        """The next page of a list, which is on this very host."""
        if not address.startswith(f"{self._data}/query/") or ".." in address:
            raise Unavailable(f"{self._client.name}: the next page is said to be elsewhere")
        return (await self._client.request("GET", address, idempotent=True)).data


def _unknown(entity: str) -> Rejected:
    return Rejected(f"Salesforce has no object {entity}, or shows us none", reason="crm_rejected", code="INVALID_TYPE")
