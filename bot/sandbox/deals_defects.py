"""The defects of the story, planted on purpose: each takes a healthy won deal, spoils it in one way and says what mends it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Final, TypeAlias

from bot.sandbox.deals_names import RENAMED, TWICE
from bot.sandbox.deals_values import Deal, Fix, FixKind, Product, amount_text

Planted: TypeAlias = tuple[Deal, Fix]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a planter looks up: chance, products by code, company names by id."""

    rng: Random
    products: Mapping[str, Product]
    names: Mapping[str, str]


Planter: TypeAlias = Callable[[Deal, Ground], Planted]

PER_HUNDRED: Final = {
    "unknown_product": 12,
    "missing_billing_code": 6,
    "missing_payment_terms": 4,
    "price_off_list": 4,
    "duplicate_customer": 4,
    "missing_company": 3,
    "amount_mismatch": 3,
    "erp_rejected": 3,
    "unknown_currency": 2,
    "malformed_amount": 2,
    "negative_amount": 2,
}
_AT_LEAST = {"duplicate_customer": 2}


def planned(won: int) -> list[str]:
    """One defect name per deal to spoil among `won` deals; every kind at least once."""
    counts = {name: max(_AT_LEAST.get(name, 1), share * won // 100) for name, share in PER_HUNDRED.items()}
    return [name for name, count in counts.items() for _ in range(count)]


def _with(deal: Deal, **properties: str) -> Deal:
    return replace(deal, properties={**deal.properties, **properties})


def _without(deal: Deal, name: str) -> Deal:
    return replace(deal, properties={key: value for key, value in deal.properties.items() if key != name})


def _total(deal: Deal) -> str:
    return amount_text(deal.total_minor, deal.currency)


def _missing(name: str, *kinds: FixKind) -> Planter:
    """The owners take turns among the kinds of fixes, by deal id."""

    def plant(deal: Deal, ground: Ground) -> Planted:
        return _without(deal, name), Fix(kind=kinds[int(deal.id) % len(kinds)], path=name, value=deal.properties[name])

    return plant


def _unknown_product(deal: Deal, ground: Ground) -> Planted:
    right, wrong = RENAMED
    index = next(index for index, line in enumerate(deal.lines) if line.product_code == right)
    lines = tuple(replace(line, product_code=wrong) if line.product_code == right else line for line in deal.lines)
    return replace(deal, lines=lines), Fix(kind="pick", path=f"lines[{index}].product_code", value=right)


def _price_off_list(deal: Deal, ground: Ground) -> Planted:
    first = deal.lines[0]
    sold = ground.products[first.product_code].list_minor * ground.rng.randint(70, 85) // 100
    spoilt = replace(deal, lines=(replace(first, price_minor=sold), *deal.lines[1:]))
    return _with(spoilt, amount=_total(spoilt)), Fix(kind="approve", path="lines[0].price")


def _missing_company(deal: Deal, ground: Ground) -> Planted:
    return replace(deal, company_id=None), Fix(kind="fill", path="company.id", value=deal.company_id or "")


def _amount_mismatch(deal: Deal, ground: Ground) -> Planted:
    claimed = amount_text(deal.total_minor * ground.rng.choice((80, 90, 110)) // 100, deal.currency)
    return _with(deal, amount=claimed), Fix(kind="fill", path="amount", value=_total(deal))


def _unknown_currency(deal: Deal, ground: Ground) -> Planted:
    return _with(deal, deal_currency_code="XXQ"), Fix(kind="fill", path="deal_currency_code", value=deal.currency)


def _malformed_amount(deal: Deal, ground: Ground) -> Planted:
    whole, cents = divmod(deal.total_minor, 100)
    continental = f"{whole:,}".replace(",", ".") + f",{cents:02}"
    return _with(deal, amount=continental), Fix(kind="fill", path="amount", value=_total(deal))


def _negative_amount(deal: Deal, ground: Ground) -> Planted:
    return _with(deal, amount=f"-{_total(deal)}"), Fix(kind="fill", path="amount", value=_total(deal))


def _duplicate_customer(deal: Deal, ground: Ground) -> Planted:
    kept, other = next(pair for pair in TWICE if deal.company_id in {company.id for company in pair})
    return deal, Fix(kind="merge", path="company.vat_id", record=kept.id, value=other.id)


def _erp_rejected(deal: Deal, ground: Ground) -> Planted:
    return deal, Fix(kind="erp", path="customer", value=ground.names[deal.company_id or ""])


PLANTERS: Final[Mapping[str, Planter]] = {
    "missing_billing_code": _missing("billing_code", "fill", "crm"),
    "missing_payment_terms": _missing("payment_terms", "pick"),
    "unknown_product": _unknown_product,
    "price_off_list": _price_off_list,
    "missing_company": _missing_company,
    "amount_mismatch": _amount_mismatch,
    "unknown_currency": _unknown_currency,
    "malformed_amount": _malformed_amount,
    "negative_amount": _negative_amount,
    "duplicate_customer": _duplicate_customer,
    "erp_rejected": _erp_rejected,
}
