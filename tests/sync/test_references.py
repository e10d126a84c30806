"""A row refers to what the ledger bound before; what is bound to nothing stops the record, and an upsert may keep what is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sync.bound import Bound
from sync.confirming import PRESENT
from sync.model import Found, Record, Violations, WriteSpec
from sync.ports import Go
from sync.prepare import prepare, references
from sync.questions import Lookups
from sync.workspace import load
from sync.workspace.flow import Flow
from sync.workspace.rows import MapRow, VerifyRow
from sync.writing import differing, send
from tests.world import World

WORKSPACE = load(Path(__file__).parents[2] / "examples" / "quote_to_cash")
DEAL: Record = {
    "id": "7", "currency": "EUR", "company": {"id": "2"},
    "lines": [{"item": "a", "price": "10.50", "quantity": 2}, {"item": "b", "price": "1"}],
}  # fmt: skip
COMPANY = Bound(source_connection="crm", source_entity="company", source_id="2", target_connection="erp")
ROW = {"to": "customer_id", "xref": "company", "of": "company.id"}


def flow_of(*rows: dict[str, Any], **write: Any) -> Flow:
    first = {
        "name": "w",
        "connection": "erp",
        "entity": "invoice",
        "operation": "create",
        "key": "k-{id}",
        "record": rows,
        **write,
    }
    return Flow.model_validate({
        "flow": "test", "title": "Test", "version": 1, "owner": "revops", "contract": "deal@1.0.0", "writes": [first],
        "trigger": {"connection": "crm", "entity": "deals"}, "record": {"title": "id", "currency": "currency"},
    })  # fmt: skip


def outcome(flow: Flow, record: Record = DEAL, others: bool = True, **bound: tuple[str, ...]) -> Any:
    known = {each: bound[each.source_id] for each in references(record, flow) if each.source_id in bound}
    return prepare(record, flow, WORKSPACE, (), Lookups(bound=known, others=others))


def test_the_ledger_is_asked_once_for_each_record_that_is_referred_to() -> None:
    items = {
        "to": "lines",
        "each": "lines",
        "record": [{"to": "item_id", "xref": "items", "of": "item", "entity": "article"}],
    }
    flow = flow_of(ROW, {**ROW, "to": "payer_id"}, items)
    item = Bound(
        source_connection="crm", source_entity="items", source_id="a", target_connection="erp", target_entity="article"
    )
    assert references(DEAL, flow) == (COMPANY, item, replace(item, source_id="b"))
    assert references({"id": "7"}, flow) == ()
    assert references(DEAL, flow_of({"to": "x", "from": "id"})) == ()
    [write] = outcome(flow, **{"2": ("C-1",), "a": ("A",), "b": ("B",)}).writes
    assert write.body == {"customer_id": "C-1", "payer_id": "C-1", "lines": [{"item_id": "A"}, {"item_id": "B"}]}


@pytest.mark.parametrize(
    ("ids", "reason", "words"),
    [
        ((), "not_bound", "a company that is in erp already"),
        (("1", "2"), "not_bound", "it became 2"),
        (None, "rule_failed", "answer of the ledger"),
    ],
)
def test_what_is_not_bound_once_stops_the_record(ids: tuple[str, ...] | None, reason: str, words: str) -> None:
    result = outcome(flow_of(ROW), **({} if ids is None else {"2": ids}))
    assert isinstance(result, Violations)
    [found] = result.found
    assert (found.reason, found.path, found.found) == (reason, "company.id", "2")
    assert words in found.expected


def test_an_empty_reference_is_left_out_unless_it_is_required() -> None:
    record = {**DEAL, "company": None}
    assert outcome(flow_of(ROW), record).writes[0].body == {}
    [found] = outcome(flow_of({**ROW, "required": True}), record).found
    assert found.reason == "missing_field"


def test_a_replay_of_the_past_shows_what_would_be_referred_to() -> None:
    assert outcome(flow_of(ROW), others=False).writes[0].body == {"customer_id": "company 2"}


@pytest.mark.parametrize("row", [{"to": "x", "xref": "company"}, {"to": "x", "of": "id"}, {**ROW, "value": 1}])
def test_a_reference_says_what_and_of_which_record(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MapRow.model_validate(row)


async def test_the_ledger_answers_what_was_bound(world: World) -> None:
    company = world.company()
    deal = world.deal(company)
    await world.deliver()
    customer, other = replace(COMPANY, source_id=company), replace(COMPANY, source_id="404")
    invoice = Bound(
        source_connection="crm", source_entity="deals", source_id=deal, target_connection="erp", target_entity="invoice"
    )
    wrong = replace(invoice, target_entity="customer")
    found = await world.store.bound_to((customer, other, invoice, wrong))
    assert [len(found[each]) for each in (customer, other, invoice, wrong)] == [1, 0, 1, 0]


class OneRecord:
    """A target in which one record is there already."""

    def __init__(self) -> None:
        self.updates = 0

    async def find(self, entity: str, reference: str) -> Found:
        return Found(id="C-1", record={"name": "As it stands"})

    async def update(self, entity: str, target_id: str, body: Record) -> Found:
        self.updates += 1
        return Found(id=target_id, record=body)


@pytest.mark.parametrize("keep", [True, False])
async def test_an_upsert_that_keeps_takes_what_exists_as_it_stands(keep: bool) -> None:
    target = OneRecord()
    spec = WriteSpec(
        name="c", connection="erp", entity="customer", operation="upsert", key="k", body={"name": "New"}, keep=keep
    )
    found = await send(target, spec, spec.body, {}, Go(write_id=1))  # type: ignore[arg-type]
    assert (found.id, target.updates) == ("C-1", 0 if keep else 1)


def test_a_verify_row_asks_for_any_value_or_for_the_total_of_the_items() -> None:
    verify = [
        {"field": "number", "exists": True},
        {"field": "total", "total": {"of": "lines[*]", "quantity": "quantity", "price": "price"}},
    ]
    lines = [{"price": "10.50", "quantity": 2}, {"price": "1", "quantity": "3"}]
    [write] = outcome(flow_of({"to": "x", "from": "id"}, verify=verify), {**DEAL, "lines": lines}).writes
    assert write.verify == {"number": PRESENT, "total": 2400}
    assert differing({"number": "INV-1", "total": 2400}, write.verify) == []
    assert differing({"number": "", "total": 2401}, write.verify) == ["number", "total"]
    assert differing({"total": "2400", "number": None}, write.verify) == ["number"]
    [found] = outcome(flow_of({"to": "x", "from": "id"}, verify=verify), DEAL).found
    assert (found.reason, found.path) == ("invalid_amount", "lines[*]")
    with pytest.raises(ValidationError):
        VerifyRow.model_validate({"field": "x", "exists": True, "value": 1})


def test_only_an_upsert_says_what_becomes_of_what_exists() -> None:
    keeping = flow_of({"to": "x", "from": "id"}, operation="upsert", existing="keep")
    assert outcome(keeping).writes[0].keep
    assert not outcome(flow_of({"to": "x", "from": "id"})).writes[0].keep
    with pytest.raises(ValidationError, match="no meaning for create"):
        flow_of(existing="keep")
