"""Stripe as a billing target: customers, invoices and credit notes in the words that flows use for any ERP. Our reference stands in the
metadata of what we write; Stripe does not hold it to be taken once, so it is looked for before anything is made. What an answer does
not prove is AnswerLost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sync.abilities import Ability
from sync.connectors import stripe_customers as customers
from sync.connectors.failures import understood
from sync.connectors.kind import Kind
from sync.connectors.stripe_calls import MOST, UNKNOWN, Calls, anchors, known
from sync.connectors.stripe_finding import carrying, the_one
from sync.connectors.stripe_invoices import CREDIT_NOTE, INVOICE, headless
from sync.connectors.stripe_options import StripeOptions
from sync.connectors.stripe_posting import Posting, taken
from sync.connectors.stripe_values import digest
from sync.errors import Rejected
from sync.listing import Entry, Listed
from sync.model import Found, Record

CUSTOMER = "customer"
ENTITIES = (CUSTOMER, INVOICE, CREDIT_NOTE)


class Stripe:
    """One account."""

    def __init__(self, options: StripeOptions, name: str) -> None:
        self._name, self._calls = name, Calls(options, name)
        self._posting = Posting(calls=self._calls)

    async def probe(self) -> str:
        """Asks for a customer, which takes a key that may read and an account that answers."""
        await self._calls.page(CUSTOMER, {"limit": 1})
        return f"{self._name} answers; {', '.join(sorted(ENTITIES))} can be written"

    async def close(self) -> None:
        """Let go of sockets."""
        await self._calls.close()

    async def find(self, entity: str, reference: str) -> Found | None:
        """The record with our reference. An invoice that never got its lines is not there yet: creating it completes it."""
        self._known(entity)
        found = await carrying(self._calls, entity, reference)
        one = the_one([each for each in found if entity != INVOICE or not headless(each)], reference)
        return None if one is None else await self._shown(entity, one)

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with Stripe's own id."""
        self._known(entity)
        record = await self._calls.read(entity, known(target_id))
        return None if record is None else await self._shown(entity, record)

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """Create with our reference. A taken one is Rejected(reason="reference_taken")."""
        self._known(entity)
        if entity == CREDIT_NOTE:
            raise Rejected("a credit note is made by crediting an invoice", code="unsupported")
        if entity == INVOICE:
            return await self._posting.create(reference, body)
        told = customers.new(reference, body)
        if await carrying(self._calls, CUSTOMER, reference):
            raise taken(reference)
        return await self._shown(
            CUSTOMER, await self._calls.make(CUSTOMER, told, f"{CUSTOMER} {reference} {digest(told)}")
        )

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set fields of a customer or a draft. What is final is Rejected(reason="changed_after_posting")."""
        self._known(entity)
        if entity == INVOICE:
            return await self._posting.update(target_id, body)
        if entity == CREDIT_NOTE:
            raise Rejected("a credit note is never changed", code="unsupported")
        if await self._calls.read(entity, known(target_id)) is None:
            raise Rejected(f"there is no {entity} {target_id} in Stripe", reason=UNKNOWN)
        return await self._shown(entity, await self._calls.change(entity, target_id, customers.changed(body)))

    async def post(self, entity: str, target_id: str) -> Found:
        """Finalize an invoice; nothing is sent and no money is taken. One that is final already answers with itself."""
        self._only(entity, "posted", INVOICE)
        return await self._posting.post(known(target_id))

    async def void(self, entity: str, target_id: str) -> Found:
        """Delete a draft. One that is not there any more is void."""
        self._only(entity, "voided", INVOICE)
        return await self._posting.void(known(target_id))

    def credits(self, entity: str) -> bool:
        """Credit notes of invoices."""
        return entity == CREDIT_NOTE

    async def credit(self, entity: str, target_id: str, reference: str, body: Record) -> Found:
        """The credit note, wholly or by its `lines`. A taken reference is Rejected(reason="reference_taken")."""
        self._only(entity, "credited", CREDIT_NOTE)
        return await self._posting.credit(known(target_id), reference, body)

    def lists(self, entity: str) -> bool:
        """Everything that is written."""
        return entity in ENTITIES

    def lists_changes(self, entity: str) -> bool:
        """Stripe tells when a record was made, and not when it changed."""
        return False

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        """The page behind the ids in `after`, the newest first."""
        self._known(entity)
        if since is not None:
            raise Rejected("Stripe lists no changes", code="unsupported")
        behind = [known(each) for each in after.split(",")] if after else []
        rows, more = await self._calls.page(entity, {"limit": min(limit, MOST)}, behind)
        entries = [await self._entry(entity, row) for row in rows]
        return Listed(entries=tuple(entries), after=",".join(anchors(behind, rows)) if more else None)

    async def _entry(self, entity: str, record: Record) -> Entry:
        found = await self._shown(entity, record)
        return Entry(found.id, found.record, None, found.status, found.record["reference"])

    async def _shown(self, entity: str, record: Record) -> Found:
        if entity != CUSTOMER:
            return await self._posting.shown(record)
        with understood(self._name):
            return customers.shown(record)

    def _only(self, entity: str, what: str, one: str) -> None:
        if entity != one:
            raise Rejected(f"{entity} is not {what} in Stripe", code="unsupported")

    def _known(self, entity: str) -> None:
        if entity not in ENTITIES:
            raise Rejected(f"{entity} is not known in Stripe", code="unsupported")


def abilities_of(options: Mapping[str, Any], entity: str) -> Collection[Ability]:
    """What can be done with an entity: drafts are posted and taken back, credit notes only made of what is posted."""
    if entity not in ENTITIES:
        return ()
    found = set(Ability)
    if entity != INVOICE:
        found -= {Ability.POST, Ability.VOID}
    if entity == CREDIT_NOTE:
        return found - {Ability.CREATE, Ability.UPDATE}
    return found - {Ability.CREDIT}


KIND = Kind(
    name="stripe",
    title="Stripe: customers, invoices and credit notes of one account",
    options=StripeOptions,
    build=Stripe,
    of=abilities_of,
)
