"""The ERP's books: customers, contracts, invoices and credit notes. A reference exists once, what is posted never changes,
numbers have no gaps."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime

from bot.sandbox.erp_books_rows import INVOICE, values_of
from bot.sandbox.erp_books_rows import Customer as Customer
from bot.sandbox.erp_books_rows import Invoice as Invoice
from bot.sandbox.erp_changes import Shelf
from bot.sandbox.erp_contracts import Contract, Contracts
from bot.sandbox.erp_credits import credit_note
from bot.sandbox.erp_papers import Paper, Papers
from bot.sandbox.erp_rules import Json, Refused, customer_fields, fields, invalid, invoice_fields


class Books:
    """Every write either commits whole or raises Refused. `closed_until` is the last day of the closed periods;
    `refusals` gives a code for customer names, customer references and invoice references that are refused by order."""

    def __init__(
        self,
        payment_terms: Iterable[str],
        accounts: Iterable[str],
        refusals: Callable[[], Mapping[str, str]],
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.payment_terms = set(payment_terms)
        self.accounts = set(accounts)
        self.closed_until: date | None = None
        self.customers: Shelf[Customer] = Shelf(clock)
        self.invoices: Shelf[Invoice] = Shelf(clock)
        self._refusals = refusals
        self._customer_ids: dict[str, str] = {}
        self._invoice_ids: dict[str, str] = {}
        self._posted = 0
        self._credited = 0
        self._notes: dict[str, tuple[Invoice, ...]] = {}
        self.contracts = Contracts(self.payment_terms, lambda customer_id: customer_id in self.customers, clock)
        self.papers = Papers(lambda customer_id: customer_id in self.customers, clock)

    def customer(self, customer_id: str) -> Customer:
        if customer_id not in self.customers:
            raise Refused(404, "not_found", f"there is no customer {customer_id}")
        return self.customers[customer_id]

    def invoice(self, invoice_id: str) -> Invoice:
        if invoice_id not in self.invoices:
            raise Refused(404, "not_found", f"there is no invoice {invoice_id}")
        return self.invoices[invoice_id]

    def with_reference(self, kind: str, reference: str) -> tuple[Customer | Invoice | Contract | Paper, ...]:
        """The one record of the kind (customers, contracts, invoices …) that carries the reference, if any."""
        if kind in self.papers.all:
            return self.papers.with_reference(kind, reference)
        if kind == "contracts":
            return self.contracts.with_reference(reference)
        if kind == "customers":
            return tuple(self.customers[each] for each in [self._customer_ids.get(reference)] if each)
        return tuple(self.invoices[each] for each in [self._invoice_ids.get(reference)] if each)

    def create_customer(self, body: object) -> Customer:
        values = fields(customer_fields(self.payment_terms), body)
        _must_be_free(values["reference"], self._customer_ids)
        customer = Customer(id=f"C-{len(self.customers) + 1:05}", **values)
        self.customers[customer.id] = customer
        self._customer_ids[customer.reference] = customer.id
        return customer

    def delete_customer(self, customer_id: str) -> None:
        """As somebody does it by hand."""
        self._customer_ids.pop(self.customers.pop(customer_id).reference)

    def change_customer(self, customer_id: str, body: object) -> Customer:
        customer = self.customer(customer_id)
        values = fields(customer_fields(self.payment_terms), body, partial=True)
        _must_keep_reference(customer.reference, values)
        changed = Customer(**(values_of(customer) | values))
        self.customers[customer.id] = changed
        return changed

    def create_invoice(self, body: object) -> Invoice:
        values = fields(invoice_fields(self.payment_terms, self.accounts), body)
        _must_be_free(values["reference"], self._invoice_ids)
        invoice = Invoice(id=f"I-{len(self.invoices) + 1:05}", **values)
        self._must_be_bookable(invoice)
        self.invoices[invoice.id] = invoice
        self._invoice_ids[invoice.reference] = invoice.id
        return invoice

    def change_invoice(self, invoice_id: str, body: object) -> Invoice:
        invoice = self.invoice(invoice_id)
        if invoice.status == "posted":
            raise Refused(409, "posted_is_immutable", f"invoice {invoice.number} is posted and cannot change")
        values = fields(invoice_fields(self.payment_terms, self.accounts), body, partial=True)
        _must_keep_reference(invoice.reference, values)
        changed = Invoice(**(values_of(invoice) | values))
        self._must_be_bookable(changed)
        self.invoices[invoice.id] = changed
        return changed

    def void_invoice(self, invoice_id: str) -> Invoice:
        invoice = self.invoice(invoice_id)
        if invoice.status == "posted":
            raise Refused(409, "posted_is_immutable", f"invoice {invoice.number} is posted: credit it instead")
        if invoice.status == "void":
            raise Refused(409, "already_void", f"invoice {invoice.id} is void already")
        void = self.invoices[invoice.id] = Invoice(**(values_of(invoice) | {"status": "void"}))
        return void

    def post_invoice(self, invoice_id: str) -> Invoice:
        invoice = self.invoice(invoice_id)
        if invoice.status == "posted":
            raise Refused(409, "already_posted", f"invoice {invoice.number} is posted already")
        if invoice.status == "void":
            raise Refused(409, "void_is_final", f"invoice {invoice.id} is void and cannot be posted")
        self._must_be_bookable(invoice)
        self._posted += 1
        posted = Invoice(**(values_of(invoice) | {"status": "posted", "number": f"INV-{self._posted:05}"}))
        self.invoices[invoice.id] = posted
        return posted

    def credit_invoice(self, invoice_id: str, body: object) -> Invoice:
        """A credit note of the invoice, posted at once under a number of its own."""
        invoice = self.invoice(invoice_id)
        notes = self._notes.get(invoice.id, ())
        note = credit_note(
            invoice, body, others=notes, taken=self._invoice_ids, accounts=self.accounts, closed_until=self.closed_until
        )
        self._credited += 1
        note = replace(note, id=f"I-{len(self.invoices) + 1:05}", number=f"CN-{self._credited:05}")
        self.invoices[note.id] = note
        self._invoice_ids[note.reference] = note.id
        self._notes[invoice.id] = (*notes, note)
        return note

    def _must_be_bookable(self, invoice: Invoice) -> None:
        customer = self.customers.get(invoice.customer_id)
        if customer is None:
            raise Refused(422, "unknown_customer", f"there is no customer {invoice.customer_id[:60]!r}", "customer_id")
        for name in (customer.name, customer.reference, invoice.reference):
            if code := self._refusals().get(name):
                raise Refused(422, code, f"{customer.name}: {code.replace('_', ' ')}", "customer_id")
        if customer.blocked:
            raise Refused(422, "customer_blocked", f"customer {customer.name} is blocked for billing", "customer_id")
        if self.closed_until is not None and date.fromisoformat(invoice.issue_date) <= self.closed_until:
            raise Refused(422, "period_closed", f"the books are closed until {self.closed_until}", "issue_date")
        if invoice.total_minor <= 0:
            raise invalid("lines", "the total of an invoice must be more than zero")

    def posted(self) -> tuple[Invoice, ...]:
        """Posted invoices and credit notes in the order of their numbers."""
        return tuple(
            sorted(
                (each for each in self.invoices.values() if each.status == "posted"), key=lambda each: each.number or ""
            )
        )

    def duplicates(self) -> tuple[str, ...]:
        """Contract and sync references that more than one invoice carries which counts. There must be none. What is void, or
        credited wholly, does not count."""
        counting = [each for each in self.invoices.values() if each.kind == INVOICE and self._counts(each)]
        contracts = Counter(each.contract_reference for each in counting)
        syncs = Counter(each.sync_reference for each in counting)
        return tuple(
            f"{name} {value}"
            for name, counted in (("contract_reference", contracts), ("sync_reference", syncs))
            for value, count in counted.items()
            if count > 1
        )

    def _counts(self, invoice: Invoice) -> bool:
        if invoice.status == "void":
            return False
        taken_back = sum(each.total_minor for each in self._notes.get(invoice.id, ()))
        return invoice.total_minor + taken_back > 0

    def totals(self) -> dict[str, int]:
        """Posted minor units by currency."""
        totals: Counter[str] = Counter()
        for invoice in self.posted():
            totals[invoice.currency] += invoice.total_minor
        return dict(totals)


def _must_be_free(reference: str, taken: Mapping[str, str]) -> None:
    if reference in taken:
        raise Refused(409, "duplicate_reference", f"reference {reference!r} is taken", "reference")


def _must_keep_reference(reference: str, values: Json) -> None:
    if values.get("reference", reference) != reference:
        raise invalid("reference", "a reference never changes")
