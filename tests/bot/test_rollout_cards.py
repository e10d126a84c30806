"""A card at every stage of a decision about its records: what it shows, what can be pressed, how it reads aloud."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from drawings import BEN, DANA, NOW, around, buttons, case, cause, many, resolved, same_as_snapshot, texts

from bot.cards import card
from sync.model import Cause
from sync.rollouts import Rollout

WORDS = f"@{{{DANA}}} decided: Product “GTXPro” means “GTX-PRO”"
BEGUN = Rollout(
    id=1, cause_id=3, flow="quote_to_cash", verb="resolve", by=DANA, words=WORDS, state="canary", total=412, waiting=407, sent=5, through=0,
    failed=0, passed=0, canary=5, canary_through=0, canary_failed=0, canary_passed=0, elsewhere=0, newcomers=0, why="",
    ended_by="", started_at=NOW - timedelta(minutes=1), ended_at=None,
)  # fmt: skip
REST = replace(BEGUN, state="rest", canary_through=5, through=312, sent=40, waiting=60)
STOPPED = replace(
    BEGUN, state="stopped", sent=0, through=4, failed=1, canary_through=4, canary_failed=1, ended_by="engine",
    why="stopped", ended_at=NOW, failed_case=7, failed_reason="price_off_list", elsewhere=1,
    failed_detail="Unit price (line 1): 1200.00 EUR ± 10% (list price)",
)  # fmt: skip
DONE = replace(REST, state="done", through=412, sent=0, waiting=0, ended_by="engine", ended_at=NOW)


def open_card(rollout: Rollout, left: int) -> Cause:
    return replace(many("unknown_product", left), total=412, rollout=rollout)


def closed_card(rollout: Rollout) -> Cause:
    return replace(cause(resolved(case("unknown_product"))), total=412, rollout=rollout)


STAGES: dict[str, tuple[Cause, list[str], str]] = {
    "canary": (open_card(BEGUN, 407), ["stop_rollout"], "Canary (the oldest 5): 0 of 5 went through."),
    "canary-half": (
        open_card(replace(BEGUN, through=3, sent=2, canary_through=3), 407), ["stop_rollout"],
        "3 of 5 went through. The other 407 follow when all five went through.",
    ),
    "rest": (open_card(REST, 60), ["stop_rollout"], "Canary: 5 of 5 went through. 312 of 412 done."),
    "rest-some-failed": (
        open_card(replace(REST, failed=11, sent=29, elsewhere=8), 60), ["stop_rollout"],
        "323 of 412 done. 11 failed again, 8 of them for another cause: on a card of their own.",
    ),
    "rest-newcomers": (open_card(replace(REST, newcomers=3), 63), ["stop_rollout"], "3 more records have come in since."),
    "rest-paused": (open_card(replace(REST, paused_by=BEN), 60), ["stop_rollout"], "The flow is paused by Ben Ortiz"),
    "last-ones": (closed_card(replace(REST, through=372, waiting=0)), [], "372 of 412 done."),
    "stopped": (
        open_card(STOPPED, 407), ["go_on", "suggest", "resolve", "replay"],
        "EX-7, one of the 5 that were tried first, failed again: Price is off the price list",
    ),
    "stopped-by-a-person": (
        open_card(replace(REST, state="stopped", sent=0, through=352, ended_by=BEN, ended_at=NOW), 60),
        ["go_on", "suggest", "resolve", "replay"], "Stopped by Ben Ortiz",
    ),
    "done": (closed_card(DONE), [], "412 of 412 went through."),
    "done-with-some-left": (
        open_card(replace(DONE, through=401, failed=11, elsewhere=0), 11),
        ["suggest", "resolve", "replay", "take"], "401 of 412 went through. 11 failed again, on this card.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_its_card(stage: str) -> None:
    shown, pressed, words = STAGES[stage]
    drawn = card(shown, around())
    assert buttons(drawn) == pressed
    assert words in " ".join([drawn["text"], *texts(drawn["blocks"])]).replace("*", "")
    same_as_snapshot(f"card-decision-{stage}", drawn)


def primary(drawn: dict[str, Any]) -> list[str]:
    return [
        one["action_id"] for block in drawn["blocks"] if block["type"] == "actions" for one in block["elements"]
        if one.get("style") == "primary"
    ]  # fmt: skip


def test_only_going_on_is_the_first_thing_to_press_on_a_stopped_card() -> None:
    assert primary(card(STAGES["stopped"][0], around())) == ["go_on"]


def test_the_words_for_a_screen_reader_say_the_stage() -> None:
    said = {stage: card(shown, around())["text"] for stage, (shown, _, _) in STAGES.items()}
    assert "Being decided by Dana Okafor. Canary: 5 of 5 went through. 312 of 412 done." in said["rest"]
    assert said["stopped"].startswith("Stopped: EX-7, one of the 5 that were tried first, failed again")
    assert "@{" not in "".join(said.values()) and "_" not in "".join(said.values())


def test_what_stands_in_a_record_starts_nothing_on_a_card_that_stopped() -> None:
    evil = replace(STOPPED, failed_detail="<!channel> *now* :siren: @here", words="<!everyone> `x`")
    drawn = card(open_card(evil, 407), around())
    for sign in ("<!channel>", "<!everyone>", "*now*", "@here", ":siren:"):
        assert all(sign not in text for text in texts(drawn["blocks"])), sign
