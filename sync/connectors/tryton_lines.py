"""The lines of an invoice in Tryton. Prices are before tax and exact to four decimals; a product brings its own taxes unless the
line names one (`tax_code`); what a line has no field for stands in its note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sync.connectors.failures import understood
from sync.connectors.tryton_codes import Codes
from sync.connectors.tryton_values import (
    beyond,
    discount_of,
    notes,
    price_of,
    quantity_of,
    read_notes,
    shown_price,
    shown_quantity,
    tagged_decimal,
)
from sync.errors import Rejected
from sync.model import Record

FIELDS = (
    "lines.product.code", "lines.description", "lines.quantity", "lines.unit_price", "lines.account.code", "lines.note",
)  # fmt: skip
_DISCOUNT = "discount_of_the_line_above"
_PLACED = {"product_code", "description", "quantity", "unit_price", "unit_price_minor", "account"}


def shown(rows: Sequence[Record], currency: str, codes: Codes) -> list[Record]:
    """The lines in a flow's words; a discount is told in the line that it is of."""
    noted = [(row, read_notes(row.get("note"))) for row in rows]
    return [_shown(row, notes, currency, codes) for row, notes in noted if _DISCOUNT not in notes]


def _shown(line: Record, noted: Record, currency: str, codes: Codes) -> Record:
    return {
        **noted,
        "product_code": codes.ours("product", (line.get("product.") or {}).get("code")),
        "description": line.get("description"),
        "quantity": shown_quantity(line.get("quantity") or 0),
        **shown_price(line.get("unit_price") or 0, currency),
        "account": codes.ours("account", (line.get("account.") or {}).get("code")),
    }


async def told(given: Any, currency: str, codes: Codes, *, credit: bool = False) -> list[Record]:
    """What Tryton is told. Raises Rejected with the path of what it cannot take, also for a total that is not more than
    nothing; the quantities of a `credit` are turned round."""
    if not isinstance(given, list) or not given:
        raise Rejected("an invoice needs lines", reason="missing_lines", path="lines")
    at = [(line, f"lines[{place}]") for place, line in enumerate(given)]
    products = await codes.several("product", [(line.get("product_code"), f"{path}.product_code") for line, path in at])
    accounts = await codes.several("account", [(line.get("account"), f"{path}.account") for line, path in at])
    taxes = await codes.several(
        "tax", [(line["tax_code"], f"{path}.tax_code") for line, path in at if line.get("tax_code")]
    )
    made, total = list[Record](), Decimal()
    for place, (line, path) in enumerate(at):
        _only_before_tax(line, path)
        product = products[str(line.get("product_code"))]
        tax = [taxes[str(line["tax_code"])]["id"]] if line.get("tax_code") else _taxes_of(product)
        price, quantity = price_of(line, currency, path), quantity_of(line, path)
        off = discount_of(line, price * quantity, currency, path)
        total += price * quantity - off
        row = {
            "type": "line", "company": codes.link.company, "sequence": 2 * place, "product": product["id"],
            "unit": product["default_uom"], "quantity": tagged_decimal(-quantity if credit else quantity),
            "unit_price": tagged_decimal(price), "account": accounts[str(line.get("account"))]["id"],
            "description": line.get("description"), "note": notes(beyond(line, _PLACED)), "taxes": [["add", tax]],
        }  # fmt: skip
        made.append(row)
        if off:
            made.append({**row, **_discount(off, line, 2 * place + 1, credit=credit)})
    if total <= 0:
        raise Rejected("the total must be more than zero", reason="negative_amount", path="lines")
    return made


def _discount(off: Decimal, line: Mapping[str, Any], place: int, *, credit: bool) -> Record:
    """A discount is a line of its own under the one that it is of: so it is right to the minor unit."""
    return {
        "sequence": place,
        "quantity": tagged_decimal(Decimal(-1 if credit else 1)),
        "unit_price": tagged_decimal(-off),
        "description": f"Discount of {line['discount_percent']}%",
        "note": notes({_DISCOUNT: str(line["discount_percent"])}),
    }


def _taxes_of(product: Record) -> list[int]:
    with understood("Tryton"):
        return list((product.get("account_category.") or {}).get("customer_taxes_used") or [])


def _only_before_tax(line: Mapping[str, Any], path: str) -> None:
    """A price that holds its tax already would be taxed twice."""
    if line.get("tax_included") not in (None, False, "false"):
        words = "Tryton takes prices before tax, and this one includes it"
        raise Rejected(words, reason="invalid_amount", path=f"{path}.tax_included")
