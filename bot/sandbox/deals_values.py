"""What a story is made of: companies, deals, a price list, what is wrong on purpose and what the owner will do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

FixKind: TypeAlias = Literal["fill", "pick", "approve", "merge", "crm", "erp"]

NO_MINOR_UNITS = frozenset({"JPY"})


def amount_text(minor: int, currency: str) -> str:
    """Minor units as the plain decimal text that a CRM keeps: 123456 EUR is `1234.56`, 123456 JPY is `123456`."""
    if currency in NO_MINOR_UNITS:
        return str(minor)
    return str(Decimal(minor).scaleb(-2).quantize(Decimal("0.01")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One row of the price list."""

    code: str
    name: str
    list_minor: int
    currency: str
    account: str

    @property
    def list_price(self) -> str:
        return amount_text(self.list_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A salesperson of the CRM."""

    id: str
    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    id: str
    properties: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.properties["name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line item: `price_minor` for one piece."""

    id: str
    product_code: str
    quantity: int
    price_minor: int

    @property
    def total_minor(self) -> int:
        return self.quantity * self.price_minor

    def properties(self, currency: str) -> dict[str, str]:
        return {
            "name": self.product_code,
            "product_code": self.product_code,
            "hs_sku": self.product_code.upper().replace(" ", "-"),
            "quantity": str(self.quantity),
            "price": amount_text(self.price_minor, currency),
            "amount": amount_text(self.total_minor, currency),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """A deal as the CRM holds it. `currency` is what was truly sold in, whatever `properties` claim."""

    id: str
    properties: Mapping[str, str]
    company_id: str | None
    lines: tuple[Line, ...]
    currency: str

    @property
    def won(self) -> bool:
        return self.properties["dealstage"] == "closedwon"

    @property
    def total_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What the owner does. fill, pick: enter `value` at `path` on the card. approve: accept `path` as it stands.
    merge: merge CRM company `value` into company `record`. crm: set property `path` of the deal to `value` in the CRM.
    erp: have the ERP accept customer `value` again. Replay follows the last three."""

    kind: FixKind
    path: str
    value: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What goes wrong around the records: the ERP's outage (counted from the story's now), answers that get lost,
    events that come twice or out of order, customers whom the ERP refuses (name → code)."""

    outage_after: timedelta = timedelta(0)
    outage_for: timedelta = timedelta(0)
    lost_answers: int = 0
    throttled: int = 0
    repeat_share: float = 0.0
    reorder_window: int = 0
    refused_customers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything a demo needs. `expected` names currency and total of the one invoice that each won deal ends as."""

    now: datetime
    companies: tuple[Company, ...]
    deals: tuple[Deal, ...]
    products: tuple[Product, ...]
    payment_terms: tuple[str, ...]
    owners: tuple[Owner, ...]
    defects: Mapping[str, str]
    fixes: Mapping[str, tuple[Fix, ...]]
    expected: Mapping[str, tuple[str, int]]
    weather: Weather = field(default_factory=Weather)

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(sorted({product.account for product in self.products}))

    def deal(self, deal_id: str) -> Deal:
        return next(deal for deal in self.deals if deal.id == deal_id)
