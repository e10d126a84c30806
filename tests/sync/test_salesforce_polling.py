"""Polling Salesforce: nothing is missed and nothing is endless, whatever happens to the records and to us between two pages."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from connector_fakes import NOW, Front, served
from fakes.salesforce import TOKEN, Salesforce
from fakes.salesforce_org import long_id

from sync.connectors import build
from sync.connectors.salesforce_polling import Window, cursor_of, done, page, window
from sync.errors import Unavailable
from sync.model import Change, Record

WINDOW = Window(start=NOW - timedelta(hours=1), end=NOW)
HOUR = timedelta(hours=1)


async def poll(
    fake: Salesforce, cursor: Record | None, now: Any, *, pages: int = 1000, front: Front | None = None, **options: Any
) -> tuple[list[Change], Record | None]:
    """The changes of at most so many pages, and the cursor as it would be stored."""
    async with served(fake.mount, front or Front()) as url:
        crm: Any = build("salesforce", {"base_url": url, "token": TOKEN, "page_size": 100, **options}, name="crm")

        async def at_once(_: float) -> None:
            pass

        crm._changes.backfill.sleep = at_once
        seen: list[Change] = []
        try:
            for _ in range(pages):
                got = await crm.changes("Account", cursor, now=now)
                seen += got.changes
                cursor = json.loads(json.dumps(got.cursor))
                if not got.more:
                    break
        finally:
            await crm.close()
    return seen, cursor


def org(count: int, *, at: Any = NOW - HOUR) -> Salesforce:
    fake = Salesforce()
    for one in range(count):
        fake.org.put("Account", Name=str(one), at=at)
    return fake


def ids(fake: Salesforce) -> list[str]:
    return sorted(fake.org.records["Account"])


def seen_ids(changes: list[Change]) -> list[str]:
    return [change.record_id for change in changes]


async def test_many_records_of_one_second_are_all_seen_once() -> None:
    fake = org(450)
    seen, cursor = await poll(fake, None, NOW)
    assert seen_ids(seen) == ids(fake) and cursor == done(Window(start=NOW, end=NOW - timedelta(seconds=10)))
    assert len({change.key for change in seen}) == 450
    following, _ = await poll(fake, cursor, NOW + timedelta(minutes=10))
    assert following == []


@pytest.mark.slow
async def test_more_than_one_query_may_show_changed_in_one_second_and_all_are_seen() -> None:
    fake = org(4_300)
    seen, _ = await poll(fake, None, NOW, page_size=2000)
    assert seen_ids(seen) == ids(fake)


async def test_a_crash_between_two_pages_goes_on_in_the_same_window() -> None:
    fake = org(350)
    every = ids(fake)
    first, cursor = await poll(fake, None, NOW, pages=2)
    fake.org.touch("Account", every[250], at=NOW + timedelta(minutes=5))
    fake.org.bury("Account", every[260], at=NOW + timedelta(minutes=5))
    later = NOW + timedelta(minutes=10)
    rest, cursor = await poll(fake, cursor, later)
    assert seen_ids(first + rest) == [each for each in every if each not in (every[250], every[260])]
    following, _ = await poll(fake, cursor, later)
    assert [(each.record_id, each.kind) for each in following] == [(every[250], "polled"), (every[260], "deleted")]


async def test_what_is_saved_late_with_an_old_stamp_is_found_by_the_overlap_and_keeps_its_key() -> None:
    fake = org(2, at=NOW - timedelta(minutes=2))
    hidden = fake.org.records["Account"].pop(ids(fake)[1])
    first, cursor = await poll(fake, None, NOW)
    fake.org.records["Account"][hidden["Id"]] = hidden
    second, _ = await poll(fake, cursor, NOW + timedelta(minutes=1))
    assert seen_ids(first) == ids(fake)[:1] and seen_ids(second) == ids(fake)
    assert first[0].key == second[0].key and first[0].occurred_at == NOW - timedelta(minutes=2)


async def test_the_last_seconds_wait_for_the_next_window() -> None:
    fake = org(1, at=NOW - timedelta(seconds=3))
    seen, cursor = await poll(fake, None, NOW)
    assert seen == []
    seen, _ = await poll(fake, cursor, NOW + timedelta(seconds=30))
    assert len(seen) == 1


async def test_a_merge_is_the_survivors_change_and_a_deletion_the_records_own() -> None:
    fake = org(3)
    kept, merged, deleted = ids(fake)
    fake.org.bury("Account", merged, into=kept, at=NOW - HOUR)
    fake.org.bury("Account", deleted, at=NOW - HOUR)
    seen, _ = await poll(fake, None, NOW)
    assert [(each.kind, each.record_id, each.merged, each.survivor) for each in seen] == [
        ("polled", kept, (), ""),
        ("merged", kept, (merged,), kept),
        ("deleted", deleted, (), ""),
    ]


async def test_an_object_that_keeps_nothing_of_what_is_gone_is_polled_as_well() -> None:
    fake = org(3)
    for name in ("IsDeleted", "MasterRecordId"):
        del fake.org.kinds["Account"].fields[name]
    seen, _ = await poll(fake, None, NOW)
    assert seen_ids(seen) == ids(fake)


async def test_a_clock_that_went_back_loses_nothing() -> None:
    cursor = done(Window(start=NOW, end=NOW + HOUR))
    back = window(cursor, overlap=300, lag=10, now=NOW)
    assert (back.start, back.end) == (NOW - timedelta(seconds=310), NOW + HOUR)
    inside = Window(start=NOW - HOUR, end=NOW, stamp=NOW - HOUR, after=long_id("0015f0000000001"))
    assert window(json.loads(json.dumps(cursor_of(inside))), overlap=300, lag=10, now=NOW + HOUR) == inside


ROW = {"Id": long_id("0015f0000000001"), "SystemModstamp": "2026-11-20T08:30:00.000+0000", "IsDeleted": False}
OTHER = ROW | {"Id": long_id("0015f0000000002")}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {"totalSize": 3},
        {"records": [], "done": False},
        {"records": ["x"], "done": True},
        {"records": [ROW | {"Id": "1"}], "done": True},
        {"records": [ROW | {"SystemModstamp": "soon"}], "done": True},
        {"records": [ROW, ROW], "done": True},
        {"records": [OTHER, ROW | {"SystemModstamp": "2026-11-20T08:29:59.000+0000"}], "done": True},
        {"records": [ROW | {"SystemModstamp": "2026-11-20T07:00:00.000+0000"}], "done": True},
    ],
)
def test_an_answer_that_would_lose_records_is_not_believed(answer: Any) -> None:
    with pytest.raises(Unavailable):
        page("Account", WINDOW, answer, 100)


def test_a_page_that_is_shown_again_is_no_progress() -> None:
    behind = Window(start=WINDOW.start, end=NOW, stamp=NOW - timedelta(minutes=30), after=str(ROW["Id"]))
    with pytest.raises(Unavailable, match="out of order"):
        page("Account", behind, {"records": [ROW], "done": True}, 1)


async def test_a_long_past_with_many_changes_comes_from_one_bulk_job_and_ends_as_any_window() -> None:
    fake = org(250)
    fake.org.bury("Account", ids(fake)[7], into=ids(fake)[8], at=NOW - HOUR)
    fake.jobs.page, fake.jobs.slow = 100, 3
    seen, cursor = await poll(fake, None, NOW, bulk_above=200)
    assert len(seen) == 250 and set(seen_ids(seen)) == set(ids(fake)) - {ids(fake)[7]}
    assert [each.merged for each in seen if each.kind == "merged"] == [(ids(fake)[7],)]
    assert len(fake.jobs.jobs) == 1 and cursor == done(Window(start=NOW, end=NOW - timedelta(seconds=10)))
    paged, _ = await poll(fake, None, NOW, bulk_above=250)
    assert {each.key for each in paged} == {each.key for each in seen} and len(fake.jobs.jobs) == 1


async def test_a_job_that_takes_long_is_looked_after_from_poll_to_poll() -> None:
    fake = org(250)
    fake.jobs.slow = 12
    seen, cursor = await poll(fake, None, NOW, bulk_above=200)
    assert seen == [] and cursor is not None and cursor["job"]["asked"] == 5
    for _ in range(2):
        seen, cursor = await poll(fake, cursor, NOW + HOUR, bulk_above=200)
    assert len(seen) == 250 and len(fake.jobs.jobs) == 1


@pytest.mark.parametrize("how", ["Failed", "Aborted", "gone", "refused"])
async def test_where_a_job_comes_to_nothing_the_window_is_polled_page_by_page(how: str) -> None:
    fake, front = org(250), Front()
    if how == "refused":
        front.next("say", status=400, body='[{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}]', method="POST")
        seen, _ = await poll(fake, None, NOW, bulk_above=200, front=front)
        assert seen_ids(seen) == ids(fake)
        return
    _, cursor = await poll(fake, None, NOW, pages=1, bulk_above=200)
    [job] = fake.jobs.jobs.values()
    job.state = how
    if how == "gone":
        fake.jobs.jobs.clear()
    seen, _ = await poll(fake, cursor, NOW, bulk_above=200)
    assert seen_ids(seen) == ids(fake)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Sforce-NumberOfRecords": "2"}, '"Id","SystemModstamp"\n"0015f0000000001AAA","2026-11-20T08:00:00.000Z"\n'),
        ({}, '"Id","SystemModstamp"\n"0015f0000000001AAA","2026-11-20T08:00:00.000Z"\n'),
        ({"Sforce-NumberOfRecords": "1"}, '"Id","SystemModstamp"\n"x","2026-11-20T08:00:00.000Z"\n'),
        ({"Sforce-NumberOfRecords": "1"}, "<html>\nhello"),
        ({"Sforce-NumberOfRecords": "0", "Sforce-Locator": "100"}, '"Id"\n'),
    ],
)
async def test_a_page_of_results_that_would_lose_records_is_not_believed(headers: dict[str, str], body: str) -> None:
    fake, front = org(250), Front()
    fake.jobs.page, fake.jobs.slow = 100, 0
    _, cursor = await poll(fake, None, NOW, pages=2, bulk_above=200)
    assert cursor is not None and cursor["job"]["from"] == "100"
    front.next("say", headers=headers, body=body, path="/results?maxRecords=10000&locator=100")
    with pytest.raises(Unavailable):
        await poll(fake, cursor, NOW, bulk_above=200, front=front)
