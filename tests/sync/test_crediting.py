"""Credit notes: made once whatever becomes of the answer, asked for by a flow, and only of targets that can."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from connector_fakes import Erp
from test_connectors_rest import described, ledger
from test_connectors_sandbox import CUSTOMER, books, invoice
from test_references import COMPANY, DEAL, flow_of, outcome
from test_workspace_batching import ERP, FLOW, changed

from sync.crediting import CreditingTarget
from sync.errors import AnswerLost, ConfigurationError, Rejected
from sync.model import Violations, WriteSpec
from sync.ports import Go
from sync.prepare import references
from sync.writing import send

NOTE = {"issue_date": "2026-11-20"}
FIRST, AGAIN = Go(write_id=1), Go(write_id=1, again=True)
SPEC = WriteSpec(
    name="credited",
    connection="erp",
    entity="credit_note",
    operation="credit",
    key="crm-refund-1",
    of="I-00001",
    body=NOTE,
)
CREDITED = """
  - name: credited
    connection: erp
    entity: credit_note
    operation: credit
    of: posted
    key: "crm-credit-{id}"
    record:
      - {to: issue_date, from: closedate, transform: iso_date}
"""


async def billed(ledger: Any) -> str:
    customer = await ledger.create("customer", "crm-company-1", CUSTOMER)
    made = await ledger.create("invoice", "crm-deal-1", invoice(customer.id))
    return str((await ledger.post("invoice", made.id)).id)


async def test_a_posted_invoice_is_credited_by_the_described_call_and_found_by_its_reference() -> None:
    async with books() as b:
        target = await billed(b.ledger)
        assert (
            isinstance(b.ledger, CreditingTarget)
            and b.ledger.credits("credit_note")
            and not b.ledger.credits("invoice")
        )
        note = await b.ledger.credit("credit_note", target, "crm-refund-1", NOTE)
        assert (note.status, note.record["credits"], note.record["total_minor"]) == ("posted", target, -1010)
        by_reference = await b.ledger.find("credit_note", "crm-refund-1")
        assert by_reference.id == note.id and by_reference == await b.ledger.get("credit_note", note.id)
        assert await b.ledger.find("credit_note", "crm-deal-1") is None, "an invoice is no credit note"
        with pytest.raises(Rejected) as taken:
            await b.ledger.credit("credit_note", target, "crm-refund-1", NOTE)
        assert taken.value.reason == "reference_taken"


async def test_a_credit_whose_answer_is_lost_is_looked_up_and_not_made_twice() -> None:
    async with books() as b:
        await billed(b.ledger)
        b.erp.faults.lose_answer_for = {("crm-refund-1", "credit")}
        with pytest.raises(AnswerLost):
            await send(b.ledger, SPEC, NOTE, {}, FIRST)
        found = await send(b.ledger, SPEC, NOTE, {}, AGAIN)
        taken = await send(b.ledger, SPEC, NOTE, {}, FIRST)
        assert taken.bound and replace(taken, bound=False) == found, "a taken reference is ours"
        assert b.erp.totals() == {"EUR": 0} and len(b.erp.invoices()) == 2


async def test_a_target_without_credit_notes_refuses_them() -> None:
    async with books() as b:
        with pytest.raises(Rejected, match="cannot credit a deals"):
            await send(
                b.hubspot, SPEC.__class__(**{**fields(SPEC), "entity": "deals", "connection": "crm"}), {}, {}, FIRST
            )
        with pytest.raises(Rejected, match="contract is not credited"):
            await b.ledger.credit("contract", "I-00001", "r", NOTE)


def fields(spec: WriteSpec) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in spec.__slots__}


async def test_a_credit_that_does_not_name_what_it_credits_is_a_mistake_of_the_description() -> None:
    wrong = described("entities.note", {"find": {"path": "/n"}, "get": {"path": "/n/{id}"},
                                        "credit": {"path": "/n/{it}", "reference": "r"}})  # fmt: skip
    with pytest.raises(ConfigurationError, match=r"credit must name \{id\}"):
        async with ledger(Erp(), describe=wrong):
            pass


def test_a_write_credits_what_a_record_of_the_source_became_there() -> None:
    of = {"xref": "company", "of": "company.id", "entity": "invoice"}
    flow = flow_of({"to": "note", "value": "n"}, operation="credit", of=of, entity="credit_note")
    asked = COMPANY.__class__(
        **{name: getattr(COMPANY, name) for name in COMPANY.__slots__} | {"target_entity": "invoice"}
    )
    assert references(DEAL, flow) == (asked,)
    [write] = outcome(flow, **{"2": ("I-7",)}).writes
    assert (write.operation, write.of, write.key) == ("credit", "I-7", "k-7")
    unbound = outcome(flow, **{"2": ()})
    assert isinstance(unbound, Violations) and [each.reason for each in unbound.found] == ["not_bound"]


def test_a_flow_may_credit_what_it_posted(tmp_path: Path) -> None:
    tail = "      - {to: invoice_total, from: amount, transform: decimal_text}\n"
    workspace, mistakes = changed(tmp_path, (FLOW, tail, tail + CREDITED))
    assert mistakes == [] and workspace is not None
    assert workspace.flows["quote_to_cash"].writes[-1].of == "posted"


def test_a_credit_of_what_the_connection_cannot_credit_is_a_mistake_before_anything_is_billed(tmp_path: Path) -> None:
    tail = "      - {to: invoice_total, from: amount, transform: decimal_text}\n"
    wrong = CREDITED.replace("credit_note", "invoice")
    _, [mistake] = changed(tmp_path, (FLOW, tail, tail + wrong))
    assert (mistake.file, mistake.what) == (FLOW, "erp makes no credit notes of invoice")
    keyless = CREDITED.replace('    key: "crm-credit-{id}"\n', "").replace("    of: posted\n", "")
    _, mistakes = changed(tmp_path / "keyless", (FLOW, tail, tail + keyless), (ERP, "item", "item"))
    assert any("`of` says which record to credit" in each.right for each in mistakes)
