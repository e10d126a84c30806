"""Home shows one person what is theirs by deadline, what their team has, how the flows do and what is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
from drawings import DANA, NOW, around, case, cause, elements, hold, many, proposal, refused, same_as_snapshot, texts

from bot.glance import Works
from bot.home import home
from store.standing import FlowStatus
from store.workers import Worker
from sync.lifecycle import CaseState
from sync.model import Breaker, Mode

FLOW = FlowStatus(
    flow="quote_to_cash", states={"delivered": 1204, "pending": 3, "held": 12, "dead": 1},
    last_delivered=NOW - timedelta(minutes=2), oldest=NOW - timedelta(minutes=1),
)  # fmt: skip
MINE = [
    case("missing_billing_code", 7, state=CaseState.OWNED, assignee=DANA),
    case("price_off_list", 8),
    proposal(case("price_off_list", 9)),
    case("erp_rejected", 10, resolve_by=NOW - timedelta(hours=1)),
    case("unknown_product", 11),
]
TEAM = [
    many("unknown_product"),
    cause(case("missing_lines", 12, state=CaseState.OWNED, assignee=DANA)),
    cause(proposal(case("price_off_list", 13))),
]
PAUSES = [
    ("flow", "quote_to_cash", DANA, NOW - timedelta(hours=2)),
    ("connection", "erp", DANA, NOW - timedelta(hours=1)),
]

DOWN = Breaker(connection="erp", state="open", trips=1, opened_at=NOW - timedelta(hours=1), until=NOW + timedelta(minutes=2),
               closed_at=None, detail="503")  # fmt: skip
WORKS = Works(
    workers=[
        Worker(
            name="3fa94c1d77aa0b12", role="all", started_at=NOW - timedelta(hours=5), beat_at=NOW - timedelta(seconds=4)
        )
    ],
    modes=[Mode(flow="quote_to_cash", mode="batch", since=NOW - timedelta(minutes=8), why="83/s arrive")],
    breakers=[DOWN],
)


def test_a_full_home() -> None:
    same_as_snapshot("home-full", home(MINE, TEAM, [FLOW], [hold(waiting=3)], PAUSES, around(), WORKS))


def test_an_empty_home_says_so_in_every_part() -> None:
    drawn = home([], [], [], [], [], around())
    same_as_snapshot("home-empty", drawn)
    assert {"Nothing is yours to do.", "The queue is empty.", "Nothing is held or paused."} <= set(texts(drawn))


def test_what_is_mine_has_its_fix_beside_it() -> None:
    drawn = home(MINE, [], [], [], [], around())
    assert [each["text"]["text"] for each in elements(drawn, "resolve")] == ["Fill in", "Propose fix", "Choose"]
    assert [each["text"]["text"] for each in elements(drawn, "replay")] == ["Replay"]
    assert orjson.loads(elements(drawn, "resolve")[0]["value"]) == {"cause": 3, "version": 0, "case": 7}


def test_only_what_nobody_has_can_be_taken() -> None:
    drawn = home([], TEAM, [], [], [], around())
    assert len(elements(drawn, "take")) == 1


def test_a_home_of_thousands_is_clipped_and_counted() -> None:
    crowd = Works(workers=[*(WORKS.workers or ())] * 90, modes=[*WORKS.modes] * 90, breakers=[DOWN] * 90)
    nasty = replace(MINE[0], title="<!channel>" * 5000)
    drawn = home([nasty] * 900, TEAM * 300, [FLOW] * 90, [hold(customer="&" * 9000)] * 90, PAUSES * 90, around(), crowd)
    assert not refused(drawn)
    assert any("885 more" in text for text in texts(drawn))
