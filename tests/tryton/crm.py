"""A Tryton that is the CRM: parties, products with prices, opportunities that were won, subscriptions. An administrator enters them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.tryton.peer import Peer, day, decimal

PRICES = {"Atlas Pro": "2490.00", "Atlas Basic": "1190.00", "Beacon One": "649.90", "Cirrus Seat": "312.00"}
ADDED = "model.sale.opportunity.search_read"


class Crm:
    """What salespeople enter. `amounts` are told in what the sales of Tryton come to, never by the product's code."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self._call = peer, peer.call
        peer.furnish()
        self.opens("Sale Opportunity")
        self._products = {code: self._priced(code, price) for code, price in PRICES.items()}
        [person] = self._call("model.party.party.create", [{"name": "Sam Seller"}])
        [self._seller] = self._call(
            "model.company.employee.create", [{"party": person, "company": peer.ids["company"]}]
        )
        countries = self._call("model.country.country.search", [["code", "=", "DE"]], 0, 1, None)
        told = [
            {"name": f"Company {n}", "code": f"P-{n}", "addresses": [["create", [{"city": "Berlin", "country": countries[0]}]]],
             "contact_mechanisms": [["create", [{"type": "email", "value": f"ap{n}@company.example"}]]]}
            for n in range(12)
        ]  # fmt: skip
        self.parties = list(self._call("model.party.party.create", told))

    def opens(self, group: str) -> None:
        """The user of Meshline may see what this group sees."""
        [group_id] = self._call("model.res.group.search", [["name", "=", group]], 0, 1, None)
        user = self._call("model.res.user.search", [["login", "=", "sync"]], 0, 1, None)
        self._call("model.res.user.write", user, {"groups": [["add", [group_id]]]})

    def win(self, count: int, *, seed: int = 40) -> list[int]:
        """Won opportunities, the same ones every time: each became a sale, which was confirmed."""
        chance, told = random.Random(seed), []
        for number in range(count):
            lines = [
                {"product": self._products[code], "quantity": chance.randint(1, 9), "unit": self.peer.ids["unit"]}
                for code in chance.sample(sorted(PRICES), k=chance.randint(1, 2))
            ]
            told.append(self._told(chance.choice(self.parties), f"Deal {number}") | {"lines": [["create", lines]]})
        made = list(self._call("model.sale.opportunity.create", told))
        for at in range(0, len(made), 50):
            self.close(made[at : at + 50])
        return made

    def close(self, made: Sequence[int], **line: Any) -> None:
        """They become sales, and are won; `line` is what is changed in the lines of the sales first."""
        self._call("model.sale.opportunity.opportunity", made)
        self._call("model.sale.opportunity.convert", made)
        sales = self._call("model.sale.sale.search", [["origin.id", "in", made, "sale.opportunity"]], 0, None, None)
        by_hand: dict[str, Any] = {"invoice_method": "manual"}
        self._call("model.sale.sale.write", sales, by_hand)
        if line:
            lines = self._call("model.sale.line.search", [["sale", "in", sales]], 0, None, None)
            self._call("model.sale.line.write", lines, line)
        self._call("model.sale.sale.quote", sales)
        self._call("model.sale.sale.confirm", sales)

    def untaxed(self) -> int:
        """One that was sold under another tax than the product's own."""
        [tax] = self._call("model.account.tax.search", [["description", "=", EXPORT]], 0, 1, None)
        line = {"product": self._products["Atlas Pro"], "quantity": 2, "unit": self.peer.ids["unit"]}
        told = self._told(self.parties[0], "Export") | {"lines": [["create", [line]]]}
        [made] = self._call("model.sale.opportunity.create", [told])
        self.close([made], taxes=[["remove", [self.peer.ids["tax"]]], ["add", [tax]]])
        return int(made)

    def refund(self, of: int, amount: str | None = None) -> int:
        """Somebody asks for money back, all of it unless told how much."""
        said = f'kind: refund\nrefund_of: "{of}"' + (f'\nrefund_amount: "{amount}"' if amount else "")
        [made] = self._call(
            "model.sale.opportunity.create", [self._told(self.parties[0], "Refund") | {"comment": said}]
        )
        return int(made)

    def subscribe(self, seats: int) -> int:
        """A subscription that runs."""
        told = {
            "party": self.parties[0], "company": self.peer.ids["company"], "currency": self.peer.ids["currency"]["EUR"],
            "start_date": day("2026-11-01"), "invoice_recurrence": recurrence(self.peer),
            "invoice_address": self._call("model.party.party.read", self.parties[:1], ["addresses"])[0]["addresses"][0],
            "lines": [["create", [self._seats(seats, "2026-11-01")]]],
        }  # fmt: skip
        [made] = self._call("model.sale.subscription.create", [told])
        self._call("model.sale.subscription.quote", [made])
        self._call("model.sale.subscription.run", [made])
        return int(made)

    def reseat(self, subscription: int, seats: int, on: str, before: str) -> None:
        """So many seats from that day on, and as many as before until the day before."""
        self._call("model.sale.subscription.draft", [subscription])
        [found] = self._call("model.sale.subscription.read", [subscription], ["lines"])
        change = [["write", found["lines"], {"end_date": day(before)}], ["create", [self._seats(seats, on)]]]
        self._call("model.sale.subscription.write", [subscription], {"lines": change})
        self._call("model.sale.subscription.quote", [subscription])
        self._call("model.sale.subscription.run", [subscription])

    def sold(self) -> dict[str, Decimal]:
        """What the sales of won opportunities come to, by currency, before tax: plain sums of what Tryton shows."""
        fields = ["currency.code", "sales.untaxed_amount"]
        totals: dict[str, Decimal] = {}
        for each in self._call(ADDED, [["state", "=", "won"]], 0, None, None, fields):
            for sale in each["sales."]:
                code = each["currency."]["code"]
                totals[code] = totals.get(code, Decimal()) + Decimal(sale["untaxed_amount"]["decimal"])
        return totals

    def notes(self) -> dict[int, str]:
        """Our notes, by the opportunity beside which they stand."""
        found = self._call(ADDED, [["notes", "!=", None]], 0, None, None, ["notes.message"])
        return {each["id"]: "\n".join(note["message"] for note in each["notes."]) for each in found}

    def _told(self, party: int, words: str) -> dict[str, Any]:
        return {
            "party": party, "company": self.peer.ids["company"], "currency": self.peer.ids["currency"]["EUR"], "description": words,
            "employee": self._seller,
        }  # fmt: skip

    def _seats(self, seats: int, on: str) -> dict[str, Any]:
        return {
            "service": service(self.peer, "Cirrus Seat"), "quantity": seats, "unit": self.peer.ids["unit"],
            "unit_price": decimal("312.00"), "start_date": day(on), "consumption_recurrence": recurrence(self.peer),
        }  # fmt: skip

    def _priced(self, code: str, price: str) -> int:
        [found] = self._call("model.product.product.search_read", [["code", "=", code]], 0, 1, None, ["template"])
        self._call("model.product.template.write", [found["template"]], {"list_price": decimal(price)})
        return int(found["id"])


