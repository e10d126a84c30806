"""Tryton as a CRM, in the shapes of a fake: nothing that changed is missed, whatever happens between two pages; what Meshline has
to say stands in a note; what was consumed of a subscription stays as it was."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import tryton_fake
from connector_harness import World, world

from sync.connectors import tryton_source
from sync.errors import Rejected, Unavailable, WebhookRefused
from sync.model import Change, Record
from sync.ports import Incoming

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OPPORTUNITY, SUBSCRIPTION = "sale_opportunity", "sale_subscription"


@pytest.fixture
async def crm(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(tryton_source, "_PAGE", 10)
    async with world("tryton") as made:
        made.fake.more = {"sale.opportunity": {}, "ir.note": {}, "sale.subscription": {}}
        yield made


def put(crm: World, number: int, *, created: datetime = AT, written: datetime | None = None) -> None:
    shown = {"create_date": tryton_fake.moment(created), "write_date": tryton_fake.moment(written) if written else None}
    known = {"id": number, "state": "won", "party.": None, "sales.": [], "lines.": []}
    crm.fake.more["sale.opportunity"][number] = known | shown


async def poll(
    crm: World, cursor: Record | None, now: datetime, *, pages: int = 100
) -> tuple[list[int], Any, list[Change]]:
    """What at most so many pages show, with Tryton's clock at `now`, and the cursor as it would be stored."""
    crm.fake.now = now
    seen: list[Change] = []
    for _ in range(pages):
        page = await crm.connector.changes(OPPORTUNITY, cursor, now=now)
        cursor = json.loads(json.dumps(page.cursor))
        seen += page.changes
        if not page.more:
            break
    return [int(each.record_id) for each in seen], cursor, seen


async def test_many_with_one_moment_are_all_seen_and_a_crash_between_two_pages_goes_on_where_it_was(crm: World) -> None:
    for number in range(1, 36):
        put(crm, number)
    later = AT + timedelta(hours=1)
    first, cursor, _ = await poll(crm, None, later, pages=2)
    for gone in (3, 21, 30):
        del crm.fake.more["sale.opportunity"][gone]
    put(crm, 25, written=later + timedelta(minutes=1))
    rest, cursor, _ = await poll(crm, cursor, later + timedelta(minutes=9))
    assert first + rest == [number for number in range(1, 36) if number not in (21, 25, 30)]
    following, _, _ = await poll(crm, cursor, later + timedelta(minutes=9))
    assert following == [25]


async def test_a_change_whose_transaction_ended_late_is_found_by_the_overlap_and_keeps_its_key(crm: World) -> None:
    put(crm, 1, written=AT)
    seen, cursor, first = await poll(crm, None, AT + timedelta(minutes=2))
    put(crm, 2, created=AT - timedelta(days=9), written=AT)
    again, _, second = await poll(crm, cursor, AT + timedelta(minutes=4))
    assert (seen, again) == ([1], [1, 2])
    assert first[0].key == second[0].key and first[0].occurred_at == AT
    put(crm, 1, written=AT + timedelta(microseconds=1))
    _, _, changed = await poll(crm, cursor, AT + timedelta(minutes=4))
    assert changed[0].key != first[0].key


@pytest.mark.parametrize("off", [-timedelta(hours=3), timedelta(hours=3)])
async def test_the_clock_of_tryton_may_be_wrong_by_hours(crm: World, off: timedelta) -> None:
    """What its records bear and what its answers bear is one clock; ours is not asked."""
    put(crm, 1, written=AT + off)
    crm.fake.now = AT + off + timedelta(minutes=1)
    page = await crm.connector.changes(OPPORTUNITY, None, now=AT)
    assert [each.record_id for each in page.changes] == ["1"]
    put(crm, 2, written=AT + off + timedelta(minutes=2))
    crm.fake.now = AT + off + timedelta(minutes=3)
    page = await crm.connector.changes(OPPORTUNITY, page.cursor, now=AT + timedelta(minutes=2))
    assert "2" in [each.record_id for each in page.changes]


async def test_an_answer_out_of_order_is_not_believed(crm: World) -> None:
    put(crm, 1)
    row = json.dumps({"id": 1, "result": [{"id": 2}, {"id": 1}]})
    await crm.connector.probe()
    crm.front.next("say", body=row, path="sale.opportunity.search_read")
    with pytest.raises(Unavailable, match="out of order"):
        await poll(crm, None, AT + timedelta(hours=1))


async def test_what_is_written_back_stands_in_one_note_and_people_keep_theirs(crm: World) -> None:
    put(crm, 7)
    crm.fake.more["ir.note"][1] = {"id": 1, "resource": "sale.opportunity,7", "message": "Call Anna"}
    for _ in range(2):
        found = await crm.connector.update(OPPORTUNITY, "7", {"billing_status": "billed", "invoice_number": "12"})
    assert (found.record["billing_status"], found.record["invoice_number"]) == ("billed", "12")
    changed = await crm.connector.update(OPPORTUNITY, "7", {"invoice_number": None})
    assert (changed.record["billing_status"], changed.record.get("invoice_number")) == ("billed", None)
    assert [each["message"] for each in crm.fake.more["ir.note"].values()] == [
        "Call Anna",
        "Meshline\nbilling_status: billed",
    ]
    assert not any(each.startswith("model.sale.opportunity.write") for each in crm.fake.asked)


