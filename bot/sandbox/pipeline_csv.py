"""Reads a sales pipeline exported as CSV (accounts, products, sales_pipeline) as a story. All bad rows are named at once, by file and line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.sandbox.csv_rows import COUNTRIES, BadCell, Row, bare, day, minor_units, rows
from bot.sandbox.deals_names import PAYMENT_TERMS
from bot.sandbox.deals_values import Company, Deal, Fix, Line, Owner, Product, Story, amount_text

ACCOUNT: Final = "4000"
CURRENCY: Final = "USD"
_STAGES: Final = {
    "won": "closedwon",
    "lost": "closedlost",
    "engaging": "contractsent",
    "prospecting": "appointmentscheduled",
}


class BadPipeline(ValueError):
    """The files cannot be read as a pipeline; `problems` names every one with file and line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(slots=True)
class _Reader:
    """Reads one directory and collects what is wrong with it."""

    directory: Path
    problems: list[str] = field(default_factory=list)
    companies: dict[str, Company] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    owners: dict[str, Owner] = field(default_factory=dict)
    deals: dict[str, Deal] = field(default_factory=dict)

    def read_companies(self) -> None:
        for row in rows(self.directory, self.problems, "accounts.csv", "account"):
            try:
                self._company(row)
            except BadCell as bad:
                self.problems.append(f"{row.where}: {bad}")

    def _company(self, row: Row) -> None:
        name = row.must("account")
        if name in self.companies:
            raise BadCell(f"account {name!r} is listed twice")
        office = row.get("office_location") or "United States"
        country = COUNTRIES.get(office.casefold(), office)
        if not re.fullmatch(r"[A-Z]{2}", country):
            raise BadCell(f"office_location {office!r} is not a country")
        domain = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") + ".example"
        properties = {
            "name": name,
            "domain": domain,
            "country": country,
            "billing_email": f"ap@{domain}",
            "currency": CURRENCY,
        }
        self.companies[name] = Company(id=str(300_001 + len(self.companies)), properties=properties)

    def read_products(self) -> None:
        for row in rows(self.directory, self.problems, "products.csv", "product", "sales_price"):
            try:
                code = row.must("product")
                if code in self.products:
                    raise BadCell(f"product {code!r} is listed twice")
                price = minor_units(row.must("sales_price"), "sales_price")
            except BadCell as bad:
                self.problems.append(f"{row.where}: {bad}")
                continue
            self.products[code] = Product(code=code, name=code, list_minor=price, currency=CURRENCY, account=ACCOUNT)

    def read_deals(self) -> None:
        needed = ("opportunity_id", "product", "account", "deal_stage", "close_value")
        for row in rows(self.directory, self.problems, "sales_pipeline.csv", *needed):
            try:
                self._deal(row)
            except BadCell as bad:
                self.problems.append(f"{row.where}: {bad}")

    def _deal(self, row: Row) -> None:
        reference, product = row.must("opportunity_id"), row.must("product")
        if reference in self.deals:
            raise BadCell(f"opportunity {reference} is listed twice")
        stage = _STAGES.get(row.must("deal_stage").casefold())
        if stage is None:
            raise BadCell(f"deal_stage {row.cells['deal_stage']!r} is none of {', '.join(_STAGES)}")
        account = row.get("account")
        if account and account not in self.companies:
            raise BadCell(f"account {account!r} is not in accounts.csv")
        won = stage == "closedwon"
        price = minor_units(row.must("close_value") if won else row.get("close_value") or "0", "close_value")
        closed = day(row, "close_date", required=won)
        number = len(self.deals) + 1
        properties = {
            "dealname": f"{account or 'No account'} – {product} ({reference})",
            "amount": amount_text(price, CURRENCY),
            "deal_currency_code": CURRENCY,
            "dealstage": stage,
            "billing_code": "BC-STANDARD",
            "payment_terms": PAYMENT_TERMS[1],
            "contract_url": f"https://contracts.northwind.example/{reference}",
            "hubspot_owner_id": self._owner(row.get("sales_agent") or "Nobody").id,
        }
        if closed is not None:
            properties["closedate"] = closed.strftime("%Y-%m-%dT00:00:00.000Z")
        self.deals[reference] = Deal(
            id=str(500_000 + number),
            properties=properties,
            company_id=self.companies[account].id if account else None,
            lines=(Line(id=str(900_000 + number), product_code=product, quantity=1, price_minor=price),),
            currency=CURRENCY,
        )

    def _owner(self, name: str) -> Owner:
        first, _, last = name.partition(" ")
        mail = re.sub(r"[^a-z]+", ".", name.casefold()).strip(".") + "@northwind.example"
        fresh = Owner(id=str(8001 + len(self.owners)), first_name=first, last_name=last, email=mail)
        return self.owners.setdefault(name, fresh)


def read(directory: Path, *, tolerance_percent: int = 10) -> Story:
    """The story that the files tell; a price further off the list than the tolerance needs an approval. Raises BadPipeline."""
    reader = _Reader(directory)
    reader.read_companies()
    reader.read_products()
    reader.read_deals()
    if reader.problems:
        raise BadPipeline(reader.problems)
    deals = tuple(reader.deals.values())
    wrong = {
        deal.id: found for deal in deals if deal.won and (found := _defects(deal, reader.products, tolerance_percent))
    }
    closed = [deal.properties["closedate"] for deal in deals if "closedate" in deal.properties]
    last = datetime.fromisoformat(max(closed)) if closed else datetime(2000, 1, 1, tzinfo=UTC)
    return Story(
        now=last + timedelta(days=1),
        companies=tuple(reader.companies.values()),
        deals=deals,
        products=tuple(reader.products.values()),
        payment_terms=PAYMENT_TERMS,
        owners=tuple(reader.owners.values()),
        defects={deal_id: found[0][0] for deal_id, found in wrong.items()},
        fixes={deal_id: tuple(fix for _, fix in found) for deal_id, found in wrong.items()},
        expected={deal.id: (deal.currency, deal.total_minor) for deal in deals if deal.won},
    )


def _defects(deal: Deal, products: Mapping[str, Product], tolerance_percent: int) -> list[tuple[str, Fix]]:
    """What will stop the deal, in the order in which it can be mended. A name that only differs in spaces is that product."""
    found: list[tuple[str, Fix]] = []
    line = deal.lines[0]
    product = products.get(line.product_code)
    if deal.company_id is None:
        found.append(("missing_company", Fix(kind="fill", path="company.id")))
    if product is None:
        product = next((each for each in products.values() if bare(each.code) == bare(line.product_code)), None)
        meant = product.code if product else ""
        found.append(("unknown_product", Fix(kind="pick", path="lines[0].product_code", value=meant)))
    if product and abs(line.price_minor - product.list_minor) * 100 > product.list_minor * tolerance_percent:
        found.append(("price_off_list", Fix(kind="approve", path="lines[0].price")))
    return found
