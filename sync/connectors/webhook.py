"""A source that only calls us: Standard Webhooks signed with a secret, or any JSON envelopes under a bearer token.

Nothing can be read back from such a source. The record travels with the event, polling finds nothing, and `read` says
that the record is gone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sync.abilities import Ability
from sync.connectors.kind import Kind
from sync.connectors.webhook_body import Envelopes
from sync.connectors.webhook_options import BEARER, WebhookOptions, signing_key
from sync.errors import Rejected, WebhookRefused
from sync.model import Change, Record
from sync.ports import Incoming, Page

TOLERANCE = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"[0-9]{1,11}")
_LONGEST_ID = 200


class Webhook:
    """One sender."""

    def __init__(self, options: WebhookOptions, name: str) -> None:
        self._options, self._name = options, name
        self._keys = [signing_key(secret) for secret in options.secrets or ()]
        self._token = _header_value(options)
        self._envelopes = Envelopes(options)

    async def probe(self) -> str:
        """There is nobody to ask; says what it waits for."""
        proof = f"with the token in {self._options.header}"
        if not self._token:
            proof = f"signed with one of {len(self._keys)} secrets"
        return f"{self._name} waits for {self._options.entity}, {proof}"

    async def close(self) -> None:
        """Nothing is open."""

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """The changes in a request that carries our token, or that one of our secrets signed within five minutes of now."""
        if self._token:
            _check_token(incoming, self._options.header, self._token)
            return self._envelopes.changes(incoming.body, "", now=now)
        return self._envelopes.changes(incoming.body, _verified(incoming, self._keys, now), now=now)

    async def changes(self, entity: str, cursor: Record | None, *, now: datetime) -> Page:
        """Always an empty last page."""
        return Page(changes=(), cursor=cursor or {}, more=False)

    def start_at(self, entity: str, since: datetime) -> Record:
        """There is nothing to poll."""
        return {}

    async def read(self, entity: str, record_id: str) -> Record:
        """Always Rejected(reason="not_found"): the record came with its event."""
        raise Rejected(f"{self._name} only sends; {entity} {record_id} cannot be read again", reason="not_found")

    async def search(self, entity: str, by: Mapping[str, str]) -> list[Record]:
        """Nothing can be searched."""
        return []


def _header_value(options: WebhookOptions) -> bytes:
    if options.token is None:
        return b""
    token = options.token.get_secret_value()
    return (f"Bearer {token}" if options.header == BEARER else token).encode()


def _check_token(incoming: Incoming, header: str, token: bytes) -> None:
    given = incoming.headers.get(header, "")
    if not given:
        raise WebhookRefused(401, "Token is missing", f"The token belongs into the header {header}.")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), token):
        raise WebhookRefused(401, "Token is wrong")


def _verified(incoming: Incoming, keys: Sequence[bytes], now: datetime) -> str:
    message_id = incoming.headers.get("webhook-id", "")
    stamp = incoming.headers.get("webhook-timestamp", "")
    given = incoming.headers.get("webhook-signature", "").split()[:20]
    if (
        not message_id
        or len(message_id) > _LONGEST_ID
        or not message_id.isprintable()
        or not given
        or not _SECONDS.fullmatch(stamp)
    ):
        raise WebhookRefused(401, "Signature is missing")
    signed = f"{message_id}.{stamp}.".encode("utf-8", "replace") + incoming.body
    right = [b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    offered = [signature.encode("utf-8", "replace") for signature in given]
    if not any(
        [hmac.compare_digest(one, other) for one in right for other in offered]
    ):  # a list: compares all, whichever fits
        raise WebhookRefused(401, "Signature is wrong")
    if abs((now - _EPOCH) - timedelta(seconds=int(stamp))) > TOLERANCE:
        raise WebhookRefused(401, "Signature is stale", "The request was signed more than five minutes away from now.")
    return message_id


KIND = Kind(
    name="webhook",
    title="Any system that calls us: Standard Webhooks, or JSON under a token",
    options=WebhookOptions,
    build=Webhook,
    lacks={Ability.CHANGES, Ability.READ, Ability.SEARCH},
)
