"""What must be in the ERP, said from the CRM's records and from what people decided, without a line of the product's logic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tests.model.crm import PLACES, Crm, Deal, Refund, written

DEAREST = 5000  # whole units of the currency: a dearer price must be approved
Subject = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One invoice: whose, in which currency, of what (product, quantity, minor units), under which code."""

    customer: str
    currency: str
    code: str
    lines: tuple[tuple[str, int, int], ...]

    @property
    def total(self) -> int:
        return sum(quantity * price for _, quantity, price in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A billing hold: on what (its scope and key), and from which tick to which."""

    on: tuple[str, str]
    since: int
    until: int | None = None


@dataclass(slots=True)
class Reference:
    """The decisions that were recorded, by flow and record, and what follows from them."""

    crm: Crm
    catalogue: set[str] = field(default_factory=lambda: {"P1", "P2", "P3"})
    decided: dict[Subject, dict[tuple[str, str, str], str]] = field(default_factory=dict)
    before: dict[Subject, list[dict[tuple[str, str, str], str]]] = field(default_factory=dict)
    discarded: dict[Subject, datetime] = field(default_factory=dict)
    holds: dict[int, Held] = field(default_factory=dict)

    def decide(self, flow: str, record_id: str, path: str, found: str, action: str, value: str) -> None:
        """A person's decision about one value; a later one about the same value counts."""
        known = self.decided.setdefault((flow, record_id), {})
        self.before.setdefault((flow, record_id), [{}]).append(dict(known))
        known[(path, found, action)] = value

    def wanted(self, deal: Deal, decided: Mapping[tuple[str, str, str], str] | None = None) -> Wanted | None:
        """The invoice that this version of a deal means; None where it means none. Whether it may go out is another question."""
        decided = self.decided.get(("bill", deal.id), {}) if decided is None else decided
        if deal.stage != "won" or deal.gone or deal.company is None:
            return None
        code, products = deal.code, [product for product, _, _ in deal.lines]
        for (path, found, action), value in decided.items():
            if action != "set":
                continue
            if path == "code" and code == found:
                code = value
            for place, product in enumerate(products):
                if path == f"lines[{place}].product" and product == found:
                    products[place] = value
        lines = tuple((product, *rest) for product, (_, *rest) in zip(products, deal.lines, strict=True))
        customer = self.crm.canonical(deal.company)
        return Wanted(customer=customer or "", currency=deal.currency, code=code, lines=lines)  # type: ignore[arg-type]

    def problems(self, deal: Deal) -> list[str]:
        """Why a won deal may not be billed as it stands."""
        if deal.stage != "won" or deal.gone:
            return []
        if deal.company is None:
            return ["no company"]
        wanted = self.wanted(deal)
        assert wanted is not None
        return list(self._wrong(deal, wanted))

    def _wrong(self, deal: Deal, wanted: Wanted) -> Iterator[str]:
        decided = self.decided.get(("bill", deal.id), {})
        if not wanted.code:
            yield "no code"
        for place, (product, _, price) in enumerate(wanted.lines):
            if product not in self.catalogue:
                yield f"product {product}"
            waived = (f"lines[{place}].price", written(price, deal.currency), "waive") in decided
            if price > DEAREST * 10 ** PLACES[deal.currency] and not waived:
                yield f"price {price}"
        amount = written(deal.total + deal.off, deal.currency)
        for (path, found, action), value in decided.items():
            if (path, action) == ("amount", "set") and amount == found:
                amount = value
        if amount != written(deal.total, deal.currency):
            yield f"amount {amount}"

    def ever_wanted(self, deal_id: str) -> list[Wanted]:
        """What the deal meant in any of its versions, with what was decided by any moment."""
        decisions = [*self.before.get(("bill", deal_id), [{}]), self.decided.get(("bill", deal_id), {})]
        found = (self.wanted(each, by) for each in self.crm.history.get(deal_id, ()) for by in decisions)
        return [each for each in found if each is not None]

    def excused(self, flow: str, entity: str, record_id: str) -> bool:
        """Whether a person decided that the newest change of the record has nothing to follow it."""
        at = self.discarded.get((flow, record_id))
        return at is not None and at >= self.crm.modified[(entity, record_id)]

    def refund(self, refund: Refund) -> tuple[str, str, int] | None:
        """The deal that is credited, the currency and the minor units; None where nothing is."""
        if refund.gone or refund.status != "approved":
            return None
        return refund.deal, refund.currency, refund.amount

    def held(self, flow: str, customer: str, contract: str, tick: int) -> bool:
        """Whether anything of this was on hold when that tick began."""
        keys = {("flow", flow), ("customer", customer), ("contract", contract)}
        return any(
            each.on in keys and each.since < tick and (each.until is None or each.until > tick)
            for each in self.holds.values()
        )
