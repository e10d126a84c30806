"""Every request that Slack makes to the app, signed with the signing secret and given up after three seconds."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.values import Ack, Json

ACK_SECONDS = 3.0
TIMED_OUT = "operation_timeout"
NOT_DELIVERED = "dispatch_failed"


class Sender:
    """`bot_url` is where the app listens; `ack_within` is the time it has to answer."""

    def __init__(self, signing_secret: str) -> None:
        self.bot_url: str | None = None
        self.ack_within = ACK_SECONDS
        self._secret = signing_secret.encode()
        self._session: aiohttp.ClientSession | None = None

    async def command(self, form: Mapping[str, str]) -> Ack:
        return await self._send(urlencode(form), "application/x-www-form-urlencoded")

    async def interaction(self, payload: Json) -> Ack:
        form = urlencode({"payload": json.dumps(payload)})
        return await self._send(form, "application/x-www-form-urlencoded")

    async def event(self, payload: Json, *, retry: int = 0, reason: str | None = None) -> Ack:
        again = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": reason or "unknown_error"} if retry else {}
        return await self._send(json.dumps(payload), "application/json", again)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def signature(self, timestamp: str, body: str) -> str:
        return "v0=" + hmac.new(self._secret, f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()

    async def _send(self, body: str, content_type: str, extra: Mapping[str, str] | None = None) -> Ack:
        started = time.monotonic()
        if self.bot_url is None:
            return Ack(ok=False, status=0, seconds=0.0, body={}, error=NOT_DELIVERED)
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": self.signature(timestamp, body),
            **(extra or {}),
        }
        status, error = 0, None
        answer: Json = {}
        try:
            status, answer = await self._post(f"{self.bot_url}/slack/events", body, headers)
            error = None if 200 <= status < 300 else NOT_DELIVERED
        except TimeoutError:
            error = TIMED_OUT
        except aiohttp.ClientError:
            error = NOT_DELIVERED
        seconds = time.monotonic() - started
        return Ack(ok=error is None, status=status, seconds=seconds, body=answer, error=error)

    async def _post(self, url: str, body: str, headers: Mapping[str, str]) -> tuple[int, Json]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        async with asyncio.timeout(self.ack_within), self._session.post(url, data=body, headers=headers) as response:
            return response.status, _answer(await response.text())


def _answer(text: str) -> Json:
    """An answer is an object, or a plain text that Slack shows as it is."""
    try:
        found = json.loads(text)
    except ValueError:
        return {"text": text} if text.strip() else {}
    return found if isinstance(found, dict) else {}
