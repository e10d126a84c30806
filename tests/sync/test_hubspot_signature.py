"""HubSpot's signature v3 against the vendor's own vector and library, and the escapes that its documentation lists."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from connector_fakes import NOW, TOKEN
from hubspot.utils.signature import Signature

from bot.sandbox.crm_sender import sign
from sync.connectors import build
from sync.connectors.hubspot_signature import signed_uri, verify
from sync.errors import WebhookRefused
from sync.ports import Incoming

SECRET = "app-secret"
URL = "https://sync.example.com/hooks/crm"

# HubSpot publishes one whole vector of v3: in the tests of its Python library (hubspot-api-python, tests/spec/utils).
VENDOR_SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
VENDOR_STAMP = 15_000_000
VENDOR = Incoming(
    method="POST",
    url="https://www.example.com/webhook_uri",
    headers={
        "x-hubspot-signature-v3": "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw=",
        "x-hubspot-request-timestamp": str(VENDOR_STAMP),
    },
    body=b"{'example_field':'example_value'}",
)
THEN = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=VENDOR_STAMP)


def test_the_vendors_published_vector_is_accepted() -> None:
    verify(VENDOR, VENDOR_SECRET, now=THEN)


@pytest.mark.parametrize(
    "forged",
    [
        {"method": "PUT"},
        {"url": "https://www.example.com/webhook_uri?"},
        {"body": b"{'example_field':'example_valuf'}"},
        {"headers": {**VENDOR.headers, "x-hubspot-request-timestamp": "15000001"}},
        {"headers": {**VENDOR.headers, "x-hubspot-signature-v3": "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQx="}},
        {"headers": {**VENDOR.headers, "x-hubspot-signature-v3": "hpw73rutkmcyoedadg0s6mmgfwuzwjkaw07r8rdgcqw="}},
    ],
    ids=["method", "address", "body", "time", "one-letter", "lower-case"],
)
def test_nothing_that_the_vector_signs_can_be_changed(forged: dict[str, Any]) -> None:
    parts = {"method": VENDOR.method, "url": VENDOR.url, "headers": VENDOR.headers, "body": VENDOR.body, **forged}
    with pytest.raises(WebhookRefused, match="Signature is wrong") as refused:
        verify(Incoming(**parts), VENDOR_SECRET, now=THEN)
    assert refused.value.status == 401


def test_the_vendors_library_the_sandbox_and_a_sum_by_hand_agree() -> None:
    body, stamp = '[{"note": "Größe"}]', "1795165200123"
    url = f"{URL}?tenant=ab%20c"
    theirs = Signature.get_signature(SECRET, body, "v3", url, "POST", stamp)
    by_hand = hmac.new(SECRET.encode(), f"POST{url}{body}{stamp}".encode(), hashlib.sha256).digest()
    assert theirs == base64.b64encode(by_hand).decode() == sign(SECRET, "POST", url, body.encode(), stamp)


DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$",
    "%27": "'", "%28": "(", "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
KEPT = (
    "%20",
    "%22",
    "%23",
    "%25",
    "%26",
    "%2B",
    "%2D",
    "%2E",
    "%3C",
    "%3D",
    "%3E",
    "%5B",
    "%5F",
    "%7E",
    "%C3%A9",
    "+",
    "%",
)


def _cases() -> list[tuple[str, str]]:
    """Every listed escape in upper and lower case is decoded; encoded twice, or not listed, it stays as it was sent."""
    once = [(form, plain) for code, plain in DECODED.items() for form in dict.fromkeys((code, code.lower()))]
    twice = [(f"%25{form[1:]}", f"%25{form[1:]}") for form, _ in once]
    return [*once, *twice, *((form, form) for kept in KEPT for form in dict.fromkeys((kept, kept.lower())))]


@pytest.mark.parametrize(("sent", "over"), _cases())
@pytest.mark.parametrize("place", ["path", "query"])
def test_every_escape_is_decoded_as_the_documentation_says(sent: str, over: str, place: str) -> None:
    shape = f"{URL}/a{{}}b?x=1" if place == "path" else f"{URL}?x=a{{}}b&y=2"
    decoded = shape.format(over)
    assert signed_uri(shape.format(sent)) == decoded
    verify(_signed(shape.format(sent), over=decoded), SECRET, now=NOW)


def test_escapes_side_by_side_are_each_decoded_once() -> None:
    for one, other in itertools.product(DECODED, repeat=2):
        assert signed_uri(f"{URL}?{one}{other}") == f"{URL}?{DECODED[one]}{DECODED[other]}"


def test_what_only_a_full_decoding_would_accept_is_refused() -> None:
    with pytest.raises(WebhookRefused, match="Signature is wrong"):
        verify(_signed(f"{URL}?q=a%26b", over=f"{URL}?q=a&b"), SECRET, now=NOW)


AWAY = [
    (300_000, True),
    (-300_000, True),
    (300_001, False),
    (-300_001, False),
    (86_400_000, False),
    (-86_400_000, False),
]


@pytest.mark.parametrize(("away", "fresh"), AWAY)
def test_a_timestamp_may_be_five_minutes_away_and_not_a_millisecond_more(away: int, fresh: bool) -> None:
    incoming = _signed(URL, stamp=_milliseconds(NOW) + away)
    if fresh:
        verify(incoming, SECRET, now=NOW)
        return
    with pytest.raises(WebhookRefused, match="five minutes away") as refused:
        verify(incoming, SECRET, now=NOW)
    assert (refused.value.status, refused.value.title) == (401, "Signature is stale")


@pytest.mark.parametrize("stamp", ["", "now", "-1", "1e12", "9" * 40, "1795165200000.5", "٣"])
def test_a_timestamp_that_is_no_number_is_no_signature(stamp: str) -> None:
    good = _signed(URL)
    with pytest.raises(WebhookRefused, match="Signature is missing"):
        verify(_with(good, {**good.headers, "x-hubspot-request-timestamp": stamp}), SECRET, now=NOW)


def test_events_of_another_portal_alone_are_refused_and_among_ours_left_out() -> None:
    hubspot: Any = build("hubspot", {"token": TOKEN, "client_secret": SECRET, "portal_id": 33}, name="crm")
    ours, theirs = _event(33), _event(34)
    assert [each.record_id for each in hubspot.accept(_signed(URL, json.dumps([ours, theirs])), now=NOW)] == ["512"]
    with pytest.raises(WebhookRefused, match="of the accounts 34, 35 and not of 33") as refused:
        hubspot.accept(_signed(URL, json.dumps([theirs, _event(35)])), now=NOW)
    assert (refused.value.status, refused.value.title) == (401, "Another account's events")
    assert hubspot.accept(_signed(URL, "[]"), now=NOW) == []


def _event(portal: int) -> dict[str, Any]:
    return {
        "eventId": 100, "subscriptionId": 2, "portalId": portal, "occurredAt": _milliseconds(NOW),
        "subscriptionType": "deal.creation", "objectId": 512,
    }  # fmt: skip


def _signed(url: str, body: str = "[]", *, over: str | None = None, stamp: int | None = None) -> Incoming:
    """Signed by hand: `over` is the address as the sender decodes it."""
    at = str(_milliseconds(NOW) if stamp is None else stamp)
    digest = hmac.new(SECRET.encode(), f"POST{over or url}{body}{at}".encode(), hashlib.sha256).digest()
    headers = {"x-hubspot-signature-v3": base64.b64encode(digest).decode(), "x-hubspot-request-timestamp": at}
    return Incoming(method="POST", url=url, headers=headers, body=body.encode())


def _with(incoming: Incoming, headers: dict[str, str]) -> Incoming:
    return Incoming(method=incoming.method, url=incoming.url, headers=headers, body=incoming.body)


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
