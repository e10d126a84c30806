"""What a connection to Salesforce can be told."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator
from pydantic_core import PydanticCustomError

from sync.connectors.oauth import checked_key
from sync.connectors.options import Address, HttpOptions, Seconds, Secret

ObjectName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=80)]
FieldPath = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\[\*\])?(\.[A-Za-z][A-Za-z0-9_]*)*$", max_length=300)
]
PartName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\[\*\])?$", max_length=80)]
OrgId = Annotated[str, StringConstraints(pattern=r"^00D[A-Za-z0-9]{12}([A-Za-z0-9]{3})?$")]

_SHORTEST = 24


class SalesforceOptions(HttpOptions):
    """One org. Exactly one way in: `client_id` with `client_secret` (client credentials); `client_id` with `username` and
    `private_key` (a signed request, JWT bearer); or a `token`."""

    base_url: Address
    """The org's own address (My Domain), such as https://acme.my.salesforce.com."""
    client_id: Annotated[str, Field(min_length=1)] | None = None
    """The consumer key of the External Client App."""
    client_secret: Secret | None = None
    """Its consumer secret."""
    username: Annotated[str, Field(min_length=1)] | None = None
    """The integration user as whom a signed request is let in."""
    private_key: SecretStr | None = None
    """The private key in PEM form whose certificate the app knows, as `file:/path`."""
    audience: Address = "https://login.salesforce.com"
    """Whom a signed request is for; https://test.salesforce.com for a sandbox."""
    token: Secret | None = None
    """A session that somebody else opened, for trying things out; it is not renewed."""
    fields: dict[ObjectName, list[FieldPath]] = Field(default_factory=dict)
    """The fields that an object is read with, in the place of the usual ones; contracts add to them."""
    related: dict[ObjectName, dict[PartName, ObjectName]] = Field(default_factory=dict)
    """Which other records stand in a record: `company: Account` is the one behind a relationship, `lines[*]:
    OpportunityLineItems` a list."""
    references: dict[ObjectName, ObjectName] = Field(default_factory=dict)
    """For objects that may be created, the external id field that holds our reference."""
    titles: dict[ObjectName, ObjectName] = Field(default_factory=dict)
    """The field by whose words people look for a record, where that is not its name."""
    organisation: OrgId | None = None
    """The id of the org whose outbound messages are taken, 00D and so on."""
    hook_token: Secret | None = None
    """The secret that stands behind `?token=` in the address of outbound messages; nothing else proves who sends."""
    overlap: Seconds = 300.0
    """How far a poll reaches back behind the last one, for what was saved late."""
    lag: Seconds = 10.0
    """How young a change must not be to be polled."""
    page_size: Annotated[int, Field(ge=1, le=2000)] = 2000
    """How many changes one query may show."""
    bulk_above: Annotated[int, Field(ge=1)] = 20_000
    """From how many changes on a stretch of time is fetched by a bulk job."""

    change_events: list[ObjectName] = Field(default_factory=list)
    """Objects whose change events are fetched between the windows of polling; needs the extra `pubsub` and `organisation`."""
    events_address: Address = "https://api.pubsub.salesforce.com:7443"
    """Where Salesforce's Pub/Sub API is."""
    sweep: Seconds = 3600.0
    """After how long a window is polled although events came."""

    @field_validator("private_key")
    @classmethod
    def _signs(cls, key: SecretStr | None) -> SecretStr | None:
        return None if key is None else checked_key(key, "RS256")

    @field_validator("hook_token")
    @classmethod
    def _cannot_be_guessed(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value()) < _SHORTEST:
            words = f"must be at least {_SHORTEST} characters, because nothing else proves the sender"
            raise PydanticCustomError("short_token", "{words}", {"words": words})
        return token

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        signed = self.username is not None and self.private_key is not None
        ways = (self.token is not None, self.client_secret is not None, signed)
        half = (self.client_id is None) != (self.token is not None) or (self.username is None) != (
            self.private_key is None
        )
        if sum(ways) != 1 or half:
            words = "needs one way in: client_id and client_secret; client_id, username and private_key; or token"
            raise PydanticCustomError("way_in", "{words}", {"words": words})
        if (self.organisation is None) != (self.hook_token is None and not self.change_events):
            raise PydanticCustomError(
                "half_hook", "organisation belongs to hook_token or change_events, and they to it"
            )
        return self
