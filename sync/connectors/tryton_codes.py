"""What the workspace's codes mean in one Tryton: products, accounts, taxes, payment terms, currencies, countries. What was found
once is remembered; a code that is not there, or is there twice, is for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.connectors.tryton_link import Link
from sync.connectors.tryton_options import TrytonOptions
from sync.errors import Rejected
from sync.model import Record

UNKNOWN = "not_in_erp"
_MOST = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    model: str
    field: str
    called: str
    more: tuple[str, ...] = ()
    of_company: bool = False


_TABLES = {
    "product": _Table(
        model="product.product",
        field="code",
        called="product",
        more=("default_uom", "account_category.customer_taxes_used", "active"),
    ),
    "account": _Table(model="account.account", field="code", called="account", of_company=True),
    "tax": _Table(model="account.tax", field="description", called="tax", of_company=True),
    "payment_term": _Table(model="account.invoice.payment_term", field="name", called="payment term"),
    "currency": _Table(model="currency.currency", field="code", called="currency", more=("digits",)),
    "country": _Table(model="country.country", field="code", called="country"),
    "service": _Table(
        model="sale.subscription.service",
        field="product.code",
        called="service of a product",
        more=("product.default_uom", "active"),
    ),
    "recurrence": _Table(model="sale.subscription.recurrence.rule.set", field="name", called="recurrence"),
    "journal": _Table(model="account.journal", field="type", called="journal of the type"),
}


@dataclass(slots=True)
class Codes:
    """The codes of one connection."""

    link: Link
    options: TrytonOptions
    _known: dict[tuple[str, str], Record] = field(default_factory=dict)

    async def one(self, table: str, code: Any, path: str) -> Record:
        """The record behind a code. Raises Rejected(reason="not_in_erp") with the path of the field that holds it."""
        return (await self.several(table, [(code, path)]))[str(code)]

    async def several(self, table: str, asked: Iterable[tuple[Any, str]]) -> dict[str, Record]:
        """The records behind codes, each with the path of the field that holds it; one question for all that are new."""
        paths = {str(code): path for code, path in asked}
        missing = [code for code in paths if (table, code) not in self._known]
        if missing:
            await self._learn(table, missing, paths)
        return {code: self._known[table, code] for code in paths}

    def ours(self, table: str, theirs: Any) -> Any:
        """The workspace's code for one of Tryton's."""
        return next((ours for ours, other in self._translated(table).items() if other == theirs), theirs)

    async def company(self) -> Record:
        """The company, with its currency."""
        if ("company", "") not in self._known:
            found = await self.link.read("company.company", [["id", "=", await self.link.entered()]], ["currency.code"])
            self._known["company", ""] = found[0]
        return self._known["company", ""]

    async def receivable(self) -> int:
        """The account of customers for whom none is named."""
        if ("receivable", "") not in self._known:
            told = await self.link.ask(
                "account.configuration", "read", ids=[1], fields_names=["default_account_receivable"]
            )
            match told:
                case [{"default_account_receivable": int()}]:
                    self._known["receivable", ""] = told[0]
                case _:
                    words = "Tryton has no account for what customers owe"
                    raise Rejected(words, reason=UNKNOWN, code="receivable", path="customer_id")
        return int(self._known["receivable", ""]["default_account_receivable"])

    async def period(self, day: Record, said: str) -> int:
        """The open period of a day. Raises Rejected(reason="period_closed")."""
        domain = [["start_date", "<=", day], ["end_date", ">=", day], ["type", "=", "standard"], ["state", "=", "open"]]
        of_us = ["fiscalyear.company", "=", self.link.company]
        found = await self.link.read("account.period", [*domain, of_us], ["name"], limit=1)
        if not found:
            raise Rejected(f"Tryton has no open period on {said}", reason="period_closed", path="journal_date")
        return int(found[0]["id"])

    async def _learn(self, table: str, codes: Sequence[str], paths: Mapping[str, str]) -> None:
        told, names = _TABLES[table], self._translated(table)
        theirs = {code: names.get(code, code) for code in codes}
        domain: list[Any] = [[told.field, "in", sorted(set(theirs.values()))]]
        if told.of_company:
            domain.append(["company", "=", self.link.company])
        found = await self.link.read(told.model, domain, [told.field, *told.more])
        if len(self._known) > _MOST:
            self._known.clear()
        for code, name in theirs.items():
            fitting = [each for each in found if _at(each, told.field) == name and each.get("active", True)]
            if table == "journal":
                fitting = fitting[:1]
            if len(fitting) != 1:
                count = "no" if not fitting else str(len(fitting))
                called = f"{told.called} {name}" if name == code else f"{told.called} {name} (for {code})"
                plural = "" if len(fitting) < 2 else "s"
                raise Rejected(
                    f"Tryton has {count} {told.called}{plural} {called.removeprefix(told.called).strip()}",
                    reason=UNKNOWN, code=f"{table} {code}"[:100], path=paths[code],
                )  # fmt: skip
            self._known[table, code] = fitting[0]

    def _translated(self, table: str) -> Mapping[str, str]:
        told = self.options
        tables = {
            "product": told.products,
            "service": told.products,
            "account": told.accounts,
            "tax": told.taxes,
            "payment_term": told.payment_terms,
        }
        return tables.get(table, {})


def _at(found: Record, path: str) -> Any:
    """What is read along a path: `product.code` stands in what is called `product.`."""
    place, dot, name = path.rpartition(".")
    return (found.get(f"{place}.") or {}).get(name) if dot else found.get(name)
