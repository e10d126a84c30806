"""Tryton 8.2. As a target: customers, contracts, invoices, subscriptions, journal entries and the like in the words that flows use for
any ERP. It has no key that writes once, so it is asked before each creation; what an answer does not prove is AnswerLost. As a
source: opportunities, subscriptions, and whatever else it shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from sync.abilities import Ability
from sync.connectors import tryton_notes
from sync.connectors.failures import understood
from sync.connectors.kind import Kind
from sync.connectors.tryton_codes import UNKNOWN, Codes
from sync.connectors.tryton_customers import Customers
from sync.connectors.tryton_invoices import CREDIT_NOTE, INVOICE, Invoices
from sync.connectors.tryton_journals import Journals
from sync.connectors.tryton_link import Link
from sync.connectors.tryton_opportunities import Opportunities
from sync.connectors.tryton_options import TrytonOptions
from sync.connectors.tryton_papers import Papers
from sync.connectors.tryton_posting import Posting, Shelf
from sync.connectors.tryton_rest import Rest
from sync.connectors.tryton_rpc import Rpc
from sync.connectors.tryton_running import Running
from sync.connectors.tryton_source import SEARCHED, TrytonSource
from sync.connectors.tryton_subscriptions import Subscriptions
from sync.connectors.tryton_values import number, tagged_moment
from sync.errors import Rejected
from sync.listing import Entry, Listed
from sync.model import Found, Record

_PAGE = 500
_ENOUGH = 50


OPPORTUNITY, SUBSCRIPTION = "sale_opportunity", "sale_subscription"
ENTITIES = frozenset(
    {
        "customer",
        "contact",
        "contract",
        "schedule",
        "opportunity",
        "journal",
        INVOICE,
        CREDIT_NOTE,
        SUBSCRIPTION,
        OPPORTUNITY,
    }
)


class Tryton(TrytonSource):
    """One company in one Tryton."""

    def __init__(self, options: TrytonOptions, name: str) -> None:
        self._name, self._company, self._options = name, options.company, options
        self._link = _link(options, name)
        codes = Codes(link=self._link, options=options)
        invoices, papers, parties = Invoices(codes), Papers(codes), Customers(codes)
        self._shelves: dict[str, Shelf] = {
            "customer": parties, "contact": parties, "contract": papers, "schedule": papers, "opportunity": papers,
            "journal": Journals(codes), INVOICE: invoices, CREDIT_NOTE: invoices, SUBSCRIPTION: Subscriptions(codes, parties),
            OPPORTUNITY: Opportunities(codes, parties),
        }  # fmt: skip
        self._running = Running(link=self._link, shelf=Subscriptions(codes, parties))
        self._posting = Posting(
            link=self._link,
            invoices=invoices,
            read=lambda shelf, domain: self._read(shelf, domain, limit=_ENOUGH),
            make=lambda values: self._make(invoices, values),
        )

    async def probe(self) -> str:
        """Enters the company."""
        await self._link.entered()
        return f"{self._name} answers; {', '.join(sorted(self._shelves))} can be written in {self._company}"

    async def close(self) -> None:
        """Let go of sockets."""
        await self._link.close()

    async def find(self, entity: str, reference: str) -> Found | None:
        """The record with our reference. One that was taken back counts where no other carries it; several that count are
        Rejected(reason="ambiguous_reference"). A credit note that is still a draft is none."""
        shelf = self._shelf(entity)
        found = await self._read(shelf, shelf.called(reference), limit=_ENOUGH)
        if entity == CREDIT_NOTE:
            found = [each for each in found if each.status == "posted"]
        counting = [each for each in found if each.status != "void"] or found[:1]
        if len(counting) > 1:
            raise Rejected(f"{len(counting)} {entity} records carry {reference}", reason="ambiguous_reference")
        return counting[0] if counting else None

    async def get(self, entity: str, target_id: str) -> Found | None:
        """The record with Tryton's own id."""
        found = await self._read(self._shelf(entity), [["id", "=", number(target_id, "id")]])
        return found[0] if found else None

    async def create(self, entity: str, reference: str, body: Record) -> Found:
        """Create with our reference. A taken one is Rejected(reason="reference_taken")."""
        shelf = self._shelf(entity)
        if entity == CREDIT_NOTE:
            raise Rejected("a credit note is made by crediting an invoice", code="unsupported")
        if await self.find(entity, reference) is not None:
            raise Rejected(f"reference {reference!r} is taken", reason="reference_taken", path="reference")
        return await self._make(shelf, await shelf.new(reference, body))

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        """Set fields of a record; of an opportunity, what our note beside it says. What is posted is
        Rejected(reason="changed_after_posting")."""
        shelf, found_id = self._shelf(entity), number(target_id, "id")
        found = await self._link.read(shelf.model, [["id", "=", found_id]], shelf.fields)
        if not found:
            raise Rejected(f"there is no {entity} {target_id} in Tryton", reason=UNKNOWN)
        if entity == SUBSCRIPTION:
            await self._running.change(found[0], body)
        elif entity == OPPORTUNITY:
            await tryton_notes.keep(self._link, shelf.model, found_id, found[0].get("notes."), body)
        else:
            values = await shelf.changed(found[0], body)
            await self._link.write(shelf.model, found_id, values)
        return await self._after(shelf, found_id)

    async def post(self, entity: str, target_id: str) -> Found:
        """Make a draft final; a subscription runs. One that is final already answers with itself. Of two postings at once one may be
        Unavailable."""
        if entity == SUBSCRIPTION:
            return await self._ran(target_id)
        shelf = self._final(entity, "posted", INVOICE, "journal")
        return await self._posting.moved(shelf, target_id, "post", "posted")

    async def void(self, entity: str, target_id: str) -> Found:
        """Take a draft back. One that is taken back already answers with itself."""
        shelf = self._final(entity, "voided", INVOICE)
        stands = await self.get(entity, target_id)
        if stands is not None and stands.status == "posted":  # some companies let a posted invoice be cancelled
            words = f"invoice {stands.record['number']} is posted: credit it instead"
            raise Rejected(words, reason="changed_after_posting")
        return await self._posting.moved(shelf, target_id, "cancel", "void")

    def credits(self, entity: str) -> bool:
        """Credit notes of invoices."""
        return entity == CREDIT_NOTE

    async def credit(self, entity: str, target_id: str, reference: str, body: Record) -> Found:
        """The credit note, posted, wholly or by its `lines`. A taken reference is Rejected(reason="reference_taken")."""
        if entity != CREDIT_NOTE:
            raise Rejected(f"{entity} is not credited in Tryton", code="unsupported")
        return await self._posting.credit(target_id, reference, body)

    async def acknowledge(self, warning: str) -> None:
        """Tryton lets the next call pass this one warning; after that it warns again. Rejected where the way in is a key."""
        await self._link.skip(warning)

    def lists(self, entity: str) -> bool:
        """Everything that is written."""
        return entity in self._shelves

    def lists_changes(self, entity: str) -> bool:
        """By the moment of the last change that Tryton keeps."""
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
        """The page behind the id `after`. Lines are read only where they were asked for. A credit
        note that says what it credits is listed as one, and any other document among the invoices."""
        shelf, domain = self._shelf(entity), [] if after is None else [["id", ">", number(after, "id")]]
        if since is not None:
            at = tagged_moment(since)
            domain.append(["OR", ["write_date", ">=", at], ["create_date", ">=", at]])
        whole = any(each.startswith(("lines", "sold")) for each in fields)
        size = min(limit, _PAGE)
        found = await self._read(shelf, domain, limit=size, head=not whole)
        onward = found[-1].id if len(found) == size else None
        listed = [each for each in found if each.record.get("kind", entity) == entity]
        with understood(self._name):
            return Listed(entries=tuple(_entry(each) for each in listed), after=onward)

    async def _read(
        self, shelf: Shelf, domain: Sequence[Any], *, limit: int | None = None, head: bool = False
    ) -> list[Found]:
        ours = [*domain, *shelf.within(await self._link.entered())]
        found = await self._link.read(shelf.model, ours, shelf.head if head else shelf.fields, limit=limit)
        with understood(self._name):
            return [shelf.shown(each) for each in found]

    async def _make(self, shelf: Shelf, values: Record) -> Found:
        return await self._after(shelf, await self._link.create(shelf.model, values))

    async def _ran(self, target_id: str) -> Found:
        shelf, found_id = self._shelves[SUBSCRIPTION], number(target_id, "id")
        found = await self._link.read(shelf.model, [["id", "=", found_id]], shelf.fields)
        if not found:
            raise Rejected(f"there is no subscription {target_id} in Tryton", reason=UNKNOWN)
        await self._running.post(found[0])
        return await self._after(shelf, found_id)

    async def _after(self, shelf: Shelf, found_id: int) -> Found:
        found = await self._link.after(lambda: self._read(shelf, [["id", "=", found_id]]))
        return found[0]

    def _final(self, entity: str, what: str, *which: str) -> Shelf:
        if entity not in which:
            raise Rejected(f"{entity} is not {what} in Tryton", code="unsupported")
        return self._shelves[entity]

    def _shelf(self, entity: str) -> Shelf:
        known = self._shelves.get(entity)
        if known is None:
            raise Rejected(f"{entity} is not known in Tryton", code="unsupported")
        return known


