"""Pieces keep Slack's limits, count what they leave out, and let text from outside do nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import blocks
from bot.carried import Carried, carried, carry
from bot.sandbox.slack.limits import block_problems


def test_what_is_left_out_is_counted() -> None:
    assert blocks.clip("abcdefghijklmnopqrstuvwxyz", 20) == "abcdefghij … 16 more"
    assert blocks.clip("short", 20) == "short"
    assert blocks.few(["a", "b", "c"], 2) == ["a", "b", "… 1 more"]
    assert blocks.few(["a"], 2) == ["a"]


def test_a_time_is_shown_in_the_readers_own_zone_and_in_utc_words() -> None:
    berlin = datetime(2026, 3, 1, 15, 0, tzinfo=timezone(timedelta(hours=1)))
    assert blocks.moment(berlin) == "<!date^1772373600^{date_short_pretty} at {time}|2026-03-01 14:00 UTC>"
    assert blocks.moment(datetime(2026, 3, 1, 14, 0, tzinfo=UTC)) == blocks.moment(berlin)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<!channel> & <@U1>", "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("a\x00b\x07\nc\u202ed\u2066", "ab cd"),
        (":siren: at 10:30:00", "∶siren: at 10∶30:00"),
        ("*b* _i_ ~s~ `c` snake_case", "∗b∗ ˍiˍ ∼s∼ ˋcˋ snake_case"),
        ("https://x.example", "https∶//x.example"),
        ("mail @here or @Channel", "mail @\u2060here or @\u2060Channel"),
    ],
)
def test_text_from_outside_shows_what_it_says_and_does_nothing(text: str, shown: str) -> None:
    assert blocks.escape(text) == shown


def test_markup_is_never_cut_inside_a_date_a_link_or_an_entity() -> None:
    date = blocks.moment(datetime(2026, 3, 1, tzinfo=UTC))
    for limit in range(20, 120):
        cut = blocks.fit(f"before {date} &amp; {date} after", limit)
        assert len(cut) <= limit
        assert cut.count("<") == cut.count(">")
        assert cut.count("&") == cut.count(";")


def test_only_an_https_address_becomes_a_link() -> None:
    assert blocks.link("https://crm.example/1?a=1&b=2", "<Acme>") == "<https://crm.example/1?a=1&amp;b=2|&lt;Acme&gt;>"
    for url in (None, "http://crm.example", "javascript:alert(1)", "https://x.example/|<!channel>", "https://x y"):
        assert blocks.link(url, "Acme") == "Acme"


def test_a_value_is_never_cut() -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        blocks.button("take", "Take it", "x" * 2001)
    with pytest.raises(ValueError, match="cannot be drawn"):
        blocks.button("take", "Take it", "x", style="green")
    for value in ("", "x" * 76):
        with pytest.raises(ValueError, match="cannot be drawn"):
            blocks.option("An option", value)


@given(st.text(max_size=300), st.integers(min_value=1, max_value=40))
def test_whatever_the_text_slack_takes_the_blocks(text: str, times: int) -> None:
    long = text * times
    sure = blocks.confirm(long, long, long, long, style="danger")
    drawn = [
        blocks.header(long),
        blocks.section(blocks.escape(long), accessory=blocks.overflow("more", [blocks.option(long, "v", long)] * 9)),
        blocks.fields(*[(blocks.escape(long), blocks.said(long))] * 12),
        blocks.actions(blocks.button("press", long, "v", "danger", sure)),
        blocks.context(*[blocks.quote(long)] * 12),
        blocks.divider(),
    ]
    assert block_problems(drawn, "message") == []


@given(st.text(max_size=200), st.integers(min_value=1, max_value=200))
def test_clipped_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    assert len(blocks.clip(text, limit)) <= max(limit, 0)


def test_what_a_button_carries_comes_back() -> None:
    for one in (
        Carried(cause=3, version=4),
        Carried(cause=3, version=0, case=7, verb="snooze"),
        Carried(cause=3, version=4, hold=5, candidate="“GTX”"),
    ):
        assert carried(carry(one)) == one


@pytest.mark.parametrize("text", ["", "no", "[]", "{}", '{"cause":1}', '{"cause":"1","version":1}', '{"cause":true,"version":1}',
                                  '{"cause":1,"version":1,"admin":1}', '{"cause":1,"version":1,"hold":"x"}'])  # fmt: skip
def test_what_we_did_not_write_is_not_read(text: str) -> None:
    assert carried(text) is None