EXPORT = "VAT 0% export"


def export_tax(peer: Peer) -> None:
    """A second tax, of nothing."""
    [known] = peer.call("model.account.tax.read", [peer.ids["tax"]], ["invoice_account", "credit_note_account"])
    told = {
        "name": EXPORT, "description": EXPORT, "type": "percentage", "rate": decimal("0"), "company": peer.ids["company"],
        "invoice_account": known["invoice_account"], "credit_note_account": known["credit_note_account"],
    }  # fmt: skip
    peer.call("model.account.tax.create", [told])


def recurrence(peer: Peer) -> int:
    """Monthly."""
    found = peer.call("model.sale.subscription.recurrence.rule.set.search", [["name", "=", "Monthly"]], 0, 1, None)
    told = [{"name": "Monthly", "rules": [["create", [{"freq": "monthly", "interval": 1}]]]}]
    return int((found or peer.call("model.sale.subscription.recurrence.rule.set.create", told))[0])


def service(peer: Peer, code: str) -> int:
    """The product as a service that people subscribe to."""
    found = peer.call("model.sale.subscription.service.search", [["product.code", "=", code]], 0, 1, None)
    [product] = peer.call("model.product.product.search", [["code", "=", code]], 0, 1, None)
    told = [{"product": product, "consumption_recurrence": recurrence(peer)}]
    return int((found or peer.call("model.sale.subscription.service.create", told))[0])
