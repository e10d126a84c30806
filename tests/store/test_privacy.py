"""What is personal is sealed under the key of whom it is about, and gone with it, on both databases."""

from __future__ import annotations

import base64
import json
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from store.keeping_keys import vault_of
from store.ledger import Store
from sync.errors import ConfigurationError, IllegalMove, NotFound
from sync.model import Delivery, Overlay, WriteEnd
from sync.personal import ERASED, marked
from sync.steps import Deliver
from tests.ledgers import POSTGRES, on_sqlite
from tests.store.words import ROUTE, begin, binding, hold, in_hand, press, rows, spec
from tests.world import MONDAY

NAME, MAIL = "Zwiebelfisch & Söhne", "wilhelmine@zwiebelfisch.example"
WHO, OTHER = "crm/companies:77", "crm/companies:78"
PUBLIC = {"id": "1", "amount": "10.00", "company": {"id": "77", "name": ERASED, "mail": ERASED}}
PARTS = [(("company", "name"), NAME, True), (("company", "mail"), MAIL, True)]
WHOLE = {"id": "1", "amount": "10.00", "company": {"id": "77", "name": NAME, "mail": MAIL}}


def about(delivery: Delivery, whom: str = WHO) -> Delivery:
    return replace(delivery, about=whom)


async def stopped_deal(store: Store, record: str = "1", whom: str = WHO) -> int:
    """A deal of the subject that waits for a person: the number of its exception."""
    delivery = about(await in_hand(store, record), whom)
    step = hold(cause=delivery.subject, title=f"Oven for {NAME}", customer_name=NAME, detail=f"{NAME} has no code")
    await store.settle(delivery, step, now=MONDAY, route=ROUTE, snapshot=marked(PUBLIC, whom, PARTS))
    return next(one.id for one in await store.exceptions() if one.delivery_id == delivery.id)


async def stored(store: Store) -> str:
    """Every row of every table, as it stands there."""
    names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if POSTGRES:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    tables = [row[0] for row in await rows(store, names)]
    return str([await rows(store, f'SELECT * FROM "{name}"') for name in tables])


def left_in(text: str) -> list[str]:
    words = ("Zwiebelfisch", "wilhelmine", json.dumps("Söhne")[1:-1], "Söhne")
    return [word for word in words if word.lower() in text.lower()]


async def test_what_is_personal_is_read_as_it_was_and_stands_nowhere_in_clear(store: Store) -> None:
    case_id = await stopped_deal(store)
    fills = (Overlay(path="company.mail", found=MAIL, action="set", value=f"new-{MAIL}"),)
    await press(store, "resolve", [case_id], overlays={case_id: fills}, words=f"as {NAME} wrote")
    [recorded] = [one async for page in store.recorded() for one in page]
    case = await store.case(case_id)
    [line] = [one for one in await store.entries(noun="case", noun_id=case_id) if one.verb == "resolve"]
    assert recorded.record == WHOLE
    assert (case.title, case.customer_name, case.detail) == (f"Oven for {NAME}", NAME, f"{NAME} has no code")
    assert case.decision == line.data["decision"] == f"as {NAME} wrote"
    assert (await store.evidence_of(case_id)).decided[0].value == f"new-{MAIL}" == line.data["overlays"][0]["value"]
    assert left_in(await stored(store)) == []
    assert "10.00" in await stored(store)


async def test_an_erased_subject_is_gone_from_every_row_and_the_journal_stays_whole(store: Store) -> None:
    case_id = await stopped_deal(store)
    await stopped_deal(store, "2", OTHER)
    await store.announce("C1", "digest:x", f"late: Oven for {NAME}", now=MONDAY, body={"text": f"late: {NAME}"})
    await store.place_hold(
        "customer", "77", why=f"{NAME} does not pay", source="person", by="UDANA", now=MONDAY, name=NAME
    )
    found = await store.erase(WHO, by="UOMAR", now=MONDAY)
    assert found.cases == (case_id,) and {"attempts", "cases", "journal", "messages", "holds"} <= found.found.keys()
    case = await store.case(case_id)
    assert (case.state, case.title, case.violations) == ("resolved", ERASED, ())
    [recorded] = [one async for page in store.recorded() for one in page if one.subject == "deals:1"]
    assert recorded.record == PUBLIC
    assert left_in(await stored(store)) == []
    assert (await store.case(case_id + 1)).title == f"Oven for {NAME}"  # another's own record is another's
    assert (await store.verify_journal())[1] is None
    [line] = await store.entries(noun="subject")
    assert (line.actor, line.verb, line.noun_id) == ("UOMAR", "erase", WHO) and line.data["keys"] >= 2


async def test_an_erasure_that_was_cut_off_goes_on_and_one_that_is_done_finds_nothing(
    store: Store, other: Store
) -> None:
    await stopped_deal(store)
    await store.erase(WHO, by="UOMAR", now=MONDAY)
    assert await other.unfinished_erasures() == [WHO]
    again = await other.erase(WHO, by="UOMAR", now=MONDAY)
    await other.compacted(WHO, now=MONDAY)
    assert again.found == {} and await store.unfinished_erasures() == []
    await store.erase(WHO, by="UOMAR", now=MONDAY)
    await store.compacted(WHO, now=MONDAY)
    erasure = await store.erasure(WHO)
    assert erasure is not None and erasure.state == "done" and erasure.found["cases"]
    assert [one.verb for one in await store.entries(noun="subject")] == ["compact", "erase"]


