"""What may be said of a connection to Stripe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from sync.connectors.options import Address, HttpOptions, Seconds, Secret

_HOUR = 3600.0


class StripeOptions(HttpOptions):
    """One account. Every option of HTTP is honoured: Stripe's library speaks through the client that all connections share."""

    api_key: Secret
    """The secret or restricted key of the account (`sk_…` or `rk_…`)."""
    base_url: Address = "https://api.stripe.com"
    """Where Stripe answers, where a proxy of yours stands before it."""
    amounts: Literal["net", "gross"]
    """What the flows call the total of an invoice: `net`, before tax, or `gross`."""
    payment_terms: Mapping[str, Annotated[int, Field(ge=0, le=730)]] = {}
    """The workspace's payment terms, each with the days until an invoice is due."""
    taxes: Mapping[str, str] = {}
    """The workspace's tax codes by the ids of Stripe's tax rates (`txr_…`)."""
    recent: Annotated[Seconds, Field(ge=60, le=604800)] = _HOUR
    """How far back a record is looked for in Stripe's lists, because its search is behind: under a minute, longer in an outage."""
