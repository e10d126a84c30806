"""What a connection to a described REST system is told: where it is, how it is signed in to, and whether it sends webhooks."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Self

from pydantic import model_validator

from sync.connectors import oauth
from sync.connectors.auth import Auth
from sync.connectors.options import Address, HttpOptions, Options, Secret
from sync.connectors.rest_description import Description, fill
from sync.connectors.webhook_options import WebhookOptions


class OAuthOptions(Options):
    """How access tokens are had: with a `refresh_token` in the name of whoever allowed it, otherwise in the application's own."""

    token_url: Address
    """The address that gives access tokens."""
    client_id: str
    """The application's name there."""
    client_secret: Secret
    """Its secret."""
    refresh_token: Secret | None = None
    """What somebody's permission stands for."""
    scope: str = ""
    """What is asked for, in the words of the other side."""


class RestOptions(HttpOptions):
    """Exactly one of `token`, `user` with `password`, and `oauth` signs in."""

    base_url: Address
    """The address in front of every path of the description."""
    token: Secret | None = None
    """A token that lasts; the description's `auth` says in which header it stands."""
    user: str | None = None
    """Whom HTTP's own basic sign-in names."""
    password: Secret | None = None
    """The password of `user`."""
    oauth: OAuthOptions | None = None
    """Where access tokens that end are had."""
    describe: Description
    """The description itself; the workspace reads the file that it is kept in."""
    webhooks: WebhookOptions | None = None
    """The webhooks that the system sends, as for the kind `webhook`; the record is read again when one comes."""

    @model_validator(mode="after")
    def _one_sign_in(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password belong together")
        if sum(each is not None for each in (self.token, self.user, self.oauth)) != 1:
            raise ValueError("exactly one of token, user with password, and oauth signs in")
        if self.webhooks is not None and self.webhooks.entity not in self.describe.entities:
            raise ValueError(f"webhooks tell of {self.webhooks.entity!r}, which the description does not know")
        return self


def lasting(options: RestOptions) -> tuple[Mapping[str, str], list[str]]:
    """The headers of a sign-in that lasts, and what of them is secret; none where tokens are fetched."""
    if options.token is not None:
        token, auth = options.token.get_secret_value(), options.describe.auth
        return {auth.header: fill(auth.value, {"token": token})}, [token]
    if options.user is not None and options.password is not None:
        pair = f"{options.user}:{options.password.get_secret_value()}"
        word = base64.b64encode(pair.encode()).decode()
        return {"Authorization": f"Basic {word}"}, [word, options.password.get_secret_value()]
    return {}, []


def fetched(name: str, options: RestOptions) -> Auth | None:
    """The sign-in by tokens that end."""
    how: Any = options.oauth
    if how is None:
        return None
    grant = (
        oauth.client_credentials(client_id=how.client_id, client_secret=how.client_secret, scope=how.scope)
        if how.refresh_token is None
        else oauth.refresh_token(client_id=how.client_id, client_secret=how.client_secret, token=how.refresh_token)
    )
    return oauth.tokens(name, how.token_url, grant, options)
