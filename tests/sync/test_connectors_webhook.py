"""Standard Webhooks: signed by an independent signer, taken in with the record they carry."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook as Signer

from sync.connectors import build
from sync.connectors.webhook import Webhook
from sync.errors import ConfigurationError, WebhookRefused
from sync.ports import Incoming

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()
STRANGE = "whsec_" + base64.b64encode(b"s" * 32).decode()


def shop(**options: Any) -> Webhook:
    made = build("webhook", {"secrets": [OLD, NEW], "entity": "orders", **options}, name="shop")
    assert isinstance(made, Webhook)
    return made


def sent(body: Any, *secrets: str, message_id: str = "msg_1", at: datetime = NOW) -> Incoming:
    text = body if isinstance(body, str) else json.dumps(body)
    signatures = [Signer(secret).sign(message_id, at, text) for secret in secrets or (NEW,)]
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    return Incoming(method="POST", url="https://x.example.com/hooks/shop", headers=headers, body=text.encode())


def order(**fields: Any) -> dict[str, Any]:
    data = {"id": "o-1", "updated": {"at": "2026-11-20T08:00:00+01:00"}, "version": 7, "total": "12.50"}
    return {"type": "order.paid", "timestamp": "2026-11-20T08:59:00Z", "data": {**data, **fields}}


def test_the_record_travels_with_the_change() -> None:
    body = '{"type": "order.paid", "timestamp": "2026-11-20T08:59:00Z", "data": {"id": 7, "total": 0.10}}'
    [change] = shop().accept(sent(body), now=NOW)
    assert change.payload == {"id": 7, "total": "0.10"}
    assert (change.entity, change.record_id, change.key, change.kind) == ("orders", "7", "msg_1", "order.paid")
    assert change.occurred_at == NOW - timedelta(minutes=1) and change.sequence == 0


def test_selectors_say_where_id_time_and_order_are() -> None:
    [change] = shop(id="updated.at", occurred="updated.at", sequence="version").accept(sent(order()), now=NOW)
    assert change.record_id == "2026-11-20T08:00:00+01:00"
    assert change.occurred_at == datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    assert change.sequence == 7


@pytest.mark.parametrize("secrets", [(OLD,), (NEW,), (STRANGE, OLD), (NEW, STRANGE)])
def test_while_secrets_rotate_either_counts(secrets: tuple[str, ...]) -> None:
    assert shop().accept(sent(order(), *secrets), now=NOW)


def test_a_strangers_signature_does_not_count() -> None:
    with pytest.raises(WebhookRefused, match="Signature is wrong") as refused:
        shop().accept(sent(order(), STRANGE), now=NOW)
    assert refused.value.status == 401


@pytest.mark.parametrize("version", ["v1a", "v2", "V1"])
def test_a_signature_of_another_version_does_not_count(version: str) -> None:
    good = sent(order())
    other = good.headers["webhook-signature"].replace("v1,", f"{version},")
    with pytest.raises(WebhookRefused):
        headers = {**good.headers, "webhook-signature": other}
        shop().accept(Incoming(method="POST", url=good.url, headers=headers, body=good.body), now=NOW)


def test_the_message_id_is_signed() -> None:
    good = sent(order())
    with pytest.raises(WebhookRefused):
        headers = {**good.headers, "webhook-id": "msg_2"}
        shop().accept(Incoming(method="POST", url=good.url, headers=headers, body=good.body), now=NOW)


def test_secrets_may_come_as_one_text() -> None:
    assert shop(secrets=f"{OLD} {NEW}").accept(sent(order()), now=NOW)
    assert shop(secrets=f"{OLD},{NEW}").accept(sent(order()), now=NOW)


@pytest.mark.parametrize("secrets", ["", [], "whsec_", "whsec_c2hvcnQ=", "whsec_!!!", ["whsec_ümlaut"]])
def test_a_weak_or_broken_secret_is_a_mistake(secrets: Any) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        shop(secrets=secrets)
    assert "connections.shop.secrets" in str(wrong.value) and "c2hvcnQ" not in str(wrong.value)


def test_a_broken_selector_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match=r"connections\.shop\.id.*not a JMESPath selector"):
        shop(id="a[")


@pytest.mark.parametrize(
    ("body", "options"),
    [
        (order(id=None), {}),
        (order(id=""), {}),
        (order(id=True), {}),
        (order(id={"a": 1}), {}),
        (order(id="x" * 201), {}),
        (order(id="a\x00b"), {}),
        ({**order(), "timestamp": "now"}, {}),
        ({**order(), "timestamp": 12}, {}),
        ({**order(), "timestamp": "0001-01-01T00:00:00Z"}, {}),
        ({**order(), "type": None}, {}),
        ({**order(), "data": [1]}, {}),
        (order(version="seven"), {"sequence": "version"}),
        (order(version=True), {"sequence": "version"}),
        (order(version=-1), {"sequence": "version"}),
        (order(), {"sequence": "nowhere"}),
        (order(), {"occurred": "length(version)"}),
        ('{"type": "t", "timestamp": "2026-11-20T08:59:00Z", "data": {"id": 1, "x": ' + "[" * 60 + "]" * 60 + "}}", {}),
    ],
)
def test_a_body_without_what_is_needed_is_refused(body: Any, options: dict[str, Any]) -> None:
    with pytest.raises(WebhookRefused) as refused:
        shop(**options).accept(sent(body), now=NOW)
    assert refused.value.status == 400 and refused.value.detail


def test_a_time_without_a_zone_is_utc() -> None:
    [change] = shop().accept(sent({**order(), "timestamp": "2026-11-20T08:59:00"}), now=NOW)
    assert change.occurred_at == NOW - timedelta(minutes=1)
