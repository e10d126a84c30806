"""A pack says what a week or a month was like, in words that stand without the pictures, and its rows harm no spreadsheet."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from drawings import DANA, FAYE, around, case, refused, same_as_snapshot

from bot.charts import Ranking, Trend, png
from bot.checklists import checklist_message
from bot.pack_csv import HEADS, cell, rows_of
from bot.packs import REASONS, TREND, alt_texts, charts, pack_message
from sync.figures import Fact, Recurring, Stretch, figures
from sync.lifecycle import ReleaseState
from sync.money import Money
from sync.packs import Pack, Situation, checklist
from sync.reasons import REASONS as CODES
from sync.releases import Release
from sync.suggestions import ProposedRule

BERLIN, HOUR = "Europe/Berlin", timedelta(hours=1)
SINCE = datetime(2026, 2, 22, 23, 0, tzinfo=UTC)  # Monday midnight in Berlin
UNTIL = SINCE + timedelta(days=7)
NOW = UNTIL + timedelta(hours=8, minutes=45)


def fact(number: int, code: str, **changed: Any) -> Fact:
    """An exception of the week that is open."""
    one = case(code, number)
    fresh = Fact(
        id=one.id, flow=one.flow, reason=code, value="", severity=one.severity, team=one.team, owner=DANA,
        customer="Acme Tools GmbH", title=one.title, money=one.money, opened_at=SINCE + number * HOUR,
        resolve_by=SINCE + (number + 24) * HOUR, resolved_at=None, decided_by="", decision="", came_back_at=None,
        outcome_at=None,
    )  # fmt: skip
    return replace(fresh, **changed)


def decided(one: Fact, after: timedelta) -> Fact:
    """The same, decided by Faye and billed four seconds later."""
    done = one.opened_at + after
    return replace(
        one, resolved_at=done, decided_by=FAYE, decision=f"@{{{FAYE}}} decided", outcome_at=done + timedelta(seconds=4)
    )


FACTS = (
    *(decided(fact(number, "unknown_product"), HOUR * number) for number in range(1, 9)),
    decided(fact(9, "missing_billing_code"), HOUR * 30),
    fact(10, "price_off_list", owner=FAYE, money=Money(currency="EUR", minor=9_900_000)),
    fact(150, "missing_billing_code", customer="<!channel>", title="=cmd()", money=Money(currency="JPY", minor=90_000)),
    fact(11, "unknown_product", came_back_at=SINCE + 20 * HOUR),
)  # fmt: skip


def trend(*opened: int) -> tuple[Stretch, ...]:
    first = SINCE - timedelta(days=7) * (len(opened) - 1)
    ends = [first + timedelta(days=7) * place for place in range(len(opened) + 1)]
    return tuple(
        Stretch(since=ends[place], until=ends[place + 1], events=240 if many else 0, opened=many)
        for place, many in enumerate(opened)
    )


def situation(pack_facts: tuple[Fact, ...] = FACTS, **changed: Any) -> Situation:
    stretches = trend(15, 12)
    fresh = Situation(
        flows=2, silent=(), unresolved=3, overdue=2, unanswered=0, holds=("Acme Tools GmbH",), stuck=(), backlog=0,
        week=figures(pack_facts, stretches[-1], delivered=228, now=NOW), before=stretches[0],
        recurring=(), proposed=0, manual=1,
    )  # fmt: skip
    return replace(fresh, **changed)


RULE = ProposedRule(
    id=3, flow="quote_to_cash", reason="unknown_product", path="lines[*].product_code", label="Product", found="GTXPro",
    value="GTX-PRO", means="GTX Pro", accepted=25, state="proposed", proposed_at=SINCE,
)  # fmt: skip


def pack(kind: str = "weekly", **changed: Any) -> Pack:
    stretches = trend(21, 18, 0, 20, 16, 17, 15, 12)
    release = Release(
        id=4, digest="d", state=ReleaseState.ACTIVE, made_by=DANA, made_at=SINCE, words="Accept GTXPro as GTX-PRO",
        based_on=3,
    )  # fmt: skip
    fresh = Pack(
        kind=kind, slot="2026-02-23", channel="C0REVOPS00", company="Northwind Trading",
        figures=figures(FACTS, stretches[-1], delivered=228, now=NOW), trend=stretches,
        recurring=(Recurring(flow="quote_to_cash", reason="unknown_product", value="GTXPro", weeks=4, of=4, count=61),),
        releases=(release,), proposed=(replace(release, id=5, state=ReleaseState.PROPOSED, needs=("finance",)),),
        rules=(RULE,), facts=FACTS, manual=1, items=checklist(situation()) if kind == "weekly" else (),
    )  # fmt: skip
    return replace(fresh, **changed)


@pytest.mark.parametrize("kind", ["weekly", "monthly"])
def test_a_pack_is_one_message_that_stands_without_its_pictures(kind: str) -> None:
    plain = pack_message(pack(kind), BERLIN, around(NOW))
    same_as_snapshot(f"pack-{kind}-plain", plain)
    shown = pack_message(pack(kind), BERLIN, around(NOW), {TREND: "F0TREND001", REASONS: "F0REASONS1"})
    same_as_snapshot(f"pack-{kind}", shown)
    pictures = [one["alt_text"] for one in shown["blocks"] if one["type"] == "image"]
    assert pictures == list(alt_texts(pack(kind), BERLIN).values())
    assert all(any(alt.split(":")[0] in str(one) for one in plain["blocks"]) for alt in pictures)
    assert "The charts are missing" in str(plain) and "The charts are missing" not in str(shown)


def test_the_figures_of_a_week_are_the_ones_counted_by_hand() -> None:
    told = str(pack_message(pack(), BERLIN, around(NOW)))
    assert "*12* exceptions from *240* events, *50.0* per 1,000, fewer than the 62.5 of the week before." in told
    assert "98.2% of 228 (target 99%)" in told  # one was billed late and three are overdue: 227 of 231
    assert "88.8% of 9" in told  # 8 of 9 in time
    assert "90% of 10 (target 100%)" in told  # 9 went through, 1 came back
    assert "half within 5 hours, 9 of 10 within 1 day 6 hours" in told
    assert "99,000.00 EUR" in told and "90,000 JPY" in told


def test_a_picture_is_small_enough_for_a_phone_and_its_sentence_says_the_trend() -> None:
    drawn = {name: png(chart) for name, chart in charts(pack(), BERLIN).items()}
    assert set(drawn) == {TREND, REASONS}
    for content in drawn.values():
        assert content.startswith(b"\x89PNG") and len(content) < 100_000
        assert int.from_bytes(content[16:20], "big") == 800
    assert alt_texts(pack(), BERLIN)[TREND] == (
        "Exceptions per 1,000 events, by week: down from 87.5 (5 Jan) to 50.0 (23 Feb); highest 87.5 (5 Jan), lowest 50.0 (23 Feb)."
    )


def test_drawing_leaves_nothing_behind_and_draws_the_same_twice() -> None:
    import sys

    chart = Ranking(title="$x^2$ <b>", names=("a$b$",), came=(0,), left=(0,))
    assert png(chart) == png(chart)
    assert "matplotlib.pyplot" not in sys.modules, "pyplot keeps figures and picks a screen"
    assert png(Trend(title="t", labels=("a", "b"), values=(0, 0)))


def test_no_cell_of_the_rows_is_a_formula_and_money_is_text_beside_its_currency() -> None:
    text = rows_of(FACTS)
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(text.decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == HEADS and len(rows) == len(FACTS)
    [risky] = [one for one in rows if one["exception"] == "EX-150"]
    assert risky["record"] == "'=cmd()" and (risky["amount"], risky["currency"]) == ("90000", "JPY")
    assert (rows[0]["amount"], rows[0]["in time"], rows[8]["in time"]) == ("1250.00", "yes", "no")
    for word in ("=1", "+1", "-1", "@x", "\t=1", " =1", "\r=1"):
        assert cell(word).startswith("'"), word
    assert cell("EX-1") == "EX-1" and cell("") == ""
    assert BytesIO(text).readline().count(b",") == len(HEADS) - 1


def test_any_text_fits_and_pings_nobody() -> None:
    nasty = tuple(
        fact(number, code, title="<!channel>" * 900, customer="<@U0DANA0001>" * 90)
        for number, code in enumerate(list(CODES) * 3, 1)
    )
    stretches = trend(20, 12)
    full = pack(facts=nasty, figures=figures(nasty, stretches[-1], delivered=1, now=NOW), company="&" * 900)
    drawn = pack_message(full, BERLIN, around(NOW), {TREND: "F1", REASONS: "F2"})
    assert (
        not refused(drawn) and len(drawn["text"]) <= 4000 and "<!channel>" not in str(drawn) and "<@U" not in str(drawn)
    )


def test_the_checklist_answers_eleven_questions_in_words() -> None:
    items = checklist(situation())
    assert len(items) == 11 and sum(one.well for one in items) == 6
    drawn = checklist_message(items, "Northwind Trading")
    same_as_snapshot("checklist", drawn)
    assert drawn["text"].startswith(
        "Monday checklist for Northwind Trading: 6 of 11 are well. Look first at “No exception is late”: 2 are"
    )
    troubled = situation(silent=("Quote to cash",), unanswered=1, stuck=("flow x is paused",) * 9, backlog=3)
    same_as_snapshot("checklist-troubled", checklist_message(checklist(troubled), "Northwind Trading"))


def test_a_quiet_monday_is_all_well() -> None:
    quiet = situation((), unresolved=0, overdue=0, holds=(), manual=0, before=trend(15, 0)[0])
    empty = replace(quiet, week=figures((), trend(15, 0)[-1], delivered=0, now=NOW))
    assert all(one.well for one in checklist(empty))
