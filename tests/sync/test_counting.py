"""Figures are whole numbers, and where there is nothing to divide by there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sync.figures import Fact, Recurrence, Seen, Stretch, dearest, figures, recurring, share, sums, took
from sync.money import Money
from sync.packs import percent, tenths
from sync.spoken import spoken

SINCE = datetime(2026, 11, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = Stretch(since=SINCE, until=SINCE + timedelta(days=7), events=1000, opened=3)


def fact(number: int = 1, *, minor: int = 100, currency: str = "EUR", **changed: object) -> Fact:
    given: dict[str, object] = {
        "id": number, "flow": "f", "reason": "r", "value": "", "severity": "B", "team": "t", "owner": "U1", "customer": "c",
        "title": "x", "money": Money(currency=currency, minor=minor), "opened_at": SINCE + HOUR,
        "resolve_by": SINCE + 5 * HOUR, "resolved_at": None, "decided_by": "", "decision": "", "came_back_at": None,
        "outcome_at": None,
    }  # fmt: skip
    return Fact(**(given | changed))  # type: ignore[arg-type]


def seen(*weeks: tuple[int, int], reason: str = "r") -> list[Seen]:
    return [Seen(flow="f", reason=reason, value="v", week=week, count=count) for week, count in weeks]


@pytest.mark.parametrize(
    ("weeks", "back"),
    [
        ([(0, 1), (1, 1), (3, 1)], True),  # three of the last four
        ([(0, 1), (1, 9)], False),
        ([(0, 1), (1, 1), (4, 1)], False),  # the fifth week back does not count
        ([(2, 25)], True),  # often within one week
        ([(2, 24)], False),
        ([], False),
    ],
)
def test_a_cause_is_a_process_defect_when_it_is_seen_week_after_week_or_often_in_one(
    weeks: list[tuple[int, int]], back: bool
) -> None:
    found = recurring(seen(*weeks))
    assert bool(found) == back
    assert not back or found[0].count == sum(count for week, count in weeks if week < 4)


def test_the_defect_seen_most_often_comes_first_and_the_rule_may_be_another() -> None:
    every = [*seen((0, 1), (1, 1), reason="a"), *seen((0, 5), (1, 1), reason="b")]
    assert [one.reason for one in recurring(every, Recurrence(weeks=2, of=2))] == ["b", "a"]


def test_half_and_nine_of_ten_are_taken_by_rank() -> None:
    found = took(timedelta(hours=one) for one in (9, 1, 2, 3, 4, 5, 6, 7, 8, 40))
    assert found is not None and (found.typical, found.most) == (5 * HOUR, 9 * HOUR)
    one = took([HOUR])
    assert one is not None and (one.typical, one.most, one.count) == (HOUR, HOUR, 1)
    assert took([]) is None


def test_shares_are_rounded_to_basis_points_and_never_flatter_themselves() -> None:
    assert (share(1, 3), share(2, 3), share(0, 5), share(5, 5), share(1, 0)) == (3333, 6667, 0, 10_000, None)
    assert (percent(9_999), percent(10_000), percent(9_950), percent(None)) == ("99.9%", "100%", "99.5%", "no figure")
    assert (WEEK.per_thousand, tenths(30), tenths(12_345)) == (30, "3.0", "1,234.5")
    assert Stretch(since=SINCE, until=SINCE, events=0, opened=0).per_thousand is None


def test_what_was_resolved_late_is_no_longer_on_time_though_it_was_billed() -> None:
    late = fact(1, resolved_at=SINCE + 6 * HOUR, decided_by="U1", outcome_at=SINCE + 6 * HOUR)
    good = fact(2, resolved_at=SINCE + 4 * HOUR, decided_by="engine")
    found = figures([late, good, fact(3)], WEEK, delivered=10, now=SINCE + 4 * HOUR)
    assert (found.on_time, found.kept, found.late, found.overdue) == (9_000, 5_000, 1, 0)
    assert (found.carried, found.decided) == (10_000, 1), "what the engine resolved was nobody's decision"
    afterwards = figures([late, good, fact(3)], WEEK, delivered=10, now=SINCE + 6 * HOUR)
    assert (afterwards.overdue, afterwards.on_time) == (1, share(9, 11))
    assert [one.id for one in afterwards.missed] == [1, 3] and afterwards.delayed == (Money(currency="EUR", minor=100),)


def test_two_currencies_are_neither_added_nor_compared() -> None:
    facts = [fact(1, minor=5), fact(2, minor=9), fact(3, minor=9_000, currency="JPY"), fact(4, minor=1, currency="JPY")]
    assert sums(facts) == (Money(currency="EUR", minor=14), Money(currency="JPY", minor=9_001))
    assert [one.id for one in dearest(facts)] == [2, 3, 1, 4]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "less than a second"), (1, "1 second"), (61, "1 minute 1 second"), (3_600, "1 hour"), (3_661, "1 hour 1 minute"),
     (90_000, "1 day 1 hour"), (86_400 * 3, "3 days"), (86_459, "1 day")],
)  # fmt: skip
def test_a_time_is_said_to_two_units(seconds: int, words: str) -> None:
    assert spoken(timedelta(seconds=seconds)) == words
