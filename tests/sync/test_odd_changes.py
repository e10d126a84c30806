"""Changes that no ledger can keep: the sender is told, and polling goes on to the next one and says which it left out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from structlog.testing import CapturingLogger

from sync import engine as engine_module
from sync.connectors.hubspot import HubSpot
from sync.errors import WebhookRefused
from sync.model import Change
from sync.ports import Incoming, Page
from tests.world import World

FLOW = "quote_to_cash"
LONG = "7" * 300


def change(record: str, world: World, **more: int) -> Change:
    now = world.clock.now
    return Change(entity="deals", record_id=record, key=record, kind="deal.changed", occurred_at=now, **more)


@pytest.mark.parametrize(("record", "sequence", "why"), [(LONG, 0, "300 characters"), ("1", 2**63, "64 bits")])
async def test_the_sender_of_a_change_that_cannot_be_kept_is_told_and_nothing_is_taken_in(
    world: World, monkeypatch: pytest.MonkeyPatch, record: str, sequence: int, why: str
) -> None:
    sent: Sequence[Change] = [change("5", world), change(record, world, sequence=sequence)]
    monkeypatch.setattr(HubSpot, "accept", lambda *_, **__: sent)
    with pytest.raises(WebhookRefused, match=why) as refused:
        await world.parts.engine.receive("crm", Incoming(method="POST", url=world.url, headers={}, body=b"[]"))
    assert refused.value.status == 400
    assert (await world.store.counts())["events"] == 0


async def test_a_polled_change_that_cannot_be_kept_is_left_out_loudly_and_the_next_ones_come_in(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def changes(*_: object, **__: object) -> Page:
        return Page(changes=(change("5", world), change(LONG, world), change("6", world)), cursor={"at": 1}, more=False)

    log = CapturingLogger()
    monkeypatch.setattr(engine_module, "log", log)
    monkeypatch.setattr(HubSpot, "changes", changes)
    got = await world.parts.engine.poll(world.parts.workspace.flows[FLOW])
    assert (got.received, await world.store.cursor("crm", "deals")) == (2, {"at": 1})
    [call] = log.calls
    assert (call.method_name, call.args, call.kwargs["connection"]) == ("error", ("change_not_kept",), "crm")
    assert call.kwargs["record"].startswith("777") and "300 characters" in call.kwargs["why"]
