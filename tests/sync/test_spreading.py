"""A total spread over months adds up to the total, whatever it is; a share of an amount is rounded once, half to even."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_prepare import CLEAN, outcome, reasons, with_write

from sync.model import Plan
from sync.spreading import parts, shares
from sync.workspace.diff.reading import reads

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@settings(max_examples=60, deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(1, 60), DAYS, st.sampled_from(["month", "day"]))
def test_the_parts_add_up_to_the_total_and_follow_each_other(total: int, months: int, starts: date, per: Any) -> None:
    found = parts(total, months, starts, per)
    assert sum(part["amount_minor"] for part in found) == total
    assert found[0]["starts"] == starts.isoformat()
    for part, following in pairwise(found):
        assert date.fromisoformat(part["ends"]) + timedelta(days=1) == date.fromisoformat(following["starts"])
    if per == "month":
        assert len(found) == months and max(_of(found)) - min(_of(found)) <= 1
    else:
        assert all(part["starts"][:7] == part["ends"][:7] == part["period"] for part in found)


def _of(found: list[dict[str, Any]]) -> list[int]:
    return [part["amount_minor"] for part in found]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**9), st.lists(st.integers(1, 31), min_size=1, max_size=30))
def test_no_part_is_a_whole_unit_away_from_its_exact_share(total: int, weights: list[int]) -> None:
    for part, weight in zip(shares(total, weights), weights, strict=True):
        assert abs(part - Decimal(total) * weight / sum(weights)) < 1


def test_a_year_from_the_end_of_january_keeps_to_the_ends_of_months() -> None:
    found = parts(100_00, 3, date(2026, 1, 31), "month")
    assert [(each["starts"], each["ends"]) for each in found] == [
        ("2026-01-31", "2026-02-27"),
        ("2026-02-28", "2026-03-30"),
        ("2026-03-31", "2026-04-29"),
    ]
    assert _of(found) == [3333, 3333, 3334]


def test_by_days_a_month_that_is_half_used_gets_half() -> None:
    found = parts(31_00, 1, date(2026, 1, 16), "day")
    assert [(each["period"], each["amount_minor"]) for each in found] == [("2026-01", 1600), ("2026-02", 1500)]


SPREAD = {
    "to": "parts",
    "spread": {"amount": "amount", "months": "months", "starts": "closedate"},
    "record": [{"to": "period", "from": "period"}, {"to": "amount_minor", "from": "amount_minor"}],
}


def test_a_row_spreads_an_amount_of_the_record() -> None:
    plan = outcome({**CLEAN, "months": "3"}, with_write(record=[SPREAD]))
    assert isinstance(plan, Plan)
    assert plan.writes[0].body["parts"] == [
        {"period": "2026-03", "amount_minor": 198666},
        {"period": "2026-04", "amount_minor": 198667},
        {"period": "2026-05", "amount_minor": 198667},
    ]


@pytest.mark.parametrize("months", [None, "0", "1.5", "121", "many"])
def test_what_cannot_be_spread_is_for_a_person(months: Any) -> None:
    assert reasons(outcome({**CLEAN, "months": months}, with_write(record=[SPREAD]))) == [("invalid_value", "amount")]


def test_the_fields_that_a_spread_reads_are_known() -> None:
    assert {"amount", "months", "closedate"} <= reads(with_write(record=[SPREAD]))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**8), st.decimals(0, 100, places=3))
def test_a_share_of_an_amount_is_rounded_half_to_even(cents: int, percent: Decimal) -> None:
    record = {**CLEAN, "base": f"{cents // 100}.{cents % 100:02}", "rate": f"{percent:f}"}
    plan = outcome(record, with_write(record=[{"to": "share", "from": "rate", "percent_of": "base"}]))
    assert isinstance(plan, Plan)
    assert plan.writes[0].body.get("share") == int((cents * percent / 100).to_integral_value(ROUND_HALF_EVEN))


def test_a_percentage_that_cannot_be_read_is_never_a_share_of_nothing() -> None:
    rows = [{"to": "share", "from": "rate", "percent_of": "amount"}]
    assert reasons(outcome({**CLEAN, "rate": "a lot"}, with_write(record=rows))) == [("invalid_amount", "rate")]
