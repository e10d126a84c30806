"""What makes documents final in NetSuite: approving an invoice, taking back one that waits for approval, crediting what is approved, and
paying it. A refusal is told by what the books say, in NetSuite's own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sync.connectors import netsuite_lines as lines
from sync.connectors.failures import understood
from sync.connectors.netsuite_codes import Codes
from sync.connectors.netsuite_invoices import APPROVED, REFUSED, CreditNotes, Invoices
from sync.connectors.netsuite_rest import UNKNOWN, read_back
from sync.connectors.netsuite_sql import select
from sync.connectors.netsuite_values import external_id, number
from sync.errors import ConnectorError, Rejected, Unavailable
from sync.model import Found, Record

_TAKEN_BACK = "_taken-back-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """The documents of one connection."""

    codes: Codes
    invoices: Invoices
    notes: CreditNotes

    async def post(self, target_id: str) -> Found:
        """The invoice, approved. One that is approved already answers with itself."""
        stands = await self._invoice(target_id)
        if stands.status == "posted":
            return stands
        if stands.status != "draft":
            raise Rejected(
                f"invoice {stands.record['number']} is {stands.status} and cannot be approved", code="void_is_final"
            )
        found = await self._moved(stands, {"approvalStatus": {"id": APPROVED}}, "posted")
        if found.status != "posted":
            words = f"NetSuite took the approval and still shows {found.record['number']} as waiting for it"
            raise Rejected(words, reason="approval_needed")
        return found

    async def void(self, target_id: str) -> Found:
        """The invoice, rejected; its reference is free again. One that is rejected already answers with itself."""
        stands = await self._invoice(target_id)
        if stands.status == "void":
            return stands
        if stands.status != "draft":
            words = f"invoice {stands.record['number']} is posted: credit it instead"
            raise Rejected(words, reason="changed_after_posting")
        free = external_id(str(stands.record["reference"])) + f"{_TAKEN_BACK}{stands.id}"
        found = await self._moved(stands, {"approvalStatus": {"id": REFUSED}, "externalId": free}, "void")
        if found.status != "void":
            raise Rejected(f"NetSuite still shows {found.record['number']} as a draft", reason="approval_needed")
        return found

    async def credit(self, target_id: str, reference: str, body: Record) -> str:
        """The id of the credit memo that the invoice was transformed into, wholly or by its `lines`. Never more than the invoice."""
        external, suite = external_id(reference), self.codes.suite
        if await suite.read(self.notes.kind, f"eid:{external}") is not None:
            raise Rejected(f"reference {reference!r} is taken", reason="reference_taken", path="reference")
        credited = await self._invoice(target_id)
        if credited.status != "posted":
            raise Rejected(f"invoice {target_id} is not posted and cannot be credited", code="not_posted")
        left = credited.record["net_minor"] + await self._credited(target_id)
        head = {name: value for name, value in body.items() if name != "lines"}
        told = {**await self.notes.head(head, {}), "externalId": external}
        currency, given = credited.record["currency"], body.get("lines")
        part = await lines.told(given, currency, self.codes) if given else None
        if (part.worth if part is not None else credited.record["net_minor"]) > left:
            words = f"of {credited.record['number']} {left} minor units are left to credit"
            raise Rejected(words, code="credit_exceeds_invoice", path="lines")
        if part is not None:
            told["item"] = {"items": part.rows}
        path = f"{self.invoices.kind}/{target_id}/!transform/{self.notes.kind}"
        making = suite.make(path, told, query={"replace": "item"} if part is not None else None)
        return await self.explained(making, body.get("issue_date"))

    async def explained(self, call: Awaitable[str], day: Any) -> str:
        """What the call gives. A refusal without a reason is period_closed where the books are closed on that day."""
        try:
            return await call
        except Rejected as refused:
            wrong = await self._why(refused, day)
        raise wrong

    async def after(self, look: Callable[[], Awaitable[Found | None]]) -> Found:
        """What is seen of a record after it was written. Raises AnswerLost where nothing is."""
        lost: ConnectorError | None = None
        try:
            found = await look()
        except Unavailable as error:
            found, lost = None, error
        if found is None:
            raise read_back(self.codes.suite.name, lost)
        return found

    async def _moved(self, stands: Found, body: Record, status: str) -> Found:
        suite, kind = self.codes.suite, self.invoices.kind
        try:
            await suite.change(kind, stands.id, body)
        except Rejected as refused:
            found = await self.found(stands.id)
            if found is not None and found.status == status:
                return found  # it was done meanwhile
            wrong = await self._why(refused, stands.record["issue_date"])
        else:
            return await self.after(lambda: self.found(stands.id))
        raise wrong

    async def found(self, target_id: str) -> Found | None:
        """The invoice with NetSuite's id."""
        record = await self.codes.suite.read(self.invoices.kind, number(target_id, "id"))
        with understood("NetSuite"):
            return None if record is None else await self.invoices.shown(record)

    async def _invoice(self, target_id: str) -> Found:
        found = await self.found(target_id)
        if found is None:
            raise Rejected(f"there is no invoice {target_id} in NetSuite", reason=UNKNOWN)
        return found

    async def _credited(self, target_id: str) -> int:
        """What was credited of it before, in minor units before tax; not more than nothing."""
        joined = "transactionline INNER JOIN transaction ON transaction.id = transactionline.transaction"
        where = [f"transactionline.createdfrom = {target_id}", self.notes.only]
        asked = select(["DISTINCT transactionline.transaction AS id"], joined, where)
        total = 0
        for row in await self.codes.suite.query(asked):
            record = await self.codes.suite.read(self.notes.kind, number(str(row.get("id")), "id"))
            if record is not None:
                with understood("NetSuite"):
                    note = await self.notes.shown(record)
                total += note.record["net_minor"] if note.status == "posted" else 0
        return total

    async def _why(self, refused: Rejected, day: Any) -> Rejected:
        if refused.reason == UNKNOWN:
            self.codes.forget()
        if refused.reason == "erp_rejected" and day and not await self.codes.is_open(str(day)[:10]):
            return Rejected(refused.words, reason="period_closed", code=refused.code, path="issue_date")
        return refused
