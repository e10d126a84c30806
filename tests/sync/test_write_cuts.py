"""Five writes, cut at every point: afterwards there is exactly one right set of records and no orphan, whoever went on. The same
knife in the hands of create-and-retry leaves orphans and doubles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cutting import POINTS, WRITES, Five, Killed, Knife, five_writes


@pytest.fixture
async def five(tmp_path: Path) -> AsyncIterator[Five]:
    async with five_writes(tmp_path) as made:
        yield made


def deal(five: Five, number: int) -> tuple[str, str]:
    company = five.world.company(f"Company {number}", vat_id=f"DE{100000000 + number}")
    return five.world.deal(company), company


def committed(five: Five, since: int) -> list[str]:
    """What the ERP truly did since then."""
    return [f"{one.method} {one.path}" for one in five.world.erp.request_log[since:] if one.committed]


async def test_a_won_deal_becomes_customer_contract_draft_posted_invoice_and_a_word_to_the_crm(five: Five) -> None:
    number, company = deal(five, 1)
    await five.world.deliver()
    assert five.wrong(number, company) == []
    assert committed(five, 0) == [
        "POST /erp-api/v1/customers", "POST /erp-api/v1/contracts", "POST /erp-api/v1/invoices",
        "POST /erp-api/v1/invoices/I-00001/post",
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kill", [True, False], ids=["killed", "cut off"])
async def test_a_plan_that_is_cut_goes_on_at_the_write_that_was_cut_and_ends_in_one_right_set(
    five: Five, kill: bool
) -> None:
    wrong: list[str] = []
    for count, (write, point) in enumerate((write, point) for write in WRITES for point in POINTS):
        number, company = deal(five, count)
        before = len(five.world.erp.request_log)
        await five.deliver_cut(Knife(write, point, kill))
        wrong += [f"{point} of {write}: {each}" for each in five.wrong(number, company)]
        done = committed(five, before)
        assert len(done) == len(set(done)) == 4, f"{point} of {write}: {done}"
    assert wrong == []
    assert five.world.erp.duplicates() == () and five.world.erp.totals() == {"EUR": 498000 * 20}
    assert await five.world.store.exceptions() == []


@pytest.mark.slow
async def test_after_a_cut_nothing_is_asked_of_the_target_about_the_writes_before_it(five: Five) -> None:
    deal(five, 1)
    await five.deliver_cut(Knife("posted", "before the call", True))
    seen = [f"{one.method} {one.path.partition('?')[0]}" for one in five.world.erp.request_log]
    assert [one for one in seen if not one.startswith("GET")] == [
        "POST /erp-api/v1/customers", "POST /erp-api/v1/contracts", "POST /erp-api/v1/invoices",
        "POST /erp-api/v1/invoices/I-00001/post",
    ]  # fmt: skip
    assert seen.count("GET /erp-api/v1/customers") == 1, "found once, before it was created; never again"


async def test_create_and_retry_fails_at_the_same_points(five: Five) -> None:
    cuts = [(write, point) for write in WRITES[:3] for point in ("before the answer", "before the record")]
    for count, (write, point) in enumerate(cuts):
        number, company = deal(five, count)
        await five.naively(await five.plan(number), Knife(write, point, kill=True))
        assert f"2 {write}s" in five.wrong(number, company), f"{point} of {write}"
    number, company = deal(five, len(cuts))
    await five.naively(await five.plan(number), Knife("posted", "before the call", kill=True))
    assert any(each.startswith("a draft") for each in five.wrong(number, company)), "an orphan of the first try"


def test_the_knife_cuts_once() -> None:
    knife = Knife("invoice", "before the call", kill=True)
    with pytest.raises(Killed):
        knife.cut("before the call", "invoice")
    knife.cut("before the call", "invoice")
