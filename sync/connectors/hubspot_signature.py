"""HubSpot's signature v3: only what HubSpot signed within five minutes of now gets in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from sync.errors import WebhookRefused
from sync.ports import Incoming

TOLERANCE = timedelta(seconds=300)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS = re.compile(r"[0-9]{1,16}")

# The escapes that HubSpot decodes before it signs; every other escape stays as it was sent.
_DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ESCAPE = re.compile("|".join(_DECODED), re.IGNORECASE)


def verify(incoming: Incoming, secret: str, *, now: datetime) -> None:
    """Raise WebhookRefused(401) unless the request carries a fresh and right signature."""
    given = incoming.headers.get("x-hubspot-signature-v3", "")
    stamp = incoming.headers.get("x-hubspot-request-timestamp", "")
    if not given or not _MILLISECONDS.fullmatch(stamp):
        raise WebhookRefused(401, "Signature is missing")
    if not hmac.compare_digest(_signature(incoming, secret, stamp), given.encode("utf-8", "replace")):
        raise WebhookRefused(401, "Signature is wrong")
    if abs((now - _EPOCH) // timedelta(milliseconds=1) - int(stamp)) > TOLERANCE // timedelta(milliseconds=1):
        raise WebhookRefused(401, "Signature is stale", "The request was signed more than five minutes away from now.")


def signed_uri(url: str) -> str:
    """The address in the form that HubSpot signs."""
    return _ESCAPE.sub(lambda escape: _DECODED[escape[0].upper()], url.partition("#")[0])


def _signature(incoming: Incoming, secret: str, stamp: str) -> bytes:
    head = incoming.method.upper() + signed_uri(incoming.url)
    message = head.encode("utf-8", "replace") + incoming.body + stamp.encode()
    return base64.b64encode(hmac.digest(secret.encode(), message, hashlib.sha256))
