"""The HTTP client that all connectors share. Each request ends in a complete answer or in exactly one ConnectorError,
no error ever shows a secret, and nothing here waits to try again."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from yarl import URL

from sync.connectors.decode import decode
from sync.connectors.failures import Answer, Refusal, failure, retry_after, unanswered
from sync.connectors.options import HttpOptions
from sync.errors import ConnectorError, Rejected, Unavailable

BODY_LIMIT = 10 * 1024 * 1024
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def segment(value: str) -> str:
    """A value as one path segment. Raises Rejected for a value that would lead to another path."""
    if value in {"", ".", ".."}:
        raise Rejected(f"{value!r} is not an id", reason="not_found")
    return quote(value, safe="", errors="replace")


class Client:
    """One keep-alive session per connection, opened by the first request. Redirects are not followed, proxies of the
    environment are not used, and `concurrency` bounds the requests in flight."""

    def __init__(
        self,
        name: str,
        base_url: str,
        options: HttpOptions,
        *,
        headers: Mapping[str, str],
        secrets: Sequence[str],
        refusal: Refusal,
        milliseconds_from: float = math.inf,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name, self.clock = name, clock
        self._base_url, self._options, self._headers = base_url, options, dict(headers)
        self._secrets = [secret.encode() for secret in secrets]
        self._refusal, self._milliseconds_from = refusal, milliseconds_from
        self._turns = asyncio.Semaphore(options.concurrency)
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        idempotent: bool,
        json: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        missing_ok: bool = False,
    ) -> Answer:
        """Send one request and read its answer. `path` has its values encoded already. With `missing_ok` a 404 is an
        answer, not an error. Raises ConnectorError."""
        call = f"{self.name}: {method} {path.partition('?')[0]}"
        body = _body(json)
        sent = {**({"content-type": "application/json"} if body is not None else {}), **(headers or {})}
        outcome = await self._outcome(method, self._url(path, query), body, sent, call, idempotent)
        if isinstance(outcome, ConnectorError):
            raise outcome
        if missing_ok and outcome.status == 404:
            return outcome
        wrong = failure(outcome, call, idempotent=idempotent, refusal=self._refusal)
        if wrong is not None:
            raise wrong
        return outcome

    async def close(self) -> None:
        """Let go of the sockets."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _outcome(
        self, method: str, url: URL, body: bytes | None, headers: Mapping[str, str], call: str, idempotent: bool
    ) -> Answer | ConnectorError:
        # Errors are returned, not raised: an aiohttp error chained to ours would show the request's headers.
        try:
            async with (
                self._turns,
                self._open().request(method, url, data=body, headers=headers, allow_redirects=False) as response,
            ):
                return self._answer(response, await _bounded(response))
        except _NEVER_SENT as error:
            return Unavailable(f"{call} found no connection ({type(error).__name__})")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            detail = str(error) if type(error) is _Unreadable else type(error).__name__
            return unanswered(f"{call} got no usable answer ({detail})", idempotent=idempotent)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            options = self._options
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=options.concurrency, keepalive_timeout=15),
                timeout=aiohttp.ClientTimeout(total=options.timeout, connect=options.connect_timeout),
                headers={
                    "accept": "application/json",
                    "user-agent": "meshline",
                    **self._headers,
                },
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    def _url(self, path: str, query: Mapping[str, str] | None) -> URL:
        joint = "&" if "?" in path else "?"
        suffix = joint + urlencode(query, quote_via=quote, errors="replace") if query else ""
        return URL(f"{self._base_url}{path}{suffix}", encoded=True)

    def _answer(self, response: aiohttp.ClientResponse, raw: bytes) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status >= 300:
            for secret in self._secrets:
                raw = raw.replace(secret, b"***")
        wait = retry_after(headers, now=self.clock(), milliseconds_from=self._milliseconds_from)
        data = _data(raw, strict=response.status < 300)
        return Answer(status=response.status, headers=headers, body=raw, data=data, retry_after=wait)


class _Unreadable(ValueError):
    """The answer came and cannot be used; the words are ours."""


def _body(json: Any) -> bytes | None:
    if json is None:
        return None
    try:
        return orjson.dumps(json)
    except TypeError:
        wrong = Rejected("the record holds a value that cannot be sent as JSON", reason="invalid_value")
    raise wrong


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_chunked(64 * 1024):
        size += len(part)
        if size > BODY_LIMIT:
            response.close()
            raise _Unreadable(f"longer than {BODY_LIMIT // 1024 // 1024} MB")
        parts.append(part)
    return b"".join(parts)


def _data(raw: bytes, *, strict: bool) -> Any:
    if not raw.strip():
        return None
    try:
        return decode(raw)
    except ValueError:
        if not strict:
            return None
    raise _Unreadable("not JSON")
