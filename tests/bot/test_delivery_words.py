"""What people read about delivery: which channel, since when, what to click, and nothing that pings by accident."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import answers
from bot import delivery_words as words
from bot.slack_errors import LOST, STOPPED
from sync.delivery import LostChannel, Pending, Queue, Stop
from tests.bot.drawings import NOW, around, refused, same_as_snapshot, texts

HOUR = timedelta(hours=1)
CHANNEL = LostChannel(channel="C0SALESOPS", error="is_archived", fallback="C0REVOPS00", lost_at=NOW)
STOP = Stop(error="token_revoked", stopped_at=NOW - HOUR, tried_at=NOW)
QUEUES = tuple(
    Queue(channel=f"C0TEAM{number:02}", cards=number, messages=number % 2, since=NOW - HOUR, error="TimeoutError")
    for number in range(1, 21)
)
PENDING = Pending(queues=QUEUES, lost=(CHANNEL,), stop=STOP, removed=(7, 9))


@pytest.mark.parametrize("error", sorted(LOST))
def test_a_lost_channel_says_what_to_click(error: str) -> None:
    lost = LostChannel(channel="C0SALESOPS", error=error, fallback="C0REVOPS00", lost_at=NOW)
    drawn = words.channel_lost(lost, "U0OMAR0001")
    same_as_snapshot(f"delivery-lost-{error.replace('_', '-')}", drawn)
    assert drawn["text"].endswith(".") and len(drawn["text"]) < 400
    assert words.channel_trouble(error) != words.channel_trouble("something new")


def test_a_channel_and_a_connection_that_are_back() -> None:
    same_as_snapshot("delivery-channel-back", words.channel_back("C0SALESOPS"))
    same_as_snapshot("delivery-slack-back", words.let_in_again(STOP, NOW))


@pytest.mark.parametrize("error", sorted(STOPPED))
def test_a_stop_says_why_and_what_to_click(error: str) -> None:
    said = words.stop_words(Stop(error=error, stopped_at=NOW, tried_at=NOW))
    assert error not in said and "Reinstall to Workspace" in said and "Nothing is lost" in said


def test_the_page_of_pending_posts_says_everything_and_stops_somewhere() -> None:
    lines = words.pending_lines(PENDING)
    assert lines[2].startswith("2 cards were deleted in Slack twice")
    assert (
        lines[3]
        == f"C0TEAM01: 1 card, 1 message, the oldest since {QUEUES[0].since:%Y-%m-%d %H:%M} UTC; the last answer was “TimeoutError”."
    )
    assert lines[-1] == "… 12 more" and len(lines) == 12
    assert words.pending_lines(Pending()) == []


def test_status_has_the_page_of_pending_posts() -> None:
    drawn = answers.status([], {}, [], [], {"cards": 3, "messages": 1}, around(), pending=PENDING)
    same_as_snapshot("answer-status-pending", drawn)
    assert "Delivery to Slack" in texts(drawn) and not refused(drawn)
