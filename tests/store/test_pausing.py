"""A clock that stands still gives back what was left of it, exactly; and what a case was opened with stays, whatever the
workspace says later."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from store.ledger import Store
from store.pausing import Standstill
from sync.clocks import Calendar
from sync.errors import IllegalMove
from sync.ladder import Rung
from sync.steps import Deliver
from tests.store.words import CLASS_A, HOUR, MINUTE, ROUTE, claim, hold, press, rows, stopped
from tests.world import MONDAY

BERLIN = Calendar(
    timezone="Europe/Berlin", days=frozenset(range(5)), opens=9 * 60, closes=17 * 60 + 30, holidays="DE"
)  # fmt: skip
NEW_YORK = replace(BERLIN, timezone="America/New_York", holidays="US")
LADDER = (
    Rung(to="backup", people=("UBEN",)),
    Rung(to="approvers", people=("UPRIYA",), wait=4 * HOUR),
    Rung(to="channel", wait=4 * HOUR),
)
# Opened on Monday 23 November 2026 at 10:00 in Berlin. Respond within 4 h: 14:00 the same day. Resolve within 24 h: 7½ h on
# Monday, 8½ h on Tuesday, the last 8 h on Wednesday until 17:00.
ON_CALENDAR = replace(
    ROUTE,
    respond_by=datetime(2026, 11, 23, 13, tzinfo=UTC),
    resolve_by=datetime(2026, 11, 25, 16, tzinfo=UTC),
    expire_by=datetime(2026, 11, 30, 16, tzinfo=UTC),
    remind_at=datetime(2026, 11, 23, 11, tzinfo=UTC),
    ladder=LADDER,
    hours=BERLIN,
)
NOON = MONDAY + 2 * HOUR  # 12:00 in Berlin


async def pause(store: Store, *ids: int, now: datetime = NOON, days: int = 10, **more: str) -> int:
    asked = Standstill(cases=ids, by="UDANA", why=more.get("why", "customer_waiting"), until=now + timedelta(days=days))
    return await store.pause_clocks(asked, now=now)


async def test_what_was_left_of_each_clock_is_left_when_it_runs_again(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    assert await pause(store, case.id) == 1
    friday = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)  # 16:30 in Berlin, one hour before the weekend
    assert await store.resume_clocks([case.id], by="UBEN", now=friday) == 1
    after = await store.case(case.id)
    # 2 h were left to respond: 1 h on Friday, 1 h on Monday until 10:00
    assert after.respond_by == datetime(2026, 11, 30, 9, tzinfo=UTC)
    # 22 h were left to resolve: 1 h on Friday, 8½ on Monday, 8½ on Tuesday, 4 on Wednesday until 13:00
    assert after.resolve_by == datetime(2026, 12, 2, 12, tzinfo=UTC)
    [row] = await rows(store, "SELECT expire_by, remind_at FROM cases")
    # until it expires 5½ h on Monday, four whole days and 8 h on the Monday after: 47½ h were left; now 1 h on Friday, five
    # whole days (42½ h) from Monday to Friday, and 4 h on Monday the 7th until 13:00
    assert str(row.expire_by).startswith("2026-12-07 12:00")
    assert str(row.remind_at).startswith("2026-11-23 11:00"), "it was over at the moment of the pause"
    assert after.paused_at is None
    assert after.paused_seconds == (4 * 24 + 4) * 3600 + 1800  # Monday 12:00 to Friday 16:30
    assert [one.verb for one in await store.entries(noun="case")].count("resume_clock") == 1


async def test_round_the_clock_gives_back_hours_and_minutes(store: Store) -> None:
    [case] = await stopped(store, route=CLASS_A)
    await pause(store, case.id, now=MONDAY + HOUR)
    await store.resume_clocks([case.id], by="UBEN", now=MONDAY + 31 * HOUR)
    after = await store.case(case.id)
    assert (after.respond_by, after.resolve_by) == (MONDAY + 34 * HOUR, MONDAY + 54 * HOUR)


async def test_pausing_twice_loses_no_minute(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    for begin, end in ((1, 2), (3, 100)):
        await pause(store, case.id, now=MONDAY + begin * HOUR)
        await store.resume_clocks([case.id], by="UBEN", now=MONDAY + end * HOUR)
    # 24 h less the 2 that ran; MONDAY + 100 h is Friday 27 at 14:00 in Berlin: 3½ h, then 8½ on Monday, 8½ on Tuesday and 1½ on
    # Wednesday until 10:30
    assert (await store.case(case.id)).resolve_by == datetime(2026, 12, 2, 9, 30, tzinfo=UTC)
    assert (await store.case(case.id)).paused_seconds == 98 * 3600


async def test_a_clock_that_stands_still_raises_reminds_and_expires_nothing(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await pause(store, case.id, now=MONDAY + HOUR)
    for late in (MONDAY + 2 * HOUR, MONDAY + 4 * HOUR, datetime(2026, 12, 1, tzinfo=UTC)):
        assert [await each(now=late) for each in (store.escalate, store.remind, store.expire)] == [0, 0, 0]
    assert await store.holds() == []


async def test_a_pause_that_begins_while_the_clock_looks_is_kept(store: Store) -> None:
    """What has run out before the pause is not buried while somebody waits for an answer."""
    [case] = await stopped(store, route=ON_CALENDAR)
    late = ON_CALENDAR.expire_by
    assert late is not None
    await pause(store, case.id, now=late)
    assert await store.expire(now=late + HOUR) == 0
    assert await rows(store, "SELECT 1 FROM deliveries WHERE state = 'held'")


async def test_a_pause_ends_by_itself_at_its_end_and_not_when_somebody_looks(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await pause(store, case.id, days=1)  # until Tuesday 12:00
    assert await store.end_pauses(now=NOON + 23 * HOUR) == 0
    assert await store.end_pauses(now=NOON + 30 * HOUR) == 1  # looked at only at 18:00
    # 22 h left from Tuesday 12:00: 5½ h on Tuesday, 8½ on Wednesday, 8 on Thursday until 17:00
    assert (await store.case(case.id)).resolve_by == datetime(2026, 11, 26, 16, tzinfo=UTC)
    assert await store.end_pauses(now=NOON + 31 * HOUR) == 0


@pytest.mark.parametrize("verb", ["replay", "resolve", "discard", "propose"])
async def test_what_moves_a_case_on_lets_its_clock_run(store: Store, verb: str) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await pause(store, case.id)
    await press(store, verb, [case.id], now=NOON + HOUR)
    assert (await store.case(case.id)).paused_at is None
    assert (await store.case(case.id)).paused_seconds == 3600


@pytest.mark.parametrize("verb", ["take", "hand_over", "snooze"])
async def test_what_only_changes_hands_stays_paused(store: Store, verb: str) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await pause(store, case.id)
    more = {"to": "UBEN"} if verb == "hand_over" else {"until": NOON + 2 * HOUR} if verb == "snooze" else {}
    await press(store, verb, [case.id], now=NOON + HOUR, **more)
    assert (await store.case(case.id)).paused_at == NOON


async def test_a_record_that_changed_and_stops_again_has_its_clock_running(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await pause(store, case.id)
    await press(store, "replay", [case.id], now=NOON + HOUR)
    [again] = await claim(store, now=NOON + HOUR)
    await store.settle(again, hold(cause=again.subject), now=NOON + HOUR, route=ON_CALENDAR)
    assert (await store.case(case.id)).paused_at is None


async def test_a_record_that_goes_through_ends_its_pause(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await press(store, "replay", [case.id], now=NOON)
    [again] = await claim(store, now=NOON)
    await pause(store, case.id)
    await store.settle(again, Deliver(bindings=()), now=NOON + HOUR)
    done = await store.case(case.id)
    assert (done.state, done.paused_at, done.paused_seconds) == ("resolved", None, 3600)


async def test_only_a_named_reason_and_an_end_within_two_weeks_stop_a_clock(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    with pytest.raises(IllegalMove, match="stands still only because"):
        await pause(store, case.id, why="lunch")
    for days in (15, 0, -1):
        with pytest.raises(IllegalMove, match="14 days at most"):
            await pause(store, case.id, days=days)
    with pytest.raises(IllegalMove, match="runs already"):
        await store.resume_clocks([case.id], by="UDANA", now=NOON)


async def test_what_is_decided_or_waits_for_approval_cannot_be_stopped(store: Store) -> None:
    one, two = await stopped(store, "1", "2", route=ON_CALENDAR)
    await press(store, "discard", [one.id])
    await press(store, "propose", [two.id])
    for case, state in ((one, "resolved by @{UDANA}"), (two, "proposed")):
        with pytest.raises(IllegalMove, match=f"already {state}"):
            await pause(store, case.id)


async def test_of_two_who_stop_a_clock_at_once_one_counts(store: Store, other: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    ends = await asyncio.gather(*(pause(each, case.id) for each in (store, other)), return_exceptions=True)
    assert sorted(map(str, ends)) == ["1", "The clock of EX-1 stands still already."]
    ends = await asyncio.gather(
        *(each.resume_clocks([case.id], by="UBEN", now=NOON + HOUR) for each in (store, other)), return_exceptions=True
    )
    assert sorted(map(str, ends)) == ["1", "The clock runs already."]
    assert (await store.case(case.id)).paused_seconds == 3600


async def test_the_card_knows_why_the_clock_stands_still_and_no_deadline_is_near(store: Store) -> None:
    one, two = await stopped(store, "1", "2", step=hold("unknown_product", "Atlas Por"), route=ON_CALENDAR)
    await pause(store, one.id, why="merge_task")
    cause = await store.cause(one.cause_id)
    [shown] = cause.pauses
    assert (shown.case_id, shown.why, shown.by, shown.since) == (one.id, "merge_task", "UDANA", NOON)
    assert cause.nearest == two.resolve_by
    await pause(store, two.id)
    assert (await store.cause(one.cause_id)).nearest is None
    [line, _] = await rows(store, "SELECT text FROM messages WHERE text LIKE '%stops the clock%'")
    assert line.text == "@{UDANA} stops the clock: two records are being merged."


async def test_a_change_of_the_workspace_moves_neither_the_clocks_nor_the_ladder_of_an_open_case(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    changed = replace(
        ON_CALENDAR, owner="UNEW", backup="UNEW2", respond_by=MONDAY, resolve_by=MONDAY, expire_by=MONDAY,
        remind_at=MONDAY, hours=NEW_YORK, ladder=(Rung(to="channel"),), severity="A", team="finance",
    )  # fmt: skip
    await press(store, "replay", [case.id])
    [again] = await claim(store, now=MONDAY + MINUTE)
    await store.settle(again, hold(cause=again.subject), now=MONDAY + MINUTE, route=changed)
    same = await store.case(case.id)
    for name in ("owner", "backup", "respond_by", "resolve_by", "ladder", "severity", "team"):
        assert getattr(same, name) == getattr(case, name), name
    before = "SELECT chain, hours, expire_by, remind_at FROM cases"
    [kept] = await rows(store, before)
    assert "Europe/Berlin" in str(kept.hours) and "UPRIYA" in str(kept.chain)
    # and the hours that are given back after a pause are those of the old calendar
    await pause(store, case.id)
    await store.resume_clocks([case.id], by="UBEN", now=datetime(2026, 11, 27, 15, 30, tzinfo=UTC))
    assert (await store.case(case.id)).resolve_by == datetime(2026, 12, 2, 12, tzinfo=UTC)


async def test_a_case_that_is_opened_again_takes_what_the_workspace_says_then(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await press(store, "resolve", [case.id])
    [again] = await claim(store, now=MONDAY + MINUTE)
    fresh = replace(ON_CALENDAR, ladder=(Rung(to="channel"),), hours=None)
    await store.settle(again, hold(cause=again.subject), now=MONDAY + MINUTE, route=fresh)
    assert (await store.case(case.id)).ladder == (Rung(to="channel"),)
