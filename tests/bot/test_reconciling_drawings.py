"""What people read of a reconciliation: whole sentences, Slack's limits, and cells that no spreadsheet runs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from drawings import NOW, refused, same_as_snapshot

from bot.commands.comparing import answer
from bot.differences_view import differences_view
from bot.reconciling_words import Found, csv_of, report_card, sentence_of, stopped_words
from bot.sandbox.stage import example
from sync.reconciling.ledger import Kept, Run
from sync.reconciling.nouns import Disagreement, Kind, Report
from sync.reconciling.trend import growing, share, suspect
from tests.world import loaded

FLOW = loaded(example()).flows["quote_to_cash"]
WRITE = next(each for each in FLOW.writes if each.name == "invoice")
ONE = Disagreement(
    kind=Kind.AMOUNT, key="crm-deal-907", source_id="907", target_ids=("I-00001",), customer="77", period="2026-10",
    currency="EUR", source_minor=498_000, target_minor=498_002, field="total_minor", source_value="498000",
    target_value="498002",
)  # fmt: skip
ALL = [
    ONE,
    replace(ONE, kind=Kind.MISSING, key="crm-deal-908", source_id="908", target_ids=(), target_minor=None, field=""),
    replace(ONE, kind=Kind.ORPHAN, key="crm-deal-909", source_id="", source_minor=None, field=""),
    replace(ONE, kind=Kind.DUPLICATE, key="crm-deal-910", target_ids=("I-00010", "I-00011"), field=""),
    replace(ONE, kind=Kind.STALE, key="crm-deal-911"),
    replace(ONE, kind=Kind.STATUS, key="crm-deal-912", field="status", source_value="posted", target_value="draft"),
    replace(ONE, kind=Kind.BYPASS, key="I-00099", source_id="", target_ids=("I-00099",), source_minor=None, field=""),
]


def kept(what: Disagreement) -> Kept:
    return Kept(id=1, flow=FLOW.name, what=what, first_run=1, last_run=3, seen=3, opened_at=NOW)


def run(**more: object) -> Run:
    given = {"id": 3, "flow": FLOW.name, "mode": "full", "state": "done", "by": "clock", "began_at": NOW,
             "started_at": NOW, "source_read": 10_000, "target_read": 9_998, "drifts": 7,
             "counts": {kind.value: 1 for kind in Kind}, "stakes": {"EUR": 498_002, "JPY": 40},
             "explained": {"under way": 2, "stopped, with an open exception": 1},
             "fields": {"total_minor": 2, "status": 1}}  # fmt: skip
    return Run(**(given | more))  # type: ignore[arg-type]  # a dictionary of a noun's own fields


def found(**more: object) -> Found:
    return Found(run=run(**more), report=Report(), new=5, closed=2)


@pytest.mark.parametrize("name", ["plain", "held", "nothing", "changed", "failed", "reading"])
def test_a_run_is_told_as_people_read_it(name: str) -> None:
    drawn = {
        "plain": report_card(FLOW, WRITE, found(), [*map(kept, ALL)], share=Decimal("0.0007"), held=False, drifting=""),
        "held": report_card(
            FLOW, WRITE, found(), [*map(kept, ALL)], share=Decimal("0.02"), held=True, drifting="total_minor"
        ),
        "nothing": answer(FLOW, run(drifts=0, counts={}, explained={}, stakes={})),
        "changed": answer(FLOW, run(mode="changed", source_read=4, target_read=1)),
        "failed": answer(
            FLOW, run(state="failed", detail=stopped_words("full", 900_000, 0, "503"), counts={}, drifts=0)
        ),
        "reading": answer(FLOW, run(state="reading", counts={}, drifts=0)),
    }[name]
    assert not refused(drawn)
    same_as_snapshot(f"reconciliation-{name}", drawn)


@pytest.mark.parametrize("name", ["customers", "records", "agree"])
def test_what_disagrees_is_shown_by_customer_with_what_to_do_and_record_by_record(name: str) -> None:
    rows = [] if name == "agree" else [*map(kept, ALL)]
    drawn = differences_view(FLOW, WRITE, rows, 3, 1, by_customer=name == "customers")
    assert not refused(drawn)
    same_as_snapshot(f"differences-{name}", drawn)


def test_hundreds_of_records_have_pages_and_every_page_has_its_way_back() -> None:
    many = [kept(replace(ONE, key=f"crm-deal-{count}", source_id=str(count))) for count in range(45)]
    last = differences_view(FLOW, WRITE, many, 3, 99, by_customer=False)
    assert "45 records · page 3 of 3" in str(last)
    words = [each["text"]["text"] for each in last["blocks"][-1]["elements"]]
    assert words == ["By customer", "Previous page"] and not refused(last)
    assert len([each for each in last["blocks"] if each["type"] == "section"]) == 5


def test_hostile_names_neither_ping_nor_break_the_card() -> None:
    nasty = replace(ONE, key="<!channel>" * 30, customer="<!here>&" * 30, source_value="*" * 200, field="x" * 200)
    drawn = report_card(FLOW, WRITE, found(), [kept(nasty)] * 400, share=Decimal(1), held=True, drifting="<!channel>")
    assert not refused(drawn) and "<!channel>" not in str(drawn) and "<!here>" not in str(drawn)


def test_the_rows_hold_every_kind_with_its_money_and_no_formula() -> None:
    rows = csv_of(FLOW, WRITE, [kept(each) for each in [*ALL, replace(ONE, source_value="=cmd()")]])
    lines = rows.decode("utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in lines[1:8]] == [each.kind.value for each in ALL]
    assert ",4980.00,4980.02,total_minor," in lines[1] and "It comes from amount, contract deal@1.0.0." in lines[1]
    assert ",'=cmd()," in lines[-1]


def test_differences_that_keep_growing_point_at_the_field_they_share() -> None:
    assert growing([10, 14], 20) and not growing([10, 14], 14) and not growing([1, 2], 3)
    assert growing([4, 5, 4, 5], 30) and not growing([20], 60)
    assert suspect({"total_minor": 18, "status": 2}, 20) == "total_minor" and suspect({"a": 1, "b": 1}, 4) == ""
    assert share(1, 1000) == Decimal("0.001") and share(0, 0) == 0 and share(1, 0) == 1


def test_a_sentence_of_a_run_stands_alone() -> None:
    words = sentence_of(FLOW, run(), new=5, closed=2, share=Decimal("0.0007"))
    assert words == (
        "Quote to cash: 10,000 records of the source and 9,998 of the target were compared. 7 records disagree, 0.07% of all "
        "(5 new, 2 agree again). 3 differences are explained: 2 under way, 1 stopped, with an open exception."
    )
