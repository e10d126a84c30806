"""Salesforce's change events: a poll takes what came since the last one, and whatever they cannot tell, a window finds."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from connector_fakes import NOW, Front, served
from fakes.salesforce import CLIENT_ID, CLIENT_SECRET, ORGANISATION, TOKEN, Salesforce
from fakes.salesforce_pubsub import Bus, bus

from sync.connectors import build
from sync.connectors.salesforce_events import topic
from sync.errors import ConfigurationError, Unauthorized

MINUTE = timedelta(minutes=1)


@dataclass
class Crm:
    connector: Any
    fake: Salesforce
    bus: Bus
    cursor: Any = field(default_factory=dict)

    async def poll(self, now: datetime) -> list[tuple[str, str]]:
        """What the polls of one moment show, with the cursor as it would be stored."""
        seen, more = [], True
        while more:
            page = await self.connector.changes("Account", self.cursor, now=now)
            self.cursor, more = json.loads(json.dumps(page.cursor)), page.more
            seen += [(each.kind, each.record_id) for each in page.changes]
        return seen


@asynccontextmanager
async def crm(**options: Any) -> AsyncIterator[Crm]:
    fake = Salesforce()
    events = Bus(fake.tokens, ORGANISATION)
    async with served(fake.mount, Front()) as url, bus(events) as address:
        given = options or {"token": TOKEN}
        told = {
            "base_url": url,
            "organisation": ORGANISATION,
            "change_events": ["Account"],
            "events_address": address,
            **given,
        }
        connector: Any = build("salesforce", told, name="crm")
        connector._changes.events.patience = 0.1
        try:
            yield Crm(connector, fake, events, connector.start_at("Account", NOW))
        finally:
            await connector.close()


async def test_between_two_windows_events_tell_what_changed_and_each_is_taken_once() -> None:
    async with crm() as c:
        ids = [c.fake.org.put("Account", Name=str(at), at=NOW - 10 * MINUTE) for at in range(150)]
        assert await c.poll(NOW) == []
        for each in ids:
            c.bus.tell("Account", each, at=NOW + MINUTE)
        c.bus.tell("Account", ids[0], ids[1], at=NOW + MINUTE, kind="DELETE")
        queries = len(c.fake.queries)
        told = await c.poll(NOW + 2 * MINUTE)
        assert told == [*(("event", each) for each in ids), ("deleted", ids[0]), ("deleted", ids[1])]
        assert c.bus.fetches == [100, 51] and c.bus.schemas == 1 and len(c.fake.queries) == queries
        assert await c.poll(NOW + 3 * MINUTE) == []


@pytest.mark.slow
async def test_events_from_before_the_window_are_the_windows() -> None:
    async with crm() as c:
        account = c.fake.org.put("Account", Name="old", at=NOW - 20 * MINUTE)
        c.bus.tell("Account", account, at=NOW - 20 * MINUTE)
        c.bus.tell("Account", account, at=NOW + MINUTE)
        await c.poll(NOW)
        assert await c.poll(NOW + 2 * MINUTE) == [("event", account)]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["overflow", "garbage", "forgotten", "down"])
async def test_what_events_cannot_tell_a_window_finds_and_they_go_on_afterwards(how: str) -> None:
    async with crm() as c:
        account = c.fake.org.put("Account", Name="one", at=NOW - 20 * MINUTE)
        await c.poll(NOW)
        c.bus.tell("Account", account, at=NOW + MINUTE)
        assert await c.poll(NOW + MINUTE) == [("event", account)]
        if how == "overflow":
            c.bus.tell("Account", account, at=NOW + MINUTE, kind="GAP_OVERFLOW")
        elif how == "garbage":
            c.bus.tell("Account", account, at=NOW + MINUTE, raw=b"\xff\xff")
        elif how == "forgotten":
            c.bus.tell("Account", account, at=NOW + MINUTE)
            c.bus.kept = 2
        c.bus.down = how == "down"
        c.fake.org.touch("Account", account, at=NOW + MINUTE)
        assert await c.poll(NOW + 2 * MINUTE) == [("polled", account)]
        c.bus.down = False
        c.bus.tell("Account", account, at=NOW + 3 * MINUTE)
        assert await c.poll(NOW + 4 * MINUTE) == [("event", account)]


@pytest.mark.slow
async def test_a_window_is_polled_every_hour_although_events_came() -> None:
    async with crm() as c:
        account = c.fake.org.put("Account", Name="one", at=NOW - 20 * MINUTE)
        await c.poll(NOW)
        c.fake.org.touch("Account", account, at=NOW + 30 * MINUTE)  # the event of this was lost
        assert await c.poll(NOW + 50 * MINUTE) == []
        assert await c.poll(NOW + 61 * MINUTE) == [("polled", account)]


@pytest.mark.slow
async def test_a_session_that_ended_is_opened_anew_and_one_that_is_never_taken_is_for_a_person() -> None:
    async with crm(client_id=CLIENT_ID, client_secret=CLIENT_SECRET) as c:
        await c.poll(NOW)
        c.fake.tokens.clear()
        account = c.fake.org.put("Account", Name="one", at=NOW + MINUTE)
        c.bus.tell("Account", account, at=NOW + MINUTE)
        assert await c.poll(NOW + MINUTE) == [("event", account)] and c.fake.issued == 2
        c.bus.tenant = "another"
        with pytest.raises(Unauthorized):
            await c.poll(NOW + 2 * MINUTE)


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastavro", None)
    told = {"base_url": "https://acme.my.salesforce.com", "token": TOKEN, "organisation": ORGANISATION}
    assert build("salesforce", told | {"hook_token": "x" * 24}, name="crm")
    with pytest.raises(ConfigurationError, match=r"meshline\[pubsub\]"):
        build("salesforce", told | {"change_events": ["Account"]}, name="crm")


def test_topics_are_called_as_salesforce_calls_them() -> None:
    assert (topic("Account"), topic("Order_Form__c")) == ("/data/AccountChangeEvent", "/data/Order_Form__ChangeEvent")
