"""The CRM's access tokens: a refresh token gives one that is good for half an hour, as HubSpot's does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.sandbox.crm_errors import Refusal
from bot.sandbox.crm_shapes import Json

LASTS = timedelta(minutes=30)


@dataclass(slots=True, kw_only=True)
class Grants:
    """Who may have tokens, and those that were given. A revoked grant gives none, and those given before stop counting."""

    clock: Callable[[], datetime]
    client_id: str = "sandbox-app"
    client_secret: str
    refresh_token: str = "sandbox-refresh-token"  # noqa: S105  a sandbox has no secrets
    revoked: bool = False
    given: dict[str, datetime] = field(default_factory=dict)

    def give(self, form: dict[str, str]) -> Json:
        """A new access token. Raises Refusal in the words of HubSpot's token endpoint."""
        if form.get("grant_type") != "refresh_token":
            raise _refused("BAD_GRANT_TYPE", "missing or unknown grant type")
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            raise _refused("BAD_CLIENT_SECRET", "missing or invalid client secret")
        if form.get("refresh_token") != self.refresh_token or self.revoked:
            raise _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token")
        token = f"sandbox-access-{len(self.given) + 1}"
        self.given[token] = self.clock() + LASTS
        return {
            "token_type": "bearer",
            "access_token": token,
            "refresh_token": self.refresh_token,
            "expires_in": int(LASTS.total_seconds()),
        }

    def lets_in(self, token: str) -> bool:
        """Whether the token counts now. Raises Refusal where it did once."""
        until = self.given.get(token)
        if until is None or self.revoked:
            return False
        if self.clock() >= until:
            late = int((self.clock() - until).total_seconds())
            words = f"The OAuth token used to make this call expired {late} second(s) ago."
            raise Refusal(401, "EXPIRED_AUTHENTICATION", words)
        return True


def _refused(status: str, message: str) -> Refusal:
    refusal = Refusal(400, status, message)
    refusal.body["status"] = status
    return refusal
