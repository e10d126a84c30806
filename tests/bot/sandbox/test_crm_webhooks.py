"""The CRM's webhooks: what changed is heard, signed for the public address, again after a failure, twice or in disorder on request."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox.crm import Crm
from bot.sandbox.crm_sender import sign

NOW = datetime(2026, 11, 2, 9, 30, 0, 123000, tzinfo=UTC)


@dataclass
class Listener:
    """A receiver on loopback that remembers, and answers with the given statuses first."""

    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, request: web.Request) -> web.Response:
        status = self.statuses.pop(0) if self.statuses else 202
        if status < 300:
            self.heard.append((dict(request.headers), await request.read()))
            self.arrived.set()
        return web.Response(status=status)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [event for _, body in self.heard for event in json.loads(body)]


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
async def crm(waits: list[float]) -> AsyncIterator[Crm]:
    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    crm = Crm(clock=lambda: NOW, client_secret="shh", sleep=sleep)
    yield crm
    await crm.webhooks.close()


@pytest.fixture
async def listener(crm: Crm) -> AsyncIterator[Listener]:
    listener = Listener()
    app = web.Application()
    app.router.add_post("/in", listener.hear)
    async with TestServer(app) as server:
        crm.webhooks.webhook_url = str(server.make_url("/in"))
        yield listener


async def test_a_creation_is_one_event_and_an_edit_one_per_changed_property(crm, listener):
    deal = crm.create("deals", {"amount": "1"})
    crm.update("deals", deal, {"amount": "1", "dealstage": "closedwon", "billing_code": "B"})
    assert await crm.webhooks.flush() == 3
    creation, stage, code = listener.events
    assert (creation["subscriptionType"], creation["objectId"]) == ("deal.creation", int(deal))
    assert (stage["subscriptionType"], stage["propertyName"], stage["propertyValue"]) == (
        "deal.propertyChange",
        "dealstage",
        "closedwon",
    )
    assert code["propertyName"] == "billing_code"
    assert set(stage) == {
        "eventId", "subscriptionId", "portalId", "appId", "occurredAt", "subscriptionType", "attemptNumber", "objectId",
        "propertyName", "propertyValue", "changeSource",
    }  # fmt: skip
    assert stage["occurredAt"] == 1793611800123
    assert stage["changeSource"] == "CRM_UI"
    assert len({event["eventId"] for event in listener.events}) == 3


async def test_the_signature_is_of_the_public_address(crm, listener):
    crm.webhooks.public_url = "https://meshline.example/"
    crm.create("deals", {"dealname": "Müller\x00"})
    await crm.webhooks.flush()
    [(headers, body)] = listener.heard
    stamp = headers["X-HubSpot-Request-Timestamp"]
    assert stamp == "1793611800123"
    signed = b"POSThttps://meshline.example/hooks/crm" + body + stamp.encode()
    expected = base64.b64encode(hmac.new(b"shh", signed, hashlib.sha256).digest()).decode()
    assert headers["X-HubSpot-Signature-v3"] == expected


@pytest.mark.parametrize(
    ("address", "signed"),
    [
        ("https://a.example/h%3Aa%2fb?x=%40%21%24%27%28%29%2A%2C%3B", "https://a.example/h:a/b?x=@!$'()*,;"),
        ("https://a.example/%3F%20%26%C3%BC?q=1#part", "https://a.example/?%20%26%C3%BC?q=1"),
    ],
)
def test_the_named_escapes_are_decoded_and_the_fragment_is_left_out(address, signed):
    expected = hmac.new(b"k", b"POST" + signed.encode() + b"[]" + b"1", hashlib.sha256).digest()
    assert sign("k", "POST", address, b"[]", "1") == base64.b64encode(expected).decode()


async def test_a_batch_has_at_most_a_hundred_events(crm, listener):
    for _ in range(250):
        crm.create("companies", {})
    assert await crm.webhooks.flush() == 250
    assert [len(json.loads(body)) for _, body in listener.heard] == [100, 100, 50]
    crm.webhooks.batch_size = 2
    [crm.create("companies", {}) for _ in range(3)]
    await crm.webhooks.flush()
    assert [len(json.loads(body)) for _, body in listener.heard[3:]] == [2, 1]


async def test_a_failed_delivery_is_tried_again_with_growing_patience(crm, listener, waits):
    listener.statuses = [500, 429, 404]
    crm.create("deals", {})
    assert await crm.webhooks.flush() == 1
    assert waits == [1.0, 2.0, 4.0]
    assert [event["attemptNumber"] for event in listener.events] == [3]


async def test_after_ten_attempts_the_crm_gives_up_and_remembers(crm, waits):
    crm.webhooks.webhook_url = "http://127.0.0.1:1/nobody"
    crm.create("deals", {})
    assert await crm.webhooks.flush() == 0
    assert len(waits) == 9
    assert max(waits) == 60.0
    assert len(crm.webhooks.undelivered) == 1


async def test_repeats_are_the_same_event_again(crm, listener):
    crm.webhooks.repeat_share = 1.0
    deals = [crm.create("deals", {}) for _ in range(5)]
    assert await crm.webhooks.flush() == 10
    once, again = listener.events[:5], listener.events[5:]
    assert once == again
    assert {event["objectId"] for event in once} == {int(deal) for deal in deals}


async def test_neighbours_change_places_within_the_window_and_none_is_lost(crm, listener):
    crm.webhooks.reorder_window = 20
    for _ in range(60):
        crm.create("deals", {})
    await crm.webhooks.flush()
    order = [event["eventId"] for event in listener.events]
    assert order != sorted(order)
    assert order[20:] == sorted(order[20:])
    assert len(set(order)) == 60


async def test_a_pause_keeps_everything_until_it_ends(crm, listener):
    crm.webhooks.paused = True
    crm.create("deals", {})
    assert await crm.webhooks.flush() == 0
    assert len(crm.webhooks.pending) == 1
    crm.webhooks.resume()
    assert await crm.webhooks.flush() == 1
    assert not crm.webhooks.pending


async def test_only_subscribed_types_are_heard(crm):
    crm.create("tasks", {})
    crm.create("line_items", {})
    assert not crm.webhooks.pending
    crm.webhooks.subscriptions.add("line_item")
    crm.create("line_items", {})
    assert [event["subscriptionType"] for event in crm.webhooks.pending] == ["line_item.creation"]


async def test_a_merge_tells_of_itself_and_of_every_deal_it_moves(crm):
    kept, other = crm.create("companies", {}), crm.create("companies", {})
    deal = crm.create("deals", {}, links=[("companies", other)])
    before = len(crm.webhooks.pending)
    crm.merge(kept, other)
    merge, moved = crm.webhooks.pending[before:]
    assert (merge["subscriptionType"], merge["objectId"], merge["mergedObjectIds"]) == (
        "company.merge",
        int(kept),
        [int(other)],
    )
    assert (moved["subscriptionType"], moved["objectId"]) == ("deal.propertyChange", int(deal))
    assert (moved["propertyName"], moved["propertyValue"]) == ("hs_primary_associated_company", kept)


async def test_attaching_a_company_and_deleting_are_heard(crm):
    deal, company = crm.create("deals", {}), crm.create("companies", {})
    contact = crm.create("contacts", {"email": "a@b.example"})
    crm.associate("deals", deal, "companies", company)
    crm.associate("deals", deal, "companies", company)
    crm.delete("deals", deal)
    crm.delete("contacts", contact, forget=True)
    kinds = [event["subscriptionType"] for event in crm.webhooks.pending[3:]]
    assert kinds == ["deal.propertyChange", "deal.deletion", "contact.privacyDeletion"]


async def test_the_background_sender_sends_by_itself_and_stops_when_closed(crm, listener):
    crm.webhooks.start()
    crm.create("deals", {})
    async with asyncio.timeout(5):
        await listener.arrived.wait()
    await crm.webhooks.close()
    late = crm.create("deals", {})
    assert crm.webhooks.pending[-1]["objectId"] == int(late)
    assert len(listener.heard) == 1


async def test_closing_in_the_middle_of_a_retry_keeps_the_events(listener):
    asleep = asyncio.Event()

    async def sleep(_: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    crm = Crm(clock=lambda: NOW, sleep=sleep)
    crm.webhooks.webhook_url = "http://127.0.0.1:1/nobody"
    crm.webhooks.start()
    crm.create("deals", {})
    async with asyncio.timeout(5):
        await asleep.wait()
    await crm.webhooks.close()
    assert len(crm.webhooks.pending) == 1
