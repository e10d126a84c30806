"""OAuth 2.0 without people: how a connection gets its access tokens. A token endpoint that cannot be reached is Unavailable; one
that refuses is Unauthorized, with its own words and none of our secrets."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from sync.connectors.failures import Answer, clip
from sync.connectors.http import Client, utc_now
from sync.connectors.options import HttpOptions
from sync.connectors.tokens import Token, Tokens
from sync.errors import ConnectorError, Unauthorized, Unavailable

Algorithm = Literal["RS256", "PS256", "ES256"]

_FORM = {"content-type": "application/x-www-form-urlencoded"}
_LONGEST = 10.0
_PASSING = frozenset({"server_error", "temporarily_unavailable", "slow_down"})
_SMALLEST_KEY = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What is sent to a token endpoint: `form`, which is made anew for each request, and which of its names are secrets."""

    form: Callable[[], Mapping[str, str]]
    secret: Sequence[str] = ("client_secret", "refresh_token", "assertion", "client_assertion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A signed statement of who we are (RFC 7523), good for `lasts`. `scope` and `key_id` are said where they are given."""

    key: SecretStr = field(repr=False)
    algorithm: Algorithm
    issuer: str
    audience: str
    subject: str = ""
    scope: str | Sequence[str] = ""
    key_id: str = ""
    lasts: timedelta = timedelta(minutes=3)
    clock: Callable[[], datetime] = utc_now

    def signed(self) -> str:
        """The statement as of now."""
        now = self.clock()
        claims: dict[str, Any] = {"iss": self.issuer, "aud": self.audience, "iat": now, "exp": now + self.lasts}
        claims |= {name: value for name, value in (("sub", self.subject), ("scope", self.scope)) if value}
        headers = {"kid": self.key_id} if self.key_id else None
        return jwt.encode(claims, self.key.get_secret_value(), algorithm=self.algorithm, headers=headers)


def refresh_token(*, client_id: str, client_secret: SecretStr, token: SecretStr) -> Grant:
    """A person allowed it once; the refresh token stands for that. One that changes with each use is not kept."""
    form = {"grant_type": "refresh_token", "client_id": client_id}
    return Grant(
        form=lambda: {
            **form,
            "client_secret": client_secret.get_secret_value(),
            "refresh_token": token.get_secret_value(),
        }
    )


def client_credentials(*, client_id: str, client_secret: SecretStr, scope: str = "") -> Grant:
    """The application itself is let in."""
    form = {"grant_type": "client_credentials", "client_id": client_id, **({"scope": scope} if scope else {})}
    return Grant(form=lambda: {**form, "client_secret": client_secret.get_secret_value()})


def client_assertion(assertion: Assertion) -> Grant:
    """The application itself is let in, by its signature instead of a secret."""
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"grant_type": "client_credentials", "client_assertion_type": kind}
    return Grant(form=lambda: {**form, "client_assertion": assertion.signed()})


def jwt_bearer(assertion: Assertion) -> Grant:
    """The application is let in as the assertion's subject, who allowed it beforehand."""
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer"}
    return Grant(form=lambda: {**form, "assertion": assertion.signed()})


def checked_key(key: SecretStr, algorithm: Algorithm) -> SecretStr:
    """The private key. Raises ValueError for what is no unencrypted PEM key that the algorithm can sign with."""
    try:
        found = load_pem_private_key(key.get_secret_value().encode(), password=None)
    except (ValueError, TypeError):
        found = None
    if found is None:
        raise ValueError("must be a private key in PEM form without a password")
    if algorithm == "ES256":
        if not isinstance(found, ec.EllipticCurvePrivateKey) or not isinstance(found.curve, ec.SECP256R1):
            raise ValueError("must be a P-256 elliptic curve key for ES256")
    elif not isinstance(found, rsa.RSAPrivateKey) or found.key_size < _SMALLEST_KEY:
        raise ValueError(f"must be an RSA key of at least {_SMALLEST_KEY} bits for {algorithm}")
    return key


def tokens(
    name: str,
    url: str,
    grant: Grant,
    options: HttpOptions,
    *,
    jitter: float | None = None,
    agree: Callable[[Token], None] = lambda token: None,
) -> Tokens:
    """The access tokens that the endpoint at `url` gives to the connection `name`, over a session of their own. Without
    `jitter` each process renews at another moment. `agree` raises Unauthorized for a token that is not to be used."""
    called = f"{name} (access token)"
    client = Client(
        called,
        url,
        options.model_copy(update={"throttle": None, "concurrency": None, "timeout": min(options.timeout, _LONGEST)}),
        headers={},
        secrets=[],
        refusal=partial(_refusal, called),
    )

    async def fetch() -> Token:
        form = grant.form()
        hidden = [form[each] for each in grant.secret if each in form]
        answer = await client.request(
            "POST", "", body=urlencode(form).encode(), headers=_FORM, hidden=hidden, idempotent=True
        )
        token = _token(client.name, answer)
        agree(token)
        return token

    apart = random.random() if jitter is None else jitter  # noqa: S311  spreads work, protects nothing
    return Tokens(fetch, jitter=apart, close=client.close)


def _token(name: str, answer: Answer) -> Token:
    said = answer.data if isinstance(answer.data, dict) else {}
    value, lasts = said.get("access_token"), _number(said.get("expires_in"))
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise Unavailable(f"{name} was answered without a token")
    return Token(value=value, lasts=lasts, instance_url=str(said.get("instance_url") or ""))


def _number(value: Any) -> float | None:
    """Seconds, also as text; None for what is no length of time."""
    text = str(value).partition(".")[0]
    return float(text) or None if text.isascii() and text.isdecimal() else None


def _refusal(name: str, answer: Answer) -> ConnectorError | None:
    """Whatever a token endpoint refuses is for the connection's owner, but for what it says will pass."""
    said = answer.data if isinstance(answer.data, dict) else {}
    code = str(said.get("error") or said.get("status") or "")
    words = str(said.get("error_description") or said.get("message") or "" if code else answer.text)
    told = clip(": ".join(each for each in (code, words) if each) or f"status {answer.status}")
    if code in _PASSING:
        return Unavailable(f"{name} gives none for now: {told}", retry_after=answer.retry_after)
    return Unauthorized(told if answer.status in {401, 403} else f"{name} is not given: {told}")
