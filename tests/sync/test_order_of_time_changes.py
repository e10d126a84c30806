"""The order of time: what comes late, twice, at once or after the fact has one right end in the ERP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.model.story import Story, model_world

DRIVEN = ("work", 1, 0, 0, ())
BILLED = [("win", 1), ("hook", 9, 0, False), DRIVEN]
D1 = ("deal-D1", "EUR", 20_503, "posted")


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    async with model_world(tmp_path) as one:
        yield one


async def test_edits_that_are_told_late_twice_and_out_of_order_end_in_the_newest_state_billed_once(
    story: Story,
) -> None:
    await story.tell(("win", 4), ("lines", 4, 2, 100, 0), ("lines", 4, 3, 199, 0), ("lines", 4, 5, 4950, 0))
    await story.tell(("hook", 4, 77, True), ("hook", 9, 13, True), DRIVEN)
    await story.settled()
    assert (story.invoices(), await story.cases()) == ([("deal-D4", "EUR", 24_750, "posted")], [])


async def test_edits_made_while_nobody_listened_come_in_by_the_poll(story: Story) -> None:
    await story.tell(("win", 4), ("lines", 4, 5, 4950, 0), *[("lose", 0)] * 9)
    assert story.crm.outbox == []
    await story.tell(("poll",), DRIVEN)
    assert story.invoices() == [("deal-D4", "EUR", 24_750, "posted")]


async def test_an_edit_from_before_the_billing_that_is_told_after_it_changes_nothing(story: Story) -> None:
    await story.tell(("win", 1))
    late = story.crm.outbox.pop()
    await story.tell(("lines", 1, 3, 199, 0), ("hook", 9, 0, False), DRIVEN)
    assert story.invoices() == [("deal-D1", "EUR", 597, "posted")]
    story.crm.outbox.append(late)
    await story.settled()
    assert (story.invoices(), await story.cases()) == ([("deal-D1", "EUR", 597, "posted")], [])


async def test_three_engines_that_hear_the_same_news_at_once_make_one_invoice_of_each_deal(story: Story) -> None:
    between = tuple((step, ("hook", 3, step, True)) for step in (3, 9, 15))
    await story.tell(*(("win", number) for number in range(5)), ("hook", 4, 5, True), ("work", 3, 42, 0, between))
    await story.settled()
    assert sorted((name, status) for name, _, _, status in story.invoices()) == [
        (f"deal-D{number}", "posted") for number in range(5)
    ]
    assert await story.cases() == []


async def test_an_engine_that_dies_at_any_step_leaves_one_invoice_to_the_next(tmp_path: Path) -> None:
    async with model_world(tmp_path) as story:
        for number, step in enumerate((9, 17, 21, 26, 31)):  # in the middle of reading, of the draft, of the posting
            await story.tell(("win", number), ("hook", 9, 0, False), ("work", 1, 7, step, ()))
        await story.settled()
        assert sorted(name for name, *_ in story.invoices()) == [f"deal-D{number}" for number in range(5)]
        assert await story.cases() == []


@pytest.mark.parametrize("change", [("lines", 1, 4, 4950, 0), ("currency", 1, "USD"), ("company", 1, 2)])
async def test_what_changes_after_the_posting_is_for_finance_and_what_is_posted_stays(
    story: Story, change: tuple[object, ...]
) -> None:
    await story.tell(*BILLED, change)
    await story.settled()
    assert (story.invoices(), await story.cases()) == ([D1], [("changed_after_posting", "deals:D1")])


async def test_a_deal_that_is_put_back_after_the_posting_needs_nobody_once_it_is_replayed(story: Story) -> None:
    await story.tell(*BILLED, ("currency", 1, "USD"))
    await story.settled()
    await story.tell(("currency", 1, "EUR"), ("decide", 0, "replay"))
    await story.settled()
    assert (story.invoices(), await story.cases()) == ([D1], [])


async def test_companies_that_merge_before_the_billing_get_one_invoice_at_the_survivor(story: Story) -> None:
    await story.tell(("merge", 1, 2, 1), *BILLED)
    await story.settled()
    [invoice] = story.erp.of("invoice")
    assert story.erp.documents[invoice.fields["customer_id"]].reference == "company-C2"


async def test_companies_that_merge_after_the_billing_leave_the_invoice_where_it_is(story: Story) -> None:
    await story.tell(*BILLED, ("merge", 1, 2, 0))
    await story.settled()
    assert (story.invoices(), await story.cases()) == ([D1], [])
    await story.tell(("win", 1))  # the deal comes by once more, and belongs to another company by now
    await story.settled()
    assert (story.invoices(), await story.cases()) == ([D1], [("changed_after_posting", "deals:D1")])


async def test_a_product_that_is_retired_stops_what_is_not_billed_yet_and_nothing_else(story: Story) -> None:
    await story.tell(*BILLED, ("retire",), ("win", 3))
    await story.settled()
    assert (story.invoices(), await story.cases()) == ([D1], [("unknown_product", "deals:D3")])
    await story.tell(("decide", 0, "fix"))
    await story.settled()
    assert sorted(story.invoices()) == [D1, ("deal-D3", "EUR", 10_504, "posted")]


async def test_a_period_that_is_closed_leaves_one_draft_that_is_posted_when_it_opens(story: Story) -> None:
    await story.tell(("strike", False, "refused", "post", 2, 0), *BILLED)
    case = await story.only_case()
    assert (case.reason, case.team, story.invoices()) == ("erp_rejected", "finance", [(*D1[:3], "draft")])
    assert "period" in case.detail
    await story.tell(("decide", 0, "replay"))
    await story.settled()
    assert (story.invoices(), await story.cases()) == ([D1], [])


async def test_two_invoices_that_carry_the_reference_already_are_for_finance_and_no_third_is_made(story: Story) -> None:
    story.erp.strict = False
    story.erp.create("customer", "company-C1", {"name": "Company 1", "version": 1})
    for _ in range(2):
        body = {"customer_id": "CU1", "currency": "EUR", "contract_reference": "D1", "code": "BC", "lines": []}
        story.erp.create("invoice", "deal-D1", body)
    story.erp.complaints, story.erp.strict = [], True
    await story.tell(*BILLED)
    case = await story.only_case()
    assert (case.reason, case.severity, case.team) == ("ambiguous_reference", "A", "finance")
    assert [each[3] for each in story.invoices()] == ["draft", "draft"]


async def test_a_customer_that_was_deleted_in_the_erp_is_not_billed_in_silence(story: Story) -> None:
    await story.tell(*BILLED)
    del story.erp.documents["CU1"]
    await story.tell(("win", 4))
    assert await story.rest()
    case = await story.only_case()
    assert (case.reason, case.subject, case.team) == ("erp_rejected", "deals:D4", "finance")
    assert story.invoices() == [D1]
