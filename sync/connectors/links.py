"""Addresses that another system gives us: they are followed only where they lead to the address that is configured."""

from __future__ import annotations

from yarl import URL


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


def _origin(url: URL) -> tuple[str, str | None, int | None]:
    return url.scheme, url.host.lower() if url.host else None, url.port
