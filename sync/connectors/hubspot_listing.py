"""Listing HubSpot's records: searched in the order of their ids, never by offset, each page with the companies of its deals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

from sync.connectors import hubspot_polling as polling
from sync.connectors import hubspot_records as records
from sync.errors import Unavailable
from sync.listing import Entry, Listed
from sync.model import Record

_MOST = 100  # deals of one request about their companies, and records of one page then


class _Account(Protocol):
    async def _search(self, entity: str, request: Record) -> Any: ...

    async def _batch(self, entity: str, ids: Sequence[int]) -> list[Record]: ...

    async def _companies_of(self, ids: Sequence[str]) -> Any: ...


class HubSpotLists:
    """What an account adds to be listed."""

    def lists(self, entity: str) -> bool:
        """Every object that can be searched can be listed."""
        return True

    def lists_changes(self, entity: str) -> bool:
        """By the property that says when a record changed last."""
        return True

    async def listed(
        self: _Account,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        """The page behind the id `after`. The search index lags by seconds: what changed just now may show its earlier values."""
        size = min(limit, 200)
        answer = await self._search(entity, _query(entity, fields, after, since, size))
        found = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise Unavailable(f"the search of {entity} was answered without results")
        flat = [records.flat(each) for each in found]
        _in_order(entity, flat, after)
        if entity == "deals" and any(each.startswith("company.") for each in fields):
            await _with_companies(self, flat, fields)
        changed = polling.modified_property(entity)
        entries = tuple(Entry(each["id"], each, polling.moment(each.get(changed))) for each in flat)
        return Listed(entries=entries, after=entries[-1].id if len(entries) == size else None)


def _query(entity: str, fields: Collection[str], after: str | None, since: datetime | None, size: int) -> Record:
    changed = polling.modified_property(entity)
    filters = []
    if since is not None:
        at = str(max(polling.milliseconds(since), 0))
        filters.append({"propertyName": changed, "operator": "GTE", "value": at})
    if after is not None:
        filters.append({"propertyName": "hs_object_id", "operator": "GT", "value": after})
    own = [each for each in fields if "." not in each and each != "id"]
    return {
        "filterGroups": [{"filters": filters}] if filters else [],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
        "properties": list(dict.fromkeys([*own, changed])),
        "limit": size,
    }


def _in_order(entity: str, found: Sequence[Record], after: str | None) -> None:
    ids = [int(each["id"]) for each in found]
    if any(later <= earlier for earlier, later in zip([int(after or -1), *ids], ids, strict=False)):
        raise Unavailable(f"the search of {entity} was answered out of order")


async def _with_companies(account: _Account, deals: Sequence[Record], fields: Collection[str]) -> None:
    """Put to each deal its primary company: its id, and more of it where more was asked for."""
    of: dict[str, str | None] = {}
    for start in range(0, len(deals), _MOST):
        ids = [each["id"] for each in deals[start : start + _MOST]]
        answer = await account._companies_of(ids)
        of |= {one: records.primary(records.associated(answer, one)[0]) for one in ids}
    known: dict[str, Record] = {}
    if any(each.startswith("company.") and each != "company.id" for each in fields):
        wanted = sorted({int(each) for each in of.values() if each})
        known = {each["id"]: each for each in await account._batch("companies", wanted)}
    for deal in deals:
        company = of[deal["id"]]
        deal["company"] = known.get(company, {"id": company}) if company else None
