"""How we are let into an org: by the app's secret, or by a request that the app's key signed. A token for another place than the
org that was named is not used."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import SecretStr
from yarl import URL

from sync.connectors.auth import Auth
from sync.connectors.oauth import Assertion, Grant, client_credentials, jwt_bearer, tokens
from sync.connectors.salesforce_options import SalesforceOptions
from sync.connectors.tokens import Token
from sync.errors import Unauthorized

PATH = "/services/oauth2/token"


def auth(options: SalesforceOptions, name: str) -> Auth | None:
    """The tokens of a connection, None where it has a fixed one."""
    grant = _grant(options)
    if grant is None:
        return None
    return tokens(name, options.base_url + PATH, grant, options, agree=_for(options.base_url, name))


def _grant(options: SalesforceOptions) -> Grant | None:
    client_id, secret, key = options.client_id, options.client_secret, options.private_key
    if client_id is not None and secret is not None:
        return client_credentials(client_id=client_id, client_secret=secret)
    if client_id is None or key is None:
        return None
    return jwt_bearer(_assertion(client_id, key, options))


def _assertion(client_id: str, key: SecretStr, options: SalesforceOptions) -> Assertion:
    return Assertion(
        key=key, algorithm="RS256", issuer=client_id, subject=options.username or "", audience=options.audience
    )


def _for(base_url: str, name: str) -> Callable[[Token], None]:
    """A token is for the org where it was asked for. `instance_url` may leave that out, and says nothing of importance else."""
    wanted = URL(base_url).host

    def agree(token: Token) -> None:
        said = _host(token.instance_url) if token.instance_url else wanted
        if said != wanted:
            raise Unauthorized(
                f"{name}: the token is for {said or 'another place'} and not for {wanted}: "
                "base_url must be the org's own address (My Domain)"
            )

    return agree


def _host(address: str) -> str | None:
    try:
        return URL(address).host
    except ValueError:
        return None