async def test_what_comes_in_later_about_an_erased_subject_is_kept_without_what_is_personal(store: Store) -> None:
    await stopped_deal(store)
    await store.erase(WHO, by="UOMAR", now=MONDAY)
    await store.compacted(WHO, now=MONDAY)
    assert await store.erased() == {WHO}
    late = about(await in_hand(store, "9"))
    await store.settle(late, Deliver(bindings=(), detail=NAME), now=MONDAY, snapshot=marked(PUBLIC, WHO, PARTS))
    assert left_in(await stored(store)) == []
    await store.readmit(WHO, by="UOMAR", now=MONDAY)
    assert await store.erased() == frozenset()
    await stopped_deal(store, "10")
    assert NAME in (await store.exceptions())[-1].title
    with pytest.raises(IllegalMove):
        await store.readmit(WHO, by="UOMAR", now=MONDAY)


async def test_what_the_target_answered_goes_too_and_what_was_billed_is_named_in_the_report(store: Store) -> None:
    delivery = about(await in_hand(store))
    permit = await begin(store, delivery)
    ended = WriteEnd(write_id=permit.write_id, verb="confirm", at=MONDAY, target_id="I-1", record={"name": NAME})
    await store.settle(
        delivery, Deliver(bindings=(binding(),)), now=MONDAY, ended=(ended,), snapshot=marked(PUBLIC, WHO, PARTS)
    )
    assert (await store.written([spec()]))["invoice"][1].record == {"name": NAME}
    found = await store.erase(WHO, by="UOMAR", now=MONDAY)
    assert found.bindings == ("erp invoice I-1",)
    assert (await store.written([spec()]))["invoice"][1].id == "I-1"
    assert left_in(await stored(store)) == []


async def test_a_key_that_was_made_in_what_is_undone_seals_nothing_afterwards(store: Store, other: Store) -> None:
    stale = about(await in_hand(store))
    gone = replace(stale, lease="somebody else's")
    with pytest.raises(Exception, match="no longer ours"):
        await store.settle(gone, Deliver(bindings=(), detail=NAME), now=MONDAY, snapshot=marked(PUBLIC, WHO, PARTS))
    await store.settle(stale, Deliver(bindings=()), now=MONDAY, snapshot=marked(PUBLIC, WHO, PARTS))
    [recorded] = [one async for page in other.recorded() for one in page]
    assert recorded.record == WHOLE


async def test_the_journal_can_be_read_for_its_time_and_verified_for_good(store: Store) -> None:
    case_id = await stopped_deal(store)
    await press(store, "resolve", [case_id], words=f"as {NAME} wrote")
    later = MONDAY + timedelta(days=40)
    assert await store.shred_audit(before=MONDAY, now=later) == 0
    assert await store.shred_audit(before=later, now=later) > 0
    [line] = [one for one in await store.entries(noun="case", noun_id=case_id) if one.verb == "resolve"]
    assert line.data["decision"] == ERASED and (await store.verify_journal())[1] is None
    assert (await store.case(case_id)).decision == f"as {NAME} wrote"


async def test_a_source_asks_for_an_erasure_once(store: Store) -> None:
    assert await store.ask_to_erase([WHO, OTHER, WHO], by="crm", now=MONDAY) == 2
    assert await store.unfinished_erasures() == [WHO, OTHER]


async def test_a_subject_is_called_as_the_crm_calls_it(store: Store) -> None:
    await stopped_deal(store)
    assert await store.data_subject("companies:77") == WHO == await store.data_subject(WHO)
    await stopped_deal(store, "2", "shop/companies:77")
    with pytest.raises(NotFound, match="several"):
        await store.data_subject("companies:77")
    with pytest.raises(NotFound, match="companies:4711"):
        await store.data_subject("companies:1")


async def test_a_ledger_opens_only_with_the_key_that_it_was_made_with(store: Store, ledger: str) -> None:
    await stopped_deal(store)
    with pytest.raises(ConfigurationError, match="MESHLINE_KEY is not the key"):
        await Store(ledger, base64.b64encode(bytes(32)).decode()).open()
    with pytest.raises(ConfigurationError, match="32 random bytes"):
        await Store(ledger, "short").open()


@on_sqlite
async def test_a_ledger_on_sqlite_has_a_key_file_that_only_its_owner_reads(
    ledger: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MESHLINE_KEY")
    first, second = Store(ledger), Store(ledger)
    await first.open()
    await stopped_deal(first)
    await second.open()
    file = Path(ledger.removeprefix("sqlite:///") + ".key")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600  # noqa: ASYNC240 - a test
    assert [one.customer_name for one in await second.exceptions()] == [NAME]
    await first.close()
    await second.close()
    file.write_text("nothing")  # noqa: ASYNC240 - a test
    with pytest.raises(ConfigurationError, match="is no key"):
        await Store(ledger).open()


async def test_a_ledger_on_postgresql_needs_a_key() -> None:
    from store.database import address_of

    with pytest.raises(ConfigurationError, match="MESHLINE_KEY is not set"):
        vault_of(address_of("postgresql://localhost/x"), None)
