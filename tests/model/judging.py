"""The ERP against the reference, once a sequence has come to rest: equal to the cent, or an exception that says why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sqlalchemy import select

from store.tables import deliveries
from tests.model.crm import Deal, Refund
from tests.model.erp import Document
from tests.model.playing import FLOWS, Playing
from tests.model.reference import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`unexplained` in words; `explained` counts the records that differed and whose exception or hold said so, `left_open` the
    exceptions that were still open after people had done what they asked for."""

    unexplained: tuple[str, ...]
    explained: int
    open_cases: int
    left_open: int = 0


_ROUNDS = 4
_DRAFT = "is draft"
_NOTHING_WRONG = "nothing is wrong with it"


async def judge_all(play: Playing) -> Verdict:
    """At rest, and once more when people have put right what can be: then nothing that is right may be missing, whatever
    exceptions there are."""
    if not await play.rest():
        play.wrong.append("it does not come to rest")
    first = await judge(play)
    if first.unexplained:
        return first
    for _ in range(_ROUNDS):
        if not await play.store.exceptions(limit=1) and not await play.store.holds():
            break
        await play.put_right()
        if not await play.rest():
            play.wrong.append("it does not come to rest when everything was put right")
    last = await judge(play)
    if play.crm.carries:  # what was told as it was then stays in front of what is told later, until it is discarded
        return replace(last, explained=first.explained, open_cases=first.open_cases, left_open=last.open_cases)
    missing = [
        f"{words} though everything was put right ({subject})"
        for flow, subject, words in _deals(play)
        if words.endswith(_NOTHING_WRONG) and not play.reference.excused(flow, "deals", subject.partition(":")[2])
    ]
    return Verdict(
        unexplained=(*last.unexplained, *missing), explained=first.explained, open_cases=first.open_cases,
        left_open=last.open_cases,
    )  # fmt: skip


async def judge(play: Playing) -> Verdict:
    """Needs a world at rest."""
    cases = await play.store.exceptions(limit=1000)
    said = {(each.flow, _record(each.subject)) for each in cases}
    query = select(deliveries.c.flow, deliveries.c.subject).where(deliveries.c.hold_id.is_not(None))
    said |= {(row.flow, row.subject) for row in await play.store.db.read(lambda tx: tx.execute(query).all())}
    found = [*_deals(play), *_refunds(play), *_strays(play)]
    excused = {(flow, f"{entity}:{name}") for flow, entity in FLOWS.items() for name in _names(play, entity)
               if play.reference.excused(flow, entity, name)}  # fmt: skip
    unexplained = [
        f"{words} ({flow} {subject})" for flow, subject, words in found
        if (flow, subject) not in (said if flow == "bill" and _DRAFT in words else said | excused)
    ]  # fmt: skip
    unexplained += play.wrong
    lines, broken = await play.store.verify_journal()
    if broken is not None:
        unexplained.append(f"the journal is broken at line {broken} of {lines}")
    explained = len({(flow, subject) for flow, subject, _ in found})
    return Verdict(unexplained=tuple(unexplained), explained=explained, open_cases=len(cases))


def _record(subject: str) -> str:
    """The record that a case is about; one that was given up is told of under a name of its own."""
    kind, _, name = subject.partition(":")
    return name.partition("#")[0].replace("/", ":", 1) if kind == "given_up" else subject


def _names(play: Playing, entity: str) -> list[str]:
    return list(play.crm.deals if entity == "deals" else play.crm.refunds)


def _deals(play: Playing) -> Iterator[tuple[str, str, str]]:
    for deal in play.crm.deals.values():
        found = [each for each in play.erp.of("invoice") if each.fields["contract_reference"] == deal.id]
        for words in _differences(play, deal, found):
            yield "bill", f"deals:{deal.id}", words


def _differences(play: Playing, deal: Deal, found: list[Document]) -> Iterator[str]:
    wanted = play.reference.wanted(deal)
    if len(found) > 1:
        yield f"{len(found)} invoices"
    for each in found:
        stands = _stands(play, each)
        if wanted is None:
            yield f"a {each.status} invoice of {stands.total} {stands.currency} for a deal that wants none"
        elif stands != wanted:
            yield f"a {each.status} invoice says {stands}, the deal {wanted}"
        elif each.status != "posted":
            yield f"the invoice is {each.status}"
        if each.status == "posted" and stands not in play.reference.ever_wanted(deal.id):
            play.wrong.append(f"invoice {each.reference} says {stands}, which the deal never did")
    if not found and wanted is not None:
        yield f"no invoice: {wanted}; {', '.join(play.reference.problems(deal)) or _NOTHING_WRONG}"


def _stands(play: Playing, document: Document) -> Wanted:
    fields = document.fields
    customer = play.erp.documents[fields["customer_id"]].reference.removeprefix("company-")
    lines = tuple((each["product"], each["quantity"], each["unit_price_minor"]) for each in fields["lines"])
    return Wanted(
        customer=play.crm.canonical(customer) or "",
        currency=fields["currency"],
        code=fields.get("code", ""),
        lines=lines,
    )


def _refunds(play: Playing) -> Iterator[tuple[str, str, str]]:
    for refund in play.crm.refunds.values():
        found = [each for each in play.erp.of("credit_note") if each.reference == f"refund-{refund.id}"]
        for words in _off(play, refund, found):
            yield "refund", f"refunds:{refund.id}", words


def _off(play: Playing, refund: Refund, found: list[Document]) -> Iterator[str]:
    wanted = play.reference.refund(refund)
    if len(found) > 1:
        yield f"{len(found)} credit notes"
    for each in found:
        invoice = play.erp.documents[each.fields["invoice_id"]]
        stands = (invoice.fields["contract_reference"], each.fields["currency"], each.total)
        if stands != wanted:
            yield f"a {each.status} credit note says {stands}, the refund {wanted}"
        elif each.status != "posted":
            yield f"the credit note is {each.status}"
    if not found and wanted is not None:
        yield f"no credit note: {wanted}"


def _strays(play: Playing) -> Iterator[tuple[str, str, str]]:
    for customer in {each.reference for each in play.erp.of("customer")}:
        same = [each for each in play.erp.of("customer") if each.reference == customer]
        if len(same) > 1:
            yield "", customer, f"{len(same)} customers"
        for each in same:
            if not play.crm.was_called(customer.removeprefix("company-"), each.fields["name"], each.fields["version"]):
                yield "", customer, f"a customer of the name {each.fields['name']}, which the company never had"
    for invoice in play.erp.of("invoice"):
        if play.erp.left(invoice) < 0:
            yield "", invoice.reference, "credited more than was billed"
