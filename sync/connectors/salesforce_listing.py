"""Listing and counting Salesforce's records: in the order of their ids, never by offset; sums by currency, to the cent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sync.connectors import salesforce_polling as polling
from sync.connectors import salesforce_records as records
from sync.connectors import salesforce_soql as soql
from sync.connectors.salesforce_options import SalesforceOptions
from sync.connectors.salesforce_reader import Reader
from sync.connectors.salesforce_schema import Shape
from sync.counting import Counted
from sync.errors import Rejected, Unavailable
from sync.listing import Entry, Listed
from sync.money import NotMoney, minor_units

_PAGE = 2000


class SalesforceLists:
    """What an org adds to be listed and counted."""

    _reader: Reader
    _options: SalesforceOptions

    def _parts(self, entity: str) -> Mapping[str, str]:
        raise NotImplementedError

    def lists(self, entity: str) -> bool:
        """Every object that can be queried can be listed."""
        return True

    def lists_changes(self, entity: str) -> bool:
        """By the stamp of the last change."""
        return True

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        """The page behind the id `after`."""
        size, reference = min(limit, _PAGE), self._options.references.get(entity)
        paths = [*fields, polling.STAMP, *([reference] if reference else [])]
        where = [f"{polling.STAMP} >= {soql.moment(since)}"] if since is not None else []
        if after is not None:
            if not soql.is_id(after):
                raise Rejected(f"{after[:100]!r} is no place in a list of {entity}", reason="crm_rejected")
            where.append(f"Id > {soql.text(after)}")
        found = await self._reader.select(entity, paths, where, parts=self._parts(entity), order="Id", limit=size)
        ids = [each["id"] for each in found]
        if len(set(ids)) < len(ids) or after in ids:
            raise Unavailable(f"the list of {entity} was answered out of order")
        entries = tuple(_entry(each, reference) for each in found)
        return Listed(entries=entries, after=entries[-1].id if len(entries) == size else None)

    def counts(self, entity: str) -> bool:
        """Every object that can be queried can be counted."""
        return True

    async def counted(self, entity: str, *, amount: str | None = None, currency: str | None = None) -> Counted:
        """Every record that is not deleted. Sums are grouped by currency: Salesforce would convert them otherwise."""
        shape = await self._reader.shape(entity)
        if amount is None:
            [row] = records.rows(await self._reader.query(soql.query(["COUNT(Id) many"], entity))) or [{}]
            return Counted(records=_whole(row.get("many")))
        money, kind = _summed(shape, amount), _column(shape, currency)
        asked = soql.query([kind, "COUNT(Id) many", f"SUM({money}) total"], entity) + f" GROUP BY {kind}"
        groups = records.rows(await self._reader.query(asked))
        totals = {
            str(each.get(kind)): _minor(each, str(each.get(kind))) for each in groups if each.get("total") is not None
        }
        return Counted(records=sum(_whole(each.get("many")) for each in groups), totals=totals)


def _entry(record: dict[str, Any], reference: str | None) -> Entry:
    return Entry(
        record["id"],
        record,
        records.moment(record.get(polling.STAMP)),
        str(record.get("StageName") or record.get("Status") or ""),
        str(record.get(reference) or "") if reference else "",
    )


def _summed(shape: Shape, name: str) -> str:
    column = _column(shape, name)
    if shape.columns[column].type not in soql.NUMBERS:
        raise _unsupported(shape, name)
    return column


def _column(shape: Shape, name: str | None) -> str:
    if name is None or name not in shape.columns:
        raise _unsupported(shape, name)
    return name


def _unsupported(shape: Shape, name: str | None) -> Rejected:
    words = f"Salesforce cannot add up {shape.name} by {name or 'a currency that is not named'}"
    return Rejected(words, reason="crm_rejected", code="unsupported")


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Unavailable("Salesforce counted without a number")
    return value


def _minor(group: Mapping[str, Any], currency: str) -> int:
    """The sum of one currency. Raises Unavailable where it has fractions that the currency does not have."""
    try:
        return minor_units(records.plain(group["total"]), currency)
    except (NotMoney, records.Misfit):
        wrong = Unavailable(f"Salesforce's sum in {currency} is no amount of it")
    raise wrong
