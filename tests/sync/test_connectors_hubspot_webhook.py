"""HubSpot's webhooks: what is signed, and what a body says."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from connector_fakes import NOW, TOKEN

from sync.connectors import build
from sync.connectors.hubspot import HubSpot
from sync.connectors.hubspot_signature import signed_uri
from sync.errors import WebhookRefused
from sync.ports import Incoming

SECRET = "app-secret"
URL = "https://sync.example.com/hooks/crm"


def offline(**options: Any) -> HubSpot:
    hubspot = build("hubspot", {"token": TOKEN, "client_secret": SECRET, **options}, name="crm")
    assert isinstance(hubspot, HubSpot)
    return hubspot


def signed(body: bytes, *, url: str = URL, over: str | None = None, method: str = "POST") -> Incoming:
    """Signed by hand: `over` is the address as the sender decodes it."""
    stamp = str(int(NOW.timestamp() * 1000))
    source = b"".join([method.encode(), (over or url).encode(), body, stamp.encode()])
    signature = base64.b64encode(hmac.new(SECRET.encode(), source, hashlib.sha256).digest()).decode()
    headers = {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}
    return Incoming(method=method, url=url, headers=headers, body=body)


ESCAPES = [
    ("%3A", ":"), ("%2F", "/"), ("%3F", "?"), ("%40", "@"), ("%21", "!"), ("%24", "$"),
    ("%27", "'"), ("%28", "("), ("%29", ")"), ("%2A", "*"), ("%2C", ","), ("%3B", ";"), ("%3a", ":"), ("%2f", "/"),
    ("%20", "%20"), ("%25", "%25"), ("%26", "%26"), ("%2B", "%2B"), ("%3D", "%3D"), ("%C3%A9", "%C3%A9"), ("+", "+"),
    ("%253A", "%253A"),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "over"), ESCAPES)
def test_the_address_is_decoded_as_hubspot_decodes_it(sent: str, over: str) -> None:
    url = f"{URL}/{sent}?tenant={sent}"
    decoded = f"{URL}/{over}?tenant={over}"
    assert signed_uri(url) == decoded
    offline().accept(signed(b"[]", url=url, over=decoded), now=NOW)


def test_the_fragment_is_not_signed() -> None:
    assert signed_uri(f"{URL}?a=1#part?b") == f"{URL}?a=1"


@pytest.mark.parametrize("other", ["http://sync.example.com/hooks/crm", URL + "?a=1", URL + "/"])
def test_a_signature_counts_for_one_address_only(other: str) -> None:
    good = signed(b"[]")
    with pytest.raises(WebhookRefused) as refused:
        offline().accept(Incoming(method="POST", url=other, headers=good.headers, body=b"[]"), now=NOW)
    assert refused.value.status == 401


def test_a_signature_counts_for_one_method_only() -> None:
    with pytest.raises(WebhookRefused, match="Signature is wrong"):
        good = signed(b"[]")
        offline().accept(Incoming(method="PUT", url=URL, headers=good.headers, body=b"[]"), now=NOW)


def test_without_a_client_secret_no_webhook_gets_in() -> None:
    hubspot: Any = build("hubspot", {"token": TOKEN}, name="crm")
    with pytest.raises(WebhookRefused) as refused:
        hubspot.accept(signed(b"[]"), now=NOW)
    assert refused.value.status == 401


def event(**fields: Any) -> dict[str, Any]:
    usual = {
        "eventId": 100,
        "subscriptionId": 2,
        "portalId": 33,
        "appId": 4,
        "occurredAt": 1795165200123,
        "subscriptionType": "deal.propertyChange",
        "attemptNumber": 0,
        "objectId": 512,
        "propertyName": "dealstage",
        "propertyValue": "closedwon",
        "changeSource": "CRM_UI",
    }
    return {name: value for name, value in (usual | fields).items() if value is not ...}


def accept(*events: Any, **options: Any) -> Any:
    return offline(**options).accept(signed(json.dumps(events).encode()), now=NOW)


def test_a_change_carries_who_when_and_a_key_that_repeats_share() -> None:
    [change] = accept(event())
    [again] = accept(event(attemptNumber=3))
    assert (change.entity, change.record_id, change.kind) == ("deals", "512", "deal.propertyChange")
    assert change.key == again.key == "33:2:512:100:1795165200123"
    assert change.occurred_at == datetime(2026, 11, 20, 9, 0, 0, 123000, UTC)
    assert change.sequence == 100 and change.payload is None


@pytest.mark.parametrize(
    ("fields", "entity"),
    [
        ({"subscriptionType": "company.propertyChange"}, "companies"),
        ({"subscriptionType": "line_item.creation"}, "line_items"),
        ({"subscriptionType": "contact.privacyDeletion"}, "contacts"),
        ({"subscriptionType": "object.creation", "objectTypeId": "0-3"}, "deals"),
        ({"subscriptionType": "deal.associationChange", "objectId": ..., "fromObjectId": 512}, "deals"),
    ],
)
def test_every_object_is_named_as_its_path_names_it(fields: dict[str, Any], entity: str) -> None:
    [change] = accept(event(**fields))
    assert (change.entity, change.record_id) == (entity, "512")


@pytest.mark.parametrize("kind", ["conversation.newMessage", "deal", "object.creation", ""])
def test_what_we_do_not_know_is_left_out(kind: str) -> None:
    assert accept(event(subscriptionType=kind, objectId="x")) == []


def test_another_portal_and_our_own_doing_are_left_out() -> None:
    assert len(accept(event(portalId=1), event(portalId=33), portal_id=33)) == 1
    ours = event(propertyName="invoice_number", changeSource="INTEGRATION")
    assert len(accept(ours, event(), written_back=["invoice_number"])) == 1
    theirs = event(propertyName="invoice_number", changeSource="CRM_UI")
    assert len(accept(theirs, written_back=["invoice_number"])) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"objectId": "12; drop"},
        {"objectId": ...},
        {"objectId": True},
        {"objectId": -4},
        {"objectId": 10**25},
        {"occurredAt": ...},
        {"occurredAt": "soon"},
        {"occurredAt": 12},
        {"occurredAt": True},
        {"occurredAt": 10**16},
        {"subscriptionType": 7},
        {"portalId": {"a": 1}},
        {"eventId": "9" * 101},
    ],
)
def test_one_malformed_change_refuses_the_whole_body(fields: dict[str, Any]) -> None:
    with pytest.raises(WebhookRefused) as refused:
        accept(event(), event(**fields))
    assert refused.value.status == 400 and refused.value.detail


def test_at_most_a_hundred_changes_come_at_once() -> None:
    assert len(accept(*[event(eventId=n) for n in range(100)])) == 100
    with pytest.raises(WebhookRefused, match="at most 100"):
        accept(*[event(eventId=n) for n in range(101)])


@pytest.mark.parametrize("event_id", ["abc", None, 2**70, -1])
def test_an_event_id_that_is_no_number_gives_no_order(event_id: Any) -> None:
    [change] = accept(event(eventId=event_id))
    assert change.sequence == 0
