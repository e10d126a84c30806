"""What is written of documents in Stripe: drafts with all their lines, finalizing, taking a draft back, and crediting what is final."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from sync.connectors import stripe_invoices as invoices
from sync.connectors import stripe_lines as lines
from sync.connectors.failures import understood
from sync.connectors.stripe_calls import UNKNOWN, Calls, known
from sync.connectors.stripe_finding import carrying, void
from sync.connectors.stripe_invoices import CREDIT_NOTE, INVOICE
from sync.connectors.stripe_values import CONTENT, LINES, REFERENCE, digest, metadata, moment_of, reference_of
from sync.errors import AnswerLost, ConnectorError, Rejected, Unavailable
from sync.model import Found, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """The documents of one connection."""

    calls: Calls

    async def create(self, reference: str, body: Record) -> Found:
        """The draft with all its lines. One that an earlier call left without them is completed where it is the same, else deleted."""
        told = invoices.new(reference, body, self.calls.options)
        before = await carrying(self.calls, INVOICE, reference, customer=told.head["customer"])
        standing = None
        for each in [each for each in before if not void(each)]:
            if not invoices.headless(each):
                raise taken(reference)
            if standing is None and each["metadata"].get(CONTENT) == told.content:
                standing = each
            else:
                await self.calls.delete(each["id"])
        if standing is None:
            standing = await self.calls.make(INVOICE, told.head, f"{INVOICE} {reference} {told.content}")
        if not invoices.headless(standing):  # Stripe told what it had made of the same request before
            return await self.shown(standing)
        return await self._filled(standing, told.lines.rows, f"{standing['id']} {told.content}")

    async def update(self, target_id: str, body: Record) -> Found:
        """The draft with these fields set; `lines` stand for all lines. What is final is Rejected."""
        stands = await self._invoice(target_id)
        if invoices.status_of(stands) != "draft":
            words = f"invoice {stands.get('number')} is {invoices.status_of(stands)} and cannot change"
            raise Rejected(words, reason="changed_after_posting")
        invoices.kept(stands, body)
        head = invoices.head(body, self.calls.options)
        if "lines" not in body:
            return await self.written(await self.calls.change(INVOICE, target_id, head))
        told = lines.told(body["lines"], stands["currency"].upper(), self.calls.options.taxes)
        marks = {LINES: told.mark, CONTENT: digest(head, told.rows)}
        await self.calls.change(INVOICE, target_id, {**head, "metadata": {**head["metadata"], **marks}})
        rows = await self.calls.lines(stands)
        if rows:
            gone = [{"id": row["id"], "behavior": "delete"} for row in rows]
            await self.calls.act("remove_lines", target_id, {"lines": gone})
        return await self.written(await self.calls.act("add_lines", target_id, {"lines": told.rows}))

    async def post(self, target_id: str) -> Found:
        """The invoice, finalized and not sent. One that is final already answers with itself; one that has not the lines it was made
        with is Rejected."""
        stands = await self._invoice(target_id)
        status = invoices.status_of(stands)
        if status == "posted":
            return await self.shown(stands)
        if status != "draft":
            raise Rejected(f"invoice {target_id} is {status} and cannot be finalized", code="void_is_final")
        if not invoices.whole(stands, await self.calls.lines(stands)):
            words = f"the lines of draft {target_id} are not those that it was made with"
            raise Rejected(words, reason="totals_differ", code="lines", path="lines")
        try:
            made = await self.calls.act("finalize_invoice", target_id, {"auto_advance": False})
        except Rejected as refused:
            now = await self.calls.read(INVOICE, target_id)
            if now is None or invoices.status_of(now) != "posted":
                raise refused from None
            made = now  # it was done meanwhile
        if invoices.status_of(made) != "posted":
            raise AnswerLost(f"{self.calls.name} finalized {target_id} and shows it as {invoices.status_of(made)}")
        return await self.written(made)

    async def void(self, target_id: str) -> Found:
        """The draft, deleted: Stripe voids only what is final. One that is not there any more counts no more."""
        stands = await self.calls.read(INVOICE, target_id)
        if stands is None:
            return Found(id=target_id, record={"id": target_id, "status": "void"}, status="void")
        status, found = invoices.status_of(stands), await self.shown(stands)
        if status == "void":
            return found
        if status != "draft":
            words = f"invoice {stands.get('number')} is posted: credit it instead"
            raise Rejected(words, reason="changed_after_posting")
        await self.calls.delete(target_id)
        return Found(id=found.id, record={**found.record, "status": "void"}, status="void")

    async def credit(self, target_id: str, reference: str, body: Record) -> Found:
        """The credit note, wholly or by `lines`. Never more than the invoice."""
        credited = await self._invoice(target_id)
        if invoices.status_of(credited) != "posted":
            raise Rejected(f"invoice {target_id} is not posted and cannot be credited", code="not_posted")
        if credited.get("amount_paid"):
            words = f"invoice {credited.get('number')} is paid: somebody decides in Stripe where the money goes, then replay"
            raise Rejected(words, code="paid")
        left = (await self.shown(credited)).record["net_minor"]
        async for note in self.calls.walk(CREDIT_NOTE, {INVOICE: target_id}):
            if not void(note):
                if reference_of(note) == reference:
                    raise taken(reference)
                left += (await self.shown(note)).record["net_minor"]
        rows, worth = await self._credited(credited, body)
        if worth > left:
            words = f"of {credited.get('number')} {left} minor units are left to credit"
            raise Rejected(words, code="credit_exceeds_invoice", path="lines")
        kept = {**{name: text for name, text in metadata(body, {"lines"}).items() if text}, REFERENCE: reference}
        told: Record = {"invoice": target_id, "lines": rows, "metadata": kept, "email_type": "none"}
        if body.get("issue_date") is not None:
            told["effective_at"] = moment_of(body["issue_date"], "issue_date")
        return await self.written(await self.calls.make(CREDIT_NOTE, told, f"{CREDIT_NOTE} {reference} {digest(told)}"))

    async def shown(self, document: Record) -> Found:
        """A document as it stands, with all its lines."""
        rows = await self.calls.lines(document)
        with understood(self.calls.name):
            return invoices.shown(document, rows, self.calls.options)

    async def written(self, document: Record) -> Found:
        """A document that was just written. Raises AnswerLost where it cannot be seen."""
        try:
            return await self.shown(document)
        except Unavailable as error:
            words = str(error)
        raise AnswerLost(f"{self.calls.name} took a write and does not show the record: {words}")

    async def _filled(self, standing: Record, rows: list[Record], seed: str) -> Found:
        """The draft with its lines, which go out in one call. One that cannot have them is deleted."""
        try:
            made = await self.calls.act("add_lines", standing["id"], {"lines": rows}, seed=seed)
        except Rejected as refused:
            wrong = refused
        else:
            if invoices.headless(made):
                raise AnswerLost(f"{self.calls.name} took the lines of {standing['id']} and shows none")
            return await self.written(made)
        with suppress(ConnectorError):
            await self.calls.delete(standing["id"])
        raise wrong

    async def _credited(self, invoice: Record, body: Record) -> tuple[list[Record], int]:
        """The lines of a credit note as Stripe is told them, and what they are worth before tax in minor units."""
        currency = invoice["currency"].upper()
        if body.get("lines"):
            told = lines.told(body["lines"], currency, self.calls.options.taxes)
            custom = [
                {"type": "custom_line_item", "quantity": 1, "unit_amount": row.pop("amount"), **row}
                for row in told.rows
            ]
            return custom, told.worth
        rows = await self.calls.lines(invoice)
        whole = [
            {"type": "invoice_line_item", "invoice_line_item": row["id"], "amount": row["amount"]}
            for row in rows
            if row["amount"]
        ]
        return whole, (await self.shown(invoice)).record["net_minor"]

    async def _invoice(self, target_id: str) -> Record:
        stands = await self.calls.read(INVOICE, known(target_id))
        if stands is None:
            raise Rejected(f"there is no invoice {target_id} in Stripe", reason=UNKNOWN)
        return stands


def taken(reference: str) -> Rejected:
    """A record carries the reference already."""
    return Rejected(f"reference {reference!r} is taken", reason="reference_taken", path="reference")
