"""Both sides of a flow against each other: what is a disagreement, of which kind, and what is only under way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from reconciling_sides import STARTED, WRITTEN, YOUNG, Pair, Side

from sync.errors import Unavailable
from sync.model import Overlay
from sync.reconciling import running, sweep
from sync.reconciling.nouns import Kind, Known, Open, Report
from sync.reconciling.running import changed_since, read_both
from sync.reconciling.spool import Spool

LATER = WRITTEN + timedelta(days=2)


def kinds(report: Report | None) -> dict[str, Kind]:
    assert report is not None
    return {each.key: each.kind for each in report.found}


async def test_each_of_the_seven_kinds_is_found_with_its_money_and_nothing_else_is(tmp_path: Path) -> None:
    pair = Pair()
    pair.both("1", "2", "3")
    pair.deal("10")
    pair.invoice("I-11", "crm-deal-11", 500)
    pair.both("12")
    pair.invoice("I-12b", "crm-deal-12")
    pair.deal("13", "100.01")
    pair.invoice("I-13", "crm-deal-13")
    pair.deal("14")
    pair.invoice("I-14", "crm-deal-14", status="draft")
    pair.deal("15", "250.00", LATER)
    pair.invoice("I-15", "crm-deal-15")
    pair.deal("16")
    pair.invoice("I-16", "crm-deal-16", 9_000, changed=LATER)
    pair.invoice("I-99", "typed by hand", 4_200)
    pair.deal("20", dealstage="qualified")  # nothing is expected of a deal that is not won
    report = await pair.run(tmp_path)
    assert kinds(report) == {
        "crm-deal-10": Kind.MISSING, "crm-deal-11": Kind.ORPHAN, "crm-deal-12": Kind.DUPLICATE, "crm-deal-13": Kind.AMOUNT,
        "crm-deal-14": Kind.STATUS, "crm-deal-15": Kind.STALE, "crm-deal-16": Kind.BYPASS, "I-99": Kind.BYPASS,
    }  # fmt: skip
    found = {each.key: each for each in report.found}
    cent = found["crm-deal-13"]
    assert (cent.field, cent.source_value, cent.target_value, cent.at_stake) == ("total_minor", "10001", "10000", 1)
    assert found["crm-deal-12"].target_ids == ("I-12", "I-12b") and found["crm-deal-12"].customer == "7"
    assert report.stakes == {"EUR": 10_000 + 500 + 10_000 + 1 + 10_000 + 15_000 + 1_000 + 4_200}
    [total] = report.totals
    assert (total.period, total.currency, total.source_count, total.target_count) == ("2026-10", "EUR", 9, 11)


async def test_a_deal_that_was_reopened_after_billing_contradicts_its_invoice(tmp_path: Path) -> None:
    pair = Pair()
    pair.both("1")
    pair.deal("1", dealstage="negotiation")
    assert kinds(await pair.run(tmp_path)) == {"crm-deal-1": Kind.STATUS}


async def test_what_is_under_way_is_explained_and_not_reported(tmp_path: Path) -> None:
    pair = Pair()
    for number in ("1", "2", "3"):
        pair.deal(number)
    pair.deal("4", changed=YOUNG)
    pair.deal("5")
    pair.ledger.about = {
        "crm-deal-1": Known(state="pending", waits="under way since 03:58"),
        "crm-deal-2": Known(state="held", waits="waits for EX-7"),
        "crm-deal-3": Known(state="waiting", waits="billing of 7 is held"),
    }
    report = await pair.run(tmp_path)
    assert kinds(report) == {"crm-deal-5": Kind.MISSING}
    assert report.explained == {
        "under way": 1, "stopped, with an open exception": 1, "held back by a billing hold": 1, "changed a moment ago": 1,
    }  # fmt: skip
    assert ("crm-deal-2", "waits for EX-7") in report.examples


async def test_what_a_person_accepted_is_not_reported_again_until_it_changes(tmp_path: Path) -> None:
    pair = Pair()
    pair.invoice("I-1", "crm-deal-1")
    [found] = (await pair.run(tmp_path / "a")).found
    pair.ledger.about["crm-deal-1"] = Known(accepted=frozenset({found.print}))
    again = await pair.run(tmp_path / "b")
    assert (again.drifts, again.explained) == (0, {"accepted by a person as it is": 1})
    pair.invoice("I-1b", "crm-deal-1")
    assert kinds(await pair.run(tmp_path / "c")) == {"crm-deal-1": Kind.DUPLICATE}


async def test_a_value_that_a_person_decided_agrees_with_the_decision_and_not_with_the_source(tmp_path: Path) -> None:
    pair = Pair()
    pair.both("1", "2")
    pair.invoice("I-1", "crm-deal-1", 8_000)
    pair.invoice("I-2", "crm-deal-2", 7_000)
    decided = Overlay(path="amount", found="100.00", action="set", value="80.00")
    for number in ("1", "2"):
        pair.ledger.about[f"crm-deal-{number}"] = Known(written_at=WRITTEN, decided=True)
        pair.ledger.overlays[f"deals:{number}"] = (decided,)
    report = await pair.run(tmp_path)
    assert kinds(report) == {"crm-deal-2": Kind.AMOUNT}
    assert sum(report.explained.values()) == 1


async def test_a_tolerance_lets_cents_and_days_pass_and_no_more(tmp_path: Path) -> None:
    fields = {"total_minor": {"tolerance": 5}, "issue_date": {"days": 1}}
    pair = Pair(options={"fields": fields})
    pair.both("1", "2", "3", "4")
    pair.invoice("I-1", "crm-deal-1", 10_005, issue_date="2026-11-01")
    pair.invoice("I-2", "crm-deal-2", 10_006)
    pair.invoice("I-3", "crm-deal-3", issue_date="2026-11-02")
    report = await pair.run(tmp_path)
    assert {each.key: each.field for each in report.found} == {
        "crm-deal-2": "total_minor",
        "crm-deal-3": "issue_date",
    }


async def test_a_voided_invoice_counts_no_more_and_foreign_ones_may_be_ignored(tmp_path: Path) -> None:
    pair = Pair(options={"foreign": "ignore"})
    pair.both("1")
    pair.invoice("I-1b", "crm-deal-1", status="void")
    pair.invoice("I-2", "typed by hand")
    pair.invoice("I-3", "synthetic-crm-deal-synthetic-2026-11-20", status="draft")
    assert kinds(await pair.run(tmp_path)) == {}


async def test_many_differing_rows_are_compared_a_part_of_the_keys_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "ROWS_AT_ONCE", 5)
    pair = Pair(crm=Side(page=7), erp=Side(page=7))
    for number in range(40):
        pair.deal(str(number), f"{number}.00")
        pair.invoice(f"I-{number}", f"crm-deal-{number}", number * 100 + (1 if number % 2 else 0))
    report = await pair.run(tmp_path)
    assert len(kinds(report)) == report.drifts == 20


async def test_a_source_that_fails_concludes_nothing_and_the_next_try_goes_on_from_there(tmp_path: Path) -> None:
    pair = Pair()
    pair.both(*map(str, range(1, 12)))
    pair.crm.fails_at = 4
    beats: list[int] = []

    async def beat(spool: Spool) -> None:
        beats.append(spool.places["source"].rows)

    with pytest.raises(Unavailable):
        await read_both(pair.sides, Spool(tmp_path / "run"), beat)
    assert beats == [2, 4, 6]
    assert Spool(tmp_path / "run").places["source"].rows == 6  # another process finds what was read
    with (tmp_path / "run" / "source.rows").open("ab") as torn:
        torn.write(b"half a page that never counted")
    report = await pair.run(tmp_path)
    assert pair.crm.asked == 7  # three pages, the one that failed, and the three that were left
    assert (report.source_read, report.target_read, report.drifts) == (11, 11, 0)


async def test_the_second_run_looks_only_at_what_changed_and_at_what_disagreed(tmp_path: Path) -> None:
    pair = Pair()
    pair.both("1", "2", "3", "4", "5")
    pair.invoice("I-5", "crm-deal-5", 1)
    first = await pair.run(tmp_path)
    assert kinds(first) == {"crm-deal-5": Kind.AMOUNT}
    open_ = [Open("crm-deal-5", "5", "", "amount")]
    marks = (STARTED, STARTED)
    later = STARTED + timedelta(days=1)
    again = await changed_since(pair.sides, marks, open_, started=later)
    assert again is not None and again.source_read == again.target_read == 0
    assert kinds(again) == {"crm-deal-5": Kind.AMOUNT}
    pair.invoice("I-5", "crm-deal-5")  # mended
    pair.deal("2", "300.00", STARTED + timedelta(hours=1))
    pair.invoice("I-3", "crm-deal-3", 4, changed=STARTED + timedelta(hours=1))
    pair.invoice("I-9", "typed by hand", changed=STARTED + timedelta(hours=2))
    pair.ledger.about["crm-deal-3"] = Known(written_at=WRITTEN, source_id="3")
    again = await changed_since(pair.sides, marks, open_, started=later)
    assert kinds(again) == {"crm-deal-2": Kind.STALE, "crm-deal-3": Kind.BYPASS, "I-9": Kind.BYPASS}


async def test_where_too_much_changed_both_sides_are_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_CHANGED", 2)
    pair = Pair()
    for number in ("1", "2", "3"):
        pair.deal(number, changed=STARTED)
    assert await changed_since(pair.sides, (STARTED, STARTED), [], started=STARTED + timedelta(days=1)) is None
