"""A card calls everybody by their name, also those who are asked later and those who stopped something."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from drawings import BEN, DANA, FAYE, GUS, NOW, PRIYA, case, cause

from bot.poster import people_of
from sync.exceptions import Card
from sync.ladder import Rung
from sync.pausing import ClockPause


def test_the_names_of_all_whom_a_card_may_name_are_asked_for() -> None:
    ladder = (Rung(to="backup", people=(BEN,)), Rung(to="approvers", people=(PRIYA,), wait=timedelta(hours=4)))
    pause = ClockPause(case_id=7, why="customer_waiting", note="", by=GUS, since=NOW, until=NOW + timedelta(days=1))
    one = replace(case("unknown_product"), ladder=ladder, proposed_by=FAYE)
    shown = replace(cause(one), pauses=(pause,))
    card = Card(cause=shown, channel="C0SALESOPS", ts=None, unsure=False, lease="l")
    assert people_of(card) == {DANA, BEN, PRIYA, GUS, FAYE}
