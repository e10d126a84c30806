"""Tryton with a key: the one suite over REST, and what is other there than over JSON-RPC."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import tryton_fake
from connector_fakes import TOKEN
from connector_harness import HARNESSES, INVOICE, TRYTON, World
from pydantic import ValidationError
from tryton_fake_rest import Tryton

from sync.abilities import Ability
from sync.connectors import kinds
from sync.connectors.testing.harness import world_of
from sync.connectors.testing.material import NO_ANSWERS
from sync.connectors.testing.suite import Suite, suite_of
from sync.errors import AnswerLost, Rejected, Unauthorized, Unavailable

KIND = kinds()["tryton"]
BY_KEY = {name: told for name, told in TRYTON.items() if name not in ("user", "password")} | {"key": TOKEN}
HARNESS = replace(
    HARNESSES["tryton"],
    options=lambda url: {**BY_KEY, "base_url": url},
    secret="key",
    fake=lambda: Tryton(tryton_fake.books()),
    mount=Tryton.mount,
    write={"method": "POST", "path": "/books/rest/model/account.invoice?f=id"},
    count=lambda fake: HARNESSES["tryton"].count(fake.books),
)
_NO_ANSWER = "test_a_read_that_is_answered_with_something_else_is_not_believed"


@pytest.mark.parametrize(
    "body", [each for each in NO_ANSWERS if each != "[]"]
)  # which says that there is no such record
async def _not_believed(suite: Suite, body: str) -> None:
    async with suite.world() as w:
        w.front.next("say", body=body)
        with pytest.raises(Unavailable):
            await w.connector.get(*w.harness.get)


Test_tryton_by_key = type("Suite", (suite_of(KIND, HARNESS),), {_NO_ANSWER: _not_believed})


@pytest.fixture
async def erp() -> AsyncIterator[World]:
    async with world_of(KIND, HARNESS) as made:
        yield made


async def test_a_draft_is_posted_credited_and_shown_to_the_last_digit(erp: World) -> None:
    line = {**INVOICE["lines"][0], "unit_price": "0.0125", "quantity": 1000}
    del line["unit_price_minor"]
    made = await erp.connector.create("invoice", "crm-deal-5", {**INVOICE, "lines": [line]})
    assert made.record["lines"] == [line] and made.record["total_minor"] == 1250
    posted = [await erp.connector.post("invoice", made.id) for _ in range(2)]
    assert [each.status for each in posted] == ["posted"] * 2 and posted[0] == posted[1]
    note = await erp.connector.credit("credit_note", made.id, "back", {"issue_date": "2026-11-21"})
    assert (note.status, note.record["total_minor"], note.record["credits"]) == ("posted", -1250, made.id)
    second = await erp.connector.create("invoice", "crm-deal-6", INVOICE)
    assert (await erp.connector.void("invoice", second.id)).status == "void"


async def test_an_invoice_whose_answer_was_lost_is_looked_for_and_never_blindly_made_again(erp: World) -> None:
    erp.front.next("cut", after=True, **HARNESS.write)
    with pytest.raises(AnswerLost):
        await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    found = await erp.connector.find("invoice", "crm-deal-5")
    assert found.status == "draft" and HARNESS.count(erp.fake) == 1


async def test_what_is_searched_stands_in_no_address(erp: World) -> None:
    await erp.connector.find("customer", "ada@example.com")
    assert [path for _, path in erp.front.seen][-1] == "/books/rest/model/party.party/search_read"


async def test_a_customer_that_is_not_active_is_seen_and_closed_to_changes(erp: World) -> None:
    erp.fake.books.parties[100]["active"] = 0
    assert (await erp.connector.find("customer", "crm-company-1")).status == "closed"
    with pytest.raises(Rejected, match="not allowed to modify the field"):
        await erp.connector.update("customer", "100", {"name": "Acme & Sons"})


async def test_what_its_user_may_not_read_is_a_matter_of_the_connection_and_not_an_empty_list(erp: World) -> None:
    erp.fake.hidden = {"account.invoice"}
    with pytest.raises(Unauthorized, match="403"):
        await erp.connector.find("invoice", "crm-deal-5")


async def test_a_record_that_went_meanwhile_is_named(erp: World) -> None:
    with pytest.raises(Rejected) as gone:
        await erp.connector.post("invoice", "777")
    assert (gone.value.reason, gone.value.words) == ("not_in_erp", "there is no account.invoice 777 in Tryton")


async def test_a_warning_is_refused_in_its_own_words_and_nobody_is_asked_to_let_it_pass(erp: World) -> None:
    made = await erp.connector.create("invoice", "crm-deal-5", INVOICE)
    erp.fake.books.warns = ["The date is odd."]
    with pytest.raises(Rejected) as refused:
        await erp.connector.post("invoice", made.id)
    assert (refused.value.reason, refused.value.words) == ("erp_rejected", "The date is odd.")
    with pytest.raises(Rejected, match="JSON-RPC only"):
        await erp.connector.acknowledge("key")
    assert Ability.WARNINGS not in KIND.can(BY_KEY, "invoice") and Ability.WARNINGS in KIND.can(TRYTON, "invoice")
    assert {Ability.POST, Ability.VOID} <= KIND.can(BY_KEY, "invoice")


WAYS: list[dict[str, Any]] = [
    {},
    {"user": "sync"},
    {"password": TOKEN},
    {"user": "sync", "key": TOKEN},
    {"user": "sync", "password": TOKEN, "key": TOKEN},
]


@pytest.mark.parametrize("way", WAYS, ids=[" and ".join(each) or "none" for each in WAYS])
def test_there_is_exactly_one_way_in(way: dict[str, str]) -> None:
    rest = {name: told for name, told in BY_KEY.items() if name != "key"}
    with pytest.raises(ValidationError, match="needs one way in: user and password, or key"):
        KIND.options.model_validate({**rest, "base_url": "http://erp", **way})
