"""Addresses that another system gives us: they are followed only where they lead to the address that is configured."""

from __future__ import annotations

import re

from yarl import URL

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_NEXT = re.compile(r""";\s*rel\s*=\s*"?([^";,]*)"?""", re.IGNORECASE)


def path_within(base_url: str, link: object) -> str | None:
    """The path behind `base_url`, with its query, to which a link leads: of a page that follows, of a record just made. None
    for a link that leads elsewhere: to another host, port or scheme, above the base, or with a name and password in it."""
    if not isinstance(link, str) or "\\" in link or not link.isprintable() or link.startswith("//"):
        return None
    base = URL(base_url, encoded=True)
    try:
        url = URL(link, encoded=True)
        elsewhere = url.absolute and (_origin(url) != _origin(base) or url.user is not None or url.password is not None)
    except ValueError:
        return None
    path, prefix = url.raw_path, base.raw_path.rstrip("/")
    decoded = url.path.split("/")
    if (
        elsewhere
        or (url.scheme and not url.absolute)
        or not path.startswith(f"{prefix}/")
        or ".." in decoded
        or "." in decoded
    ):
        return None
    return path[len(prefix) :] + (f"?{url.raw_query_string}" if url.raw_query_string else "")


def next_of(header: str) -> str | None:
    """The address that a header Link (RFC 8288) calls `next`."""
    for address, said in _LINK.findall(header[:10_000]):
        rel = _NEXT.search(said)
        if rel is not None and "next" in rel[1].lower().split():
            return str(address)
    return None


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.host.lower() if url.host else None, url.port
