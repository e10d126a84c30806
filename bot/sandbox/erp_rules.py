"""What the ERP accepts in a field. It is strict: unknown, missing and mistyped fields are refused by name."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]
Read: TypeAlias = Callable[[str, object], object]

CURRENCIES: Final = frozenset("EUR USD GBP CHF JPY DKK SEK NOK PLN CZK AED ILS KWD".split())
_COUNTRY = re.compile(r"[A-Z]{2}")
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,4})?")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


class Refused(Exception):
    """The ERP says no: an HTTP status, a code, words, and the field if it is about one."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field

    def document(self) -> Json:
        return {"error": {"code": self.code, "message": str(self), "field": self.field}}


def invalid(field: str, message: str) -> Refused:
    return Refused(422, "validation", message, field)


@dataclass(frozen=True, slots=True)
class Field:
    """How a field is read. An optional field may be null or absent and then has its default."""

    read: Read
    required: bool = True
    default: object = None


def fields(spec: Mapping[str, Field], body: object, *, partial: bool = False, within: str = "") -> Json:
    """The body with every field read. `partial` leaves absent fields out. Raises Refused for the first field that is wrong."""
    if not isinstance(body, dict):
        raise invalid(within.rstrip(".") or "body", "an object is expected")
    for name in body:
        if name not in spec:
            raise invalid(within + name, f"there is no field {name!r}"[:200])
    values: Json = {}
    for name, field in spec.items():
        if body.get(name) is not None:
            values[name] = field.read(within + name, body[name])
        elif field.required and (name in body or not partial):
            raise invalid(within + name, f"{name} is required")
        elif name in body or not partial:
            values[name] = field.default
    return values


def text(longest: int) -> Read:
    """A line of text without control characters, neither empty nor longer than that."""

    def read(field: str, value: object) -> str:
        if not isinstance(value, str):
            raise invalid(field, f"{field} must be text")
        if not value.strip() or len(value) > longest:
            raise invalid(field, f"{field} must have 1 to {longest} characters")
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            raise invalid(field, f"{field} has control characters")
        return value

    return read


def matching(pattern: re.Pattern[str], words: str) -> Read:
    def read(field: str, value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise invalid(field, f"{field} must be {words}")
        return value

    return read


def known(values: Collection[str], code: str, what: str) -> Read:
    """One of the ERP's own codes; another one is refused with `code`."""

    def read(field: str, value: object) -> str:
        if not isinstance(value, str):
            raise invalid(field, f"{field} must be text")
        if value not in values:
            raise Refused(422, code, f"{what} {value[:60]!r} does not exist", field)
        return value

    return read


def whole(least: int) -> Read:
    def read(field: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise invalid(field, f"{field} must be a whole number, at least {least}")
        return value

    return read


def flag(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise invalid(field, f"{field} must be true or false")
    return value


def percent(field: str, value: object) -> str:
    """A percentage between 0 and 100 as plain decimal text."""
    if not isinstance(value, str) or not _PERCENT.fullmatch(value) or Decimal(value) > 100:
        raise invalid(field, f"{field} must be a percentage such as 12.5, as text")
    return value


def day(field: str, value: object) -> str:
    try:
        if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise invalid(field, f"{field} must be a date such as 2026-11-30")


def list_of(spec: Mapping[str, Field]) -> Read:
    def read(field: str, value: object) -> tuple[Json, ...]:
        if not isinstance(value, list) or not value:
            raise invalid(field, f"{field} must have at least one entry")
        return tuple(fields(spec, entry, within=f"{field}[{at}].") for at, entry in enumerate(value))

    return read


CURRENCY: Final = matching(
    re.compile("|".join(sorted(CURRENCIES))), "a currency code that the ledger keeps, such as EUR"
)
COUNTRY: Final = matching(_COUNTRY, "an ISO 3166 code of two letters")
LINK: Final = matching(re.compile(r"https://\S{3,500}"), "an https address")
MAIL: Final = matching(_MAIL, "an e-mail address")


def customer_fields(payment_terms: Collection[str]) -> dict[str, Field]:
    return {
        "reference": Field(text(100)),
        "name": Field(text(200)),
        "country": Field(COUNTRY),
        "currency": Field(CURRENCY),
        "vat_id": Field(text(30), required=False),
        "email": Field(MAIL, required=False),
        "payment_terms": Field(known(payment_terms, "unknown_payment_terms", "Payment term"), required=False),
        "blocked": Field(flag, required=False, default=False),
    }


def invoice_fields(payment_terms: Collection[str], accounts: Collection[str]) -> dict[str, Field]:
    return {
        "reference": Field(text(100)),
        "customer_id": Field(text(40)),
        "currency": Field(CURRENCY),
        "issue_date": Field(day),
        "payment_terms": Field(known(payment_terms, "unknown_payment_terms", "Payment term")),
        "contract_reference": Field(text(100)),
        "sync_reference": Field(text(100)),
        "billing_code": Field(text(60), required=False),
        "purchase_order": Field(text(60), required=False),
        "cost_center": Field(text(40), required=False),
        "document_url": Field(LINK, required=False),
        "lines": Field(lines_field(accounts)),
    }


def lines_field(accounts: Collection[str]) -> Read:
    """The lines of an invoice or of a credit note."""
    line = {
        "product_code": Field(text(60)),
        "description": Field(text(200)),
        "quantity": Field(whole(1)),
        "unit_price_minor": Field(whole(0)),
        "account": Field(known(accounts, "unknown_account", "Account")),
        "discount_percent": Field(percent, required=False),
    }
    return list_of(line)
