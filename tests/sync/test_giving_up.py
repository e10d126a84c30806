"""A record that a person discards leaves no draft in the ERP that nobody knows of."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from sync.workspace.loader import load
from tests.model import company
from tests.model.story import Story, model_world

DRAFTED = [("win", 1), ("hook", 9, 0, False), ("strike", False, "refused", "post", 2, 0), ("work", 1, 0, 0, ())]


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    async with model_world(tmp_path) as one:
        yield one


def drafts(story: Story) -> list[str]:
    return [each.status for each in story.erp.documents.values() if each.entity == "invoice"]


async def verbs(story: Story) -> list[Any]:
    query = text("SELECT operation, state, sends FROM writes WHERE operation = 'void'")
    return await story.store.db.read(lambda tx: [tuple(row) for row in tx.execute(query)])


async def test_the_draft_of_a_record_that_is_discarded_is_voided_once(story: Story) -> None:
    await story.tell(*DRAFTED)
    assert drafts(story) == ["draft"]
    await story.tell(("decide", 0, "discard"))
    await story.settled()
    assert (drafts(story), await story.cases()) == (["void"], [])
    assert await verbs(story) == [("void", "confirmed", 1)]
    journal = [each.data.get("operation") for each in await story.store.entries(noun="delivery")]
    assert journal.count("void") == 1
    await story.tell(("win", 1))
    await story.settled()
    assert story.invoices() == [("deal-D1-v2", "EUR", 20_503, "posted")], "won again it is billed anew"


async def test_a_draft_whose_answer_was_lost_is_looked_for_before_it_is_voided(story: Story) -> None:
    await story.tell(("hook", 9, 0, False), ("work", 1, 0, 0, ()))
    await story.tell(("win", 1), ("hook", 9, 0, False), ("strike", False, "lost_after", "create", 2, 0))
    await story.tell(("work", 1, 0, 0, ()), ("clock", 61), ("work", 1, 0, 0, ()))
    story.crm.change(story.crm.deals["D1"], tell=False, code="")
    await story.tell(("clock", 15), ("work", 1, 0, 0, ()))
    assert (drafts(story), await story.cases()) == (["draft"], [("missing_billing_code", "deals:D1")])
    await story.tell(("decide", 0, "discard"), ("work", 1, 0, 0, ()))
    assert drafts(story) == ["draft"], "it rests before it is looked for"
    await story.settled()
    assert (drafts(story), await story.cases()) == (["void"], [])


async def test_what_is_posted_stays_when_the_change_that_came_later_is_discarded(story: Story) -> None:
    await story.tell(("win", 1), ("hook", 9, 0, False), ("work", 1, 0, 0, ()), ("lines", 1, 4, 100, 0))
    assert await story.rest()
    assert await story.cases() == [("changed_after_posting", "deals:D1")]
    await story.tell(("decide", 0, "discard"))
    assert await story.rest()
    assert (drafts(story), await story.cases()) == (["posted"], [])


async def test_a_change_that_is_told_before_the_draft_is_voided_decides_about_it(story: Story) -> None:
    await story.tell(*DRAFTED, ("decide", 0, "discard"), ("clock", 1), ("win", 1), ("hook", 9, 0, False))
    await story.settled()
    assert story.invoices() == [("deal-D1", "EUR", 20_503, "posted")]
    assert await verbs(story) == []


async def test_a_draft_that_cannot_be_voided_from_here_is_for_finance_until_it_is_gone(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = Path(shutil.copytree(company.FILES, tmp_path / "plain")) / "flows" / "bill.yaml"
    lines = flow.read_text(encoding="utf-8").splitlines()
    flow.write_text("\n".join(line for line in lines if "compensate" not in line), encoding="utf-8")
    plain = load(tmp_path / "plain")
    monkeypatch.setattr(company, "workspace", lambda **_: plain)
    await story.tell(*DRAFTED, ("decide", 0, "discard"))
    assert await story.rest()
    case = await story.only_case()
    assert (case.reason, case.team) == ("draft_left", "finance")
    assert case.detail == "invoice IN2 (deal-D1) stays in erp as a draft: void it there, then replay"
    await story.tell(("decide", 0, "replay"))
    assert await story.rest()
    assert [reason for reason, _ in await story.cases()] == ["draft_left"]
    story.erp.void("invoice", "IN2")
    await story.tell(("decide", 0, "replay"))
    assert await story.rest()
    assert await story.cases() == []
