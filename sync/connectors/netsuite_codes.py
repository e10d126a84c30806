"""What the workspace's codes mean in one NetSuite: items, payment terms, tax codes, currencies, departments, classes, the subsidiary. What
was found once is remembered; a code that is not there, or is there twice, is for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.connectors.netsuite_options import NetSuiteOptions
from sync.connectors.netsuite_rest import UNKNOWN, Suite
from sync.connectors.netsuite_sql import among, day_of, quoted, select
from sync.errors import Rejected, Unavailable
from sync.model import Record

_MOST = 5000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    table: str
    field: str
    called: str
    more: tuple[str, ...] = ()


_TABLES = {
    "product": _Table(table="item", field="itemid", called="item", more=("incomeaccount",)),
    "tax": _Table(table="salestaxitem", field="name", called="tax code"),
    "payment_term": _Table(table="term", field="name", called="payment term"),
    "currency": _Table(table="currency", field="symbol", called="currency"),
    "department": _Table(table="department", field="name", called="department"),
    "class": _Table(table="classification", field="name", called="class"),
    "account": _Table(table="account", field="acctnumber", called="account"),
    "subsidiary": _Table(table="subsidiary", field="name", called="subsidiary"),
}


@dataclass(slots=True)
class Codes:
    """The codes of one connection."""

    suite: Suite
    options: NetSuiteOptions
    _known: dict[tuple[str, str], Record] = field(default_factory=dict)
    _rows: dict[tuple[str, str], Record] = field(default_factory=dict)

    async def one(self, table: str, code: Any, path: str) -> Record:
        """The row behind a code, with its `id`. Raises Rejected(reason="not_in_erp") with the path of the field that holds it."""
        return (await self.several(table, [(code, path)]))[str(code)]

    async def several(self, table: str, asked: Iterable[tuple[Any, str]]) -> dict[str, Record]:
        """The rows behind codes, each with the path of the field that holds it; one question for all that are new."""
        paths = {str(code): path for code, path in asked}
        found = {code: self._known[table, code] for code in paths if (table, code) in self._known}
        missing = [code for code in paths if code not in found]
        for start in range(0, len(missing), _AT_ONCE):
            found |= await self._learn(table, missing[start : start + _AT_ONCE], paths)
        return found

    def forget(self) -> None:
        """What NetSuite refuses may be there again under another id: every code is asked for anew."""
        self._known.clear()

    async def name(self, table: str, target_id: Any) -> str:
        """The workspace's code for the row with NetSuite's id."""
        return self.ours(table, (await self.rows(table, [target_id]))[str(target_id)])

    async def rows(self, table: str, ids: Iterable[Any]) -> dict[str, Record]:
        """Rows by NetSuite's ids, also those that are not active; one question for all that are new. Raises Unavailable where NetSuite
        does not show one."""
        asked = dict.fromkeys(str(each) for each in ids)
        missing = [each for each in asked if (table, each) not in self._rows and each.isdecimal()]
        for start in range(0, len(missing), _AT_ONCE):
            found = await self._read(_TABLES[table], [among("id", missing[start : start + _AT_ONCE])])
            self._rows |= {(table, row["id"]): row for row in found}
        try:
            return {each: self._rows[table, each] for each in asked}
        except KeyError as unknown:
            words = f"{self.suite.name} names a {_TABLES[table].called} that it does not show: {unknown.args[0][1]}"
        raise Unavailable(words)

    def ours(self, table: str, row: Mapping[str, Any]) -> str:
        """The workspace's code for a row."""
        theirs = row.get(_TABLES[table].field)
        return next((ours for ours, other in self._translated(table).items() if other == theirs), str(theirs or ""))

    async def account_of(self, item: Mapping[str, Any]) -> str:
        """The account that NetSuite books an item to, in the workspace's code; empty where it says none."""
        account = item.get("incomeaccount")
        return await self.name("account", account) if account else ""

    async def is_open(self, day: str) -> bool:
        """Whether something may be booked on this day."""
        at = day_of(day)
        unlocked = [f"{each} = 'F'" for each in ("isquarter", "isyear", "closed", "alllocked", "arlocked")]
        where = [f"startdate <= {at}", f"enddate >= {at}", *unlocked]
        return bool(await self.suite.query(select(["id"], "accountingperiod", where), limit=1))

    async def _learn(self, table: str, codes: Sequence[str], paths: Mapping[str, str]) -> dict[str, Record]:
        known, names = _TABLES[table], self._translated(table)
        theirs = {code: names.get(code, code) for code in codes}
        wanted = among(known.field, [quoted(each) for each in sorted(set(theirs.values()))])
        rows = await self._read(known, [wanted, "isinactive = 'F'"])
        found: dict[str, Record] = {}
        for code, name in theirs.items():
            fitting = [row for row in rows if row.get(known.field) == name]
            if len(fitting) != 1:
                raise _not_one(
                    known, len(fitting), name if name == code else f"{name} (for {code})", table, code, paths
                )
            found[code] = fitting[0]
        if len(self._known) > _MOST:
            self._known.clear()
        self._known |= {(table, code): row for code, row in found.items()}
        return found

    async def _read(self, known: _Table, where: Sequence[str]) -> list[Record]:
        rows = await self.suite.query(select(["id", known.field, *known.more], known.table, where, order="id"))
        if not all(isinstance(row.get("id"), str) for row in rows):
            raise Unavailable(f"{self.suite.name} answered a query of {known.table} without ids")
        return rows

    def _translated(self, table: str) -> Mapping[str, str]:
        told = self.options
        tables = {
            "product": told.products, "account": told.accounts, "tax": told.taxes, "payment_term": told.payment_terms,
        }  # fmt: skip
        return tables.get(table, {})


def _not_one(known: _Table, count: int, meant: str, table: str, code: str, paths: Mapping[str, str]) -> Rejected:
    words = f"NetSuite has {count or 'no'} {known.called}{'s' if count > 1 else ''} {meant}"
    return Rejected(words, reason=UNKNOWN, code=f"{table} {code}"[:100], path=paths[code])
