"""A digest says what came, what was decided, what is late and what waits, and is silent when nothing happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
from drawings import NOW, around, case, cause, hold, many, refused, same_as_snapshot

from bot.digest import digest
from store.reports import Period
from sync.money import Money

QUIET = Period(opened=0, resolved=0, unresolved=0, late=0, sums=(), causes=(), holds=())
BUSY = Period(
    opened=531, resolved=14, unresolved=517, late=2, sums=(Money(currency="EUR", minor=66_125_000), Money(currency="JPY", minor=90_000)),
    causes=(many("unknown_product"), cause(case("missing_billing_code", 12)), cause(case("price_off_list", 13))),
    holds=(hold(), hold(6, "7002", waiting=3, case_id=None)),
)  # fmt: skip


def test_nothing_happened_and_nothing_is_said() -> None:
    assert digest("Sales Operations", QUIET, around()) is None


def test_a_busy_day_is_one_message() -> None:
    drawn = digest("Sales Operations", BUSY, around(), permalink=lambda cause_id: f"https://slack.example/{cause_id}")
    assert drawn is not None
    same_as_snapshot("digest-busy", drawn)
    assert drawn["text"] == (
        "Digest for Sales Operations: 531 came and 14 were resolved. 517 are open, 2 of them late. "
        "661,250.00 EUR, 90,000 JPY stopped. Billing on hold for 2 customers. Nearest: Product is not in the price list · 529 records, "
        "resolve by 2026-03-03 08:37 UTC."
    )
    assert orjson.loads(orjson.dumps(drawn)) == drawn


def test_a_day_that_ended_well_is_told_too() -> None:
    drawn = digest("Sales Operations", replace(QUIET, opened=3, resolved=3), around())
    assert drawn is not None
    same_as_snapshot("digest-all-done", drawn)
    assert "Nothing is open." in drawn["text"]


def test_a_single_late_one_is_told_in_the_singular() -> None:
    one = replace(
        QUIET, opened=1, resolved=1, unresolved=1, late=1, causes=(cause(case("missing_lines")),), holds=(hold(),)
    )
    drawn = digest("Sales Operations", one, around(NOW + timedelta(days=3)))
    assert drawn is not None
    assert "1 came and 1 was resolved. 1 is open, and it is late." in drawn["text"]
    assert "Billing on hold for 1 customer." in drawn["text"]
    assert "late since 2026-03-03 08:37 UTC" in drawn["text"]


def test_any_team_and_any_text_fit() -> None:
    nasty = case("missing_lines", title="<!channel>" * 9000)
    drawn = digest(
        "<&>" * 9000, replace(BUSY, causes=(cause(nasty),) * 9, holds=(hold(customer="&" * 9000),) * 80), around()
    )
    assert drawn is not None
    assert not refused(drawn) and len(drawn["text"]) <= 4000
