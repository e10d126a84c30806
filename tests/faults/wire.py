"""HTTP/1.1 on a bare socket, so that a server can misbehave byte by byte: hang up, dribble, or stop in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

_REASONS = {200: "OK", 201: "Created", 404: "Not Found", 429: "Too Many Requests", 500: "Oops", 503: "Unavailable"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One whole request."""

    method: str
    path: str
    query: dict[str, str]
    body: bytes


Handler = Callable[[Request, "Wire"], Awaitable[None]]


class Wire(asyncio.Protocol):
    """One connection: requests are handled one after the other, each by `handler`, which sends its answer itself."""

    def __init__(self, handler: Handler) -> None:
        self._handler, self._buffer = handler, bytearray()
        self._task: asyncio.Task[None] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._task is None:
            self._next()

    @property
    def open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    def send(self, status: int, body: bytes, *, headers: dict[str, str] | None = None, part: float = 1.0) -> None:
        """Answer, or only that part (0 to 1) of the body although the whole length is announced."""
        extra = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"HTTP/1.1 {status} {_REASONS.get(status, 'So')}\r\ncontent-type: application/json\r\n"
        whole = f"{head}{extra}content-length: {len(body)}\r\n\r\n".encode() + body[: int(len(body) * part)]
        if self.transport is not None:
            self.transport.write(whole)

    def dribble(self, byte: bytes) -> None:
        if self.transport is not None:
            self.transport.write(byte)

    def cut(self) -> None:
        """Hang up without a word."""
        if self.transport is not None:
            self.transport.abort()

    def _next(self) -> None:
        request = self._take()
        if request is not None:
            self._task = asyncio.ensure_future(self._handler(request, self))
            self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.result()
        self._next()

    def _take(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        first, *lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0"))
        if len(self._buffer) < end + 4 + size:
            return None
        body = bytes(self._buffer[end + 4 : end + 4 + size])
        del self._buffer[: end + 4 + size]
        method, url, _ = first.split(" ", 2)
        parts = urlsplit(url)
        return Request(method=method, path=parts.path, query=dict(parse_qsl(parts.query)), body=body)
