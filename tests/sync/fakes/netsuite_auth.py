"""Who may ask the fake NetSuite: bearers of a token that a signed assertion (JWT) bought, and requests signed by OAuth 1, whose
signature oauthlib checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ALGORITHMS = ["PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_HOUR = 3600


class Tba(RequestValidator):
    """The keys of token-based authentication, each nonce once."""

    enforce_ssl = False
    allowed_signature_methods = ("HMAC-SHA256",)
    client_key_length = access_token_length = (1, 200)
    nonce_length = (6, 200)
    timestamp_lifetime = 300
    dummy_client = "nobody"

    def __init__(self, keys: dict[str, str]) -> None:
        super().__init__()
        self.keys, self.seen = keys, set[tuple[str, str]]()

    @property
    def safe_characters(self) -> set[str]:
        return super().safe_characters | set("-_.")

    def check_client_key(self, client_key: str) -> bool:
        return bool(client_key)

    check_access_token = check_client_key

    def check_nonce(self, nonce: str) -> bool:
        return 6 <= len(nonce) <= 200

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == self.keys["consumer_key"] and request.resource_owner_key == self.keys["token_id"]

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self.keys["consumer_secret"]

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return self.keys["token_secret"]

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, *_: Any, **__: Any
    ) -> bool:
        new = (timestamp, nonce) not in self.seen
        self.seen.add((timestamp, nonce))
        return new


@dataclass
class Guard:
    """`certificates` are public keys by their id. `lasts` is for how many seconds a token is good."""

    account: str
    client_id: str = "client-1"
    certificates: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    lasts: int = _HOUR
    bought: int = 0

    def mount(self, app: web.Application) -> None:
        app.router.add_post(TOKEN_PATH, self.token)
        self.tba = Tba(self.keys)

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        wrong = self._wrong(request, {name: str(value) for name, value in form.items()})
        if wrong:
            return web.json_response({"error": "invalid_client", "error_description": wrong}, status=400)
        self.bought += 1
        token = f"token-{self.bought}"
        self.tokens.add(token)
        return web.json_response({"access_token": token, "expires_in": str(self.lasts), "token_type": "bearer"})

    def _wrong(self, request: web.Request, form: dict[str, str]) -> str:
        if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _ASSERTION:
            return "The grant is not known."
        assertion = form.get("client_assertion", "")
        try:
            key = self.certificates[jwt.get_unverified_header(assertion)["kid"]]
            claims = jwt.decode(
                assertion, key, algorithms=_ALGORITHMS, audience=str(request.url),
                options={"require": ["iss", "scope", "aud", "exp", "iat"]},
            )  # fmt: skip
        except (jwt.PyJWTError, KeyError) as error:
            return type(error).__name__
        if claims["iss"] != self.client_id:
            return "The client is not known."
        scopes = claims["scope"] if isinstance(claims["scope"], list) else claims["scope"].split(",")
        if "rest_webservices" not in [each.strip() for each in scopes]:
            return "The scope is not granted."
        return "" if claims["exp"] - claims["iat"] <= _HOUR else "The assertion lasts too long."

    def admits(self, request: web.Request) -> bool:
        """Whether the request says rightly who sends it."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            return rest in self.tokens
        if scheme != "OAuth" or f'realm="{self.account}"' not in rest or not self.keys:
            return False
        valid, _ = SignatureOnlyEndpoint(self.tba).validate_request(
            str(request.url), request.method, None, {"Authorization": request.headers["authorization"]}
        )
        return bool(valid)
