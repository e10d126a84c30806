"""The demo's year of selling, made from a seed: the same seed and now give the same deals, defects, fixes and totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from bot.sandbox.deals_defects import PLANTERS, Ground, planned
from bot.sandbox.deals_names import (
    COMPANIES,
    LONG_NAME,
    NULL_NAME,
    ORDINARY,
    OWNERS,
    PAYMENT_TERMS,
    PING_NAME,
    PLANS,
    PRODUCTS,
    REFUSED,
    RENAMED,
    TWICE,
)
from bot.sandbox.deals_values import Company, Deal, Fix, Line, Owner, Product, Story, Weather, amount_text

if TYPE_CHECKING:
    from bot.sandbox.crm import Crm
    from bot.sandbox.erp import Erp

__all__ = ["Company", "Deal", "Fix", "Line", "Owner", "Product", "Story", "Weather", "apply_weather", "load", "story"]

FEWEST = 24
_OPEN = ("appointmentscheduled", "contractsent", "closedlost")
_IN_EUROS = {"unknown_product", "unknown_currency", "malformed_amount"}
_STORMY = Weather(
    outage_after=timedelta(minutes=10),
    outage_for=timedelta(minutes=4),
    lost_answers=3,
    throttled=4,
    repeat_share=0.2,
    reorder_window=40,
    refused_customers={company.name: "customer_blocked" for company in REFUSED},
)


def story(seed: int = 7, deals: int = 120, *, now: datetime) -> Story:
    """A story of that many deals, five in six of them won, with every kind of defect. Raises ValueError below 24 deals."""
    if deals < FEWEST:
        raise ValueError(f"a story needs at least {FEWEST} deals")
    teller = _Teller(Random(seed), now)  # noqa: S311  the same story again, not a secret
    return teller.tell(deals)


class _Teller:
    def __init__(self, rng: Random, now: datetime) -> None:
        self._rng = rng
        self._now = now
        self._line_id = 90_000
        self._turns: Counter[str] = Counter()
        names = {company.id: company.name for company in COMPANIES}
        self._ground = Ground(rng=rng, products={product.code: product for product in PRODUCTS}, names=names)

    def tell(self, count: int) -> Story:
        won = count * 5 // 6
        labels: list[str | None] = [*planned(won)]
        labels += [None] * (won - len(labels))
        self._rng.shuffle(labels)
        stages = ["closedwon"] * won + [_OPEN[index % len(_OPEN)] for index in range(count - won)]
        plan = list(zip(stages, [*labels, *([None] * (count - won))], strict=True))
        self._rng.shuffle(plan)
        deals: list[Deal] = []
        defects: dict[str, str] = {}
        fixes: dict[str, tuple[Fix, ...]] = {}
        for number, (stage, defect) in enumerate(plan, 1):
            deal = self._healthy(str(7000 + number), stage, defect)
            if defect is not None:
                deal, fix = PLANTERS[defect](deal, self._ground)
                defects[deal.id], fixes[deal.id] = defect, (fix,)
            deals.append(deal)
        return Story(
            now=self._now,
            companies=COMPANIES,
            deals=_with_odd_names(deals, defects),
            products=PRODUCTS,
            payment_terms=PAYMENT_TERMS,
            owners=OWNERS,
            defects=defects,
            fixes=fixes,
            expected={deal.id: (deal.currency, deal.total_minor) for deal in deals if deal.won},
            weather=_STORMY,
        )

    def _healthy(self, deal_id: str, stage: str, defect: str | None) -> Deal:
        company = self._company(defect)
        currency = company.properties["currency"]
        lines = self._lines(currency, must=RENAMED[0] if defect == "unknown_product" else None)
        total = sum(line.total_minor for line in lines)
        closed = self._now - timedelta(minutes=self._rng.randrange(60, 45 * 24 * 60))
        properties = {
            "dealname": f"{company.name} – {self._rng.choice(PLANS)}",
            "amount": amount_text(total, currency),
            "deal_currency_code": currency,
            "dealstage": stage,
            "closedate": closed.strftime("%Y-%m-%dT%H:%M:00.000Z"),
            "billing_code": f"BC-{company.properties['country']}-{self._rng.randrange(1000, 10_000)}",
            "payment_terms": self._rng.choice(PAYMENT_TERMS),
            "contract_url": f"https://contracts.northwind.example/{deal_id}",
            "hubspot_owner_id": self._rng.choice(OWNERS).id,
        }
        return Deal(id=deal_id, properties=properties, company_id=company.id, lines=lines, currency=currency)

    def _company(self, defect: str | None) -> Company:
        if defect == "duplicate_customer":
            return self._next(defect, [company for pair in TWICE for company in pair])
        if defect == "erp_rejected":
            return self._next(defect, REFUSED)
        if defect in _IN_EUROS:
            return self._rng.choice([company for company in ORDINARY if company.properties["currency"] == "EUR"])
        return self._rng.choice(ORDINARY)

    def _next(self, kind: str, among: Sequence[Company]) -> Company:
        self._turns[kind] += 1
        return among[(self._turns[kind] - 1) % len(among)]

    def _lines(self, currency: str, *, must: str | None) -> tuple[Line, ...]:
        range_ = [product for product in PRODUCTS if product.currency == currency]
        chosen = self._rng.sample(range_, min(len(range_), self._rng.randint(1, 4)))
        if must is not None:
            chosen = [product for product in chosen if product.code != must][:3]
            chosen.insert(self._rng.randint(0, len(chosen)), self._ground.products[must])
        return tuple(self._line(product) for product in chosen)

    def _line(self, product: Product) -> Line:
        """A line priced within five percent of the list."""
        self._line_id += 1
        price = product.list_minor * self._rng.randint(95, 104) // 100
        return Line(
            id=str(self._line_id),
            product_code=product.code,
            quantity=self._rng.randint(1, 12),
            price_minor=price,
        )


def _with_odd_names(deals: Sequence[Deal], defects: dict[str, str]) -> tuple[Deal, ...]:
    """Names from the wild, on deals that show up on cards: one with a ping and markup, one endless, one with a null byte."""
    odd = {"missing_billing_code": PING_NAME, "amount_mismatch": LONG_NAME, "missing_payment_terms": NULL_NAME}
    renamed = []
    for deal in deals:
        name = odd.pop(defects.get(deal.id, ""), None)
        renamed.append(deal if name is None else replace(deal, properties={**deal.properties, "dealname": name}))
    return tuple(renamed)


def load(story: Story, crm: Crm) -> None:
    """Put the story into the CRM: one creation event per company and deal, every record with the id that the story gave it."""
    crm.owners = story.owners
    for company in story.companies:
        crm.create("companies", company.properties, record_id=company.id)
    for deal in story.deals:
        for line in deal.lines:
            crm.create("line_items", line.properties(deal.currency), record_id=line.id)
        links = [("line_items", line.id) for line in deal.lines]
        if deal.company_id is not None:
            links.append(("companies", deal.company_id))
        crm.create("deals", deal.properties, record_id=deal.id, links=links)


def apply_weather(story: Story, crm: Crm, erp: Erp) -> None:
    """Let it rain: the story's weather becomes the knobs of the CRM's webhooks and the faults of the ERP."""
    weather = story.weather
    crm.webhooks.repeat_share = weather.repeat_share
    crm.webhooks.reorder_window = weather.reorder_window
    erp.faults.lose_answers = weather.lost_answers
    erp.faults.throttle = weather.throttled
    erp.faults.reject_for = dict(weather.refused_customers)
    if weather.outage_for:
        begins = story.now + weather.outage_after
        erp.faults.outage_between = (begins, begins + weather.outage_for)
