"""How a connection to Tryton is described in a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from sync.connectors.options import Address, HttpOptions, Seconds, Secret


class TrytonOptions(HttpOptions):
    """One company in one database, entered as one user: over JSON-RPC by `user` and `password`, or over REST by a `key`.
    `amounts` says what the flows call the total of an invoice: `net`, before tax, or `gross`. `dated` says whose day stands
    on an invoice: `as_given`, or `when_posted`, and then the given one is the day on which it is booked. The tables translate
    the workspace's codes to the codes (names of payment terms and taxes) in Tryton."""

    base_url: Address
    database: str = Field(min_length=1)
    """The name of the database."""
    user: str | None = Field(default=None, min_length=1)
    """The user whom Meshline enters as; it needs the groups of sales and accounting."""
    password: Secret | None = None
    """The password of that user."""
    key: Secret | None = None
    """Instead of both: a key of that user for the application REST. Warnings cannot be passed with it."""
    company: str = Field(min_length=1)
    """The name of the company whose books they are."""
    amounts: Literal["net", "gross"]
    dated: Literal["as_given", "when_posted"] = "as_given"
    vat_id_type: str | None = None
    """Of which type of identifier a VAT number is in Tryton; Tryton's own choice where it is left out."""
    overlap: Seconds = 300.0
    """How many seconds a poll reaches back behind the last one, for changes that were long under way."""
    lag: Seconds = 10.0
    """How many seconds before now a poll ends."""
    payment_terms: Mapping[str, str] = {}
    """The name of the payment terms in Tryton for each code of the workspace."""
    products: Mapping[str, str] = {}
    """The code of the product in Tryton for each code of the workspace."""
    accounts: Mapping[str, str] = {}
    """The code of the account in Tryton for each code of the workspace."""
    taxes: Mapping[str, str] = {}
    """The name of the tax in Tryton for each code of the workspace."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        named = [each is not None for each in (self.user, self.password)]
        if any(named) == (self.key is not None) or any(named) != all(named):
            raise ValueError("needs one way in: user and password, or key")
        return self
