"""NetSuite's records listed, counted, described and polled, by the clock of the account."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from connector_harness import World, world
from harness_netsuite import INVOICE

from sync.connectors.netsuite_values import span
from sync.errors import Rejected, Unavailable


@pytest.fixture
async def erp() -> AsyncIterator[World]:
    async with world("netsuite") as made:
        yield made


async def test_a_wrong_time_zone_is_seen_before_changes_are_missed() -> None:
    for zone, words in (("America/Los_Angeles", ""), ("UTC", "8:00:00 off: check `timezone`")):
        async with world("netsuite", timezone=zone) as w:
            line = await w.connector.probe()
            assert words in line and ("off" in line) == bool(words)


async def listed(erp: World, entity: str, limit: int = 2, **asked: Any) -> list[Any]:
    found, after = [], None
    while True:
        page = await erp.connector.listed(entity, after=after, limit=limit, **asked)
        found += page.entries
        after = page.after
        if after is None:
            return found


async def test_lists_show_totals_by_netsuites_own_sums_and_lines_only_where_asked_for(erp: World) -> None:
    made = [
        await erp.connector.create("invoice", f"crm-deal-{n}", {**INVOICE, "currency": ("EUR", "JPY")[n % 2]})
        for n in range(3)
    ]
    found = await listed(
        erp, "invoice", fields=["reference", "total_minor", "currency", "billing_code", "issue_date", "payment_terms"]
    )
    assert [each.id for each in found] == ["1", *(each.id for each in made)]
    names = (
        "reference",
        "total_minor",
        "currency",
        "billing_code",
        "issue_date",
        "payment_terms",
        "tax_minor",
        "gross_minor",
    )
    assert [{n: each.record[n] for n in names} for each in found[1:]] == [
        {n: each.record[n] for n in names} for each in made
    ]
    assert [each.status for each in found] == ["posted", "draft", "draft", "draft"]
    assert not any("/record/v1/invoice/1" in path for _, path in erp.front.seen[-4:])
    whole = await listed(erp, "invoice", fields=["lines[*].quantity"])
    assert [each.record["lines"] for each in whole[1:]] == [each.record["lines"] for each in made]
    counted = await erp.connector.counted("invoice", amount="total_minor", currency="currency")
    assert (counted.records, counted.totals) == (4, {"EUR": 1000 + 2 * 498000, "JPY": 498000})
    assert (await erp.connector.counted("invoice", amount="gross_minor", currency="currency")).totals[
        "EUR"
    ] == 1200 + 2 * 597600
    assert (await erp.connector.counted("customer")).records == 1
    with pytest.raises(Rejected):
        await erp.connector.counted("invoice", amount="billing_code", currency="currency")


async def test_only_what_changed_since_is_listed_by_the_clock_of_the_account(erp: World) -> None:
    now = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)  # 01:30 in Los Angeles, an hour before it is 01:30 again
    for number, minutes in ((1, 0), (2, 40), (3, 70)):
        erp.fake.now = lambda minutes=minutes: now + timedelta(minutes=minutes)
        await erp.connector.create("customer", f"c{number}", {"name": f"C{number}"})
    erp.fake.records["invoice"].clear()
    del erp.fake.records["customer"][100]
    names = [
        each.record["name"]
        for each in await listed(erp, "customer", fields=["name"], since=now + timedelta(minutes=20))
    ]
    assert names == ["C1", "C2", "C3"], "what may have been changed in the second such hour is not left out"
    names = [
        each.record["name"]
        for each in await listed(erp, "customer", fields=["name"], since=now + timedelta(minutes=75))
    ]
    assert "C1" not in names


def test_an_hour_that_comes_twice_hides_nothing() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    begin = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)
    for start, end in ((0, 30), (60, 110), (100, 130), (115, 125), (125, 180), (30, 240)):
        low, high = span(begin + timedelta(minutes=start), begin + timedelta(minutes=end), zone)
        for minute in range(start, end + 1):
            shown = (begin + timedelta(minutes=minute)).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
            assert low <= shown <= high


async def test_polling_walks_ties_by_id_and_goes_on_in_its_window_after_a_crash(
    erp: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.connectors.netsuite_lists.ROWS", 3)
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    numbers = [erp.fake.create("customer", {"companyName": f"C{n}"}) for n in range(7)]
    first = await erp.connector.changes("customer", None, now=now)
    assert first.more and [each.record_id for each in first.changes] == ["100", *map(str, numbers[:2])]
    del erp.fake.records["customer"][numbers[2]]
    erp.fake.records["customer"][numbers[3]]["lastModifiedDate"] = now + timedelta(minutes=5)
    later, seen, page = now + timedelta(minutes=10), [], first
    while page.more:
        page = await erp.connector.changes("customer", page.cursor, now=later)
        seen += [each.record_id for each in page.changes]
    assert seen == [str(numbers[n]) for n in (4, 5, 6)]
    following = await erp.connector.changes("customer", page.cursor, now=later)
    assert [each.record_id for each in following.changes] == [str(numbers[3])]
    again = await erp.connector.changes(
        "customer", erp.connector.start_at("customer", now - timedelta(hours=1)), now=later
    )
    assert again.changes[0].key == first.changes[1].key


@pytest.mark.parametrize(
    "rows",
    [[{"id": "7", "changed": "2026-11-20 01:00:00"}] * 2, [{"changed": "x"}], ["x"],
     [{"id": "7", "changed": "2026-11-20 01:00:00"}, {"id": "6", "changed": "2026-11-20 01:00:00"}]],
)  # fmt: skip
async def test_an_answer_that_would_lose_changes_is_not_believed(erp: World, rows: Any) -> None:
    erp.front.next("say", body=json.dumps({"items": rows, "hasMore": False}))
    with pytest.raises(Unavailable):
        await erp.connector.changes("customer", None, now=datetime(2026, 11, 20, 9, 0, tzinfo=UTC))


async def test_the_catalogue_says_which_fields_there_are(erp: World) -> None:
    described = await erp.connector.describe("invoice")
    assert described.fields["total_minor"].type == "integer" and described.fields["issue_date"].type == "date"
    assert "billing_code" not in described.fields and await erp.connector.describe("ship") is None