def _entry(found: Found) -> Entry:
    told, reference = found.record.get("changed_at"), found.record.get("reference")
    changed = datetime.fromisoformat(told) if told else None
    return Entry(found.id, found.record, changed, found.status, "" if reference is None else str(reference))


_ANY = {
    Ability.CHANGES, Ability.READ, Ability.LIST, Ability.FIND, Ability.CREATE, Ability.UPDATE, Ability.WRITE_BACK, Ability.WARNINGS,
    Ability.PROBE,
}  # fmt: skip
_MORE = {
    INVOICE: {Ability.POST, Ability.VOID},
    CREDIT_NOTE: {Ability.CREDIT},
    "journal": {Ability.POST},
    SUBSCRIPTION: {Ability.POST},
}


def _link(options: TrytonOptions, name: str) -> Link:
    match options:
        case TrytonOptions(key=SecretStr() as key):
            return Rest(options, name, key=key.get_secret_value())
        case TrytonOptions(user=str(user), password=SecretStr() as password):
            return Rpc(options, name, user=user, password=password.get_secret_value())
    raise ValueError("needs one way in: user and password, or key")  # the options have seen to it


def _of(options: Mapping[str, Any], entity: str) -> Collection[Ability]:
    if entity not in ENTITIES:
        return {Ability.PROBE}
    less = {OPPORTUNITY, CREDIT_NOTE}
    found = _ANY - ({Ability.CREATE} if entity in less else set())
    if options.get("key") is not None:  # REST does not name a warning
        found -= {Ability.WARNINGS}
    return found | _MORE.get(entity, set()) | ({Ability.SEARCH} if entity in SEARCHED else set())


KIND = Kind(
    name="tryton",
    title="Tryton: customers, contracts, invoices, credit notes and subscriptions of one company; its opportunities as a CRM",
    options=TrytonOptions,
    build=Tryton,
    lacks={Ability.WEBHOOKS},
    of=_of,
)
