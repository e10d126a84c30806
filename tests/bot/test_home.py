"""Home shows one person what is theirs by deadline, what their team has, how the flows do and what is held."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import orjson
from drawings import DANA, NOW, around, case, cause, elements, hold, many, proposal, refused, same_as_snapshot, texts

from bot.glance import Works
from bot.home import FIGURES, Seen, home
from bot.homes import marks
from store.standing import FlowStatus
from store.workers import Worker
from sync.lifecycle import CaseState
from sync.model import Breaker, Mode
from sync.picking import Throughput
from sync.preferences import Preferences

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


THROUGH = {"quote_to_cash": Throughput(flow="quote_to_cash", today=83, hour=12)}
PREFERS = Preferences(user=DANA, digest=True, digest_at=time(7, 30), quiet_from=time(19), quiet_until=time(7))


def seen(**more: Any) -> Seen:
    """A Home tab of Dana, empty unless told otherwise."""
    counts = {"mine_count": len(more.get("mine", ())), "team_count": len(more.get("team", ()))}
    return Seen(user=DANA, **{**counts, **more})


FULL = seen(
    mine=MINE, team=TEAM, approvals=[cause(proposal(case("price_off_list", 13)))], status=[FLOW], through=THROUGH,
    holds=[hold(waiting=3)], pauses=PAUSES, works=WORKS, preferences=PREFERS, away="Dana Okafor is away until Monday.",
)  # fmt: skip


def test_a_full_home() -> None:
    same_as_snapshot("home-full", home(FULL, around()))


def test_an_empty_home_says_so_in_every_part() -> None:
    drawn = home(seen(), around())
    same_as_snapshot("home-empty", drawn)
    assert {"Nothing is yours to do.", "The queue is empty.", "Nothing is held or paused."} <= set(texts(drawn))
    assert "approval" not in str(drawn)


def test_what_is_mine_has_its_fix_beside_it() -> None:
    drawn = home(seen(mine=MINE), around())
    assert [each["text"]["text"] for each in elements(drawn, "resolve")] == ["Fill in", "Propose fix", "Choose"]
    assert [each["text"]["text"] for each in elements(drawn, "replay_one")] == ["Replay"]
    assert orjson.loads(elements(drawn, "resolve")[0]["value"]) == {"cause": 3, "version": 0, "case": 7}


def test_only_what_nobody_has_can_be_taken() -> None:
    drawn = home(seen(team=TEAM), around())
    assert len(elements(drawn, "take")) == 1


def test_what_waits_for_my_approval_shows_the_change_and_two_buttons() -> None:
    drawn = home(seen(approvals=FULL.approvals), around())
    assert len(elements(drawn, "approve")) == len(elements(drawn, "reject")) == 1
    assert any("990.00" in text and "1200.00" in text for text in texts(drawn))


def test_a_home_of_thousands_is_clipped_and_counted() -> None:
    crowd = Works(workers=[*(WORKS.workers or ())] * 90, modes=[*WORKS.modes] * 90, breakers=[DOWN] * 90)
    nasty = replace(MINE[0], title="<!channel>" * 5000)
    drawn = home(
        seen(mine=[nasty] * 900, team=TEAM * 300, approvals=list(FULL.approvals) * 90, status=[FLOW] * 90,
             holds=[hold(customer="&" * 9000)] * 90, pauses=PAUSES * 90, works=crowd, through=THROUGH),
        around(),
    )  # fmt: skip
    assert not refused(drawn) and len(drawn["blocks"]) <= 100
    assert any("885 more" in text for text in texts(drawn))


def test_figures_have_a_mark_of_their_own() -> None:
    before, after = home(FULL, around()), home(replace(FULL, through={}), around())
    assert marks(before)[0] == marks(after)[0] and marks(before)[1] != marks(after)[1]
    assert marks(before)[0] != marks(home(replace(FULL, mine=MINE[:1]), around()))[0]
    assert any(str(block.get("block_id", "")).startswith(FIGURES) for block in before["blocks"])


def test_a_beat_of_the_engine_is_no_change() -> None:
    worker = (WORKS.workers or ())[0]
    later = replace(WORKS, workers=[replace(worker, beat_at=worker.beat_at + timedelta(seconds=3))])
    assert marks(home(FULL, around())) == marks(home(replace(FULL, works=later), around()))
