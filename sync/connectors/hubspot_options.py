"""What a connection to HubSpot is told, and what it can do with an object under that."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from sync.abilities import READS, Ability
from sync.connectors import hubspot_tasks as tasks
from sync.connectors.options import Address, HttpOptions, Seconds, Secret
from sync.workspace.pacing import RateText, ThrottlePolicy, rate

API_VERSION = "2026-09"
OWNERS = "owners"

PropertyName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=100)]
PartName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\[\*\])?$", max_length=100)]
TypeId = Annotated[str, StringConstraints(pattern=r"^\d{1,3}-\d{1,20}$")]

PROPERTIES: Mapping[str, tuple[str, ...]] = {
    "deals": tuple(
        "dealname amount deal_currency_code dealstage closedate billing_code payment_terms contract_url hubspot_owner_id "
        "billing_status invoice_number invoice_total".split()
    ),
    "companies": tuple(
        "name domain vat_id country city zip billing_email currency erp_customer_code hs_merged_object_ids".split()
    ),
    "contacts": tuple("email firstname lastname phone hubspot_owner_id".split()),
    "line_items": tuple("name product_code hs_sku quantity price amount".split()),
    "products": tuple("name hs_sku price description recurringbillingfrequency".split()),
    "quotes": tuple(
        "hs_title hs_status hs_quote_number hs_quote_amount hs_currency hs_expiration_date hubspot_owner_id".split()
    ),
    "tickets": ("subject",),
    "tasks": tasks.PROPERTIES,
}
"""What is read of an object unless the connection names its properties."""

NAMED_BY: Mapping[str, str] = {
    "deals": "dealname",
    "companies": "name",
    "contacts": "email",
    "line_items": "name",
    "products": "name",
    "quotes": "hs_title",
    "tickets": "subject",
    "tasks": "hs_task_subject",
}
"""By whose words people look for a record."""

_ITS_OWN = ".hubapi.com"
_SEARCHES = rate("19/4s")  # HubSpot takes five a second; what arrives a moment early must not be the sixth
_WAYS = "give either token (of an app), service_key, or client_id with client_secret and refresh_token"


class HubSpotOptions(HttpOptions):
    """How an account of HubSpot is reached, and what of it is read and written."""

    base_url: Address = "https://api.hubapi.com"
    token: Secret | None = None
    """The access token of an app with static authentication."""
    service_key: Secret | None = None
    """Instead of a token: a Service Key, for which HubSpot sends no webhooks."""
    client_id: str | None = None
    """With OAuth: the app, which then needs `client_secret` and `refresh_token` too."""
    refresh_token: Secret | None = None
    """With OAuth: what a person's consent gave. Access tokens are fetched with it."""
    client_secret: Secret | None = None
    """What webhooks are signed with; without it none are taken in."""
    portal_id: int | None = None
    """The number of the account; webhooks of another one are refused."""
    properties: dict[str, list[PropertyName]] = Field(default_factory=dict)
    """What is read of an object, in the place of the usual list."""
    written_back: list[PropertyName] = Field(default_factory=list)
    """Properties whose changes by programs are our own doing, and are not heard."""
    references: dict[str, PropertyName] = Field(default_factory=dict)
    """For objects that may be created: the property that holds our reference."""
    unique: list[PropertyName] = Field(default_factory=list)
    """Objects of `references` whose property takes each value once in HubSpot: these are created up to a hundred at a time."""
    related: dict[PropertyName, dict[PartName, PropertyName]] = Field(default_factory=dict)
    """Which associated records an object is read with: `company: companies` for the one, `lines[*]: line_items` for all; `owner:
    owners` is the person that it belongs to."""
    objects: dict[TypeId, PropertyName] = Field(default_factory=dict)
    """Custom objects by the type ids under which webhooks tell of them, such as `2-3001: contracts`."""
    titles: dict[PropertyName, PropertyName] = Field(default_factory=dict)
    """The property by whose words people look for a record, where that is not its name."""
    searches: RateText | None = None
    """How often may be searched; HubSpot itself is searched a little less than five times a second."""
    overlap: Seconds = 300.0
    """How far a poll looks back behind the end of the one before, because the search shows changes late."""
    lag: Seconds = 10.0
    """How far a poll stays behind the present."""
    page_size: Annotated[int, Field(ge=1, le=200)] = 200
    """How many records one page of a poll has."""

    @model_validator(mode="after")
    def _one_way_in(self) -> HubSpotOptions:
        oauth = self.client_id is not None or self.refresh_token is not None
        if sum((self.token is not None, self.service_key is not None, oauth)) != 1:
            raise ValueError(_WAYS)
        if oauth and None in (self.client_id, self.refresh_token, self.client_secret):
            raise ValueError("OAuth needs all of client_id, client_secret and refresh_token")
        if self.service_key is not None and self.client_secret is not None:
            raise ValueError(
                "HubSpot sends no webhooks for a Service Key, so there is no client_secret: leave it out and poll, or use an app"
            )
        if unknown := sorted(set(self.unique) - set(self.references)):
            raise ValueError(f"unique names {', '.join(unknown)}, for which references has no property")
        return self

    @property
    def searched_like(self) -> ThrottlePolicy | None:
        """How searches are paced, which HubSpot counts apart from all other requests."""
        at_hubspot = self.base_url.rstrip("/").endswith(_ITS_OWN)
        pace = self.searches or (_SEARCHES if at_hubspot else None)
        return None if pace is None else ThrottlePolicy(rate=pace)


def abilities_of(options: Mapping[str, Any], entity: str) -> Collection[Ability] | None:
    """What can be done with one object: created are tasks and what has a property for our reference, many at once only where
    that takes each value once; webhooks come only where there is a secret to check them with."""
    if entity == OWNERS:
        return {Ability.READ, Ability.SEARCH, Ability.PROBE}
    references, unique = options.get("references"), options.get("unique")
    found = {*READS, Ability.FIND, Ability.UPDATE, Ability.WRITE_BACK, Ability.PROBE}
    named = isinstance(references, Mapping) and entity in references
    if entity == tasks.ENTITY:
        found |= {Ability.CREATE, Ability.TASK}
    if named:
        found |= {Ability.CREATE}
    if named and isinstance(unique, list) and entity in unique:
        found |= {Ability.BULK}
    return found if options.get("client_secret") else found - {Ability.WEBHOOKS}
