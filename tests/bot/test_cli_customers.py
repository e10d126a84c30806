"""`meshline customers`: who is one, and a merge taken back by those who may."""

from __future__ import annotations

import asyncio

import pytest

from store.ledger import Store
from sync.customers import Known, NewCustomer
from tests.bot.hands import OMAR, SAM
from tests.bot.test_cli import Terminal, terminal
from tests.world import MONDAY

__all__ = ["terminal"]


async def two_customers(url: str) -> None:
    store = Store(url)
    await store.open()
    for at in ("1", "2"):
        known = Known(connection="crm", entity="companies", id=at, target="erp")
        new = NewCustomer(known=known, reference=f"c-{at}", flow="quote_to_cash", says={"name": f"Company {at}"})
        await store.reserve_customer(new, stand=0, now=MONDAY)
    await store.close()


@pytest.mark.slow
def test_a_merge_is_made_and_taken_back_by_those_who_may(terminal: Terminal) -> None:
    asyncio.run(two_customers(terminal.environ["MESHLINE_DATABASE_URL"]))
    refused = terminal.run("customers", "merge", "1", "2", "--as", SAM, "--why", "one company")
    assert refused.exit_code == 1
    assert terminal.reads("customers", "show", "2")["merged_into"] is None
    assert "is Company 1 (1) from now on" in terminal.says(
        "customers", "merge", "1", "2", "--as", OMAR, "--why", "one company"
    )
    assert "merged into customer 1" in terminal.says("customers", "show", "2")
    assert terminal.run("customers", "merge", "2", "1", "--as", OMAR, "--why", "").exit_code == 1  # a circle
    assert "under c-2" in terminal.says("customers", "unmerge", "2", "--as", OMAR, "--why", "two after all")
    assert terminal.reads("customers", "show", "2")["merged_into"] is None
