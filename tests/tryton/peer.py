"""A real Tryton on loopback, cloned from a template, and an administrator who furnishes it. Its code is never imported: it is a
process that is spoken to."""

from __future__ import annotations

import base64
import csv
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox.stage import example
from bot.sandbox.world import free_port

COMPANY, USER, PASSWORD = "Acme Holdings", "sync", "sync-Pass-12345"
ACCOUNTS = {
    "4000": "4.1.1", "4100": "4.1.2", "4200": "4.2.1", "4210": "4.2.2", "1200": "1.1.1", "2400": "2.2.2", "2500": "2.2.1",
    "6100": "5.2.2", "6800": "6.1.2",
}  # fmt: skip
COUNTRIES = "AT BE CH CZ DE DK ES FR GB IE IL IT JP NL NO PL SE US AE KW".split()
EXAMPLES = Path(__file__).parents[2] / "examples"
TABLES = {"price_list.csv": "code", "rate_card.csv": "role", "product_families.csv": "code", "plans.csv": "code"}
CURRENCIES = {"JPY": (0, "1"), "KWD": (3, "0.001"), "GBP": (2, "0.01"), "CHF": (2, "0.01")}


@dataclass
class Peer:
    """One server with one database. `call` is the administrator's."""

    url: str
    database: str
    ids: dict[str, Any]
    session: str = ""
    known: set[str] = field(default_factory=set)

    def options(self, base_url: str = "") -> dict[str, Any]:
        """The connection, as a workspace tells of it."""
        return {
            "kind": "tryton", "base_url": base_url or self.url, "database": self.database, "user": USER, "company": COMPANY,
            "amounts": "net", "dated": "when_posted", "accounts": ACCOUNTS, "quarantine": "5s", "timeout": "30s",
        }  # fmt: skip

    def connector(self) -> dict[str, Any]:
        """The same for a connector that is built without a workspace."""
        told = self.options() | {"password": PASSWORD}
        return {name: value for name, value in told.items() if name not in ("kind", "quarantine")}

    def call(self, method: str, *params: Any) -> Any:
        """What the administrator has done by hand."""
        if not self.session:
            user, token, *_ = self._ask("common.db.login", "admin", {"password": "admin-Pass-1"}, "en")
            self.session = "Session " + base64.b64encode(f"admin:{user}:{token}".encode()).decode()
        return self._ask(method, *params, {"company": self.ids["company"], "language": "en"})

    def _ask(self, method: str, *params: Any) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}).encode()
        headers = {"content-type": "application/json", "accept": "application/json", "authorization": self.session}
        asked = urllib.request.Request(f"{self.url}/{self.database}/rpc/", data=body, headers=headers)
        with urllib.request.urlopen(asked, timeout=300) as answer:
            told = json.loads(answer.read())
        assert "error" not in told, told["error"]
        return told["result"]

    def furnish(self) -> None:
        """Countries, currencies, payment terms, products, and accounts for differences of exchange."""
        create = self.call
        create("model.company.company.write", [self.ids["company"]], {"currency": self.ids["currency"]["EUR"]})
        create("model.country.country.create", [{"name": code, "code": code} for code in COUNTRIES])
        for code, (digits, rounding) in CURRENCIES.items():
            rate = {"date": day("2000-01-01"), "rate": decimal("2")}
            known = {"name": code, "code": code, "symbol": code, "digits": digits, "rounding": decimal(rounding)}
            create("model.currency.currency.create", [{**known, "rates": [["create", [rate]]]}])
        for days in (14, 30, 45, 60):
            line = {"type": "remainder", "relativedeltas": [["create", [{"days": days}]]]}
            create("model.account.invoice.payment_term.create", [{"name": f"NET{days}", "lines": [["create", [line]]]}])
        accounts = self.ids["accounts"]
        exchange = {
            "currency_exchange_credit_account": accounts["revenue"],
            "currency_exchange_debit_account": accounts["expense"],
        }
        create("model.account.configuration.write", [1], exchange)
        self.products("Retainer", "Refund", "Chargeback", "Support credit")
        for directory in (example(), EXAMPLES / "revenue"):
            for table, column in TABLES.items():
                if (file := directory / "reference" / table).exists():
                    with file.open() as opened:
                        self.products(*(row[column] for row in csv.DictReader(opened)))

    def products(self, *codes: str) -> None:
        """Products with these codes, those that are not there yet."""
        unit, category = self.ids["unit"], self.ids["category"]
        new = [code for code in codes if code not in self.known]
        self.known |= set(new)
        templates = [
            {"name": code, "code": code, "type": "service", "default_uom": unit, "salable": True, "sale_uom": unit,
             "list_price": decimal("1"), "account_category": category, "products": [["create", [{}]]]}
            for code in new
        ]  # fmt: skip
        if templates:
            self.call("model.product.template.create", templates)

    def invoices(self) -> list[dict[str, Any]]:
        """Every document of the books, as Tryton shows it."""
        fields = [
            "reference",
            "state",
            "number",
            "untaxed_amount",
            "tax_amount",
            "total_amount",
            "currency.code",
            "party",
            "comment",
        ]
        found = self.call("model.account.invoice.search_read", [["type", "=", "out"]], 0, None, [["id", "ASC"]], fields)
        return list(found)

    def period(self, on: str) -> int:
        """The period of a day."""
        at = day(on)
        domain = [["start_date", "<=", at], ["end_date", ">=", at], ["type", "=", "standard"]]
        return int(self.call("model.account.period.search", domain, 0, 1, None)[0])


@contextmanager
def booted(scripts: Path, name: str) -> Iterator[Peer]:
    """A server for the time of this block. The template is built by the first call on a machine, in minutes."""
    work = os.environ.get("TRYTON_WORK") or str(Path(tempfile.gettempdir()) / "tryton-peer")
    command = [str(scripts / "up.sh"), name, str(free_port()), work]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=900)
    ids = json.loads(told.stdout.strip().splitlines()[-1])
    try:
        yield Peer(url=ids["url"], database=ids["database"], ids=ids)
    finally:
        os.kill(ids["pid"], signal.SIGTERM)
        shutil.rmtree(Path(work) / name, ignore_errors=True)


def decimal(text: str) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": text}


def day(text: str) -> dict[str, Any]:
    year, month, of_month = map(int, text.split("-"))
    return {"__class__": "date", "year": year, "month": month, "day": of_month}


if __name__ == "__main__":  # build the template before several processes ask for it
    with booted(Path(os.environ["TRYTON_PEER"]), "first"):
        pass
