"""A small Tryton over JSON-RPC in the shapes of the real one (series 8.2): sessions, tagged decimals, words to its user, and a
reference that is not unique. `tests/tryton` holds the connector against the real one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any

from aiohttp import web

PASSWORD = "pat-very-secret-1"
COMPANY = "Northwind Trading"
LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
_EURO = {"id": 2, "code": "EUR", "digits": 2}
_CODES: dict[str, list[dict[str, Any]]] = {
    "product.product": [
        {"id": 5, "code": "Atlas Pro", "default_uom": 1, "active": 1, "account_category.": {"customer_taxes_used": [1]}}
    ],
    "account.account": [{"id": 99, "code": "4000"}],
    "account.tax": [{"id": 1, "description": "VAT 20%"}],
    "account.invoice.payment_term": [
        {"id": 10, "name": "Net 30"},
        {"id": 11, "name": "Twice"},
        {"id": 12, "name": "Twice"},
    ],
    "currency.currency": [_EURO],
    "sale.subscription.service": [{"id": 8, "product.": {"code": "Atlas Pro", "default_uom": 1}}],
    "sale.subscription.recurrence.rule.set": [{"id": 6, "name": "Monthly"}],
    "country.country": [{"id": 3, "code": "DE"}],
    "account.journal": [{"id": 1, "type": "revenue"}],
}
_TAGS = {"Decimal", "date", "datetime"}
_MOMENT = ("year", "month", "day", "hour", "minute", "second", "microsecond")


class UserError(Exception):
    pass


class UserWarning_(Exception):
    pass


def money(value: Decimal) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": str(value)}


def moment(at: datetime) -> dict[str, Any]:
    return {"__class__": "datetime", **{name: getattr(at, name) for name in _MOMENT}}


def _moment(told: Any) -> datetime | None:
    return datetime(**{name: told[name] for name in _MOMENT}, tzinfo=UTC) if told else None


def _day(at: Any) -> tuple[int, int, int] | None:
    return (at["year"], at["month"], at["day"]) if at else None


@dataclass
class Tryton:
    """`parties` and `invoices` by id; `more` holds other models as they are shown; `warns` and `refuses` are what
    posting says, once each."""

    parties: dict[int, dict[str, Any]] = field(default_factory=dict)
    invoices: dict[int, dict[str, Any]] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=lambda: {"s0"})
    warns: list[str] = field(default_factory=list)
    refuses: list[str] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)
    periods: list[dict[str, Any]] = field(default_factory=lambda: [{"id": 1, "state": "open"}])
    lets_cancel: tuple[str, ...] = ("draft",)
    more: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    now: datetime | None = None
    logins: int = 0
    asked: list[str] = field(default_factory=list)
    written: list[dict[str, Any]] = field(default_factory=list)

    def mount(self, app: web.Application) -> None:
        app.router.add_post("/books/rpc/", self.rpc)

    async def rpc(self, request: web.Request) -> web.Response:
        told = await request.json()
        method, params = told["method"], told["params"]
        self.asked.append(method)
        if method == "common.db.login":
            if params[1]["password"] != PASSWORD:
                return web.Response(
                    status=401, text="<title>401 Unauthorized</title><p>Who are you?</p>", content_type="text/html"
                )
            self.logins += 1
            self.sessions = {f"s{self.logins}"}
            return web.json_response({"id": 1, "result": [7, f"s{self.logins}", None]})
        if not request.headers.get("authorization", "").startswith("Session ") or not self.sessions:
            return web.Response(status=401, text="<p>Who are you?</p>", content_type="text/html")
        _, _, name = method.partition(".")
        model, _, verb = name.rpartition(".")
        try:
            result = getattr(self, verb)(model, *params[:-1])
        except UserError as error:
            return web.json_response({"id": 1, "error": ["UserError", [str(error), "", None]]})
        except UserWarning_ as warning:
            return web.json_response({"id": 1, "error": ["UserWarning", [f"key.{warning}", str(warning), ""]]})
        headers = {"date": format_datetime(self.now, usegmt=True)} if self.now else None
        return web.json_response({"id": 1, "result": result}, headers=headers)

    def search(self, model: str, domain: Any, offset: int, limit: int | None, order: Any) -> list[int]:
        return [1]

    def read(self, model: str, ids: list[int], fields_names: list[str]) -> list[dict[str, Any]]:
        return [{"id": ids[0], "default_account_receivable": 39}]

    def skip(self, model: str, key: str, always: bool) -> None:
        self.passed.add(key)

    def search_read(
        self, model: str, domain: Any, offset: int, limit: int | None, order: Any, fields_names: Any
    ) -> list[Any]:
        rows = {"party.party": self.parties, "account.invoice": self.invoices, **self.more}.get(model)
        found = list(rows.values()) if rows is not None else _CODES.get(model, self.periods)
        if model == "account.period":
            return [each for each in found if each["state"] == "open"]
        found = [each for each in found if self._all(each, domain)]
        return [self._shown(model, each) for each in found[:limit]]

    def search_count(self, model: str, domain: Any) -> int:
        return 1

    def _all(self, each: dict[str, Any], domain: Any) -> bool:
        return all(
            any(self._all(each, [one] if isinstance(one[0], str) else one) for one in rest)
            if name == "OR"
            else self._fits(each, name, *rest)
            for name, *rest in domain
        )

    def _fits(self, each: dict[str, Any], name: str, operator: str, value: Any) -> bool:
        place, dot, last = name.rpartition(".")
        has = (each.get(f"{place}.") or {}).get(last) if dot else each.get(name)
        match operator:
            case "=":
                return name in ("company", "type") or bool(has == value)
            case "in":
                return has in value
            case ">":
                return bool(has > value)
            case ">=" | "<=":
                at, to = _moment(has), _moment(value)
                return at is not None and to is not None and (at >= to if operator == ">=" else at <= to)
            case "like":
                return str(value).strip("%") in str(has)
        return True

    def create(self, model: str, values: list[dict[str, Any]]) -> list[int]:
        [told] = values
        if model in self.more:
            number = len(self.more[model]) + 1
            self.more[model][number] = {"id": number, **told}
            return [number]
        if model == "party.party":
            if any(each["code"] == told["code"] for each in self.parties.values()):
                raise UserError("The code on party must be unique.")
            number = 100 + len(self.parties)
            self.parties[number] = {"id": number, "active": 1, "addresses": [1], **told}
            return [number]
        number = 900 + len(self.invoices)
        self.invoices[number] = {"id": number, "state": "draft", "number": None, **told}
        return [number]

    def write(self, model: str, ids: list[int], values: dict[str, Any]) -> None:
        if model in self.more:
            self.written.append(values)
            self.more[model][ids[0]] |= values
            return
        rows = self.parties if model == "party.party" else self.invoices
        if rows[ids[0]].get("state") == "posted":
            raise UserError("You are not allowed to modify the invoice.")
        if not rows[ids[0]].get("active", True):
            raise UserError('You are not allowed to modify the field "Name" of "Party".')
        rows[ids[0]] |= values

    def post(self, model: str, ids: list[int]) -> None:
        one = self.invoices[ids[0]]
        if one["state"] != "draft":
            raise UserError('You can not call "post" on the invoice.')
        if self.refuses:
            raise UserError(self.refuses.pop(0))
        for words in [each for each in self.warns if f"key.{each}" not in self.passed]:
            raise UserWarning_(words)
        self.passed.clear()
        one |= {"state": "posted", "number": f"INV-{one['id']}"}

    def draft(self, model: str, ids: list[int]) -> None:
        self._goes(model, ids, {"running", "quotation"}, "draft")

    def quote(self, model: str, ids: list[int]) -> None:
        self._goes(model, ids, {"draft"}, "quotation")

    def run(self, model: str, ids: list[int]) -> None:
        self._goes(model, ids, {"quotation"}, "running")

    def _goes(self, model: str, ids: list[int], sources: set[str], to: str) -> None:
        one = self.more[model][ids[0]]
        if one["state"] not in sources:
            raise UserError(f"You can not do this to one that is {one['state']}.")
        one["state"] = to

    def cancel(self, model: str, ids: list[int]) -> None:
        if self.invoices[ids[0]]["state"] not in self.lets_cancel:
            raise UserError('You can not call "cancel" on the invoice.')
        self.invoices[ids[0]]["state"] = "cancelled"

    def _shown(self, model: str, each: dict[str, Any]) -> dict[str, Any]:
        if model == "party.party":
            made = {
                name: [row for _, [row] in each.get(name) or [] if row]
                for name in ("identifiers", "contact_mechanisms")
            }
            return {
                **each,
                **{f"{name}.": [{"id": 1, **row} for row in rows] for name, rows in made.items()},
                "addresses.": [],
            }
        if model == "sale.opportunity":
            theirs = [row for row in self.more["ir.note"].values() if row["resource"] == f"{model},{each['id']}"]
            return {**each, "notes.": theirs}
        if model != "account.invoice":
            return each
        rows = [row for verb, made in each["lines"] if verb == "create" for row in made]
        net = sum(
            (Decimal(str(row["quantity"]["decimal"])) * Decimal(row["unit_price"]["decimal"]) for row in rows),
            Decimal(),
        )
        lines = [
            {"quantity": float(row["quantity"]["decimal"]), "unit_price": row["unit_price"], "description": row["description"],
             "note": row["note"], "product.": {"code": "Atlas Pro"}, "account.": {"code": "4000"}}
            for row in rows
        ]  # fmt: skip
        shown = {name: value for name, value in each.items() if name not in ("lines", "currency", "payment_term")}
        return {
            **shown, "currency.": {"code": "EUR"}, "payment_term.": {"name": "Net 30"}, "lines.": lines, "untaxed_amount": money(net),
            "tax_amount": money(net / 5), "total_amount": money(net * 6 / 5),
        }  # fmt: skip


def books() -> Tryton:
    """One customer, and a posted invoice of long ago."""
    line = {"quantity": money(Decimal(1)), "unit_price": money(Decimal("10.00")), "description": "", "note": ""}
    old = {
        "id": 1,
        "reference": "old",
        "state": "posted",
        "number": "INV-1",
        "party": 100,
        "type": "out",
        "create_date": moment(LONG_AGO),
        "lines": [["create", [line]]],
    }
    return Tryton(
        parties={100: {"id": 100, "code": "crm-company-1", "active": 1, "addresses": [1], "name": "Acme"}},
        invoices={1: old},
    )
