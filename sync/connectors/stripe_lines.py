"""The lines of an invoice in Stripe: each is told as one amount, so that it is right to the smallest unit whatever its quantity,
price and discount are; those stand in its metadata, and the quantity before its description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.connectors.documents import discount_of, minor, quantity_of
from sync.connectors.stripe_calls import UNKNOWN
from sync.connectors.stripe_values import metadata, noted, ours, price_of, theirs
from sync.errors import Rejected
from sync.model import Record
from sync.money import is_currency

MOST = 250
"""So many lines Stripe takes on one invoice."""


@dataclass(frozen=True, slots=True)
class Told:
    """The lines as Stripe is told them, and what they add up to before tax, in minor units and in Stripe's."""

    rows: list[Record]
    worth: int
    theirs: int

    @property
    def mark(self) -> str:
        """How many lines there are and what they add up to, kept on the invoice."""
        return f"{len(self.rows)}/{self.theirs}"


def told(given: Any, currency: Any, taxes: Mapping[str, str]) -> Told:
    """What Stripe is told. Raises Rejected with the path of what it cannot take, also for a total that is not more than nothing."""
    if not isinstance(given, list) or not given:
        raise Rejected("an invoice needs lines", reason="missing_lines", path="lines")
    if not is_currency(currency):
        raise Rejected("the currency is not known", reason="unknown_currency", path="currency")
    if len(given) > MOST:
        raise Rejected(f"Stripe takes {MOST} lines on one invoice", reason="invalid_value", path="lines")
    amounts = [_amount(line, currency, f"lines[{place}]") for place, line in enumerate(given)]
    if sum(amounts) <= 0:
        raise Rejected("the total must be more than zero", reason="negative_amount", path="lines")
    rows = [
        _row(line, theirs(amount, currency, f"lines[{place}]"), taxes, f"lines[{place}]")
        for place, (line, amount) in enumerate(zip(given, amounts, strict=True))
    ]
    return Told(rows, sum(amounts), sum(row["amount"] for row in rows))


def mark(rows: Sequence[Mapping[str, Any]]) -> str:
    """The mark of lines as they stand."""
    return f"{len(rows)}/{sum(row['amount'] for row in rows)}"


def shown(rows: Sequence[Mapping[str, Any]], currency: str) -> list[Record]:
    """The lines in a flow's words, each with its amount."""
    return [_shown(row, currency) for row in rows]


def _shown(row: Mapping[str, Any], currency: str) -> Record:
    line = noted(row)
    description = str(row.get("description") or "").removeprefix(_many(line.get("quantity")))
    return {"description": description, **line, "amount_minor": ours(row["amount"], currency)}


def _amount(line: Mapping[str, Any], currency: str, path: str) -> int:
    if line.get("tax_included") not in (None, False, "false"):
        words = "Stripe is told prices before tax, and this one includes it"
        raise Rejected(words, reason="invalid_amount", path=f"{path}.tax_included")
    worth = price_of(line, currency, path) * quantity_of(line, path)
    off = discount_of(line, worth, currency, path)
    return (minor(worth, currency) or 0) - (minor(off, currency) or 0)


def _row(line: Mapping[str, Any], amount: int, taxes: Mapping[str, str], path: str) -> Record:
    known = {name: value for name, value in line.items() if value is not None and name != "tax_included"}
    words = str(known.get("description") or known.get("product_code") or "")
    row: Record = {
        "amount": amount,
        "description": f"{_many(known.get('quantity'))}{words}",
        "metadata": metadata(known, {"description"} if "description" in known else (), f"{path}."),
    }
    code = known.get("tax_code")
    if code and str(code) not in taxes:
        words = f"no tax rate of Stripe is named for {code}: name one in taxes of the connection"
        raise Rejected(words, reason=UNKNOWN, code=f"tax {code}"[:100], path=f"{path}.tax_code")
    return {**row, "tax_rates": [taxes[str(code)]]} if code else row


def _many(quantity: Any) -> str:
    return "" if quantity in (None, 1, "1") else f"{quantity} × "
