"""Salespeople: deals are entered, edited several times and won, some with a defect. What they did is kept as the oracle's truth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from bot.sandbox.crm_objects import Objects
from bot.sandbox.crm_record import Change
from bot.sandbox.world import SandboxWorld

WRITTEN_BACK = ("billing_status", "invoice_number", "invoice_total")
RENAMED, MISSING, CHEAP = "unknown_product", "missing_billing_code", "price_off_list"
_PRICES = {
    "Atlas Basic": 119000,
    "Atlas Pro": 249000,
    "Beacon One": 64990,
    "Cirrus Seat": 31200,
    "Priority Care": 98000,
}
_FIRST_EVENT = 101


@dataclass
class Sales:
    """`won` is what must be billed, in cents; `defects` what must not, with the reason; `told` every change that was sent out."""

    world: SandboxWorld
    rng: Random
    won: dict[str, int] = field(default_factory=dict)
    defects: dict[str, str] = field(default_factory=dict)
    company_of: dict[str, str] = field(default_factory=dict)
    told: list[Change] = field(default_factory=list)
    _companies: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _closing: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        crm = self.world.crm

        def hear(change: Change) -> None:
            if change.kind.singular in crm.webhooks.subscriptions:
                self.told.append(change)
            crm.webhooks.hear(change)

        crm.objects = Objects(crm.clock, hear)
        for number in range(25):
            given = {"name": f"Customer {number} GmbH", "domain": f"c{number}.example", "vat_id": f"DE{100000000 + number}",
                     "country": "DE", "currency": "EUR", "billing_email": f"ap@c{number}.example"}  # fmt: skip
            self._companies.append(crm.create("companies", given))

    async def sell(
        self, deals: int, *, seconds: float, waves: int = 25, may_go_on: Callable[[float], bool] = lambda share: True
    ) -> None:
        """Enter that many deals over so many seconds; each is edited twice and then won, a wave later each time. Before each
        wave it waits until it `may_go_on`, which is told what share of the waves is done."""
        defects = [RENAMED] * (deals * 6 // 100) + [MISSING] * (deals * 3 // 100) + [CHEAP] * (deals // 100)
        plan: list[str] = [*defects, *[""] * (deals - len(defects))]
        self.rng.shuffle(plan)
        earlier: list[list[str]] = []
        for wave in range(waves + 3):
            while not may_go_on(wave / (waves + 3)):  # noqa: ASYNC110  # a number that others count up, not an event
                await asyncio.sleep(0.05)
            if wave < waves:
                earlier.append([self._enter(defect) for defect in plan[wave::waves]])
            for age in (1, 2, 3):
                for deal in earlier[wave - age] if 0 <= wave - age < waves else ():
                    self._win(deal) if age == 3 else self._edit(deal, age)
            await asyncio.sleep(seconds / (waves + 3))

    def events(self) -> set[tuple[str, int]]:
        """(record, number) of every webhook event that concerns Meshline."""
        numbered = enumerate(self.told, _FIRST_EVENT)
        return {(change.record_id, number) for number, change in numbered if change.property not in WRITTEN_BACK}

    def _enter(self, defect: str) -> str:
        crm, company = self.world.crm, self.rng.choice(self._companies)
        chosen = self.rng.sample(sorted(_PRICES), self.rng.randint(1, 3))
        lines = [(product, self.rng.randint(1, 9), _PRICES[product]) for product in chosen]
        if defect == CHEAP:
            lines = [(product, count, price * 70 // 100) for product, count, price in lines]
        if defect == RENAMED:
            lines = [("AtlasPro", 1, 249000), *[line for line in lines if line[0] != "Atlas Pro"]]
        total = sum(count * price for _, count, price in lines)
        ids = [crm.create("line_items", {"name": product, "product_code": product, "quantity": str(count), "price": _text(price)})
               for product, count, price in lines]  # fmt: skip
        properties = {"dealname": "Offer", "amount": "1.00", "deal_currency_code": "EUR", "dealstage": "contractsent",
                      "closedate": "2026-11-20T10:00:00.000Z", "payment_terms": "NET30"}  # fmt: skip
        links = [("companies", company), *(("line_items", one) for one in ids)]
        deal = crm.create("deals", properties, links=links)
        code = {} if defect == MISSING else {"billing_code": f"BC-{deal}"}
        self._closing[deal] = {"dealstage": "closedwon", "amount": _text(total), **code}
        self.company_of[deal] = company
        if defect:
            self.defects[deal] = defect
        else:
            self.won[deal] = total
        return deal

    def _edit(self, deal: str, age: int) -> None:
        edit = {"dealname": f"Offer of deal {deal}"} if age == 1 else {"amount": "2.50"}
        self.world.crm.update("deals", deal, edit)

    def _win(self, deal: str) -> None:
        self.world.crm.update("deals", deal, self._closing.pop(deal))


def _text(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"
