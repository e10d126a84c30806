"""What makes documents final in Tryton: posting, taking back a draft, crediting what is posted. A refusal is told by what the
books say, in Tryton's own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sync.acknowledging import WARNING
from sync.connectors.tryton_codes import UNKNOWN
from sync.connectors.tryton_invoices import CREDIT_NOTE, Invoices
from sync.connectors.tryton_link import Link, read_back
from sync.connectors.tryton_values import notes, number, tagged_day
from sync.errors import Rejected
from sync.model import Found, Record


class Shelf(Protocol):
    """The records of one model."""

    model: str

    def called(self, reference: str) -> list[Any]: ...

    def within(self, company: int) -> list[Any]: ...

    fields: Sequence[str]
    head: Sequence[str]

    def shown(self, record: Record, /) -> Found: ...

    async def new(self, reference: str, body: Record) -> Record: ...

    async def changed(self, stands: Record, body: Record) -> Record: ...


Read = Callable[[Shelf, Sequence[Any]], Awaitable[list[Found]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """The invoices of one connection; `read` gives those that fit a domain, `made` creates one from Tryton's values."""

    link: Link
    invoices: Invoices
    read: Read
    make: Callable[[Record], Awaitable[Found]]

    async def moved(self, shelf: Shelf, target_id: str, method: str, status: str) -> Found:
        """The record after a method of Tryton brought it to this status. One that stands there already answers with itself."""
        asked = number(target_id, "id")
        try:
            await self.link.act(shelf.model, asked, method)
        except Rejected as refused:
            if refused.reason == WARNING:
                raise
            found = await self.read(shelf, [["id", "=", asked]])
            if found and found[0].status == status:
                return found[0]  # it was done before
            wrong = await self._why(refused, found)
        else:
            found = await self.link.after(lambda: self.read(shelf, [["id", "=", asked]]))
            if found[0].status != status:
                raise read_back(self.link.name)
            return found[0]
        raise wrong

    async def credit(self, target_id: str, reference: str, body: Record) -> Found:
        """The credit note, posted. A draft of it that an earlier try left is posted, not made again."""
        known = [
            each for each in await self.read(self.invoices, self.invoices.called(reference)) if each.status != "void"
        ]
        if any(each.status == "posted" for each in known) or len(known) > 1:
            raise Rejected(f"reference {reference!r} is taken", reason="reference_taken", path="reference")
        credited = await self._credited(target_id)
        if not known:
            note = {**credited.record, **body, "credits": target_id}
            note["lines"] = body.get("lines") or credited.record["lines"]
            told = {name: note[name] for name in note.keys() - _SHOWN}
            known = [await self.make(await self.invoices.new(reference, told, credit=True))]
        [draft] = known
        left = credited.record["net_minor"] + await self._notes(credited)
        if -draft.record["net_minor"] > left:
            await self.moved(self.invoices, draft.id, "cancel", "void")
            words = f"of {credited.record['number']} {left} minor units are left to credit"
            raise Rejected(words, code="credit_exceeds_invoice", path="lines")
        return await self.moved(self.invoices, draft.id, "post", "posted")

    async def _credited(self, target_id: str) -> Found:
        found = await self.read(self.invoices, [["id", "=", number(target_id, "id")]])
        if not found:
            raise Rejected(f"there is no invoice {target_id} in Tryton", reason=UNKNOWN)
        if found[0].status != "posted" or found[0].record["kind"] == CREDIT_NOTE:
            raise Rejected(f"invoice {target_id} is not posted and cannot be credited", code="not_posted")
        return found[0]

    async def _notes(self, credited: Found) -> int:
        """What was credited of it before, in minor units before tax; not more than nothing."""
        noted = ["comment", "like", f"%{notes({'credits': credited.id})}%"]
        of_it = await self.read(self.invoices, [["party", "=", int(credited.record["customer_id"])], noted])
        return sum(
            each.record["net_minor"]
            for each in of_it
            if each.status == "posted" and each.record.get("credits") == credited.id
        )

    async def _why(self, refused: Rejected, found: list[Found]) -> Rejected:
        if not found:
            return Rejected(refused.words, reason=UNKNOWN, code=refused.code)
        [one] = found
        if one.status == "posted":
            words = f"{one.record['number']} is posted: credit it instead"
            return Rejected(words, reason="changed_after_posting", code=refused.code)
        day = one.record.get("issue_date") or one.record.get("journal_date")
        if one.status == "draft" and day is not None and not await self._is_open(str(day)):
            return Rejected(refused.words, reason="period_closed", code=refused.code, path="issue_date")
        return refused

    async def _is_open(self, day: str) -> bool:
        at = tagged_day(day, "issue_date")
        domain = [["start_date", "<=", at], ["end_date", ">=", at], ["type", "=", "standard"], ["state", "=", "open"]]
        of_us = ["fiscalyear.company", "=", self.link.company]
        return bool(await self.link.read("account.period", [*domain, of_us], ["state"], limit=1))


_SHOWN = {
    "id", "reference", "kind", "status", "paid", "number", "net_minor", "tax_minor", "gross_minor", "total_minor", "changed_at",
}  # fmt: skip
