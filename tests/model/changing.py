"""What happens in the CRM: deals are won, changed, reopened and deleted, companies renamed and merged, money given back."""

from __future__ import annotations

from typing import Any

from tests.model import company
from tests.model.crm import Crm, Deal, Refund
from tests.model.reference import Reference


class Changing:
    """The operations of salespeople. What cannot be changed any more stays as it is."""

    crm: Crm
    reference: Reference
    retired: bool
    engines: list[Any]
    lives: list[Any]

    def _deal(self, number: int) -> Deal | None:
        deal = self.crm.deals[f"D{number}"]
        return None if deal.gone else deal

    def _change(self, number: int, **values: Any) -> None:
        if (deal := self._deal(number)) is not None:
            self.crm.change(deal, **values)

    async def do_win(self, number: int) -> None:
        self._change(number, stage="won")

    async def do_reopen(self, number: int) -> None:
        self._change(number, stage="open")

    async def do_lines(self, number: int, quantity: int, price: int, second: int) -> None:
        if (deal := self._deal(number)) is not None:
            first = (deal.lines[0][0], quantity, price)
            self.crm.change(deal, lines=(first, ("P2", 1, 999)) if second else (first,), off=0)

    async def do_currency(self, number: int, currency: str) -> None:
        self._change(number, currency=currency)

    async def do_code(self, number: int, which: int) -> None:
        self._change(number, code=("", "BC", f"BC-{number}")[which])

    async def do_product(self, number: int, product: str) -> None:
        if (deal := self._deal(number)) is not None:
            self.crm.change(deal, lines=((product, *deal.lines[0][1:]), *deal.lines[1:]))

    async def do_misstate(self, number: int, off: int) -> None:
        if (deal := self._deal(number)) is not None and deal.total + off > 0:
            self.crm.change(deal, off=off)

    async def do_company(self, number: int, which: int) -> None:
        chosen = self.crm.canonical(f"C{which}") if which >= 0 else None
        self._change(number, company=chosen)

    async def do_rename(self, number: int) -> None:
        known = self.crm.companies[f"C{number}"]
        self.crm.change(known, name=f"Company {number} No. {known.version + 1}")

    async def do_merge(self, loser: int, winner: int, told: int) -> None:
        """One company is merged into another, which takes over its deals; their webhooks come or do not."""
        one, other = self.crm.canonical(f"C{loser}"), self.crm.canonical(f"C{winner}")
        if one is None or other is None or one == other:
            return
        self.crm.merged[one] = other
        for deal in list(self.crm.deals.values()):
            if deal.company == one and not deal.gone:
                self.crm.change(deal, tell=bool(told), company=other)

    async def do_delete(self, number: int) -> None:
        self._change(number, gone=True)

    async def do_retire(self) -> None:
        """A product leaves the list; every engine is restarted with it."""
        self.retired = True
        self.reference.catalogue.discard(company.RETIRED)
        self.engines.clear()
        self.lives.clear()

    async def do_refund(self, number: int, percent: int, kind: str) -> None:
        deal = self.crm.deals[f"D{number}"]
        if deal.stage == "won" and deal.company is not None and (amount := deal.total * percent // 100) > 0:
            name = f"R{len(self.crm.refunds)}"
            self.crm.put(
                Refund(id=name, deal=deal.id, company=deal.company, currency=deal.currency, amount=amount, kind=kind)
            )

    async def do_refund_edit(self, which: int, more: int) -> None:
        if self.crm.refunds:
            refund = list(self.crm.refunds.values())[which % len(self.crm.refunds)]
            self.crm.change(refund, amount=refund.amount + more)
