"""The session of one connection: its timeouts, whom it trusts, and the proxy that it goes through."""

from __future__ import annotations

import math
import ssl

import aiohttp
from yarl import URL

from sync.connectors import tls
from sync.connectors.options import HttpOptions


def opened(options: HttpOptions) -> aiohttp.ClientSession:
    """A session that keeps no cookies and asks nothing of the environment. Which certificates it trusts was checked before."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=15, ssl=_trust(options)),  # turns are what bounds it
        timeout=aiohttp.ClientTimeout(
            total=options.timeout,
            connect=options.connect_timeout,
            sock_read=options.read_timeout,
            ceil_threshold=math.inf,
        ),  # to the moment, or late could not be told from rounded up
        headers={"accept": "application/json", "user-agent": "meshline"},  # a proxy is told these too, so no secret
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=_proxy(options),
        trust_env=False,
    )


def _trust(options: HttpOptions) -> ssl.SSLContext | bool:
    if options.ca is None and options.client_certificate is None:
        return True  # what the machine trusts, read once for all connections
    key = options.client_private_key
    return tls.context(options.ca, options.client_certificate, key.get_secret_value() if key else None)


def _proxy(options: HttpOptions) -> URL | None:
    if options.proxy is None:
        return None
    password = options.proxy_password.get_secret_value() if options.proxy_password else None
    return URL(options.proxy).with_user(options.proxy_user).with_password(password)


def longest(options: HttpOptions, error: Exception) -> float:
    """How long we ourselves wait before such an error."""
    match error:
        case aiohttp.ConnectionTimeoutError():
            return options.connect_timeout
        case aiohttp.SocketTimeoutError():
            return options.read_timeout or options.timeout
    return options.timeout
