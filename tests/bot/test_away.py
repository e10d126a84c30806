"""Somebody who is away has somebody who stands in, with the same rights and no more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from drawings import DANA as DRAWN
from drawings import around as drawn_around
from drawings import same_as_snapshot

from bot.away import Away
from bot.away_views import away_view
from bot.carried import Carried, carry
from sync.absence import Absence, present, refusal, stand_in, stands_in_for
from sync.errors import IllegalMove
from sync.model import Cause
from tests.bot.hands import (
    BEN,
    DANA,
    FAYE,
    GUS,
    MIRA,
    OMAR,
    PRIYA,
    SAM,
    choose,
    forged,
    only_cause,
    press,
    refusals,
    sent,
    whispers,
)
from tests.world import MONDAY, World

DAY = timedelta(days=1)
DIALOG = carry(Carried(cause=0, version=0, verb="away"))


def entered(who: str, back: str = "2026-12-01", delegate: str = MIRA, since: str = "2026-11-23") -> dict[str, Any]:
    return {
        "who": {"type": "users_select", "selected_user": who},
        "from": {"type": "datepicker", "selected_date": since},
        "back": {"type": "datepicker", "selected_date": back},
        "delegate": {"type": "users_select", "selected_user": delegate},
    }


def absence(person: str, delegate: str = "", *, since: datetime = MONDAY, days: int = 1) -> Absence:
    return Absence(id=1, person=person, since=since, until=since + days * DAY, delegate=delegate, set_by=person)


async def gone(world: World, who: str, delegate: str) -> None:
    now = world.clock()
    await world.store.set_absence(who, since=now, until=now + DAY, delegate=delegate, by=who, now=now)


async def proposal(world: World, by: str = FAYE) -> Cause:
    """A class A exception of Billing, with somebody's proposal."""
    world.deal(world.company(), [("Atlas Pro", 1, "990.00")])
    await world.work()
    await press(world, by, await only_cause(world), "resolve")
    assert (await world.slack.submit(by, {"q0": "accept"})).ok
    await world.work()
    return await only_cause(world)


async def test_a_person_says_that_they_are_away_and_who_stands_in(world: World) -> None:
    assert (await sent(world, DANA, DIALOG, entered(DANA))).ok
    [kept] = await world.store.absences(now=world.clock())
    assert (kept.person, kept.delegate, kept.since) == (DANA, MIRA, MONDAY)
    assert kept.until == datetime(2026, 12, 1, tzinfo=UTC)
    assert [one.verb for one in await world.store.entries(noun="person")] == ["away"]


