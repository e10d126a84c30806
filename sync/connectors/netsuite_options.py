"""What may be said of a connection to NetSuite, and how it says who it is: by a signed assertion (OAuth 2.0) or, where an account
still has only that, by a signature of each request (OAuth 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256
from oauthlib.oauth1 import Client as Signer
from pydantic import AfterValidator, Field, SecretStr, model_validator

from sync.connectors.auth import Auth
from sync.connectors.oauth import Assertion, checked_key, client_assertion, tokens
from sync.connectors.options import Address, HttpOptions, Seconds, Secret

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"  # noqa: S105  a path
_ACCOUNT = re.compile(r"[A-Za-z0-9]+(?:_[A-Za-z0-9]+)*", re.ASCII)
_OAUTH2 = ("client_id", "certificate_id", "private_key")
_OAUTH1 = ("consumer_key", "consumer_secret", "token_id", "token_secret")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("is not a time zone such as America/Los_Angeles") from None
    return value


def _account(value: str) -> str:
    if not _ACCOUNT.fullmatch(value):
        raise ValueError("must be an account id such as 1234567 or 1234567_SB1")
    return value


class NetSuiteOptions(HttpOptions):
    """One account, entered as one role. `amounts` says what the flows call the total of an invoice: `net`, before tax, or `gross`.
    `timezone` is the one of the user that the connection is. The tables translate the workspace's codes to the names in NetSuite;
    `fields` gives fields of a flow a field of their own in NetSuite, by record (`customer`, `invoice`, `line`, `credit_note`,
    `payment`), and what has none stands in the memo. NetSuite bounds how many requests are under way: `concurrency` is our share."""

    account: Annotated[str, AfterValidator(_account)]
    """The account's id, as Setup > Company > Company Information shows it."""
    base_url: Address | None = None
    """Where the account answers, where that is not its own SuiteTalk address."""
    client_id: str | None = None
    """OAuth 2.0: the client id of the integration record."""
    certificate_id: str | None = None
    """OAuth 2.0: the id that NetSuite gave to the uploaded certificate."""
    private_key: SecretStr | None = None
    """OAuth 2.0: the private key of that certificate, in PEM form."""
    algorithm: Literal["PS256", "ES256"] = "PS256"
    """OAuth 2.0: PS256 for an RSA key, ES256 for an elliptic curve key."""
    consumer_key: Secret | None = None
    """OAuth 1: the consumer key of the integration record."""
    consumer_secret: Secret | None = None
    """OAuth 1: the secret of the consumer key."""
    token_id: Secret | None = None
    """OAuth 1: the access token's id."""
    token_secret: Secret | None = None
    """OAuth 1: the secret of the access token."""
    amounts: Literal["net", "gross"]
    timezone: Annotated[str, AfterValidator(_zone)]
    subsidiary: str | None = None
    """The subsidiary that new customers and documents belong to, by its name; needed in OneWorld accounts."""
    vat_field: str | None = "vatRegNumber"
    """The field of a customer that holds the VAT id; none where it has no field."""
    payment_terms: Mapping[str, str] = {}
    """The workspace's payment terms by the names in NetSuite."""
    products: Mapping[str, str] = {}
    """The workspace's product codes by the names of items in NetSuite."""
    accounts: Mapping[str, str] = {}
    """The workspace's accounts by the numbers in NetSuite."""
    taxes: Mapping[str, str] = {}
    """The workspace's tax codes by the names in NetSuite."""
    discount_item: str | None = None
    """The item that discounts are booked as; without it a line with a discount is refused."""
    fields: Mapping[str, Mapping[str, str]] = {}
    poll_overlap: Seconds = 300.0
    """How far a round of polling reaches back into the one before it."""
    poll_lag: Seconds = 30.0
    """The last seconds are left to the next round, for what is not visible yet."""
    concurrency: Annotated[int | None, Field(ge=1, le=1000)] = 3

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        new, old = ([name for name in names if getattr(self, name)] for names in (_OAUTH2, _OAUTH1))
        if (len(new), len(old)) not in {(len(_OAUTH2), 0), (0, len(_OAUTH1))}:
            raise ValueError(
                f"needs {', '.join(_OAUTH2)} (OAuth 2.0) or {', '.join(_OAUTH1)} (OAuth 1), all of one and none of the other"
            )
        if self.private_key is not None:
            checked_key(self.private_key, self.algorithm)
        return self

    @property
    def address(self) -> str:
        """Where the account answers."""
        host = self.account.lower().replace("_", "-")
        return self.base_url or f"https://{host}.suitetalk.api.netsuite.com"

    @property
    def secrets(self) -> list[str]:
        """What must show nowhere."""
        held = (self.consumer_key, self.consumer_secret, self.token_id, self.token_secret)
        return [each.get_secret_value() for each in held if each is not None]


class Signed:
    """Each request with a signature of its own (OAuth 1.0a, HMAC-SHA256), by oauthlib. Oracle lets no new integration do so from
    2027.1 on."""

    def __init__(self, options: NetSuiteOptions) -> None:
        key, secret, token, token_secret = options.secrets
        self._signer = Signer(
            key, secret, token, token_secret, signature_method=SIGNATURE_HMAC_SHA256, realm=options.account.upper()
        )

    async def headers_for(self, method: str, url: str, body: bytes | None) -> Mapping[str, str]:
        """A signature of the method and the whole address; a body of JSON is no part of it."""
        _, headers, _ = self._signer.sign(url, method)
        return {"authorization": headers["Authorization"]}

    def refused(self, headers: Mapping[str, str]) -> bool:
        """A request that the transport repeats after a cut bears a signature that was seen before: a new one is worth a try."""
        return True

    async def close(self) -> None:
        """There is nothing to let go of."""


def who(options: NetSuiteOptions, name: str) -> Auth:
    """How the connection says who it is."""
    if options.private_key is None or options.client_id is None or options.certificate_id is None:
        return Signed(options)
    url = f"{options.address}{TOKEN_PATH}"
    assertion = Assertion(
        key=options.private_key,
        algorithm=options.algorithm,
        issuer=options.client_id,
        audience=url,
        scope=["rest_webservices"],
        key_id=options.certificate_id,
    )
    return tokens(name, url, client_assertion(assertion), options)
