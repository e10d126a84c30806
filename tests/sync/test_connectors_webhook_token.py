"""Senders that are no Standard Webhooks: any JSON envelope under a token, one at a time or a thousand together."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Signer

from sync.connectors import build
from sync.connectors.decode import decode
from sync.connectors.webhook import Webhook
from sync.connectors.webhook_body import read
from sync.errors import ConfigurationError, WebhookRefused
from sync.ports import Incoming

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
TOKEN = "a-token-of-some-length"
SECRET = "whsec_c2l4dGVlbiBieXRlcyBhdCBsZWFzdCE="
ENVELOPE = {"key": "event_id", "kind": "event_type", "occurred": "occurred_at", "sequence": "seq"}


def crm(**options: Any) -> Webhook:
    given = {"token": TOKEN, "entity": "customers", "id": "data.id", "envelope": ENVELOPE, **options}
    made = build("webhook", {name: value for name, value in given.items() if value is not None}, name="crm")
    assert isinstance(made, Webhook)
    return made


def event(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "event_id": f"e-{number}",
        "event_type": "customer.updated",
        "occurred_at": "2026-11-20T08:59:00.125Z",
        "seq": number,
        "data": {"id": f"cust-{number}", "credit_limit": "25000.00"},
        **fields,
    }


def sent(body: Any, **headers: str) -> Incoming:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    carried = headers or {"authorization": f"Bearer {TOKEN}"}
    return Incoming(method="POST", url="https://x.example.com/hooks/crm", headers=carried, body=raw)


def signed(body: Any) -> Incoming:
    text = json.dumps(body)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(NOW.timestamp())),
        "webhook-signature": Signer(SECRET).sign("msg_1", NOW, text),
    }
    return sent(text.encode(), **headers)


def refusal(source: Webhook, incoming: Incoming) -> WebhookRefused:
    with pytest.raises(WebhookRefused) as refused:
        source.accept(incoming, now=NOW)
    return refused.value


def mistakes(**options: Any) -> str:
    with pytest.raises(ConfigurationError) as wrong:
        crm(**options)
    return str(wrong.value)


def test_any_envelope_becomes_a_change() -> None:
    [change] = crm().accept(sent(event(7)), now=NOW)
    assert (change.entity, change.record_id, change.key, change.kind) == (
        "customers", "cust-7", "e-7", "customer.updated",
    )  # fmt: skip
    assert change.occurred_at == datetime(2026, 11, 20, 8, 59, 0, 125000, tzinfo=UTC) and change.sequence == 7
    assert change.payload == event(7)


def test_the_record_may_be_a_part_of_the_envelope() -> None:
    [change] = crm(id="id", envelope={**ENVELOPE, "record": "data"}).accept(sent(event(7)), now=NOW)
    assert change.payload == {"id": "cust-7", "credit_limit": "25000.00"} and change.record_id == "cust-7"


def test_an_envelope_that_says_only_its_key_happened_when_it_came() -> None:
    [change] = crm(envelope={"key": "event_id"}).accept(sent(event()), now=NOW)
    assert (change.occurred_at, change.sequence, change.kind) == (NOW, 0, "change")


def test_time_and_order_may_stand_in_the_record() -> None:
    inside = crm(
        id="id", occurred="at", sequence="version", envelope={"key": "event_id", "record": "data"}
    )  # fmt: skip
    [change] = inside.accept(sent(event(data={"id": 5, "at": "2026-11-20", "version": "12"})), now=NOW)
    assert (change.record_id, change.sequence) == ("5", 12)
    assert change.occurred_at == datetime(2026, 11, 20, tzinfo=UTC)


def test_signed_senders_may_have_an_envelope_of_their_own() -> None:
    source = crm(token=None, secrets=[SECRET], envelope={"kind": "event_type"})
    [change] = source.accept(signed(event()), now=NOW)
    assert (change.key, change.kind, change.record_id) == ("msg_1", "customer.updated", "cust-1")
    assert refusal(source, sent(event())).status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer another-token-than-this"},
        {"authorization": TOKEN},
        {"authorization": f"Bearer {TOKEN} "},
        {"authorization": "Bearer tökén"},
        {"authorization": ""},
        {"x-token": TOKEN},
    ],
)
def test_a_stranger_is_refused(headers: dict[str, str]) -> None:
    assert refusal(crm(), sent(event(), **headers)).status == 401


def test_the_token_may_stand_in_a_header_of_its_own() -> None:
    source = crm(header="X-Crm-Token")
    assert source.accept(sent(event(), **{"x-crm-token": TOKEN}), now=NOW)
    for value in (f"Bearer {TOKEN}", TOKEN[:-1], ""):
        assert refusal(source, sent(event(), **{"x-crm-token": value})).status == 401
    assert refusal(source, sent(event())).status == 401


def test_exactly_one_proof_of_the_sender_is_configured() -> None:
    one = "exactly one of `secrets` and `token` is needed"
    assert one in mistakes(secrets=[SECRET])
    assert one in mistakes(token=None)
    assert crm(token=None, secrets=[SECRET], envelope=None)


def test_a_token_without_a_selected_key_is_a_mistake() -> None:
    for envelope in (None, {}, {"kind": "event_type"}):
        assert "`token` needs `envelope.key`" in mistakes(envelope=envelope)


@pytest.mark.parametrize("token", ["short", "x" * 15, "with a space in the midst", "ümläuts-are-no-ascii", ""])
def test_a_weak_token_is_a_mistake_and_is_not_shown(token: str) -> None:
    words = mistakes(token=token)
    assert "connections.crm.token" in words and (not token or token not in words)


def test_all_mistakes_are_said_at_once() -> None:
    words = mistakes(token="short", occurred="at", header="no header", envelope={"occurred": "at", "kei": "x"})
    for said in ("crm.token", "crm.header", "crm.envelope.kei", "`occurred` is selected", "needs `envelope.key`"):
        assert said in words


def test_a_header_for_signed_senders_is_a_mistake() -> None:
    assert "`header` has no meaning" in mistakes(token=None, secrets=[SECRET], envelope=None, header="x-token")


def test_a_batch_is_taken_in_its_order() -> None:
    changes = crm().accept(sent([event(number) for number in range(1000)]), now=NOW)
    assert [change.key for change in changes] == [f"e-{number}" for number in range(1000)]
    assert crm().accept(sent([]), now=NOW) == []


def test_a_batch_of_more_than_a_thousand_is_refused_whole() -> None:
    refused = refusal(crm(), sent([event(number) for number in range(1001)]))
    assert refused.status == 413 and "1000" in refused.detail


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"event_id": None}, "no usable key"),
        ({"event_id": "x" * 201}, "no usable key"),
        ({"event_id": True}, "no usable key"),
        ({"event_type": 7}, "type"),
        ({"data": {}}, "no usable id at data.id"),
        ({"data": []}, "no usable id at data.id"),
        ({"seq": -1}, "sequence"),
        ({"seq": "٣"}, "sequence"),
        ({"occurred_at": None}, "ISO 8601"),
    ],
)
def test_one_mistake_refuses_the_batch_and_is_named(wrong: dict[str, Any], said: str) -> None:
    refused = refusal(crm(), sent([event(1), event(2), event(3, **wrong), event(4)]))
    assert refused.status == 400 and "Event [2] of 4" in refused.detail and said in refused.detail


def test_a_batch_holds_envelopes_and_not_batches() -> None:
    assert "Event [1] of 2" in refusal(crm(), sent([event(), [event()]])).detail


def test_envelopes_of_a_signed_batch_have_keys_of_their_own() -> None:
    source = crm(token=None, secrets=[SECRET], envelope=None, id="id")
    batch = [{"type": "paid", "timestamp": "2026-11-20T08:59:00Z", "data": {"id": number}} for number in (5, 6)]
    assert [change.key for change in source.accept(signed(batch), now=NOW)] == ["msg_1/0", "msg_1/1"]


@pytest.mark.parametrize(
    "at", ["1999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
)
def test_an_event_outside_of_all_calendars_is_refused(at: str) -> None:
    assert refusal(crm(), sent(event(occurred_at=at))).status == 400


def test_an_event_from_the_future_is_refused() -> None:
    tomorrow = NOW + timedelta(hours=24)
    assert crm().accept(sent(event(occurred_at=tomorrow.isoformat())), now=NOW)
    for at in ((tomorrow + timedelta(seconds=1)).isoformat(), "2099-01-01T00:00:00Z"):
        refused = refusal(crm(), sent(event(occurred_at=at)))
        assert refused.status == 400 and "future" in refused.detail


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


@given(PLAIN, st.booleans())
def test_the_quick_reader_reads_what_the_careful_one_reads(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert repr(read(body)) == repr(decode(body))


@pytest.mark.parametrize(
    "body",
    [
        b'{"half": "\\ud800", "\\ud800": 1}',
        b'{"half": "\xed\xa0\x80"}',
        b"\xef\xbb\xbf[1.10]",
        "[1.10]".encode("utf-16"),
        b'{"big": 123456789012345678901234567890, "small": 1e-7, "cents": 0.10}',
        b"[" * 50 + b"]" * 50,
        b'{"a": "' + b"[" * 60 + b'"}',
    ],
)
def test_the_quick_reader_is_careful_where_it_must_be(body: bytes) -> None:
    assert read(body) == decode(body)


@pytest.mark.parametrize(
    "body", [b"[" * 51 + b"]" * 51, b'{"a":' * 51 + b"1" + b"}" * 51, b"[NaN]", b"[-Infinity]", b"\xff", b"", b"[1] 2"]
)
def test_what_the_careful_reader_refuses_the_quick_one_refuses(body: bytes) -> None:
    for reader in (read, decode):
        with pytest.raises(ValueError):
            reader(body)
