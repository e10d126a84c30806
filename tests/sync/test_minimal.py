"""What of a record is kept: what the contract declares and a flow reads, and nothing that nobody asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.sandbox.stage import example
from sync.minimal import asked_to_erase, grouping, kept_changes, minimised, subject_of
from sync.model import Change, Violation
from sync.personal import ERASED, PRIVATE, about_whom, put_back
from sync.ports import Incoming
from sync.steps import Hold, Opening
from sync.traces import stands_in, without, worth_a_search
from tests.world import MONDAY, World, loaded

RECORD: dict[str, Any] = {
    "id": "1", "dealname": "Oven for Wilhelmine", "dealstage": "closedwon", "amount": "12.00", "hs_secret": "tells all",
    "company": {"id": "77", "name": "Zwiebelfisch", "vat_id": "DE811907980", "billing_email": "w@z.example", "phone": "030 1"},
    "lines": [{"product_code": "A", "quantity": 1, "price": "12.00", "margin": "9.00"}],
}  # fmt: skip


def kept(record: dict[str, Any]) -> dict[str, Any]:
    workspace = loaded(example())
    found = workspace.flows["quote_to_cash"]
    return minimised(record, found, workspace.contract_of(found), about="crm/companies:77")


def test_an_undeclared_field_is_not_kept_and_what_is_personal_stands_apart() -> None:
    public = {name: value for name, value in kept(RECORD).items() if name != PRIVATE}
    assert public == {
        "id": "1", "dealname": ERASED, "dealstage": "closedwon", "amount": "12.00",
        "company": {"id": "77", "name": ERASED, "vat_id": ERASED, "billing_email": ERASED},
        "lines": [{"product_code": "A", "quantity": 1, "price": "12.00"}],
    }  # fmt: skip


def test_what_stands_apart_makes_the_record_whole_again() -> None:
    marked = kept(RECORD)
    parts = marked.pop(PRIVATE)["at"]
    whole = put_back(marked, json.loads(json.dumps(parts)))
    assert whole["company"] == {key: value for key, value in RECORD["company"].items() if key != "phone"}
    assert whole["dealname"] == "Oven for Wilhelmine"


@pytest.mark.parametrize("company", ["Zwiebelfisch", ["Zwiebelfisch"], 77])
def test_a_value_where_an_object_should_be_is_personal_as_the_object_is(company: object) -> None:
    marked = kept({"id": "1", "company": company})
    assert "Zwiebelfisch" not in str({name: value for name, value in marked.items() if name != PRIVATE})


def test_a_record_is_about_whom_its_contract_names_else_about_itself() -> None:
    workspace = loaded(example())
    found = workspace.flows["quote_to_cash"]
    contract = workspace.contract_of(found)
    assert subject_of(RECORD, found, contract, "1") == "crm/companies:77"
    assert subject_of({"id": "1", "company": None}, found, contract, "1") == "crm/deals:1"


def test_what_arrives_for_nobody_is_not_kept_and_what_arrives_is_minimised() -> None:
    workspace = loaded(example())
    deal = Change(entity="deals", record_id="1", key="a", kind="x", occurred_at=MONDAY, payload=RECORD)
    other = replace(deal, entity="tickets", key="b")
    first, second = kept_changes([deal, other], workspace, "crm")
    assert second.payload is None and first.payload is not None and about_whom(first.payload) == "crm/companies:77"
    assert "tells all" not in str(first.payload)


def test_a_cause_that_is_a_personal_value_says_so() -> None:
    workspace = loaded(example())
    found = workspace.flows["quote_to_cash"]
    contract = workspace.contract_of(found)

    def stop(path: str, value: str) -> bool:
        wrong = Violation(reason="duplicate_customer", path=path, label="x", found=value, expected="")
        step = grouping(Hold(opening=Opening(reason="x", cause=value, violations=(wrong,), detail="")), found, contract)
        return isinstance(step, Hold) and step.opening.private_cause

    assert stop("company.vat_id", "DE811907980")
    assert not stop("lines[3].product_code", "Atlas")


def test_a_deletion_for_privacy_asks_for_an_erasure_and_nothing_else_does() -> None:
    gone = Change(entity="contacts", record_id="9", key="a", kind="contact.privacyDeletion", occurred_at=MONDAY)
    assert asked_to_erase([gone, replace(gone, kind="contact.deletion")], "crm") == ["crm/contacts:9"]


def test_texts_lose_every_form_of_a_value_and_nothing_else() -> None:
    values = worth_a_search(["Müller & Söhne", "xy", "a very long name of a company that is cut on cards"])
    assert without("MÜLLER &amp; SÖHNE pays", values) == f"{ERASED} pays"
    assert without({"a": ["M\\u00fcller & S\\u00f6hne", 7]}, values) == {"a": [ERASED, 7]}
    assert stands_in("a very long name of a com…", values) and not stands_in("xy", values)


async def test_hubspots_deletion_for_privacy_erases_at_the_next_beat_and_no_later_deal_is_billed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = world.company("Zwiebelfisch")
    world.deal(company)
    await world.deliver()
    gone = Change(entity="companies", record_id=company, key="p", kind="company.privacyDeletion", occurred_at=MONDAY)
    source: Any = world.parts.engine.line.source("crm")
    asked = Incoming(method="POST", url="", headers={}, body=b"")
    with monkeypatch.context() as told:
        told.setattr(type(source), "accept", lambda _, incoming, *, now: [gone])
        await world.parts.engine.receive("crm", asked)
    assert world.parts.jobs is not None
    world.clock.forward(minutes=1)
    await world.parts.jobs.beat()
    erasure = await world.store.erasure(f"crm/companies:{company}")
    assert (erasure.state, erasure.asked_by) == ("done", "crm")
    world.deal(company)
    await world.deliver()
    assert len(world.erp.posted()) == 1
