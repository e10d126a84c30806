"""The HTTP client that all connectors share. Each request ends in a complete answer or in exactly one ConnectorError,
no error ever shows a secret, and nothing here waits to try again; it waits only for its turn, and not for long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson
from yarl import URL

from sync.connectors.asked import HEADER, ids, quoted
from sync.connectors.auth import Auth, told_by
from sync.connectors.decode import decode
from sync.connectors.failures import LONGEST_WAIT, Answer, Refusal, failure, retry_after, sent_at, unanswered
from sync.connectors.limits import limit_of
from sync.connectors.links import path_within
from sync.connectors.options import HttpOptions
from sync.connectors.session import longest, opened
from sync.connectors.turns import Turns
from sync.errors import ConnectorError, Rejected, Throttled, Unauthorized, Unavailable

_MEGABYTE = 1024 * 1024
_JSON = {"content-type": "application/json"}
_NEVER_SENT = (
    aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError, aiohttp.InvalidURL
)  # fmt: skip
_TOO_MANY = 429
_LATE = 0.25
_CLOCKS_DIFFER = 5.0
_SAY_ENOUGH = frozenset({401, 407, 429, 503})


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
    environment are not used, and every request waits for its turn; a 429 makes them all wait. Each request carries an id of
    its own, which its error quotes along with the other side's."""

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
        self._ids = ids()
        self._date, self._answered_at = "", clock()
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
        asked = next(self._ids)
        outcome = await self._outcome(
            _Call(
                method=method,
                url=self._url(path, query),
                body=body,
                headers={**self._headers, HEADER: asked, **(headers or {})},
                hidden=hidden,
                is_json=is_json,
            )
        )
        if isinstance(outcome, Answer) and (outcome.status < 300 or (missing_ok and outcome.status == 404)):
            return outcome
        raise self._wrong(outcome, f"{self.name}: {method} {path.partition('?')[0]}".rstrip(), asked, idempotent)

    def within(self, link: object, *, idempotent: bool = True) -> str:
        """The path, with its query, of an address that an answer gave us: a next page, a record just made. Raises Unavailable
        for one that leads to another host or above our own base, AnswerLost where what was asked cannot be repeated."""
        path = path_within(self._base_url, link)
        if path is None:
            raise unanswered(f"{self.name} answered with a link that leads elsewhere", idempotent=idempotent)
        return path

    def theirs(self, now: datetime) -> datetime:
        """This moment by the other side's clock, as its last answer showed it, where that is behind ours: what it changes next may
        bear a stamp from then. Seconds and more than an hour behind are not believed."""
        behind = (self._answered_at - (sent_at({"date": self._date}) or self._answered_at)).total_seconds()
        return now - timedelta(seconds=behind) if _CLOCKS_DIFFER < behind <= LONGEST_WAIT else now

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
        session = self._opened()
        async with self.turns:
            begun = time.monotonic()
            try:
                async with session.request(
                    call.method, call.url, data=call.body, headers={**call.headers, **who}, allow_redirects=False
                ) as response:
                    return self._answer(response, await self._body(response), call, who)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                return _Unheard(error, late=time.monotonic() - begun > longest(self._options, error) + _LATE)

    def _opened(self) -> aiohttp.ClientSession:
        session = self._session
        if session is None or session.closed:
            session = self._session = opened(self._options)
        return session

    def _wrong(self, outcome: Answer | _Unheard, call: str, asked: str, idempotent: bool) -> ConnectorError:
        if isinstance(outcome, _Unheard):
            wrong = _unheard(outcome, call, idempotent=idempotent)
            wrong.asked = quoted(asked, {}, None)
        else:
            wrong = failure(outcome, call, idempotent=idempotent, refusal=self._refusal)
            wrong.asked = quoted(asked, outcome.headers, outcome.data)
            if isinstance(wrong, Throttled) and outcome.status != _TOO_MANY:  # some vendors say it with another status
                self.turns.heed(_TOO_MANY, None, wrong.retry_after)
        return wrong

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """What an answer says. Where its status says enough, words that cannot be read are none."""
        try:
            return await _bounded(response, self._options.largest_answer)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            if response.status not in _SAY_ENOUGH:
                raise
            return b""

    def _url(self, path: str, query: Mapping[str, str] | None) -> URL:
        joint = "&" if "?" in path else "?"
        suffix = joint + urlencode(query, quote_via=quote, errors="replace") if query else ""
        return URL(f"{self._base_url}{path}{suffix}", encoded=True)

    def _answer(self, response: aiohttp.ClientResponse, raw: bytes, call: _Call, who: Mapping[str, str]) -> Answer:
        status, headers, now = response.status, response.headers, self.clock()
        limit, self._date, self._answered_at = limit_of(headers, now=now), headers.get("date", ""), now
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


def _unheard(unheard: _Unheard, call: str, *, idempotent: bool) -> ConnectorError:
    error = unheard.error
    if isinstance(error, aiohttp.ClientHttpProxyError) and error.status == 407:
        return Unauthorized(f"{call} was not let through by the proxy: it does not take proxy_user and proxy_password")
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        wrong: ConnectorError = Unavailable(f"{call} found no connection: its certificate is not trusted")
    elif isinstance(error, _NEVER_SENT):
        wrong = Unavailable(f"{call} found no connection ({type(error).__name__})")
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


async def _bounded(response: aiohttp.ClientResponse, megabytes: int) -> bytes:
    part, most = await response.content.readany(), megabytes * _MEGABYTE
    if response.content.at_eof() and len(part) <= most:
        return part
    parts, size = [], 0
    while part:
        size += len(part)
        if size > most:
            response.close()
            raise _Unreadable(f"longer than {megabytes} MB")
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
