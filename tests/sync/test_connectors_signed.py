"""What every connector that takes webhooks refuses, and what it lets in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from connector_fakes import NOW
from connector_harness import HARNESSES, offline, signed_bytes

from sync.errors import (
    WebhookRefused,
)
from sync.ports import Incoming, Source

UNSIGNED = {"csv", "salesforce"}
"""What proves itself by a token or by an address that nobody else knows: nothing is signed and nothing is dated."""
sources = pytest.mark.parametrize(
    "kind", [kind for kind, harness in sorted(HARNESSES.items()) if harness.sign is not None and kind not in UNSIGNED]
)


@sources
def test_a_signed_webhook_becomes_changes(kind: str) -> None:
    source, harness = offline(kind), HARNESSES[kind]
    assert isinstance(source, Source) and harness.sign is not None
    [change] = source.accept(harness.sign(NOW, harness.body), now=NOW)
    assert change.record_id == "5"
    [again] = source.accept(harness.sign(NOW + timedelta(seconds=9), harness.body), now=NOW)
    assert again.key == change.key


@sources
@pytest.mark.parametrize("away", [-301, 301])
def test_an_old_signature_and_one_from_the_future_are_refused(kind: str, away: int) -> None:
    source, harness = offline(kind), HARNESSES[kind]
    assert isinstance(source, Source) and harness.sign is not None
    source.accept(harness.sign(NOW + timedelta(seconds=away // 301 * 300), harness.body), now=NOW)
    with pytest.raises(WebhookRefused, match="five minutes") as refused:
        source.accept(harness.sign(NOW + timedelta(seconds=away), harness.body), now=NOW)
    assert refused.value.status == 401


@sources
def test_a_forged_webhook_is_refused(kind: str) -> None:
    source, harness = offline(kind), HARNESSES[kind]
    assert isinstance(source, Source) and harness.sign is not None
    good = harness.sign(NOW, harness.body)
    forgeries = [
        Incoming(method="POST", url=good.url, headers=good.headers, body=good.body + b" "),
        Incoming(method="POST", url=good.url, headers={}, body=good.body),
        *(
            Incoming(method="POST", url=good.url, headers={**good.headers, name: value}, body=good.body)
            for name in good.headers
            for value in ("", "x", "v1,ä", "1" * 30, "1795165200 ")
        ),
    ]
    for forged in forgeries:
        with pytest.raises(WebhookRefused) as refused:
            source.accept(forged, now=NOW)
        assert refused.value.status == 401


@sources
@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"7", b'{"a": 1}', b"[[1]]", b"\xff", b"[" * 5000, b'[{"x": Infinity}]']
)
def test_a_signed_webhook_that_makes_no_sense_is_refused(kind: str, body: bytes) -> None:
    source = offline(kind)
    assert isinstance(source, Source)
    with pytest.raises(WebhookRefused) as refused:
        source.accept(signed_bytes(kind, body), now=NOW)
    assert refused.value.status == 400
