"""`/sync` answers in words that a newcomer understands, whatever was asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from drawings import CODES, DANA, NOW, around, case, entry, hold, proposal, refused, resolved, same_as_snapshot, texts

from bot import answers
from bot.glance import Works
from store.standing import FlowStatus
from store.waiting import Waiting
from store.workers import Worker
from sync.model import Breaker, Mode

FLOW = FlowStatus(flow="quote_to_cash", states={"delivered": 12, "held": 1}, last_delivered=NOW, oldest=None)
IDLE = FlowStatus(flow="credit_notes", states={}, last_delivered=None, oldest=NOW - timedelta(hours=1))
PAUSE = ("connection", "erp", DANA, NOW)
DOWN = Breaker(connection="erp", state="open", trips=3, opened_at=NOW - timedelta(hours=1), until=NOW + timedelta(minutes=2),
               closed_at=None, detail="503")  # fmt: skip
UP = replace(DOWN, connection="crm", state="closed", closed_at=NOW)
BEHIND = Waiting(event_id=3, flow="quote_to_cash", subject="deals:907", title="Acme <renewal>", since=NOW - timedelta(hours=1),
                 behind=12, case_id=7, hold_id=None, until=NOW + timedelta(hours=47))  # fmt: skip
BILLED = replace(BEHIND, title="", behind=1, hold_id=5, until=None)
BATCH = Mode(flow="credit_notes", mode="batch", since=NOW - timedelta(minutes=8), why="83/s arrive")
STARTED = NOW - timedelta(hours=5)
WORKERS = [
    Worker(name="3fa94c1d77aa0b12", role="worker", started_at=STARTED, beat_at=NOW - timedelta(seconds=4)),
    Worker(name="77c0ffee00d1f00d", role="worker", started_at=STARTED, beat_at=NOW - timedelta(minutes=3)),
    Worker(name="b07b07b07b07b07b", role="bot", started_at=STARTED, beat_at=NOW - timedelta(seconds=2)),
]
OPEN = [case("missing_billing_code"), case("price_off_list", 8)]


HISTORY = [
    entry(1, "engine", "open", reason="missing_billing_code"),
    entry(2, DANA, "take", decision=f"@{{{DANA}}} takes it."),
    entry(3, DANA, "hand_over", decision="to somebody else"),
]

ANSWERS = {
    "help": answers.help_text(),
    "status": answers.status(
        [FLOW, IDLE],
        {"missing_billing_code": 1, "unknown_product": 529},
        [hold(waiting=2)],
        [PAUSE],
        {"cards": 2, "messages": 0},
        around(),
        Works(workers=WORKERS, modes=[BATCH]),
    ),
    "status-stopped": answers.status(
        [FLOW],
        {"missing_billing_code": 1},
        [],
        [],
        {"cards": 0, "messages": 0},
        around(),
        Works(breakers=[DOWN, UP], workers=[]),
        [BEHIND, BILLED],
    ),
    "status-quiet": answers.status([], {}, [], [], {"cards": 0, "messages": 0}, around()),
    "exceptions": answers.exceptions(OPEN, around(), 2),
    "exceptions-none": answers.exceptions([], around(), 0),
    "show-open": answers.show(OPEN[0], HISTORY, around()),
    "show-proposed": answers.show(proposal(OPEN[1]), [], around()),
    "show-resolved": answers.show(resolved(case("unknown_product")), HISTORY, around()),
    "unknown": answers.unknown("staus", "status"),
    "unknown-far": answers.unknown("make coffee", None),
    "done": answers.done("EX-7 is on its way again."),
    "error": answers.error(f"EX-7 is already resolved by @{{{DANA}}} at 14:02 UTC.", around(), "4f9d21aa"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer(name: str) -> None:
    same_as_snapshot(f"answer-{name}", ANSWERS[name])


@pytest.mark.parametrize("code", CODES)
def test_every_reason_can_be_shown(code: str) -> None:
    assert not refused(answers.show(case(code), HISTORY, around()))


def test_a_misspelt_command_is_answered_with_the_nearest() -> None:
    assert ANSWERS["unknown"]["text"] == "There is no “staus”. Did you mean /sync status?"


def test_an_error_names_who_was_faster_and_mentions_nobody() -> None:
    drawn = ANSWERS["error"]
    assert "Dana Okafor" in drawn["text"] and "4f9d21aa" in drawn["text"]
    assert not any(DANA in text for text in texts(drawn))


def test_a_list_of_hundreds_is_clipped_and_counted() -> None:
    drawn = answers.exceptions([case("missing_lines", number) for number in range(1, 501)], around(), 500)
    assert not refused(drawn)
    assert any("480 more" in text for text in texts(drawn))


def test_any_words_fit() -> None:
    text = "<!channel>\x00" * 9000
    for drawn in (answers.unknown(text, text), answers.error(text, around(), text), answers.done(text)):
        assert not refused(drawn)
        assert len(drawn["text"]) <= 4000 and "<!channel>" not in drawn["text"]


def test_status_says_which_process_is_silent_while_others_work() -> None:
    said = "\n".join(texts(ANSWERS["status"]))
    assert "The engine works in 1 process" in said
    lines = [line for line in said.splitlines() if line.startswith("• engine")]
    assert ["silent" in line for line in lines] == [True, False]
    assert "77c0ffee" in lines[0] and "3fa94c1d" in lines[1]


@pytest.mark.parametrize(
    ("workers", "words"),
    [
        ([], "*No engine is running.*"),
        (WORKERS[2:], "*No engine is running.*"),
        (WORKERS[1:], "*The engine is silent*"),
    ],
)
def test_status_says_when_nobody_works(workers: list[Worker], words: str) -> None:
    drawn = answers.status([], {}, [], [], {"cards": 0, "messages": 0}, around(), Works(workers=workers))
    assert any(text.startswith(words) for text in texts(drawn))


def test_hundreds_of_processes_fit_and_the_silent_ones_come_first() -> None:
    drawn = answers.status([], {}, [], [], {}, around(), Works(workers=[WORKERS[0]] * 300 + WORKERS[1:]))
    assert not refused(drawn)
    said = "\n".join(texts(drawn))
    assert "77c0ffee" in said and "more" in said


def test_counts_that_nobody_finished_say_so() -> None:
    flow = replace(FLOW, states={"delivered": 10_000, "pending": 9_999})
    said = " ".join(texts(answers.status([flow], {}, [], [], {}, around())))
    assert "10,000+ delivered" in said and "9,999 waiting" in said
