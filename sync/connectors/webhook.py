"""A source that only calls us: signed Standard Webhooks whose body carries the whole record.

Nothing can be read back from such a source. The record travels with the event, polling finds nothing, and `read` says
that the record is gone."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from sync.connectors.decode import decode
from sync.connectors.kind import Kind
from sync.connectors.options import Options
from sync.connectors.selector import Selector, select
from sync.errors import Rejected, WebhookRefused
from sync.model import Change, Record
from sync.ports import Incoming, Page

TOLERANCE = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = re.compile(r"[0-9]{1,11}")
_PREFIX = "whsec_"
_SHORTEST = 16


def _key(secret: SecretStr) -> bytes:
    text = secret.get_secret_value().removeprefix(_PREFIX)
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _usable(secret: SecretStr) -> SecretStr:
    if len(_key(secret)) < _SHORTEST:
        raise ValueError(f"must be {_PREFIX} and at least {_SHORTEST} bytes in base64")
    return secret


def _several(value: Any) -> Any:
    return value.replace(",", " ").split() if isinstance(value, str) else value


SigningSecret = Annotated[SecretStr, AfterValidator(_usable)]


class WebhookOptions(Options):
    """`id`, `occurred` and `sequence` are JMESPath selectors into the record. Several `secrets` allow rotation."""

    secrets: Annotated[list[SigningSecret], BeforeValidator(_several), Field(min_length=1, max_length=10)]
    entity: Annotated[str, Field(min_length=1, max_length=100)]
    id: Selector = "id"
    occurred: Selector | None = None
    sequence: Selector | None = None


class Webhook:
    """One sender of Standard Webhooks."""

    def __init__(self, options: WebhookOptions, name: str) -> None:
        self._options, self._name = options, name
        self._keys = [_key(secret) for secret in options.secrets]

    async def probe(self) -> str:
        """There is nobody to ask; says what it waits for."""
        return f"{self._name} waits for {self._options.entity}, signed with one of {len(self._keys)} secrets"

    async def close(self) -> None:
        """Nothing is open."""

    def accept(self, incoming: Incoming, *, now: datetime) -> Sequence[Change]:
        """The one change in a request that is signed with one of our secrets within five minutes of now."""
        message_id = _verified(incoming, self._keys, now)
        try:
            body = decode(incoming.body)
        except ValueError as error:
            raise _malformed(f"The body is not JSON: {error}.") from None
        return [self._change(message_id, body)]

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

    def _change(self, message_id: str, body: Any) -> Change:
        if (
            not isinstance(body, dict)
            or not isinstance(body.get("type"), str)
            or not isinstance(body.get("data"), dict)
        ):
            raise _malformed("The body must be an object with type, timestamp and data.")
        record = body["data"]
        options = self._options
        occurred = select(options.occurred, record) if options.occurred else body.get("timestamp")
        return Change(
            entity=options.entity,
            record_id=_record_id(select(options.id, record), options.id),
            key=message_id,
            kind=body["type"][:100],
            occurred_at=_moment(occurred),
            sequence=_sequence(select(options.sequence, record)) if options.sequence else 0,
            payload=record,
        )


def _verified(incoming: Incoming, keys: Sequence[bytes], now: datetime) -> str:
    message_id = incoming.headers.get("webhook-id", "")
    stamp = incoming.headers.get("webhook-timestamp", "")
    given = incoming.headers.get("webhook-signature", "").split()[:20]
    if (
        not message_id
        or len(message_id) > 256
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


def _record_id(value: Any, selector: str) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text or len(text) > 200 or not text.isprintable():
        raise _malformed(f"The record has no usable id at {selector}.")
    return text


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or not 2000 <= moment.year < 2100:
        raise _malformed("The time of the change must be an ISO 8601 time.")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sequence(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", text):
        raise _malformed("The sequence must be a whole number.")
    return int(text)


def _malformed(detail: str) -> WebhookRefused:
    return WebhookRefused(400, "Body is malformed", detail)


KIND = Kind(name="webhook", options=WebhookOptions, build=Webhook)
