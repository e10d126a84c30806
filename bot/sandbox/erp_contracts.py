"""The ERP's contracts: what was agreed with a customer, on which terms, under which purchase order. A reference exists once."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.sandbox.erp_changes import Shelf
from bot.sandbox.erp_rules import CURRENCY, Field, Json, Refused, day, fields, invalid, known, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    id: str
    reference: str
    customer_id: str
    currency: str
    payment_terms: str
    purchase_order: str | None
    starts_on: str | None
    sync_reference: str | None

    def document(self) -> Json:
        return asdict(self)


class Contracts:
    """Every write either commits whole or raises Refused. `exists` tells whether there is a customer with that id."""

    def __init__(
        self, payment_terms: Collection[str], exists: Callable[[str], bool], clock: Callable[[], datetime] | None
    ) -> None:
        self.all: Shelf[Contract] = Shelf(clock)
        self._payment_terms, self._exists = payment_terms, exists

    def one(self, contract_id: str) -> Contract:
        if contract_id not in self.all:
            raise Refused(404, "not_found", f"there is no contract {contract_id}")
        return self.all[contract_id]

    def with_reference(self, reference: str) -> tuple[Contract, ...]:
        """The one contract that carries the reference, if any."""
        return tuple(each for each in self.all.values() if each.reference == reference)

    def is_taken(self, reference: str) -> bool:
        return bool(self.with_reference(reference))

    def create(self, body: object) -> Contract:
        values = fields(_fields(self._payment_terms), body)
        if self.is_taken(values["reference"]):
            raise Refused(409, "duplicate_reference", f"reference {values['reference']!r} is taken", "reference")
        return self._keep(Contract(id=f"K-{len(self.all) + 1:05}", **values))

    def change(self, contract_id: str, body: object) -> Contract:
        contract = self.one(contract_id)
        values = fields(_fields(self._payment_terms), body, partial=True)
        if values.get("reference", contract.reference) != contract.reference:
            raise invalid("reference", "a reference never changes")
        return self._keep(Contract(**(asdict(contract) | values)))

    def _keep(self, contract: Contract) -> Contract:
        if not self._exists(contract.customer_id):
            name = contract.customer_id[:60]
            raise Refused(422, "unknown_customer", f"there is no customer {name!r}", "customer_id")
        self.all[contract.id] = contract
        return contract


def _fields(payment_terms: Collection[str]) -> dict[str, Field]:
    return {
        "reference": Field(text(100)),
        "customer_id": Field(text(40)),
        "currency": Field(CURRENCY),
        "payment_terms": Field(known(payment_terms, "unknown_payment_terms", "Payment term")),
        "purchase_order": Field(text(60), required=False),
        "starts_on": Field(day, required=False),
        "sync_reference": Field(text(100), required=False),
    }
