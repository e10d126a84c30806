"""Money given back: each refund, chargeback and credit becomes one credit note, on the invoice of its own deal and never beyond it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.model.story import Story, model_world

DRIVEN = ("work", 1, 0, 0, ())


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    async with model_world(tmp_path) as one:
        yield one


def credits(story: Story) -> list[tuple[str, str, int, str]]:
    """Which deal's invoice each credit note is on, why, how many minor units, and its status."""
    notes = story.erp.of("credit_note")
    invoices = [story.erp.documents[each.fields["invoice_id"]] for each in notes]
    return [
        (invoice.reference, each.fields["kind"], each.total, each.status)
        for each, invoice in zip(notes, invoices, strict=True)
    ]


async def test_a_partial_refund_credits_its_part_of_its_own_invoice(story: Story) -> None:
    await story.tell(("win", 1), ("win", 4), ("hook", 9, 0, False), DRIVEN, ("refund", 1, 50, "refund"))
    await story.settled()
    assert credits(story) == [("deal-D1", "refund", 10_251, "posted")]


async def test_a_chargeback_of_the_whole_and_a_refund_besides_are_too_much_and_finance_hears_of_it(
    story: Story,
) -> None:
    await story.tell(("win", 1), ("hook", 9, 0, False), DRIVEN, ("refund", 1, 100, "chargeback"))
    await story.settled()
    await story.tell(("refund", 1, 10, "refund"))
    await story.settled()
    assert credits(story) == [("deal-D1", "chargeback", 20_503, "posted")]
    assert await story.cases() == [("erp_rejected", "refunds:R1")]


async def test_a_credit_for_an_older_order_goes_to_the_older_order(story: Story) -> None:
    await story.tell(("win", 1), ("hook", 9, 0, False), DRIVEN, ("win", 4), ("hook", 9, 0, False), DRIVEN)
    assert len({each.fields["customer_id"] for each in story.erp.of("invoice")}) == 1  # both of one company
    await story.tell(("refund", 1, 10, "credit"), ("refund", 4, 10, "credit"))
    await story.settled()
    assert sorted(credits(story)) == [("deal-D1", "credit", 2050, "posted"), ("deal-D4", "credit", 2000, "posted")]


async def test_a_refund_that_comes_before_the_invoice_waits_for_it(story: Story) -> None:
    await story.tell(("win", 1), ("refund", 1, 50, "refund"))
    invoice = story.crm.outbox.pop(-2)
    await story.tell(("hook", 9, 0, False))
    story.crm.weather.strikes.clear()
    await story.tell(("hold", 1, 0))
    story.crm.outbox.append(invoice)
    await story.settled()
    assert (story.invoices()[0][3], credits(story)) == ("draft", [])
    assert await story.cases() == [("not_bound", "refunds:R0")]
    await story.tell(("release", 0), DRIVEN, ("decide", 0, "replay"))
    await story.settled()
    assert (credits(story), await story.cases()) == ([("deal-D1", "refund", 10_251, "posted")], [])


async def test_a_refund_whose_answer_is_lost_is_given_once(story: Story) -> None:
    await story.tell(("win", 1), ("hook", 9, 0, False), DRIVEN, ("refund", 1, 50, "refund"))
    await story.tell(("strike", False, "lost_after", "create", 1, 0), ("hook", 9, 0, True), DRIVEN)
    await story.settled()
    assert credits(story) == [("deal-D1", "refund", 10_251, "posted")]


async def test_a_refund_that_is_raised_after_it_was_given_is_for_finance(story: Story) -> None:
    await story.tell(("win", 1), ("hook", 9, 0, False), DRIVEN, ("refund", 1, 50, "refund"))
    await story.settled()
    await story.tell(("refund_edit", 0, 20))
    await story.settled()
    assert credits(story) == [("deal-D1", "refund", 10_251, "posted")]
    assert await story.cases() == [("changed_after_posting", "refunds:R0")]
