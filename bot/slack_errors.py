"""What Slack's refusals mean to us: the message is gone, the channel is lost, our token counts no more, or it may have happened."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError

NO_ANSWER = (ClientError, OSError, TimeoutError)
GONE = frozenset({"message_not_found", "cant_update_message"})
GONE_THREAD = frozenset({"thread_not_found", "message_not_found"})
LOST = frozenset({"is_archived", "not_in_channel", "channel_not_found", "restricted_action", "channel_is_archived"})
STOPPED = frozenset(
    {"token_revoked", "token_expired", "account_inactive", "invalid_auth", "not_authed", "app_uninstalled"}
)
NOT_DRAWABLE = frozenset({"invalid_blocks", "invalid_arguments", "msg_too_long", "invalid_blocks_format"})
_TOO_MUCH = ("ratelimited", "rate_limited")


def code(error: SlackApiError) -> str:
    """Slack's word for it, the HTTP status where it has none."""
    found = error.response.get("error") if hasattr(error.response, "get") else None
    return str(found or status(error))


def words(error: SlackApiError) -> str:
    """The same, with the scope that is missing."""
    needed = error.response.get("needed") if hasattr(error.response, "get") else None
    return f"{code(error)}: {needed}" if needed else code(error)


def status(error: SlackApiError) -> int:
    """An answer that could not be read at all is the HTTP library's own, which calls it otherwise."""
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0))


def perhaps_done(error: SlackApiError) -> bool:
    """Slack failed in the middle: what was asked for may have happened."""
    return status(error) >= 500 or code(error) in ("fatal_error", "internal_error")


def asked_for_less(error: SlackApiError) -> timedelta | None:
    """For how long Slack wants to hear nothing, when that is what it says."""
    if code(error) not in _TOO_MUCH:
        return None
    headers = {key.lower(): value for key, value in (error.response.headers or {}).items()}
    after = headers.get("retry-after", "")
    return timedelta(seconds=float(after) if after.isdecimal() else 3.0)
