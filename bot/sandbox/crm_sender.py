"""The CRM's webhooks: signed like HubSpot's (v3), in batches, repeated and out of order on request, retried until heard or given up."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final

import aiohttp

from bot.sandbox.crm_record import Change
from bot.sandbox.crm_schema import TYPES, Json, millis

PORTAL_ID: Final = 62515
APP_ID: Final = 1160452
HOOK_PATH: Final = "/hooks/crm"
_ESCAPES = {"%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(", "%29": ")",
            "%2A": "*", "%2C": ",", "%3B": ";"}  # fmt: skip
_PATIENCE = aiohttp.ClientTimeout(total=5)


def sign(secret: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """HubSpot's signature v3 over method, address (without fragment, with the named escapes decoded), body and timestamp."""
    address = url.partition("#")[0]
    for escape, plain in _ESCAPES.items():
        address = address.replace(escape, plain).replace(escape.lower(), plain)
    message = method.encode() + address.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest()).decode()


@dataclass(slots=True, kw_only=True)
class _Queued:
    event: Json
    repeat: bool = False


class Sender:
    """`webhook_url` is where the POST goes; `public_url` + /hooks/crm is the address that is signed (the webhook_url when None).
    repeat_share: how many events come a second time. reorder_window: how many neighbours change places.
    subscriptions: singular object types that are heard. paused: everything waits."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        client_secret: str,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        seed: int = 7,
    ) -> None:
        self.client_secret = client_secret
        self.webhook_url: str | None = None
        self.public_url: str | None = None
        self.repeat_share = 0.0
        self.reorder_window = 0
        self.batch_size = 100
        self.max_attempts = 10
        self.paused = False
        self.subscriptions = {each.singular for each in TYPES.values()} - {"task", "line_item"}
        self.delivered = 0
        self.undelivered: list[Json] = []
        self._pending: list[_Queued] = []
        self._subscription_ids: dict[tuple[str, str | None], int] = {}
        self._last_event = 100
        self._clock = clock
        self._sleep = sleep
        self._rng = Random(seed)  # noqa: S311  the same disorder again, not a secret
        self._lock = asyncio.Lock()
        self._wake = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pending(self) -> tuple[Json, ...]:
        return tuple(queued.event for queued in self._pending)

    def hear(self, change: Change) -> None:
        """Queue the event of a change, if somebody subscribed to it."""
        if change.kind.singular not in self.subscriptions:
            return
        self._last_event += 1
        kind = f"{'object' if change.kind.type_id else change.kind.singular}.{change.what}"
        subscription = self._subscription_ids.setdefault(
            (kind + change.kind.type_id, change.property), 5001 + len(self._subscription_ids)
        )
        event: Json = {
            "eventId": self._last_event,
            "subscriptionId": subscription,
            "portalId": PORTAL_ID,
            "appId": APP_ID,
            "occurredAt": millis(change.at),
            "subscriptionType": kind,
            "attemptNumber": 0,
            "objectId": int(change.record_id),
            "changeSource": change.source,
        }
        if change.kind.type_id:
            event["objectTypeId"] = change.kind.type_id
        if change.property is not None:
            event |= {"propertyName": change.property, "propertyValue": change.value}
        self._pending.append(_Queued(event=event | change.extra))
        self._wake.set()

    async def flush(self) -> int:
        """Send what is pending, repeats included; how many events were heard."""
        heard = 0
        async with self._lock:
            while self._pending and self.webhook_url is not None and not self.paused:
                heard += await self._deliver(self.webhook_url, self._take())
        return heard

    def start(self) -> None:
        """Send in the background from now on, until `close`."""
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    def resume(self) -> None:
        """End a pause, and wake the background sender."""
        self.paused = False
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.flush()

    def _take(self) -> list[_Queued]:
        near = self._pending[: self.reorder_window]
        self._rng.shuffle(near)
        self._pending[: self.reorder_window] = near
        size = min(self.batch_size, 100)
        batch, self._pending = self._pending[:size], self._pending[size:]
        again = [each for each in batch if not each.repeat and self._rng.random() < self.repeat_share]
        self._pending.extend(_Queued(event=dict(each.event), repeat=True) for each in again)
        return batch

    async def _deliver(self, url: str, batch: list[_Queued]) -> int:
        events = [queued.event for queued in batch]
        try:
            for attempt in range(self.max_attempts):
                if attempt:
                    await self._sleep(min(2.0 ** (attempt - 1), 60.0))
                if await self._post(url, [{**event, "attemptNumber": attempt} for event in events]):
                    self.delivered += len(events)
                    return len(events)
        except asyncio.CancelledError:
            self._pending[:0] = batch
            raise
        self.undelivered.extend(events)
        return 0

    async def _post(self, url: str, events: list[Json]) -> bool:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_PATIENCE)
        body = json.dumps(events).encode()
        timestamp = str(millis(self._clock()))
        signed = url if self.public_url is None else self.public_url.rstrip("/") + HOOK_PATH
        headers = {
            "Content-Type": "application/json",
            "X-HubSpot-Signature-v3": sign(self.client_secret, "POST", signed, body, timestamp),
            "X-HubSpot-Request-Timestamp": timestamp,
        }
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False
