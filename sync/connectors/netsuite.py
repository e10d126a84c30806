"""NetSuite as a target: customers, invoices, credit notes and payments in the words that flows use for any ERP; and as a source that is
polled. Our reference is the external id, which NetSuite takes once: nothing is ever put over a record that is there. What an answer
does not prove is AnswerLost."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any

from sync.abilities import Ability
from sync.connectors.failures import understood
from sync.connectors.kind import Kind
from sync.connectors.netsuite_batches import MOST, Batches
from sync.connectors.netsuite_codes import Codes
from sync.connectors.netsuite_customers import Customers
from sync.connectors.netsuite_describing import described
from sync.connectors.netsuite_invoices import CREDIT_NOTE, INVOICE, CreditNotes, Invoices
from sync.connectors.netsuite_lists import Lists, Shelf, started
from sync.connectors.netsuite_options import NetSuiteOptions
from sync.connectors.netsuite_payments import PAYMENT, Payments
from sync.connectors.netsuite_posting import Posting
from sync.connectors.netsuite_rest import UNKNOWN, Suite, read_back
from sync.connectors.netsuite_values import external_id, number
from sync.counting import Counted
from sync.described import Described
from sync.errors import ConnectorError, Rejected, Unavailable, WebhookRefused
from sync.listing import Listed
from sync.model import Change, Found, Record
from sync.ports import Incoming, Page

ENTITIES = ("customer", INVOICE, CREDIT_NOTE, PAYMENT)
_MANY = ("customer", INVOICE)


class NetSuite:
    """One account, entered as one role."""

    def __init__(self, options: NetSuiteOptions, name: str) -> None:
        self._name, self._suite = name, Suite(options, name)
        self._codes = codes = Codes(suite=self._suite, options=options)
        invoices, notes = Invoices(codes), CreditNotes(codes)
        shelves: tuple[Shelf, ...] = (Customers(codes), invoices, notes, Payments(codes))
        self._shelves = dict(zip(ENTITIES, shelves, strict=True))
        self._posting = Posting(codes=codes, invoices=invoices, notes=notes)
        self._lists, self._batches = Lists(codes), Batches(self._suite)

    async def probe(self) -> str:
        """Asks for a customer, which takes a token, a role that may query, and an account that answers; and holds the clock of the
        queries against the one of the records."""
        apart = await self._lists.apart()
        entities = ", ".join(sorted(self._shelves))
        odd = f"; the clock of its queries is {apart} off: check `timezone`, or changes are missed" if apart else ""
        return f"{self._name} answers; {entities} can be written{odd}"

    async def close(self) -> None:
        """Let go of sockets."""
        await self._suite.close()

    async def find(self, entity: str, reference: str) -> Found | None:
        """The record with our reference; NetSuite has at most one."""
        return await self._read(self._shelf(entity), f"eid:{external_id(reference)}")

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with NetSuite's own id."""
        return await self._read(self._shelf(entity), number(target_id, "id"))

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """Create with our reference. A taken one is Rejected(reason="reference_taken")."""
        shelf = self._shelf(entity)
        if entity == CREDIT_NOTE:
            raise Rejected("a credit note is made by crediting an invoice", code="unsupported")
        told, path = {**await shelf.new(body), "externalId": external_id(reference)}, shelf.kind
        if entity == PAYMENT:
            path = f"invoice/{number(str(body['invoice_id']), 'invoice_id')}/!transform/{shelf.kind}"
        try:
            made = await self._posting.explained(
                self._suite.make(path, told), body.get("issue_date") or body.get("paid_on")
            )
        except Rejected as refused:
            wrong = refused
        else:
            return await self._after(shelf, made, reference)
        raise await self._taken(shelf, reference, wrong)

    def takes_many(self, entity: str) -> bool:
        """Customers and invoices, a hundred in one request."""
        return entity in _MANY

    async def create_many(
        self, entity: str, records: Sequence[tuple[str, Record]]
    ) -> list[Found | ConnectorError | None]:
        """Create records, each with its own reference. For each of them, in their order: what was made of it, why it was refused,
        or None where NetSuite is still at it. Raises ConnectorError for a request as a whole."""
        shelf, told = self._shelf(entity), dict[int, tuple[str, Record, Record]]()
        outcome: list[Found | ConnectorError | None] = [None] * len(records)
        for at, (reference, body) in enumerate(records):
            try:
                told[at] = (reference, body, {**await shelf.new(body), "externalId": external_id(reference)})
            except Rejected as refused:
                outcome[at] = refused
        for start in range(0, len(told), MOST):
            places = list(told)[start : start + MOST]
            made = await self._batch(entity, shelf, [told[at] for at in places], first=start == 0)
            for at, each in zip(places, made, strict=True):
                outcome[at] = each
        return outcome

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set fields of a record. What is posted is Rejected(reason="changed_after_posting")."""
        shelf, found_id = self._shelf(entity), number(target_id, "id")
        stands = await self._suite.read(shelf.kind, found_id)
        if stands is None:
            raise Rejected(f"there is no {entity} {target_id} in NetSuite", reason=UNKNOWN)
        told = await shelf.changed(stands, body)
        await self._suite.change(shelf.kind, found_id, told, replace=_replaced(told))
        return await self._posting.after(lambda: self._read(shelf, found_id))

    async def post(self, entity: str, target_id: str) -> Found:
        """Approve an invoice that waits for approval. One that is approved already answers with itself."""
        self._only(entity, "posted", INVOICE)
        return await self._posting.post(target_id)

    async def void(self, entity: str, target_id: str) -> Found:
        """Reject an invoice that waits for approval. One that is rejected already answers with itself."""
        self._only(entity, "voided", INVOICE)
        return await self._posting.void(target_id)

    def credits(self, entity: str) -> bool:
        """Credit notes of invoices."""
        return entity == CREDIT_NOTE

    async def credit(self, entity: str, target_id: str, reference: str, body: Record) -> Found:
        """The credit note, wholly or by its `lines`. A taken reference is Rejected(reason="reference_taken")."""
        self._only(entity, "credited", CREDIT_NOTE)
        made = await self._posting.credit(number(target_id, "id"), reference, body)
        return await self._after(self._shelves[CREDIT_NOTE], made, reference)

    def lists(self, entity: str) -> bool:
        """Everything that is written."""
        return entity in self._shelves

    def lists_changes(self, entity: str) -> bool:
        """By the moment of the last change that NetSuite keeps."""
        return entity in self._shelves

    async def listed(
        self,
        entity: str,
        *,
        fields: Collection[str],
        after: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> Listed:
        """The page behind the id `after`. Lines are read only where they were asked for."""
        return await self._lists.listed(
            entity, self._shelf(entity), fields=fields, after=after, since=since, limit=limit
        )

    def counts(self, entity: str) -> bool:
        """Everything that is listed."""
        return entity in self._shelves

    async def counted(self, entity: str, *, amount: str | None = None, currency: str | None = None) -> Counted:
        """By NetSuite's own sums; of amounts the totals of invoices and credit notes."""
        return await self._lists.counted(entity, self._shelf(entity), amount=amount, currency=currency)

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """It sends no webhooks."""
        raise WebhookRefused(404, "Unknown connection", f"{self._name} is polled and sends no webhooks.")

    def start_at(self, entity: str, since: datetime) -> Record:
        """The cursor from which `changes` gives what changed at or after this moment."""
        return started(since)

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """The next page of changes since the cursor. Raises ConnectorError."""
        return await self._lists.page(entity, self._shelf(entity), cursor, now)

    async def read(self, entity: str, record_id: str) -> Record:
        """The record as it is now. Raises Rejected(reason="not_found") when it is gone."""
        found = await self.get(entity, record_id)
        if found is None:
            raise Rejected(f"{entity} {record_id} is not in {self._name}", reason="not_found")
        return found.record

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """By our reference, by names, numbers and ways of contact; the field `*` searches in names."""
        shelf = self._shelf(entity)
        if not by:
            return []
        if set(by) == {"reference"}:
            found = await self.find(entity, by["reference"])
            return [] if found is None else [found.record]
        each = [await self._read(shelf, one) for one in await self._lists.ids(shelf, by)]
        return [found.record for found in each if found is not None]

    async def describe(self, entity: str) -> Described | None:
        """The fields of the entity that NetSuite's own catalogue has; None where it has no such record."""
        shelf = self._shelves.get(entity)
        if shelf is None:
            return None
        return described(entity, shelf.kind, await self._suite.described(shelf.kind), self._codes.options)

    def want(self, entity: str, paths: Collection[str]) -> None:
        """Records are read whole."""

    async def _batch(
        self, entity: str, shelf: Shelf, records: Sequence[tuple[str, Record, Record]], *, first: bool
    ) -> Sequence[Found | ConnectorError | None]:
        """One request. What is wrong with it as a whole is raised by the first one; after that others stand already."""
        try:
            return await self._batches.made(
                shelf.kind,
                records,
                find=lambda reference: self.find(entity, reference),
                alone=lambda reference, body: self.create(entity, reference, body),
            )
        except ConnectorError as error:
            if first:
                raise
            wrong = Unavailable(str(error)) if isinstance(error, Rejected) else error
        return [copy(wrong) for _ in records]

    async def _read(self, shelf: Shelf, target: str) -> Found | None:
        record = await self._suite.read(shelf.kind, target)
        with understood(self._name):
            return None if record is None else await shelf.shown(record)

    async def _after(self, shelf: Shelf, made: str, reference: str) -> Found:
        found = await self._posting.after(lambda: self._read(shelf, made))
        if found.record["reference"] != reference:  # the Location led to another record
            raise read_back(self._name)
        return found

    async def _taken(self, shelf: Shelf, reference: str, refused: Rejected) -> Rejected:
        """A refusal, told as a taken reference where the record is there: not every account says so by a code."""
        if refused.reason == "erp_rejected" and await self._suite.read(shelf.kind, f"eid:{external_id(reference)}"):
            return Rejected(refused.words, reason="reference_taken", code=refused.code, path="reference")
        return refused

    def _only(self, entity: str, what: str, one: str) -> None:
        if entity != one:
            raise Rejected(f"{entity} is not {what} in NetSuite", code="unsupported")

    def _shelf(self, entity: str) -> Shelf:
        known = self._shelves.get(entity)
        if known is None:
            raise Rejected(f"{entity} is not known in NetSuite", code="unsupported")
        return known


def _replaced(told: Record) -> str | None:
    """The lists of a change that stand for the whole list."""
    return ",".join(name for name in ("item", "addressBook") if name in told) or None


def abilities_of(options: Mapping[str, Any], entity: str) -> Collection[Ability]:
    """What can be done with an entity: invoices are posted and taken back, credit notes only made of them."""
    if entity not in ENTITIES:
        return ()
    found = set(Ability)
    if entity not in _MANY:
        found -= {Ability.BULK}
    if entity != INVOICE:
        found -= {Ability.POST, Ability.VOID}
    if entity == CREDIT_NOTE:
        found -= {Ability.CREATE}
    else:
        found -= {Ability.CREDIT}
    return found - {Ability.UPDATE} if entity in (CREDIT_NOTE, PAYMENT) else found


KIND = Kind(
    name="netsuite",
    title="NetSuite: customers, invoices, credit notes and payments of one account",
    options=NetSuiteOptions,
    build=NetSuite,
    lacks={Ability.WEBHOOKS},
    of=abilities_of,
)
