"""What can wait has no card: the digest tells of it, and it is mended from there."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from bot.sandbox.stage import example
from tests.bot.hands import DANA
from tests.world import small_world

CHANNEL, CONTRACT = "C0SALESOPS", "contracts/deal.odcs.yaml"


def company_where_codes_can_wait(directory: Path) -> Path:
    shutil.copytree(example(), directory)
    text = (directory / CONTRACT).read_text(encoding="utf-8")
    old = "class: B, respond: 4h, resolve: 24h, holds_billing: true}}}]}"
    assert old in text
    (directory / CONTRACT).write_text(
        text.replace(old, "class: C, respond: 72h, resolve: 72h, holds_billing: false}}}]}"), encoding="utf-8"
    )
    return directory


async def test_what_can_wait_has_no_card_and_is_mended_from_the_digest(tmp_path: Path) -> None:
    async with small_world(tmp_path, workspace=company_where_codes_can_wait(tmp_path / "company")) as world:
        world.deal(world.company(), billing_code="")
        await world.work()
        assert world.slack.messages(CHANNEL) == []
        world.clock.now = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)  # 8:30 in Berlin
        await world.parts.jobs.beat()
        await world.work()
        [digest] = world.slack.messages(CHANNEL)
        assert "Can wait" in str(digest.blocks) and "EX-1" in str(digest.blocks)
        assert (await world.slack.click(DANA, CHANNEL, digest.ts, "all")).ok
        assert "1 record" in str(world.slack.modals(DANA))
        await world.slack.close(DANA)
        assert (await world.slack.click(DANA, CHANNEL, digest.ts, "resolve")).ok
        assert (await world.slack.submit(DANA, {"q0": "BC-7"})).ok
        await world.work()
        assert len(world.erp.posted()) == 1 and (await world.store.case(1)).state == "resolved"
