"""A digest says what came, what was decided, what is late and what waits, and is silent when nothing happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
from drawings import NOW, around, case, cause, elements, hold, many, refused, same_as_snapshot

from bot.digest import digest, person_digest
from store.periods import Period, PersonPeriod
from sync.figures import Recurring, Took
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


RICH = replace(
    BUSY,
    took=Took(count=14, typical=timedelta(minutes=130), most=timedelta(hours=20)),
    delayed=(Money(currency="EUR", minor=1_250_000),),
    reasons=(("unknown_product", 518), ("missing_billing_code", 13)),
    recurring=(Recurring(flow="quote_to_cash", reason="unknown_product", value="GTXPro", weeks=4, of=4, count=611),),
    quiet=(cause(case("unknown_value", 31, severity="C"), case("unknown_value", 32, severity="C")),),
)


def test_a_day_says_how_fast_it_was_what_is_late_what_comes_back_and_what_can_wait() -> None:
    drawn = digest("Sales Operations", RICH, around())
    assert drawn is not None
    same_as_snapshot("digest-rich", drawn)
    told = str(drawn["blocks"])
    assert "*14* were resolved, half within 2 hours 10 minutes" in told and "within 20 hours" in told
    assert "12,500.00 EUR" in told and "611 times in 4 of the last 4 weeks" in told
    [show], [fix] = elements(drawn["blocks"], "all"), elements(drawn["blocks"], "resolve")
    assert (show["text"]["text"], fix["text"]["text"]) == ("Show", "Choose"), (
        "what has no card is mended from the digest"
    )
    assert "1 process defect." in drawn["text"]


def test_a_persons_own_digest_says_what_waits_for_them_and_what_they_decided() -> None:
    mine = PersonPeriod(
        unresolved=7, late=1, decided=3, sums=(Money(currency="EUR", minor=875_000),),
        mine=tuple(case("missing_billing_code", number) for number in range(7, 14)),
    )  # fmt: skip
    drawn = person_digest(mine, around())
    assert drawn is not None
    same_as_snapshot("digest-person", drawn)
    assert drawn["text"].startswith(
        "Your digest: 7 exceptions wait for you, 1 of them late. They stop 8,750.00 EUR. You decided 3 in the last day. "
        "Nearest: EX-7, resolve by"
    )
    assert "… 2 more on the Home tab" in str(drawn["blocks"])


def test_a_person_for_whom_nothing_waits_and_who_decided_nothing_hears_nothing() -> None:
    assert person_digest(PersonPeriod(unresolved=0, late=0, decided=0, sums=(), mine=()), around()) is None
    done = person_digest(PersonPeriod(unresolved=0, late=0, decided=2, sums=(), mine=()), around())
    assert done is not None and done["text"] == "Your digest: Nothing waits for you. You decided 2 in the last day."
