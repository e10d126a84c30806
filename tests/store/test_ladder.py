"""Who hears of a late exception: one after the other, each once, those who are there, and nobody in their quiet hours."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from store.ledger import Store
from sync.ladder import USUAL, Rung, chain
from sync.preferences import Preferences
from tests.store.test_pausing import ON_CALENDAR
from tests.store.words import CLASS_A, HOUR, MINUTE, hold, in_hand, press, rows, stopped
from tests.world import MONDAY

SLOW = ON_CALENDAR.respond_by  # Monday 14:00 in Berlin
DAY = timedelta(days=1)


async def heard(store: Store) -> list[tuple[str | None, bool]]:
    """Whom each line mentions, and whether the channel sees it."""
    found = await rows(store, "SELECT mention, broadcast FROM messages ORDER BY id")
    return [(row.mention, bool(row.broadcast)) for row in found]


async def last(store: Store) -> str:
    return str((await rows(store, "SELECT text FROM messages ORDER BY id DESC"))[0].text)


async def climb(store: Store, *moments: datetime) -> list[int]:
    return [await store.escalate(now=each) for each in moments]


async def away(store: Store, person: str, delegate: str = "") -> None:
    await store.set_absence(
        person, since=MONDAY - DAY, until=MONDAY + 30 * DAY, delegate=delegate, by=person, now=MONDAY - DAY
    )


async def test_one_after_the_other_is_asked_each_once(store: Store) -> None:
    await stopped(store, route=ON_CALENDAR)
    # the backup when nobody responded by 14:00; the approvers 4 h of work later: 3½ h on Monday, ½ h on Tuesday, 9:30; the
    # channel 4 h later, 13:30
    tuesday = datetime(2026, 11, 24, tzinfo=UTC)
    at = (SLOW, tuesday + 8 * HOUR + 29 * MINUTE, tuesday + 8 * HOUR + 30 * MINUTE, tuesday + 12 * HOUR + 30 * MINUTE)
    assert await climb(store, *at, tuesday + 20 * HOUR) == [1, 0, 1, 1, 0]
    assert await heard(store) == [("UBEN", True), ("UPRIYA", False), (None, True)]
    assert await last(store) == "EX-1 still waits. It goes to the whole channel."


async def test_who_responds_in_time_stops_the_ladder_until_the_deadline(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await climb(store, SLOW)
    await press(store, "take", [case.id], by="UBEN", now=SLOW + MINUTE)
    assert await climb(store, ON_CALENDAR.resolve_by - MINUTE, ON_CALENDAR.resolve_by) == [0, 1]
    assert "The deadline of EX-1 has passed. It goes to the approvers. Billing" in await last(store)
    assert (await heard(store))[-1] == ("UPRIYA", True)


async def test_a_clock_that_slept_over_everything_asks_one_and_goes_on_at_its_pace(store: Store) -> None:
    await stopped(store, route=ON_CALENDAR)
    late = datetime(2026, 12, 7, 8, tzinfo=UTC)  # Monday 9:00 in Berlin, two weeks later
    assert await climb(store, late, late + MINUTE, late + 4 * HOUR) == [1, 0, 1]
    assert [mention for mention, _ in await heard(store)] == ["UBEN", "UPRIYA"]


async def test_many_cards_of_a_team_that_are_late_at_one_moment_ring_once(store: Store) -> None:
    await stopped(store, "1", "2", "3", route=ON_CALENDAR)
    await stopped(store, "4", route=replace(ON_CALENDAR, team="finance"))
    assert await store.remind(now=SLOW - HOUR) == 4
    assert await heard(store) == [("UDANA", False), (None, False), (None, False), ("UDANA", False)]
    assert await store.escalate(now=SLOW) == 4
    assert (await heard(store))[4:] == [("UBEN", True), (None, False), (None, False), ("UBEN", True)]
    said = [row.text for row in await rows(store, "SELECT text FROM messages WHERE broadcast ORDER BY id")]
    words = "Nobody has responded to EX-1 in time. It goes to the backup. The same holds for 2 more cards here."
    assert said == [words, "Nobody has responded to EX-4 in time. It goes to the backup."]


async def test_class_a_rings_for_each_card(store: Store) -> None:
    await stopped(store, "1", "2", route=replace(CLASS_A, respond_by=MONDAY + HOUR))
    await store.escalate(now=MONDAY + HOUR)
    assert (await heard(store))[-2:] == [("UBEN", True), ("UBEN", True)]


async def test_many_exceptions_of_one_card_are_one_line_though_they_came_one_after_the_other(store: Store) -> None:
    for number in range(5):
        route = replace(ON_CALENDAR, respond_by=SLOW + number * MINUTE)
        delivery = await in_hand(store, str(number))
        await store.settle(delivery, hold("unknown_product", "Atlas Por", customer=None), now=MONDAY, route=route)
    assert await climb(store, *(SLOW + number * MINUTE for number in range(5))) == [1] * 5
    assert await heard(store) == [("UBEN", True)]
    assert await store.escalate(now=ON_CALENDAR.resolve_by) == 5
    assert await last(store) == "The deadline of 5 exceptions of this card has passed. It goes to the approvers."


async def test_two_processes_ask_the_next_once(store: Store, other: Store) -> None:
    await stopped(store, route=ON_CALENDAR)
    await climb(store, SLOW)
    tuesday = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    assert sum(await asyncio.gather(*(each.escalate(now=tuesday) for each in (store, other, store)))) == 1
    assert len(await heard(store)) == 2


async def test_the_owner_is_reminded_once_at_half_of_the_time(store: Store, other: Store) -> None:
    await stopped(store, route=ON_CALENDAR)
    half = datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert await store.remind(now=half - MINUTE) == 0
    assert sum(await asyncio.gather(*(each.remind(now=half) for each in (store, other)))) == 1
    assert await store.remind(now=half + HOUR) == 0
    assert await heard(store) == [("UDANA", False)]
    assert await last(store) == "Nobody has taken EX-1 yet; half of the time to respond is over."


async def test_who_has_taken_it_is_not_reminded(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await press(store, "take", [case.id])
    assert await store.remind(now=MONDAY + 3 * HOUR) == 0


async def test_a_card_of_many_reminds_once(store: Store) -> None:
    for number in range(3):
        route = replace(ON_CALENDAR, remind_at=MONDAY + number * MINUTE)
        delivery = await in_hand(store, str(number))
        await store.settle(delivery, hold("unknown_product", "Atlas Por"), now=MONDAY, route=route)
    for number in range(3):
        await store.remind(now=MONDAY + number * MINUTE)
    assert await heard(store) == [("UDANA", False)]


async def test_who_stands_in_is_asked_instead_of_who_is_away(store: Store) -> None:
    await stopped(store, route=ON_CALENDAR)
    await away(store, "UBEN", "UMIRA")
    await climb(store, SLOW)
    assert await heard(store) == [("UMIRA", True)]


async def test_a_step_on_which_nobody_is_there_is_passed_over(store: Store) -> None:
    await stopped(store, route=ON_CALENDAR)
    await away(store, "UBEN")
    await climb(store, SLOW)
    assert await heard(store) == [("UPRIYA", True)]


async def test_a_fresh_exception_belongs_to_who_stands_in_else_to_the_backup(store: Store) -> None:
    await away(store, "UDANA", "UMIRA")
    [first] = await stopped(store, "1", route=ON_CALENDAR)
    assert (first.owner, first.backup) == ("UMIRA", "UBEN")
    await away(store, "UDANA")
    [_, second] = await stopped(store, "2", route=ON_CALENDAR)
    assert (second.owner, second.backup) == ("UBEN", "UDANA")


async def test_the_group_that_is_on_call_answers_and_an_empty_one_leaves_it_to_the_owner(store: Store) -> None:
    route = replace(ON_CALENDAR, on_call="S0ONCALL01")
    owners = []
    for number, people in enumerate(((), ("UTOM", "UUMA"), ())):
        await store.keep_group("S0ONCALL01", people, now=MONDAY)
        owners.append((await stopped(store, str(number), route=route))[-1].owner)
    assert owners == ["UDANA", "UTOM", "UDANA"]


async def quiet(store: Store, person: str, **more: Any) -> None:
    wanted = Preferences(user=person, quiet_from=time(13), quiet_until=time(16), timezone="Europe/Berlin", **more)
    await store.set_preferences(wanted, now=MONDAY)


async def test_in_quiet_hours_the_line_comes_without_the_mention_and_the_mention_once_afterwards(store: Store) -> None:
    await stopped(store, route=ON_CALENDAR)
    await quiet(store, "UBEN")
    await climb(store, SLOW)
    assert await heard(store) == [(None, True)]
    end = datetime(2026, 11, 23, 15, tzinfo=UTC)  # 16:00 in Berlin
    assert [await store.mention_held(now=each) for each in (end - MINUTE, end, end + HOUR)] == [0, 1, 0]
    assert await heard(store) == [(None, True), ("UBEN", False)]


async def test_what_is_decided_before_the_quiet_hours_end_rings_nobody(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await quiet(store, "UBEN")
    await climb(store, SLOW)
    await press(store, "discard", [case.id], now=SLOW + MINUTE)
    assert await store.mention_held(now=MONDAY + DAY) == 0


async def test_class_a_rings_in_quiet_hours_and_for_those_who_want_no_mentions(store: Store) -> None:
    await quiet(store, "UBEN", mentions=False)
    await stopped(store, route=replace(CLASS_A, respond_by=SLOW))
    await climb(store, SLOW)
    assert (await heard(store))[-1] == ("UBEN", True)


async def test_who_wants_no_mentions_is_named_and_not_rung(store: Store) -> None:
    await store.set_preferences(Preferences(user="UBEN", mentions=False), now=MONDAY)
    await stopped(store, route=ON_CALENDAR)
    await climb(store, SLOW)
    assert await heard(store) == [(None, True)]
    assert await store.mention_held(now=MONDAY + 9 * DAY) == 0


async def test_a_snooze_that_ends_at_night_rings_when_the_team_works_again(store: Store) -> None:
    [case] = await stopped(store, route=ON_CALENDAR)
    await press(store, "take", [case.id])
    night = datetime(2026, 11, 23, 22, tzinfo=UTC)
    await press(store, "snooze", [case.id], until=night)
    await store.wake(now=night)
    assert (await heard(store))[-1] == (None, False)
    morning = datetime(2026, 11, 24, 8, tzinfo=UTC)  # 9:00 in Berlin
    assert [await store.mention_held(now=each) for each in (morning - MINUTE, morning)] == [0, 1]
    assert (await heard(store))[-1] == ("UDANA", False)


def test_nobody_stands_on_a_ladder_twice() -> None:
    people = {"backup": ("UBEN",), "approvers": ("UBEN", "UDANA", "UPRIYA"), "members": ()}
    rungs = chain((*USUAL[:2], ("members", 5 * HOUR), USUAL[2]), people, asked="UDANA")
    assert rungs == (
        Rung(to="backup", people=("UBEN",)),
        Rung(to="approvers", people=("UPRIYA",), wait=4 * HOUR),
        Rung(to="channel", wait=4 * HOUR),
    )


async def test_a_first_step_that_waits_is_asked_after_its_time(store: Store) -> None:
    waits = (Rung(to="backup", people=("UBEN",), wait=2 * HOUR),)
    await stopped(store, route=replace(ON_CALENDAR, ladder=waits))
    assert await climb(store, SLOW, SLOW + HOUR, SLOW + 2 * HOUR, SLOW + 3 * HOUR) == [1, 0, 1, 0]
    assert await heard(store) == [(None, True), ("UBEN", False)]
