"""What people read about delivery: a channel that is lost or back, Slack that does not let us in, and what waits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.blocks import Block, context, few, message, moment, said, section, utc
from sync.delivery import LostChannel, Pending, Queue, Stop

_CHANNEL = {
    "is_archived": (
        "is archived",
        "Open it in Slack, click its name, then Settings, then “Unarchive channel”; or name another channel for the team in "
        "meshline.yaml.",
    ),
    "not_in_channel": (
        "does not have Meshline in it",
        "Open it in Slack and type /invite @Meshline.",
    ),
    "channel_not_found": (
        "is private, deleted or wrongly named",
        "If it is private, open it in Slack and type /invite @Meshline; otherwise name another channel for the team in "
        "meshline.yaml.",
    ),
    "restricted_action": (
        "does not let Meshline post",
        "Open it in Slack, click its name, then Settings, then “Posting permissions”, and let Meshline post.",
    ),
}
_CHANNEL["channel_is_archived"] = _CHANNEL["is_archived"]
_UNKNOWN = ("takes no messages", "Open the channel in Slack and look at its settings.")
_REINSTALL = (
    "In Slack, open api.slack.com/apps, choose Meshline, then “Install App”, then “Reinstall to Workspace”, and give Meshline the "
    "new bot token (SLACK_BOT_TOKEN with a restart, or the file of SLACK_BOT_TOKEN_FILE without one)."
)
_STOPS = {
    "token_revoked": "the bot token was revoked",
    "token_expired": "the bot token has expired",
    "account_inactive": "the bot's account was deactivated",
    "invalid_auth": "Slack does not know the bot token",
    "not_authed": "Slack got no bot token",
    "app_uninstalled": "the app was uninstalled",
}
_LISTED = 8


def channel_trouble(error: str) -> tuple[str, str]:
    """What is wrong with a channel, and what to click, for Slack's word."""
    return _CHANNEL.get(error, _UNKNOWN)


def token_trouble(error: str) -> tuple[str, str]:
    """What is wrong with the bot token, and what to click, for Slack's word."""
    return _STOPS.get(error, f"Slack says “{_spoken(error)}”"), _REINSTALL


def channel_lost(lost: LostChannel, owner: str) -> Block:
    """The notice to the one who runs Meshline that a channel takes no messages."""
    wrong, click = channel_trouble(lost.error)
    words = f"A channel {wrong}: what belongs there comes to this team's fallback until it works again."
    return message(
        f"{words} {click}",
        section(f"<@{said(owner, 40)}> *<#{said(lost.channel, 40)}> {wrong}.* What belongs there comes to <#{said(lost.fallback, 40)}>."),
        section(f"*What to click:* {said(click, 600)}"),
        context(f"Since {moment(lost.lost_at)} · Slack’s word is “{said(_spoken(lost.error), 60)}” · channel {said(lost.channel, 40)}"),
    )  # fmt: skip


def channel_back(channel: str) -> Block:
    """The notice that it takes messages again."""
    text = "The channel takes messages again; new cards go there, those that were posted elsewhere stay where they are."
    return message(
        text, section(f"*<#{said(channel, 40)}> takes messages again.* New cards go there; others stay where they are.")
    )


def stop_words(stop: Stop) -> str:
    """That Slack does not let us in, and what to click, in plain sentences for a terminal and /readyz."""
    why = _STOPS.get(stop.error, f"Slack says “{_spoken(stop.error)}”")
    return (
        f"Slack does not let Meshline in since {utc(stop.stopped_at)}: {why}. Nothing is lost: cards wait. {_REINSTALL}"
    )


def let_in_again(stop: Stop, now: datetime) -> Block:
    """The notice that Slack lets us in again."""
    words = "Slack lets Meshline in again. What waited meanwhile is posted now, each card once."
    return message(
        f"{words} It did not from {utc(stop.stopped_at)} to {utc(now)}.",
        section(f"*{words}*"),
        context(f"From {moment(stop.stopped_at)} to {moment(now)} · {said(_STOPS.get(stop.error, stop.error), 80)}"),
    )


def lost_words(lost: LostChannel) -> str:
    """One line about a lost channel."""
    wrong, click = channel_trouble(lost.error)
    return f"The channel {lost.channel} {wrong} since {utc(lost.lost_at)}; its cards go to {lost.fallback}. {click}"


def queue_words(queue: Queue) -> str:
    """One line about what a channel still has to get."""
    what = [
        f"{many:,} {noun}{'' if many == 1 else 's'}"
        for many, noun in ((queue.cards, "card"), (queue.messages, "message"))
        if many
    ]
    last = f"; the last answer was “{_spoken(queue.error)}”" if queue.error else ""
    return f"{queue.channel}: {', '.join(what)}, the oldest since {utc(queue.since)}{last}."


def pending_lines(pending: Pending) -> list[str]:
    """The page of pending posts, line by line; empty when nothing waits and nothing is wrong."""
    return [
        *([stop_words(pending.stop)] if pending.stop else []),
        *map(lost_words, pending.lost),
        *_removed(pending.removed),
        *few([queue_words(queue) for queue in pending.queues], _LISTED),
    ]


def _spoken(error: str) -> str:
    return error.replace("_", " ")


def _removed(causes: Sequence[int]) -> list[str]:
    if not causes:
        return []
    one = len(causes) == 1
    what = "1 card was" if one else f"{len(causes):,} cards were"
    return [
        f"{what} deleted in Slack twice within a day and {'is' if one else 'are'} not posted again until tomorrow; see meshline exceptions list."
    ]
