"""Polling HubSpot: nothing is missed and nothing is endless, whatever happens to the records and to us between two pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from connector_fakes import NOW, TOKEN, Front, served
from fakes.hubspot import Account

from sync.connectors import build
from sync.connectors.hubspot_polling import Window, milliseconds, moment, page, query, window
from sync.errors import Unavailable
from sync.model import Change, Record

WINDOW = Window(start=0, end=milliseconds(NOW))


async def poll(crm: Account, cursor: Record | None, now: datetime, *, pages: int = 1000, **options: Any) -> Any:
    """The changes of at most so many pages, and the cursor as it would be stored."""
    async with served(crm.mount, Front()) as url:
        hubspot: Any = build(
            "hubspot", {"base_url": Account.at(url), "token": TOKEN, "page_size": 100, **options}, name="crm"
        )
        seen: list[Change] = []
        for _ in range(pages):
            got = await hubspot.changes("deals", cursor, now=now)
            seen += got.changes
            cursor = json.loads(json.dumps(got.cursor))
            if not got.more:
                break
        await hubspot.close()
    return seen, cursor


def ids(changes: list[Change]) -> list[int]:
    return [int(change.record_id) for change in changes]


async def test_a_crash_between_two_pages_goes_on_in_the_same_window() -> None:
    crm = Account()
    for one in range(1, 351):
        crm.put("deals", one, at=NOW - timedelta(hours=1))
    first, cursor = await poll(crm, None, NOW, pages=2)
    for one in (5, 150, 250):
        crm.drop("deals", one)
    crm.put("deals", 260, at=NOW + timedelta(minutes=5))
    later = NOW + timedelta(minutes=10)
    rest, cursor = await poll(crm, cursor, later)
    assert ids(first + rest) == [one for one in range(1, 351) if one not in (250, 260)]
    following, _ = await poll(crm, cursor, later)
    assert ids(following) == [260]


async def test_what_changes_behind_the_walk_is_in_the_next_window() -> None:
    crm = Account()
    for one in range(1, 151):
        crm.put("deals", one, at=NOW - timedelta(hours=1))
    _, cursor = await poll(crm, None, NOW, pages=1)
    crm.put("deals", 3, at=NOW + timedelta(seconds=1))
    rest, cursor = await poll(crm, cursor, NOW + timedelta(minutes=1))
    assert ids(rest) == list(range(101, 151))
    following, _ = await poll(crm, cursor, NOW + timedelta(minutes=1))
    assert ids(following) == [3]


async def test_what_the_index_shows_late_is_found_by_the_overlap_and_keeps_its_key() -> None:
    crm = Account()
    crm.put("deals", 1, at=NOW - timedelta(minutes=2))
    first, cursor = await poll(crm, None, NOW)
    crm.put("deals", 2, at=NOW - timedelta(minutes=2))
    second, _ = await poll(crm, cursor, NOW + timedelta(minutes=1))
    assert ids(first) == [1] and ids(second) == [1, 2]
    assert first[0].key == second[0].key
    assert first[0].occurred_at == NOW - timedelta(minutes=2)


async def test_an_exactly_full_last_page_ends_after_an_empty_one() -> None:
    crm = Account()
    for one in range(1, 101):
        crm.put("deals", one, at=NOW - timedelta(hours=1))
    seen, cursor = await poll(crm, None, NOW)
    assert len(seen) == 100 and cursor["until"] is None
    assert crm.searches == 2


async def test_the_last_seconds_wait_for_the_next_window() -> None:
    crm = Account()
    crm.put("deals", 1, at=NOW - timedelta(seconds=3))
    seen, cursor = await poll(crm, None, NOW)
    assert seen == []
    seen, _ = await poll(crm, cursor, NOW + timedelta(seconds=30))
    assert ids(seen) == [1]


def test_a_clock_that_went_back_loses_nothing() -> None:
    cursor = {"since": milliseconds(NOW + timedelta(hours=1)), "until": None, "after": None}
    back = window(cursor, overlap=300, lag=10, now=NOW)
    assert back.start == milliseconds(NOW) - 310_000
    assert back.end == cursor["since"]


def test_contacts_have_their_own_name_for_the_time() -> None:
    asked = query("contacts", WINDOW, 10)
    assert asked["filterGroups"][0]["filters"][0]["propertyName"] == "lastmodifieddate"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {"total": 3},
        {"results": [{"id": "2"}, {"id": "1"}]},
        {"results": [{"id": "2"}, {"id": "2"}]},
        {"results": [{"name": "x"}]},
        {"results": ["x"]},
        {"results": [], "total": 5},
    ],
)
def test_an_answer_that_would_lose_records_is_not_believed(answer: Any) -> None:
    with pytest.raises(Unavailable):
        page("deals", WINDOW, answer, 100)


def test_a_page_never_goes_back_behind_its_cursor() -> None:
    with pytest.raises(Unavailable, match="out of order"):
        page("deals", Window(start=0, end=9, after=7), {"results": [{"id": "7"}]}, 100)


def test_fewer_than_asked_with_more_counted_is_not_the_end() -> None:
    got = page("deals", WINDOW, {"results": [{"id": "4", "updatedAt": "2026-11-20T08:00:00Z"}], "total": 2}, 100)
    assert got.more and got.cursor["after"] == "4"
    assert got.changes[0].occurred_at == NOW - timedelta(hours=1)


def test_a_record_without_a_time_is_dated_by_its_window() -> None:
    got = page("deals", WINDOW, {"results": [{"id": "4"}]}, 100)
    assert got.changes[0].occurred_at == NOW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T09:00:00.000Z", NOW),
        ("2026-11-20T10:00:00+01:00", NOW),
        ("2026-11-20T09:00:00", NOW),
        ("1795165200000", NOW),
        ("", None),
        (None, None),
        ("yesterday", None),
        ("9" * 20, None),
    ],
)
def test_times_are_read_in_both_forms(text: str | None, expected: datetime | None) -> None:
    assert moment(text) == expected


def test_milliseconds_are_exact() -> None:
    assert milliseconds(datetime(2026, 11, 20, 9, 0, 0, 123_999, UTC)) == 1795165200123
