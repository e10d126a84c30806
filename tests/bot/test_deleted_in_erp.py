"""What somebody deleted in the ERP is made again by a replay, and by nothing else."""

from __future__ import annotations

from pathlib import Path

from tests.bot.hands import FAYE, only_cause, press
from tests.world import small_world


async def test_a_customer_deleted_in_the_erp_is_made_again_by_the_replay_that_the_card_offers(tmp_path: Path) -> None:
    async with small_world(tmp_path) as world:
        company = world.company()
        world.deal(company)
        await world.settle()
        [gone] = world.erp.customers()
        world.erp.books.delete_customer(gone["id"])
        world.deal(company, dealname="Second")
        await world.settle()
        await world.work()
        cause = await only_cause(world)
        assert (cause.reason, world.erp.customers()) == ("erp_rejected", [])
        assert (await press(world, FAYE, cause, "replay")).ok
        await world.settle()
        [again] = world.erp.customers()
        assert (again["reference"], again["name"]) == (gone["reference"], "Acme GmbH")
        assert len(world.erp.posted()) == 2
        assert await world.store.exceptions() == []
