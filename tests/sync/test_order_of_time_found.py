"""Orders of time that the model test found: each once ended with an ERP that said something else than the CRM, and nobody knew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.model.story import Story, model_world

BILLED = [("win", 1), ("hook", 9, 0, False), ("work", 1, 0, 0, ())]
LAST = 0  # of two webhooks that wait, so is the later one picked


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    async with model_world(tmp_path) as one:
        yield one


async def test_a_deal_that_is_reopened_after_it_was_billed_is_for_finance_and_goes_on_when_it_is_won_again(
    story: Story,
) -> None:
    await story.tell(*BILLED, ("reopen", 1))
    await story.settled()
    assert story.invoices() == [("deal-D1", "EUR", 20_503, "posted")]
    case = await story.only_case()
    assert (case.reason, case.subject, case.title, case.customer) == (
        "changed_after_posting", "deals:D1", "Deal D1", "C1",
    )  # fmt: skip
    assert case.detail == "stage is open, not won, but the invoice deal-D1 was written to erp before"
    await story.tell(("win", 1), ("decide", 0, "replay"))
    await story.settled()
    assert await story.cases() == []
    assert story.invoices() == [("deal-D1", "EUR", 20_503, "posted")]


async def test_a_deal_that_is_reopened_between_draft_and_post_leaves_no_draft_that_nobody_knows_of(
    story: Story,
) -> None:
    await story.tell(
        ("win", 1), ("hook", 9, 0, False), ("strike", False, "refused", "post", 2, 0), ("work", 1, 0, 0, ())
    )
    assert story.invoices() == [("deal-D1", "EUR", 20_503, "draft")]
    await story.tell(("reopen", 1))
    await story.settled()
    assert [each.status for each in story.erp.documents.values() if each.entity == "invoice"] == ["void"]


async def test_a_deal_that_was_never_billed_is_reopened_without_a_word(story: Story) -> None:
    await story.tell(("win", 1), ("reopen", 1))
    await story.settled()
    assert (await story.cases(), story.invoices()) == ([], [])


async def test_a_currency_that_changes_while_the_answer_to_the_draft_is_lost_is_never_posted_in_the_old_one(
    story: Story,
) -> None:
    await story.tell(
        ("win", 4), ("hook", 9, 0, False), ("strike", False, "lost_after", "create", 1, 0), ("work", 1, 0, 0, ())
    )
    assert story.invoices() == []  # the customer was first
    await story.tell(("strike", False, "lost_after", "create", 1, 0), ("clock", 61), ("work", 1, 0, 0, ()))
    assert story.invoices() == [("deal-D4", "EUR", 20_008, "draft")]
    await story.tell(("currency", 4, "USD"))
    await story.settled()
    assert story.invoices() == [("deal-D4", "EUR", 20_008, "draft")]
    assert await story.cases() == [("draft_differs", "deals:D4")]
    await story.tell(("decide", 0, "fix"), ("decide", 0, "approve"))
    await story.settled()
    assert (await story.cases(), story.invoices()) == ([], [("deal-D4", "USD", 20_008, "posted")])


async def test_a_draft_that_was_written_again_is_not_taken_for_changed_when_its_deal_comes_by_once_more(
    story: Story,
) -> None:
    await story.tell(
        ("win", 4), ("hook", 9, 0, False), ("strike", False, "refused", "post", 2, 0), ("work", 1, 0, 0, ())
    )
    await story.tell(("lines", 4, 3, 199, 0))
    await story.settled()
    await story.tell(("decide", 0, "fix"), ("decide", 0, "approve"))
    await story.settled()
    assert (await story.cases(), story.invoices()) == ([], [("deal-D4", "EUR", 597, "posted")])
    await story.tell(("win", 4))
    await story.settled()
    assert await story.cases() == []


async def test_a_change_that_is_told_late_does_not_wait_for_a_newer_one_that_waits_for_it(story: Story) -> None:
    await story.tell(("hook", 9, 0, False), ("work", 1, 0, 0, ()))
    story.crm.carries = True
    await story.tell(("win", 1), ("code", 1, 2), ("strike", False, "lost_before", "create", 1, 0))
    await story.tell(("hook", 1, LAST, False), ("work", 1, 0, 0, ()))
    assert story.erp.documents == {}, "nobody knows whether the customer was written as of the newer change"
    await story.settled()
    assert story.invoices() == [("deal-D1", "EUR", 20_503, "posted")]


async def test_what_an_ERP_refused_does_not_let_an_older_name_follow_the_one_that_stands(story: Story) -> None:
    await story.tell(("hook", 9, 0, False), ("work", 1, 0, 0, ()))
    story.crm.carries = True
    await story.tell(("win", 1), ("rename", 1), ("win", 4), ("hook", 1, LAST, False), ("work", 1, 0, 0, ()))
    await story.tell(("rename", 1), ("win", 4), ("strike", False, "refused", "update", 1, 0))
    await story.tell(("hook", 1, LAST, False), ("work", 1, 0, 0, ()))
    assert [each.fields["version"] for each in story.erp.of("customer")] == [2]
    await story.settled()
    assert [each.fields["version"] for each in story.erp.of("customer")] == [2]
    assert {reference for reference, *_ in story.invoices()} == {"deal-D1", "deal-D4"}


async def test_what_a_deal_once_was_is_not_billed_by_a_replay_after_it_was_reopened(story: Story) -> None:
    await story.tell(("hook", 9, 0, False), ("work", 1, 0, 0, ()))
    story.crm.carries = True
    await story.tell(
        ("strike", False, "refused", "create", 1, 0), ("win", 1), ("hook", 1, 0, False), ("work", 1, 0, 0, ())
    )
    assert await story.cases() == [("erp_rejected", "deals:D1")]
    await story.tell(("reopen", 1))
    await story.settled()
    await story.tell(("decide", 0, "replay"))
    await story.settled()
    assert (story.invoices(), await story.cases()) == ([], [])
