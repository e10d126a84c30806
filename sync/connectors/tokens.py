"""Access tokens: one is held for all requests, fetched by one of them at a time, renewed before it ends, and fetched anew
where it is refused. It shows in no error and no repr."""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sync.connectors.turns import loop_time
from sync.errors import ConnectorError

AHEAD = 300.0
_SHARE = 0.2
_AGAIN = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token and the seconds for which it is good, None for as long as it is taken. `instance_url` is where the vendor
    wants to be asked with it, where it says so."""

    value: str = field(repr=False)
    lasts: float | None = None
    instance_url: str = ""


Fetch = Callable[[], Awaitable[Token]]
"""Gets a new token. Raises Unavailable where there is none now, Unauthorized where a person has to look."""


async def _nothing() -> None:
    pass


class Tokens:
    """The tokens of one connection, as an `Auth`. A token is renewed five minutes before its end, or in the last fifth of its
    life where that is shorter; `jitter` (0 to 1) moves that up to as much again ahead, so that processes do not renew
    together. One that cannot be renewed is used while it is good."""

    def __init__(
        self,
        fetch: Fetch,
        *,
        scheme: str = "Bearer",
        jitter: float = 0.0,
        ticks: Callable[[], float] = loop_time,
        close: Callable[[], Awaitable[None]] = _nothing,
    ) -> None:
        self._fetch, self._scheme, self._jitter, self._ticks, self._close = fetch, scheme, jitter, ticks, close
        self._fetching = asyncio.Lock()
        self._headers: Mapping[str, str] | None = None
        self._renew_at = self._ends_at = -math.inf
        self._fetched = 0
        self._wrong: ConnectorError | None = None

    async def headers_for(self, method: str, url: str, body: bytes | None) -> Mapping[str, str]:
        """The header with a token that is good. All who wait for the same new token share what becomes of it."""
        headers = self._headers
        if headers is not None:
            now = self._ticks()
            if now < self._renew_at or (now < self._ends_at and self._fetching.locked()):
                return headers
        return await self._fresh(self._fetched)

    def refused(self, headers: Mapping[str, str]) -> bool:
        """Drops the token if it is still the one in use. A new one, or the one that came meanwhile, is worth a try."""
        if self._headers is headers:
            self._headers = None
        return True

    async def close(self) -> None:
        """Let go of what tokens are fetched with."""
        await self._close()

    async def _fresh(self, seen: int) -> Mapping[str, str]:
        async with self._fetching:
            if self._fetched == seen:
                await self._renew()
            if self._headers is not None:
                return self._headers
            if self._wrong is not None:
                raise copy.copy(self._wrong)  # one error cannot be raised by many at once
        return await self._fresh(self._fetched)

    async def _renew(self) -> None:
        try:
            token = await self._fetch()
        except ConnectorError as error:
            self._fetched, self._wrong = self._fetched + 1, error
            self._put_off()
            return
        self._fetched, self._wrong = self._fetched + 1, None
        self._headers = {"authorization": f"{self._scheme} {token.value}"}
        lasts = math.inf if token.lasts is None else token.lasts
        ahead = min(AHEAD, lasts * _SHARE) * (1 + self._jitter)
        now = self._ticks()
        self._renew_at, self._ends_at = now + lasts - ahead, now + lasts

    def _put_off(self) -> None:
        """The token that is held goes on being used until its end, and is renewed a little later."""
        now = self._ticks()
        if now < self._ends_at:
            self._renew_at = min(now + _AGAIN, self._ends_at)
        else:
            self._headers = None
