"""How Stripe's official library speaks: through the client that all connections share, so that its timeouts, proxies, limits and
errors hold here, too. The library neither tries again by itself, nor logs, nor tells anybody of this machine. The only module that
imports it: it comes with an extra."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import stripe

from sync.connectors.failures import unanswered
from sync.connectors.http import Client

OURS = "meshline-"
"""How an idempotency key of ours begins. One that the library made up guards nothing: nobody knows it when an answer is lost."""
REPLAYED = "Idempotent-Replayed"
_KEY = "Idempotency-Key"
_SENT = ("Stripe-Version", "Content-Type", _KEY)

stripe.enable_telemetry = False
logging.getLogger("stripe").disabled = True  # its debug lines hold whole records


class Wire(stripe.HTTPClient):
    """The transport that the library asks for. Raises ConnectorError, which passes through the library as it is."""

    name = "meshline"

    def __init__(self, client: Client, base_url: str) -> None:
        super().__init__()
        self._client, self._base_url = client, base_url

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """The complete answer to one request: its JSON object, status, and whether it was given before."""
        reading = method == "get"
        answer = await self._client.request(
            method.upper(),
            url.removeprefix(self._base_url),
            body=post_data.encode() if post_data else None,
            headers={name: headers[name] for name in _SENT if name in headers and _told(name, headers[name])},
            idempotent=reading,
        )
        if not isinstance(answer.data, dict):
            raise unanswered(f"{self._client.name} answered with something that is no object", idempotent=reading)
        return answer.body, answer.status, {REPLAYED: answer.headers.get(REPLAYED.lower(), "")}


def opened(client: Client, api_key: str, base_url: str) -> stripe.StripeClient:
    """The library's client over ours."""
    return stripe.StripeClient(
        api_key, base_addresses={"api": base_url}, http_client=Wire(client, base_url), max_network_retries=0
    )


def _told(name: str, value: str) -> bool:
    return name != _KEY or value.startswith(OURS)
