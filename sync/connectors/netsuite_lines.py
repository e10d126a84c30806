"""The lines of an invoice in NetSuite. The item decides which account a line is booked to: a line that names another one is refused.
Prices are before tax and sent digit by digit; a discount is a line of its own under the line that it is of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.connectors.documents import discount_of, minor, quantity_of, shown_price, shown_quantity
from sync.connectors.netsuite_codes import Codes
from sync.connectors.netsuite_rest import UNKNOWN
from sync.connectors.netsuite_values import exact, price_of
from sync.errors import Rejected
from sync.model import Record

_CUSTOM_PRICE = "-1"
_OFF = "Discount of "
_PLACED = {
    "product_code", "description", "quantity", "unit_price", "unit_price_minor", "account", "tax_code", "tax_included",
    "discount_percent", "department", "class",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """The lines as NetSuite is told them, and what they add up to before tax in minor units."""

    rows: list[Record]
    worth: int


async def told(given: Any, currency: str, codes: Codes) -> Told:
    """What NetSuite is told. Raises Rejected with the path of what it cannot take, also for a total that is not more than nothing."""
    if not isinstance(given, list) or not given:
        raise Rejected("an invoice needs lines", reason="missing_lines", path="lines")
    at = [(line, f"lines[{place}]") for place, line in enumerate(given)]
    items = await codes.several("product", [(line.get("product_code"), f"{path}.product_code") for line, path in at])
    made, worth = list[Record](), 0
    for line, path in at:
        _only_before_tax(line, path)
        item = items[str(line.get("product_code"))]
        await _booked_as_told(line, item, codes, path)
        price, quantity = price_of(line, currency, path), quantity_of(line, path)
        off = discount_of(line, price * quantity, currency, path)
        worth += (minor(price * quantity, currency) or 0) - (minor(off, currency) or 0)
        row = {
            "item": {"id": item["id"]}, "quantity": exact(quantity), "rate": exact(price), "price": {"id": _CUSTOM_PRICE},
            "description": line.get("description"), **await _placed(line, codes, path),
        }  # fmt: skip
        made.append({name: value for name, value in row.items() if value is not None})
        if off:
            made.append(await _discount(off, line, codes, path))
    if worth <= 0:
        raise Rejected("the total must be more than zero", reason="negative_amount", path="lines")
    return Told(made, worth)


async def shown(rows: Sequence[Mapping[str, Any]], currency: str, codes: Codes) -> list[Record]:
    """The lines in a flow's words; a discount is told in the line that it is of."""
    items = await codes.rows("product", [(row.get("item") or {}).get("id") for row in rows])
    lines: list[Record] = []
    for row in rows:
        item = items[str((row.get("item") or {}).get("id"))]
        code = codes.ours("product", item)
        if lines and code == codes.options.discount_item and str(row.get("description") or "").startswith(_OFF):
            lines[-1]["discount_percent"] = str(row["description"]).removeprefix(_OFF).removesuffix("%")
            continue
        line = {
            "product_code": code,
            "description": row.get("description"),
            "quantity": shown_quantity(row.get("quantity") or 0),
            **shown_price(str(row.get("rate") or 0), currency),
            "account": await codes.account_of(item),
        }
        for name, table in (("tax_code", "tax"), ("department", "department"), ("class", "class")):
            theirs = row.get("taxCode" if name == "tax_code" else name)
            if theirs:
                line[name] = await codes.name(table, theirs["id"])
        lines.append(line | {ours: row.get(theirs) for ours, theirs in codes.options.fields.get("line", {}).items()})
    return lines


async def _placed(line: Mapping[str, Any], codes: Codes, path: str) -> Record:
    """The codes of a line, and what has a field of its own. Raises Rejected for what has no field at all."""
    placed: Record = {}
    for name, table in (("tax_code", "tax"), ("department", "department"), ("class", "class")):
        if line.get(name):
            found = await codes.one(table, line[name], f"{path}.{name}")
            placed["taxCode" if name == "tax_code" else name] = {"id": found["id"]}
    fields = codes.options.fields.get("line", {})
    for name in line.keys() - _PLACED:
        if name in fields:
            placed[fields[name]] = line[name]
        elif line[name] is not None:
            words = f"NetSuite has no field for {name} of a line: name one in fields.line of the connection"
            raise Rejected(words, reason="invalid_value", path=f"{path}.{name}")
    return placed


async def _booked_as_told(line: Mapping[str, Any], item: Mapping[str, Any], codes: Codes, path: str) -> None:
    account = line.get("account")
    if account and (booked := await codes.account_of(item)) != str(account):
        words = f"NetSuite books {line.get('product_code')} to account {booked or 'none'}, not to {account}"
        raise Rejected(words, reason=UNKNOWN, code=f"account {account}"[:100], path=f"{path}.account")


async def _discount(off: Decimal, line: Mapping[str, Any], codes: Codes, path: str) -> Record:
    """A discount is a line of its own under the one that it is of: so it is right to the minor unit."""
    item = codes.options.discount_item
    if item is None:
        words = "NetSuite takes a discount as a line: name its item in discount_item of the connection"
        raise Rejected(words, reason="invalid_value", path=f"{path}.discount_percent")
    found = await codes.one("product", item, f"{path}.discount_percent")
    return {
        "item": {"id": found["id"]}, "quantity": 1, "rate": exact(-off), "price": {"id": _CUSTOM_PRICE},
        "description": f"{_OFF}{line['discount_percent']}%", **await _placed({"tax_code": line.get("tax_code")}, codes, path),
    }  # fmt: skip


def _only_before_tax(line: Mapping[str, Any], path: str) -> None:
    """A price that holds its tax already would be taxed twice."""
    if line.get("tax_included") not in (None, False, "false"):
        words = "NetSuite takes prices before tax, and this one includes it"
        raise Rejected(words, reason="invalid_amount", path=f"{path}.tax_included")
