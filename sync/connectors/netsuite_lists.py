"""Lists of NetSuite's records by SuiteQL: whole or what changed, counted and added up, and polled. Pages follow a keyset and never an
offset, so that what changes or vanishes meanwhile hides nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sync.connectors.documents import minor
from sync.connectors.failures import understood
from sync.connectors.netsuite_codes import Codes
from sync.connectors.netsuite_invoices import STATUS
from sync.connectors.netsuite_rest import ROWS
from sync.connectors.netsuite_sql import CHANGED, among, moment_of, quoted, select
from sync.connectors.netsuite_values import moment, number, read_memo, reference_of, span
from sync.counting import Counted
from sync.errors import Rejected, Unavailable
from sync.listing import Entry, Listed
from sync.model import Change, Found, Record
from sync.ports import Page

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEAR = timedelta(minutes=10)
_PAGE, _WHOLE_PAGE = 500, 50
_HEAD = {"id", "reference", "status", "kind", "changed_at", "paid"}
_NET = "SUM(-foreignamount)"
_NET_LINES = ("mainline = 'F'", "taxline = 'F'")
_SEARCHED = frozenset({"companyname", "email", "phone", "url", "vatregnumber", "tranid"})
_WORDS = {"customer": "companyname", "transaction": "tranid"}


class Shelf(Protocol):
    """The records of one kind."""

    kind: str
    table: str
    only: str
    columns: Mapping[str, str]

    async def shown(self, record: Mapping[str, Any], /) -> Found: ...

    async def new(self, body: Record) -> Record: ...

    async def changed(self, stands: Record, body: Record) -> Record: ...


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of one connection."""

    codes: Codes

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.codes.options.timezone)

    async def apart(self) -> timedelta:
        """By how much the account's clock, as `timezone` reads it, is off: what a query tells of a record against what the record, which
        is told in UTC, says of itself. Nothing where there is no record, or it changed meanwhile."""
        rows = await self._rows(select(["id", f"{CHANGED} AS changed"], "customer", order="id"), 1)
        record = await self.codes.suite.read("customer", rows[0]["id"]) if rows else None
        asked = moment(rows[0].get("changed"), self.zone) if rows else None
        try:
            itself = datetime.fromisoformat(str((record or {}).get("lastModifiedDate")))
        except ValueError:
            return timedelta()
        if asked is None or itself.tzinfo is None or abs(asked - itself) < _NEAR:
            return timedelta()
        return abs(asked - itself)

    async def listed(
        self,
        entity: str,
        shelf: Shelf,
        *,
        fields: Collection[str],
        after: str | None,
        since: datetime | None,
        limit: int,
    ) -> Listed:
        """The page behind the id `after`. What a list does not show is read record by record, in smaller pages."""
        custom = self.codes.options.fields.get(entity, {})
        roots = {each.partition(".")[0].partition("[")[0] for each in fields}
        whole = not all(self._is_plain(shelf, custom, each) for each in roots)
        size = min(limit, _WHOLE_PAGE if whole else _PAGE)
        where = _only(shelf)
        if after is not None:
            where.append(f"id > {number(after, 'after')}")
        if since is not None:
            where.append(f"lastmodifieddate >= {moment_of(span(since, since + timedelta(hours=2), self.zone)[0])}")
        columns = self._columns(shelf, custom)
        rows = await self._rows(select(columns, shelf.table, where, order="id"), size)
        if not _ascending([number(after, "after") if after else "0", *(row["id"] for row in rows)]):
            raise Unavailable(f"{self.codes.suite.name} listed {entity} out of order")
        kept = [row for row in rows if since is None or self._since(row, since)]
        entries = (
            [await self._read(shelf, row) for row in kept] if whole else await self._entries(entity, shelf, kept, roots)
        )
        onward = rows[-1]["id"] if len(rows) == size else None
        return Listed(entries=tuple(each for each in entries if each is not None), after=onward)

    async def counted(self, entity: str, shelf: Shelf, *, amount: str | None, currency: str | None) -> Counted:
        """How many records there are and what they add up to, by NetSuite's own sums."""
        where = _only(shelf)
        [row] = await self.codes.suite.query(select(["COUNT(*) AS records"], shelf.table, where), limit=1) or [{}]
        records = int(number(str(row.get("records", "")), "records"))
        if amount is None:
            return Counted(records=records)
        name = self._total(amount)
        if shelf.table != "transaction" or name not in ("net_minor", "gross_minor") or currency != "currency":
            raise Rejected(f"NetSuite does not add up {amount} of {entity}", code="unsupported")
        source, amounts = "transaction", "SUM(foreigntotal)"
        if name == "net_minor":
            source = "transaction INNER JOIN transactionline ON transactionline.transaction = transaction.id"
            amounts, where = _NET, [*where, *_NET_LINES]
        asked = select(["currency", f"{amounts} AS amount"], source, where, group="currency")
        sums = await self.codes.suite.query(asked)
        names = {row["currency"]: await self.codes.name("currency", row["currency"]) for row in sums}
        totals = {code: minor(row.get("amount"), code) or 0 for row in sums if (code := names[row["currency"]])}
        return Counted(records=records, totals=totals)

    async def page(self, entity: str, shelf: Shelf, cursor: Record | None, now: datetime) -> Page:
        """The next page of changes: a fixed window of time, walked by (moment of the change, id)."""
        options, cursor = self.codes.options, cursor or {}
        since, until, after = cursor.get("since"), cursor.get("until"), cursor.get("after")
        lag, theirs = timedelta(seconds=options.poll_lag), self.codes.suite.theirs
        end = datetime.fromisoformat(until) if until else theirs(now) - lag
        start = datetime.fromisoformat(since) if since else _EPOCH
        if not until:
            start, end = min(start, end), max(start, end)  # a clock that went back widens the window
        low, high = span(max(start - timedelta(seconds=options.poll_overlap), _EPOCH), end, self.zone)
        where = [
            f"lastmodifieddate >= {moment_of(low)}",
            f"lastmodifieddate <= {moment_of(high)}",
            *([shelf.only] if shelf.only else []),
        ]
        if after:
            stamp, last = quoted(str(after[0])), number(str(after[1]), "after")
            where.append(f"({CHANGED} > {stamp} OR ({CHANGED} = {stamp} AND id > {last}))")
        asked = select(["id", f"{CHANGED} AS changed"], shelf.table, where, order=f"{CHANGED}, id")
        rows = await self._rows(asked, ROWS)
        if not until:
            end = min(end, theirs(now) - lag)
        with understood(f"{self.codes.suite.name}: the search of {entity}"):
            keys = [(str(row.get("changed")), int(row["id"])) for row in rows]
        if after:
            keys.insert(0, (str(after[0]), int(after[1])))
        if any(later <= earlier for earlier, later in pairwise(keys)):
            raise Unavailable(f"{self.codes.suite.name} told changes of {entity} out of order")
        changes = tuple(self._change(entity, row, end) for row in rows)
        if len(rows) == ROWS:
            onward = {"since": start.isoformat(), "until": end.isoformat(), "after": [keys[-1][0], str(keys[-1][1])]}
            return Page(changes=changes, cursor=onward, more=True)
        return Page(changes=changes, cursor=started(end), more=False)

    async def ids(self, shelf: Shelf, by: Mapping[str, str]) -> list[str]:
        """The first 100 records whose fields equal these; `*` searches in names. Raises Rejected(code="unsupported")."""
        where = _only(shelf)
        for name, value in by.items():
            column = _WORDS[shelf.table] if name == "*" else shelf.columns.get(name, "")
            if column not in _SEARCHED:
                raise Rejected(f"NetSuite is not searched by {name}", code="unsupported")
            wanted = quoted(value if name != "*" else f"%{value.upper()}%")
            where.append(f"{column} = {wanted}" if name != "*" else f"UPPER({column}) LIKE {wanted}")
        return [row["id"] for row in await self._rows(select(["id"], shelf.table, where, order="id"), 100)]

    async def _rows(self, asked: str, limit: int) -> list[Record]:
        rows = await self.codes.suite.query(asked, limit=limit)
        if not all(str(row.get("id", "")).isdecimal() for row in rows):
            raise Unavailable(f"{self.codes.suite.name} answered a query with rows that have no id")
        return rows

    def _is_plain(self, shelf: Shelf, custom: Mapping[str, str], name: str) -> bool:
        """Whether a list shows the field: as a column, by a sum, or in the memo of a transaction."""
        if name in custom:
            return custom[name].startswith("cust")
        known = name in _HEAD or name in shelf.columns
        return known or (
            shelf.table == "transaction" and name not in ("lines", "invoice_id", "amount_minor", "credits")
        )

    def _columns(self, shelf: Shelf, custom: Mapping[str, str]) -> list[str]:
        days = [f"TO_CHAR({each}, 'YYYY-MM-DD') AS {each}" for each in ("trandate",) if shelf.table == "transaction"]
        plain = {"id", "externalid", *shelf.columns.values(), "memo" if shelf.table == "transaction" else "comments"}
        own = {each for each in custom.values() if each.startswith("cust")}
        status = {"status"} if shelf.table == "transaction" else set[str]()
        return [*sorted((plain | own | status) - {"trandate"}), *days, f"{CHANGED} AS changed"]

    def _since(self, row: Mapping[str, Any], since: datetime) -> bool:
        """Whether it changed since then; of an hour that comes twice the later one counts."""
        told = moment(row.get("changed"), self.zone)
        return told is None or told + _repeated(told, self.zone) >= since

    def _total(self, name: str) -> str:
        return {"total_minor": f"{self.codes.options.amounts}_minor"}.get(name, name)

    async def _read(self, shelf: Shelf, row: Mapping[str, Any]) -> Entry | None:
        record = await self.codes.suite.read(shelf.kind, row["id"])
        if record is None:
            return None  # it was deleted since the list was made
        with understood(self.codes.suite.name):
            found = await shelf.shown(record)
        return Entry(
            found.id, found.record, moment(row.get("changed"), self.zone), found.status, str(found.record["reference"])
        )

    async def _entries(self, entity: str, shelf: Shelf, rows: Sequence[Record], roots: Collection[str]) -> list[Entry]:
        with understood(self.codes.suite.name):
            return await self._told(entity, shelf, rows, roots)

    async def _told(self, entity: str, shelf: Shelf, rows: Sequence[Record], roots: Collection[str]) -> list[Entry]:
        currencies = {row["currency"] for row in rows if row.get("currency")}
        names = {each: await self.codes.name("currency", each) for each in currencies}
        terms = {row["terms"] for row in rows if row.get("terms")}
        termed = {each: await self.codes.name("payment_term", each) for each in terms}
        wants_net = any(self._total(each) in ("net_minor", "tax_minor") for each in roots)
        nets = await self._nets(rows) if wants_net and shelf.table == "transaction" else {}
        entries = []
        for row in rows:
            code = names.get(row.get("currency"), "")
            status = _status(shelf, row)
            custom = self.codes.options.fields.get(entity, {})
            record = {
                **read_memo(row.get("memo") or row.get("comments")),
                **{ours: row.get(theirs) for ours, theirs in shelf.columns.items()},
                **{ours: row.get(theirs) for ours, theirs in custom.items() if theirs.startswith("cust")},
                "id": row["id"], "reference": reference_of(row.get("externalid")), "kind": entity, "currency": code, "status": status,
                "paid": _letter(row) == "B", "changed_at": _iso(moment(row.get("changed"), self.zone)),
            }  # fmt: skip
            if "terms" in shelf.columns.values():
                record["payment_terms"] = termed.get(row.get("terms"))
            if shelf.table == "transaction":
                record |= self._amounts(row, nets.get(row["id"]), code)
            changed = moment(row.get("changed"), self.zone)
            entries.append(Entry(row["id"], record, changed, status, str(record["reference"])))
        return entries

    def _amounts(self, row: Mapping[str, Any], net: Any, code: str) -> Record:
        gross, before = minor(row.get("foreigntotal"), code), minor(net, code)
        amounts = {"gross_minor": gross, "net_minor": before}
        amounts["tax_minor"] = gross - before if gross is not None and before is not None else None
        return {**amounts, "total_minor": amounts[self._total("total_minor")]}

    async def _nets(self, rows: Sequence[Record]) -> dict[str, Any]:
        if not rows:
            return {}
        where = [*_NET_LINES, among("transaction", [row["id"] for row in rows])]
        asked = select(["transaction AS id", f"{_NET} AS amount"], "transactionline", where, group="transaction")
        return {row["id"]: row.get("amount") for row in await self._rows(asked, ROWS)}

    def _change(self, entity: str, row: Mapping[str, Any], end: datetime) -> Change:
        key = f"poll:{entity}:{row['id']}:{row.get('changed')}"
        at = moment(row.get("changed"), self.zone) or end
        return Change(entity=entity, record_id=row["id"], key=key, kind="polled", occurred_at=at)


def started(since: datetime) -> Record:
    """The cursor from which polling begins at this moment."""
    return {"since": since.isoformat(), "until": None, "after": None}


def _only(shelf: Shelf) -> list[str]:
    return [shelf.only] if shelf.only else []


def _ascending(ids: Sequence[str]) -> bool:
    numbers = [int(each) for each in ids]
    return all(later > earlier for earlier, later in pairwise(numbers))


def _repeated(at: datetime, zone: ZoneInfo) -> timedelta:
    """By how much later a moment may be that the account's clock shows so."""
    shown = at.astimezone(zone).replace(tzinfo=None)
    first, second = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return max(second - first, timedelta())


def _letter(row: Mapping[str, Any]) -> str:
    return str(row.get("status") or "").rpartition(":")[2]


def _status(shelf: Shelf, row: Mapping[str, Any]) -> str:
    if shelf.table == "customer":
        return "closed" if row.get("isinactive") == "T" else "open"
    return "void" if _letter(row) == "V" else STATUS.get(str(row.get("approvalstatus") or "2"), "")


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
