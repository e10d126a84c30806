"""How a connection says who it is, with each request anew: by a token that is renewed or by a signature of the request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol


class Auth(Protocol):
    """Asked by `Client` for the headers of each request. What it answers appears in no error."""

    async def headers_for(self, method: str, url: str, body: bytes | None) -> Mapping[str, str]:
        """The headers of this one request; `url` is whole, with its query, and encoded as it is sent. Raises ConnectorError
        where there are none to be had."""
        ...

    def refused(self, headers: Mapping[str, str]) -> bool:
        """A request with these headers was answered 401, so nothing was done. Whether it is worth sending once more."""
        ...

    async def close(self) -> None:
        """Let go of sockets."""
        ...


def told_by(headers: Iterable[str]) -> list[bytes]:
    """What of these headers' values must not be shown: each as a whole, and without the word for its scheme."""
    return [each.encode() for value in headers for each in (value, value.rpartition(" ")[2]) if each]
