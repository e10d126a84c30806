"""An ERP in the process of the test: customers, invoices and credit notes. It complains of what must never be asked of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.errors import Rejected
from sync.model import Found, Record
from tests.model.weather import Weather


@dataclass(slots=True)
class Document:
    id: str
    entity: str
    reference: str
    fields: Record
    status: str = "draft"
    number: str | None = None

    @property
    def total(self) -> int:
        if self.entity == "credit_note":
            return int(self.fields["amount_minor"])
        return sum(each["quantity"] * each["unit_price_minor"] for each in self.fields.get("lines", ()))

    @property
    def counts(self) -> bool:
        return self.status != "void"

    def shown(self) -> Found:
        own = {"status": self.status, "number": self.number, "reference": self.reference}
        totals = {} if self.entity == "customer" else {"total_minor": self.total}
        return Found(id=self.id, record={**self.fields, **own, **totals}, status=self.status)


@dataclass(slots=True)
class Erp:
    """With `strict` it refuses a reference that is taken; without, it books twice, as many do. `asked_to_post` hears of every
    posting at the moment of its commit."""

    clock: Any
    strict: bool
    weather: Weather = field(default_factory=Weather)
    documents: dict[str, Document] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    late: list[tuple[datetime, Callable[[], Any]]] = field(default_factory=list)
    asked_to_post: Callable[[Document], None] = lambda _: None
    _numbers: int = 0

    def of(self, entity: str) -> list[Document]:
        return [each for each in self.documents.values() if each.entity == entity and each.counts]

    def catch_up(self) -> None:
        """Commit what comes late and is due."""
        due = [each for each in self.late if each[0] <= self.clock()]
        self.late = [each for each in self.late if each not in due]
        for _, commit in due:
            try:
                commit()
            except Rejected:
                continue

    def find(self, entity: str, reference: str) -> Found | None:
        found = [each for each in self.of(entity) if each.reference == reference]
        if len(found) > 1:
            raise Rejected(f"{len(found)} records carry {reference}", reason="ambiguous_reference")
        return found[0].shown() if found else None

    def get(self, entity: str, target_id: str) -> Found | None:
        found = self.documents.get(target_id)
        return found.shown() if found is not None else None

    def create(self, entity: str, reference: str, body: Record) -> Found:
        if any(each.reference == reference for each in self.of(entity)):
            if self.strict:
                raise Rejected(f"{reference} is taken", reason="reference_taken")
            self.complaints.append(f"two records of {entity} carry {reference}")
        if entity == "invoice" and body["customer_id"] not in self.documents:
            raise Rejected("there is no such customer", code="unknown_customer")
        if entity == "credit_note":
            self._may_credit(body)
        made = Document(f"{entity[:2].upper()}{len(self.documents) + 1}", entity, reference, dict(body))
        made.status = "kept" if entity == "customer" else "draft"
        self.documents[made.id] = made
        return made.shown()

    def update(self, entity: str, target_id: str, body: Record) -> Found:
        found = self._there(target_id)
        if found.status in ("posted", "void"):
            raise Rejected(f"{found.id} is {found.status}", reason="changed_after_posting", code="posted_is_immutable")
        if entity == "customer" and body.get("version", 0) < found.fields.get("version", 0):
            self.complaints.append(f"an older version of customer {found.reference} over a newer one")
        if entity == "credit_note":
            self._may_credit({**found.fields, **body}, instead=found)
        found.fields = {**found.fields, **body}
        return found.shown()

    def post(self, entity: str, target_id: str) -> Found:
        found = self._there(target_id)
        if found.status == "void":
            raise Rejected(f"{found.id} is void", code="void_is_final")
        if found.status == "draft":
            self.asked_to_post(found)
            self._numbers += 1
            found.status, found.number = "posted", f"N-{self._numbers}"
        return found.shown()

    def void(self, entity: str, target_id: str) -> Found:
        found = self._there(target_id)
        if found.status == "posted":
            raise Rejected(f"{found.id} is posted", code="posted_is_immutable")
        found.status = "void"
        return found.shown()

    def left(self, invoice: Document, *, instead: Document | None = None) -> int:
        """What of an invoice is not credited yet, but for one note."""
        notes = [
            each for each in self.of("credit_note") if each is not instead and each.fields["invoice_id"] == invoice.id
        ]
        return invoice.total - sum(each.total for each in notes)

    def _may_credit(self, body: Record, *, instead: Document | None = None) -> None:
        invoice = self.documents.get(body["invoice_id"])
        if invoice is None or invoice.status != "posted":
            raise Rejected("only a posted invoice is credited", code="not_posted")
        if invoice.fields["currency"] != body["currency"] or not 0 < body["amount_minor"] <= self.left(
            invoice, instead=instead
        ):
            raise Rejected("more than the invoice, or in another currency", code="too_much")

    def _there(self, target_id: str) -> Document:
        if target_id not in self.documents:
            raise Rejected(f"there is no {target_id}", code="not_found")
        return self.documents[target_id]


@dataclass(slots=True)
class ErpPort:
    """The ERP as one engine sees it."""

    erp: Erp
    call: Callable[..., Any]

    async def find(self, entity: str, reference: str) -> Found | None:
        found: Found | None = await self.call(self.erp, "find", lambda: self.erp.find(entity, reference), reads=True)
        return found

    async def get(self, entity: str, target_id: str) -> Found | None:
        found: Found | None = await self.call(self.erp, "get", lambda: self.erp.get(entity, target_id), reads=True)
        return found

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        made: Found = await self.call(self.erp, "create", lambda: self.erp.create(entity, reference, body))
        return made

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        made: Found = await self.call(self.erp, "update", lambda: self.erp.update(entity, target_id, body))
        return made

    async def post(self, entity: str, target_id: str) -> Found:
        made: Found = await self.call(self.erp, "post", lambda: self.erp.post(entity, target_id))
        return made

    async def void(self, entity: str, target_id: str) -> Found:
        made: Found = await self.call(self.erp, "void", lambda: self.erp.void(entity, target_id))
        return made