async def test_who_stands_in_has_the_rights_until_the_person_is_back(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    cause = await only_cause(world)
    assert (await press(world, GUS, cause, "take")).ok
    assert "This is for Sales Operations" in whispers(world, GUS)[-1] and await refusals(world) == 1
    await gone(world, DANA, GUS)
    assert (await press(world, GUS, cause, "take")).ok
    case = await world.only_case()
    assert case.assignee == GUS
    [taken] = [one for one in await world.store.entries(noun="case") if one.verb == "take"]
    assert taken.data["for"] == [DANA]
    world.clock.forward(days=1)
    await world.work()
    assert (await press(world, GUS, await only_cause(world), "take")).ok
    assert await refusals(world) == 2


@pytest.mark.parametrize(
    ("by", "asked", "words"),
    [
        (DANA, entered(DANA, delegate=SAM), "Please choose somebody who is in one of the teams"),
        (DANA, entered(DANA, delegate=DANA), "Somebody else has to stand in."),
        (DANA, entered(DANA, back="2026-11-23"), "has to be after the absence begins"),
        (DANA, entered(DANA, back=""), "Please choose the first day back."),
        (DANA, entered(SAM), "is in none of the teams"),
        (DANA, entered(DANA, back="2028-01-01"), "a year at most"),
        (GUS, entered(DANA), "Only Dana Okafor, or who leads a team of theirs"),
    ],
)
async def test_what_cannot_be_is_said_beside_the_field(world: World, by: str, asked: Any, words: str) -> None:
    await world.parts.around[0].people.learn_team_members()
    answer = await sent(world, by, DIALOG, asked)
    assert words in str(answer.body)
    assert await world.store.absences(now=world.clock()) == ()
    assert await refusals(world) == int(by == GUS)


async def test_who_leads_a_team_says_it_for_its_people(world: World) -> None:
    assert (await sent(world, BEN, DIALOG, entered(DANA))).ok
    [kept] = await world.store.absences(now=world.clock())
    assert (kept.person, kept.set_by) == (DANA, BEN)


async def test_nobody_stands_in_for_somebody_who_stands_in(world: World) -> None:
    await gone(world, DANA, MIRA)
    with pytest.raises(IllegalMove, match="stands in for"):
        await gone(world, MIRA, OMAR)
    with pytest.raises(IllegalMove, match="away then too"):
        await gone(world, BEN, DANA)
    assert len(await world.store.absences(now=world.clock())) == 1


async def test_a_person_who_is_back_is_asked_again(world: World) -> None:
    await gone(world, DANA, MIRA)
    parts = world.parts
    away = Away(
        store=parts.store, client=parts.client, surroundings=parts.around[0], clock=parts.clock, changed=parts.changed
    )
    assert await away.back(DANA) == "Welcome back. From now on you are asked again."
    with pytest.raises(IllegalMove, match="not away"):
        await away.back(DANA)
    assert await away.standing() == "Nobody is away."


async def test_what_is_handed_to_somebody_away_goes_to_who_stands_in_or_nowhere(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    await gone(world, BEN, MIRA)
    cause = await only_cause(world)
    assert (await choose(world, DANA, cause, "hand_over")).ok
    assert (await world.slack.submit(DANA, {"person": BEN})).ok
    await world.work()
    assert (await world.only_case()).assignee == MIRA
    await world.store.set_absence(
        BEN, since=world.clock(), until=world.clock() + DAY, delegate="", by=BEN, now=world.clock()
    )
    assert (await choose(world, DANA, await only_cause(world), "hand_over")).ok
    answer = await world.slack.submit(DANA, {"person": BEN})
    assert "is away, and nobody stands in" in str(answer.body)


async def test_the_reminder_mentions_the_owner_in_the_thread_once(world: World) -> None:
    world.deal(world.company(), billing_code="")
    await world.work()
    channel, ts = await world.card((await only_cause(world)).id)
    for hours in (1.9, 0.1, 1):  # half of 4 hours is over after 2
        world.clock.forward(hours=hours)
        await world.parts.jobs.beat()
        await world.work()
    [line] = [one for one in world.slack.thread(channel, ts) if "half of the time" in one.text]
    assert line.text == f"<@{DANA}> Nobody has taken EX-1 yet; half of the time to respond is over."
    assert not line.broadcast


def test_the_delegate_is_asked_and_nobody_when_both_are_away() -> None:
    one, two = absence(DANA, MIRA), absence(MIRA)
    assert stand_in(DANA, (one,), MONDAY) == MIRA
    assert stand_in(DANA, (one,), MONDAY + DAY) == DANA
    assert stand_in(DANA, (one, two), MONDAY) is None
    assert stand_in(BEN, (one,), MONDAY) == BEN
    assert present((DANA, MIRA, BEN), (one,), MONDAY) == (MIRA, BEN)
    assert stands_in_for(MIRA, (one,), MONDAY) == (DANA,)
    assert stands_in_for(MIRA, (one, two), MONDAY) == ()


def test_an_absence_that_cannot_be_is_refused_with_words() -> None:
    until = MONDAY + DAY
    assert refusal(DANA, MIRA, MONDAY, until, ()) == ""
    assert refusal(DANA, "", MONDAY, until, ()) == ""
    assert refusal(DANA, MIRA, MONDAY, until, (absence(MIRA, BEN, since=until),)) == ""
    assert "away then too" in refusal(DANA, MIRA, MONDAY, until, (absence(MIRA, BEN),))
    assert "stands in for" in refusal(DANA, MIRA, MONDAY, until, (absence(BEN, DANA),))


def test_the_dialog_is_drawn() -> None:
    around = drawn_around()
    known = absence(DRAWN, "U0BEN00001", since=around.now)
    same_as_snapshot("modal-away", away_view(DRAWN, around.now.date(), known, around))
    same_as_snapshot("modal-away-first", away_view(DRAWN, around.now.date(), None, around))


async def test_nobody_approves_what_they_proposed_by_standing_in_for_an_approver(world: World) -> None:
    cause = await proposal(world)
    await gone(world, PRIYA, FAYE)
    assert (await forged(world, FAYE, cause, "approve")).ok
    assert "Nobody approves their own proposal" in whispers(world, FAYE)[-1]
    assert (await world.only_case()).state == "proposed" and await refusals(world) == 1


async def test_who_stands_in_approves_nothing_that_the_person_away_proposed(world: World) -> None:
    cause = await proposal(world, by=PRIYA)
    await gone(world, PRIYA, GUS)
    assert (await forged(world, GUS, cause, "approve")).ok
    assert "Nobody approves their own proposal" in whispers(world, GUS)[-1]
    assert (await world.only_case()).state == "proposed"


async def test_who_stands_in_for_an_approver_approves_what_others_proposed(world: World) -> None:
    cause = await proposal(world)
    await gone(world, PRIYA, MIRA)
    assert (await forged(world, MIRA, cause, "approve")).ok
    case = (await world.store.exceptions(everything=True))[0]
    assert (case.state, case.decided_by) == ("resolved", MIRA)
