"""An older state of a record never overwrites a newer one, whatever is late; and postings to one company's books go one at a time,
whoever sends them."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.stage import example
from store.ledger import Store
from sync.engine import Engine
from sync.errors import Unavailable
from sync.line import Line
from sync.model import Change, Event, Found
from sync.versions import COUNTED, TIMED, version_of
from sync.workspace.loader import load
from tests.world import MONDAY, World, small_world

FLOW, SETTINGS = "flows/quote_to_cash.yaml", "meshline.yaml"


def carried(world: World, deal: str, record: dict[str, Any], key: str, *, late: int = 0) -> Change:
    at = world.clock.now - timedelta(seconds=late)
    return Change(entity="deals", record_id=deal, key=key, kind="deal.changed", occurred_at=at, payload=record)


async def arrive(world: World, change: Change) -> dict[str, Any]:
    """The story of the delivery that the change became."""
    await world.store.receive("crm", [change], {"deals": ["quote_to_cash"]}, now=world.clock.now)
    await world.settle()
    events = await world.store.recent_events(limit=1)
    story = await world.store.trace(events[0][0].id)
    return dict(story["deliveries"][0])


async def test_a_late_webhook_with_an_older_state_is_left_alone_and_says_why(world: World) -> None:
    deal = world.deal(world.company())
    record = await world.parts.connections["crm"].read("deals", deal)
    world.clock.forward(minutes=5)
    await arrive(world, carried(world, deal, record, "new"))
    before = len(world.erp.request_log)
    late = await arrive(world, carried(world, deal, {**record, "billing_code": "BC-OLD"}, "old", late=60))
    assert (late["state"], late["detail"]) == ("discarded", "a newer state of the record was dealt with already")
    assert world.erp.posted()[0]["billing_code"] == "BC-DE-1001"
    assert not any(one.committed for one in world.erp.request_log[before:])
    assert await world.store.exceptions() == []


async def test_a_worker_that_read_a_customer_before_it_was_renamed_does_not_take_the_new_name_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = world.company("Old name")
    slow = world.deal(company)
    crm, go_on = world.parts.connections["crm"], asyncio.Event()
    read = type(crm).read

    async def slowly(self: Any, entity: str, record_id: str) -> Any:
        record = await read(self, entity, record_id)
        if record_id == slow:
            await go_on.wait()
        return record

    monkeypatch.setattr(type(crm), "read", slowly)
    await world.crm.webhooks.flush()
    [first] = await world.parts.engine._claim()
    behind = asyncio.create_task(world.parts.engine.deliver(first))
    await asyncio.sleep(0.1)
    world.clock.forward(seconds=5)
    world.crm.update("companies", company, {"name": "New name"})
    world.deal(company)
    await world.deliver()
    go_on.set()
    await behind
    await world.settle()
    assert [one["name"] for one in world.erp.customers()] == ["New name"]
    assert len(world.erp.posted()) == 2, "the older one is billed all the same, to the customer as it stands"


def test_a_record_may_say_itself_how_new_it_is() -> None:
    flow = _flow("changed")
    assert version_of(_event(None), {"changed": "7"}, flow, MONDAY).by == COUNTED
    moment = version_of(_event(None), {"changed": "2026-11-23T09:00:00Z"}, flow, MONDAY + timedelta(days=1))
    assert (moment.by, moment.at) == (TIMED, version_of(_event(None), {}, flow, MONDAY).at)
    for unreadable in ({}, {"changed": "yesterday"}, {"changed": "2026-11-23T09:00:00"}):
        assert version_of(_event(None), unreadable, flow, MONDAY).at == moment.at, "then the time counts"
    happened, read = (version_of(_event(each), {}, flow, MONDAY) for each in ({"id": "1"}, None))
    assert happened.is_before(read.by, read.at, read.sequence), "what is read at a moment knows what happened at it"


def _event(payload: Any) -> Event:
    return Event(
        id=1, connection="crm", entity="deals", record_id="1", kind="k", occurred_at=MONDAY, received_at=MONDAY,
        trace="t", payload=payload, sequence=3,
    )  # fmt: skip


def _flow(changed: str) -> Any:
    flow = load(example()).flows["quote_to_cash"]
    return flow.model_copy(update={"record": flow.record.model_copy(update={"changed": changed})})


class OneLock:
    """A target with one lock on its books: it turns a posting away while another one is under way."""

    def __init__(self, world: World) -> None:
        self.busy, self.turned_away, self.posts = False, 0, 0
        erp = world.parts.connections["erp"]
        post = erp.post
        erp.post = lambda entity, target_id: self.post(post, entity, target_id)

    async def post(self, post: Any, entity: str, target_id: str) -> Found:
        if self.busy:
            self.turned_away += 1
            raise Unavailable("503: the sequence is locked")
        self.busy = True
        await asyncio.sleep(0.01)
        try:
            found: Found = await post(entity, target_id)
        finally:
            self.busy = False
        self.posts += 1
        return found


async def in_two_processes(folder: Path, *, serial: bool) -> tuple[OneLock, int]:
    """Twelve deals, delivered by two engines at once."""
    directory = folder / "workspace"
    shutil.copytree(example(), directory)
    text = (directory / SETTINGS).read_text(encoding="utf-8")
    wanted = text.replace("    quarantine: 5s\n", "    quarantine: 5s\n    serial: [post]\n", 1) if serial else text
    (directory / SETTINGS).write_text(wanted, encoding="utf-8")
    async with small_world(folder, workspace=directory) as world:
        lock, company = OneLock(world), world.company()
        for _ in range(12):
            world.deal(company)
        await world.crm.webhooks.flush()
        parts = world.parts
        store = Store(parts.settings.database_url.get_secret_value())
        await store.open()
        line = Line(ledger=store, workspace=parts.workspace, connections=parts.connections, clock=parts.clock)
        other = Engine(line, jitter=lambda: 0.5)
        try:
            for _ in range(40 if serial else 2):
                await asyncio.gather(parts.engine.drain(limit=6), other.drain(limit=6))
                world.clock.forward(seconds=1)
                if len(world.erp.posted()) == 12:
                    break
        finally:
            await store.close()
        return lock, len(world.erp.posted())


async def test_postings_to_one_company_never_meet_though_two_processes_send_them(tmp_path: Path) -> None:
    lock, posted = await in_two_processes(tmp_path, serial=True)
    assert (lock.turned_away, lock.posts, posted) == (0, 12, 12)


@pytest.mark.slow
async def test_without_the_option_they_meet_and_are_turned_away(tmp_path: Path) -> None:
    lock, _ = await in_two_processes(tmp_path, serial=False)
    assert lock.turned_away > 0