async def test_it_sends_no_webhooks_and_makes_no_opportunities(crm: World) -> None:
    with pytest.raises(WebhookRefused):
        crm.connector.accept(Incoming(method="POST", url="https://x.example", headers={}, body=b"{}"), now=AT)
    with pytest.raises(Rejected) as refused:
        await crm.connector.create(OPPORTUNITY, "r", {})
    assert refused.value.code == "unsupported"
    with pytest.raises(Rejected, match="not searched by colour"):
        await crm.connector.search(OPPORTUNITY, {"colour": "blue"})


def subscribed(crm: World, **line: Any) -> None:
    """A subscription that runs, with ten seats since the first of November."""
    day = {"__class__": "date", "year": 2026, "month": 11, "day": 1}
    seats = {
        "id": 31, "service.": {"product.": {"code": "Atlas Pro"}}, "quantity": 10.0, "unit_price": {"__class__": "Decimal", "decimal": "12.50"},
        "start_date": day, "end_date": None, "consumed_until": None, "consumption_recurrence.": {"name": "Monthly"},
    }  # fmt: skip
    crm.fake.more["sale.subscription"][4] = {
        "id": 4, "state": "running", "number": "S-4", "reference": "crm-subscription-9", "currency.": {"id": 2, "code": "EUR"},
        "start_date": day, "end_date": None, "next_invoice_date": day, "invoice_recurrence.": {"id": 6, "name": "Monthly"},
        "party.": None, "lines.": [seats | line],
    }  # fmt: skip


def seats(many: int, on: str) -> Record:
    line = {"product_code": "Atlas Pro", "quantity": many, "unit_price_minor": 1250}
    return {"starts_on": "2026-11-01", "recurrence": "Monthly", "currency": "EUR", "changes_on": on, "lines": [line]}


def day(year: int, month: int, of_month: int) -> Record:
    return {"__class__": "date", "year": year, "month": month, "day": of_month}


async def test_more_seats_end_the_line_the_day_before_and_begin_another_and_it_runs_again(crm: World) -> None:
    subscribed(crm, consumed_until=day(2026, 11, 30))
    await crm.connector.update(SUBSCRIPTION, "4", seats(12, "2026-12-01"))
    [told] = crm.fake.written
    ended, made = told["lines"]
    assert ended == ["write", [31], {"end_date": day(2026, 11, 30)}]
    [new] = made[1]
    assert (made[0], new["quantity"], new["start_date"]) == ("create", 12.0, day(2026, 12, 1))
    steps = [each.rpartition(".")[2] for each in crm.fake.asked if each.startswith("model.sale.subscription.")]
    assert [each for each in steps if each != "search_read"] == ["draft", "write", "quote", "run"]


async def test_a_change_that_says_what_stands_already_does_nothing(crm: World) -> None:
    subscribed(crm)
    await crm.connector.update(SUBSCRIPTION, "4", seats(10, "2026-12-01"))
    assert crm.fake.written == [] and not any(each.endswith(".draft") for each in crm.fake.asked)


async def test_a_change_that_broke_off_after_it_was_written_runs_again(crm: World) -> None:
    subscribed(crm)
    crm.fake.more["sale.subscription"][4]["state"] = "draft"
    found = await crm.connector.update(SUBSCRIPTION, "4", seats(10, "2026-12-01"))
    assert (found.status, crm.fake.written) == ("posted", [])


@pytest.mark.parametrize("on", ["2026-11-15", "2026-11-30", "2026-11-01"])
async def test_what_was_consumed_cannot_change_any_more(crm: World, on: str) -> None:
    subscribed(crm, consumed_until=day(2026, 11, 30))
    with pytest.raises(Rejected, match="consumed until 2026-11-30") as refused:
        await crm.connector.update(SUBSCRIPTION, "4", seats(12, on))
    assert (refused.value.reason, refused.value.path) == ("changed_after_posting", "changes_on")
    assert crm.fake.more["sale.subscription"][4]["state"] == "running"


async def test_a_subscription_that_is_over_is_neither_changed_nor_set_running(crm: World) -> None:
    subscribed(crm)
    crm.fake.more["sale.subscription"][4]["state"] = "closed"
    with pytest.raises(Rejected) as refused:
        await crm.connector.update(SUBSCRIPTION, "4", seats(12, "2026-12-01"))
    assert refused.value.reason == "changed_after_posting"
    with pytest.raises(Rejected, match="closed"):
        await crm.connector.post(SUBSCRIPTION, "4")
