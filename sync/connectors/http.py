"""The HTTP client that all connectors share. Each request ends in a complete answer or in exactly one ConnectorError,
no error ever shows a secret, and nothing here waits to try again; it waits only for its turn, and not for long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from yarl import URL

from sync.connectors.auth import Auth, told_by
from sync.connectors.decode import decode
from sync.connectors.failures import LONGEST_WAIT, Answer, Refusal, failure, retry_after, unanswered
from sync.connectors.limits import limit_of
from sync.connectors.options import HttpOptions
from sync.connectors.turns import Turns
from sync.errors import ConnectorError, Rejected, Unavailable

BODY_LIMIT = 10 * 1024 * 1024
_JSON = {"content-type": "application/json"}
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
_LATE = 0.25


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def segment(value: str) -> str:
    """A value as one path segment. Raises Rejected for a value that would lead to another path."""
    if value in {"", ".", ".."}:
        raise Rejected(f"{value!r} is not an id", reason="not_found")
    return quote(value, safe="", errors="replace")


@dataclass(frozen=True, slots=True)
class _Unheard:
    """No usable answer came. `late` when that was noticed long after our own timeout: a worker that was frozen, or whose
    machine was, finds all its requests timed out at once, however well the other side answered them."""

    error: Exception
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One request as it is sent, but for the headers that say who we are."""

    method: str
    url: URL
    body: bytes | None
    headers: Mapping[str, str]
    hidden: Sequence[str]
    is_json: bool


class Client:
    """One keep-alive session per connection, opened by the first request. Redirects are not followed, proxies of the
    environment are not used, and every request waits for its turn; a 429 makes them all wait."""

    def __init__(
        self,
        name: str,
        base_url: str,
        options: HttpOptions,
        *,
        headers: Mapping[str, str],
        secrets: Sequence[str],
        refusal: Refusal,
        auth: Auth | None = None,
        milliseconds_from: float = math.inf,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name, self.clock = name, clock
        self.turns = Turns(name, options.throttle, options.most)
        self._base_url, self._options, self._headers = base_url, options, dict(headers)
        self._secrets = [secret.encode() for secret in secrets]
        self._refusal, self._auth, self._milliseconds_from = refusal, auth, milliseconds_from
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        idempotent: bool,
        json: Any = None,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        hidden: Sequence[str] = (),
        missing_ok: bool = False,
        is_json: bool = True,
    ) -> Answer:
        """Send one request and read its answer. `path` has its values encoded already. The body is `json`, or `body` as it
        is, whose type is among `headers`; an answer that is not JSON is none, unless `is_json` is False. With `missing_ok` a
        404 is an answer, not an error. What is `hidden` shows in no error. Raises ConnectorError; Throttled when its turn
        does not come within seconds."""
        if json is not None:
            body, headers = _body(json), {**_JSON, **(headers or {})}
        call = _Call(
            method=method, url=self._url(path, query), body=body, headers=headers or {}, hidden=hidden, is_json=is_json
        )
        outcome = await self._outcome(call)
        if isinstance(outcome, _Unheard):
            raise _error(outcome, self._call(method, path), idempotent=idempotent)
        if outcome.status >= 300 and not (missing_ok and outcome.status == 404):
            wrong = failure(outcome, self._call(method, path), idempotent=idempotent, refusal=self._refusal)
            if wrong is not None:
                raise wrong
        return outcome

    async def close(self) -> None:
        """Let go of the sockets."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        if self._auth is not None:
            await self._auth.close()

    async def _outcome(self, call: _Call) -> Answer | _Unheard:
        """A 401 says that nothing was done: where we can say anew who we are, it is sent once more."""
        if self._auth is None:
            return await self._exchange(call, {})
        who = await self._auth.headers_for(call.method, str(call.url), call.body)
        outcome = await self._exchange(call, who)
        if isinstance(outcome, Answer) and outcome.status == 401 and self._auth.refused(who):
            who = await self._auth.headers_for(call.method, str(call.url), call.body)
            outcome = await self._exchange(call, who)
            if isinstance(outcome, Answer) and outcome.status == 401:
                self._auth.refused(who)
        return outcome

    async def _exchange(self, call: _Call, who: Mapping[str, str]) -> Answer | _Unheard:
        # Errors are returned, not raised: an aiohttp error chained to ours would show the request's headers.
        session = self._session if self._session is not None and not self._session.closed else self._open()
        headers = {**call.headers, **who} if who else call.headers
        async with self.turns:
            begun = time.monotonic()
            try:
                async with session.request(
                    call.method, call.url, data=call.body, headers=headers, allow_redirects=False
                ) as response:
                    return self._answer(response, await _bounded(response), call, who)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                return _Unheard(error, late=time.monotonic() - begun > self._longest(error) + _LATE)

    def _open(self) -> aiohttp.ClientSession:
        options = self._options
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=15),  # turns are what bounds it
            timeout=aiohttp.ClientTimeout(
                total=options.timeout, connect=options.connect_timeout, ceil_threshold=math.inf
            ),  # to the moment, or late could not be told from rounded up
            headers={"accept": "application/json", "user-agent": "meshline", **self._headers},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        return self._session

    def _longest(self, error: Exception) -> float:
        connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
        return self._options.connect_timeout if connecting else self._options.timeout

    def _call(self, method: str, path: str) -> str:
        return f"{self.name}: {method} {path.partition('?')[0]}".rstrip()

    def _url(self, path: str, query: Mapping[str, str] | None) -> URL:
        joint = "&" if "?" in path else "?"
        suffix = joint + urlencode(query, quote_via=quote, errors="replace") if query else ""
        return URL(f"{self._base_url}{path}{suffix}", encoded=True)

    def _answer(self, response: aiohttp.ClientResponse, raw: bytes, call: _Call, who: Mapping[str, str]) -> Answer:
        status, headers, now = response.status, response.headers, self.clock()
        limit = limit_of(headers, now=now)
        if status < 300:
            self.turns.heed(status, limit)
            data = _data(raw, strict=True) if call.is_json else None
            return Answer(status=status, headers=headers, body=raw, data=data)
        wait = retry_after(headers, now=now, milliseconds_from=self._milliseconds_from)
        if wait is None and status == 429 and limit is not None and limit.reset is not None:
            wait = min(limit.reset, LONGEST_WAIT)
        self.turns.heed(status, limit, wait)
        for secret in (*self._secrets, *told_by(who.values()), *(each.encode() for each in call.hidden)):
            raw = raw.replace(secret, b"***")
        return Answer(status=status, headers=headers, body=raw, data=_data(raw, strict=False), retry_after=wait)


def _error(unheard: _Unheard, call: str, *, idempotent: bool) -> ConnectorError:
    error = unheard.error
    if isinstance(error, _NEVER_SENT):
        wrong: ConnectorError = Unavailable(f"{call} found no connection ({type(error).__name__})")
    else:
        detail = str(error) if type(error) is _Unreadable else type(error).__name__
        wrong = unanswered(f"{call} got no usable answer ({detail})", idempotent=idempotent)
    wrong.late = unheard.late
    return wrong


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
    part = await response.content.readany()
    if response.content.at_eof() and len(part) <= BODY_LIMIT:
        return part
    parts, size = [], 0
    while part:
        size += len(part)
        if size > BODY_LIMIT:
            response.close()
            raise _Unreadable(f"longer than {BODY_LIMIT // 1024 // 1024} MB")
        parts.append(part)
        part = await response.content.readany()
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
