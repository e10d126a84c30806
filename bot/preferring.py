"""What a person prefers, by button and dialog: only their own, and everybody may."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot import home_words as words
from bot.blocks import LABEL, Block, context, option, plain
from bot.carried import Carried, carry
from bot.clicks import Click, Submission
from bot.modals import modal
from bot.parts import Reply, wrong_fields
from store.ledger import Store
from sync.errors import NotFound
from sync.preferences import Preferences

log = structlog.get_logger()
_ON = "on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferring:
    """The verb `prefer`. The time zone is the one that Slack knows of the person."""

    store: Store
    client: AsyncWebClient
    clock: Callable[[], datetime]
    changed: Callable[[], None]
    verbs: frozenset[str] = frozenset({"prefer"})

    async def on_click(self, click: Click) -> None:
        """Open the dialog, with what holds now."""
        view = preferences_view(await self.store.preferences(click.user))
        await self.client.views_open(trigger_id=click.trigger, view=view)

    async def on_submit(self, sent: Submission) -> Reply:
        """Keep what was entered for the one who sent it. What is wrong comes back beside the fields."""
        if sent.verb not in self.verbs:
            raise NotFound("This dialog is out of date.")
        if wrong := wrong_times(sent.view):
            return wrong_fields(wrong)
        before = await self.store.preferences(sent.user)
        wanted = preferred(sent.view, sent.user, await self._zone(sent.user) or before.timezone)
        await self.store.set_preferences(wanted, now=self.clock())
        self.changed()
        return {}

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of this dialog asks."""
        return []

    async def _zone(self, user: str) -> str:
        try:
            answer = await self.client.users_info(user=user)
        except (SlackClientError, ClientError, OSError, TimeoutError) as error:
            log.warning("time_zone_unknown", user=user, error=type(error).__name__)
            return ""
        return str((answer.get("user") or {}).get("tz") or "")


def preferences_view(now: Preferences) -> Block:
    """The dialog. Pure."""
    blocks = [
        _field("digest", words.DIGEST, _box(words.DIGEST_BOX, now.digest), optional=True),
        _field("digest_at", words.DIGEST_AT, _time(now.digest_at), optional=True),
        context(words.DIGEST_WHY),
        _field("quiet_from", words.QUIET_FROM, _time(now.quiet_from), optional=True),
        _field("quiet_until", words.QUIET_UNTIL, _time(now.quiet_until), optional=True),
        context(words.QUIET_WHY),
        _field("mentions", words.MENTIONS, _box(words.MENTIONS_BOX, now.mentions), optional=True),
        context(words.MENTIONS_WHY),
    ]
    view = modal("prefer", words.PREFERENCES, blocks, submit=words.SAVE)
    return view | {"private_metadata": carry(Carried(cause=0, version=0, verb="prefer"))}


def wrong_times(view: Block) -> dict[str, str]:
    """What is wrong with the times, by field. Pure."""
    begin, end = _clock(view, "quiet_from"), _clock(view, "quiet_until")
    if (begin is None) != (end is None):
        return {"quiet_from" if begin is None else "quiet_until": words.BOTH_ENDS}
    if begin is not None and begin == end:
        return {"quiet_until": words.SAME_ENDS}
    if _ticked(view, "digest") and _clock(view, "digest_at") is None:
        return {"digest_at": words.NO_TIME}
    return {}


def preferred(view: Block, user: str, zone: str) -> Preferences:
    """What was entered. Pure."""
    return Preferences(
        user=user,
        digest=_ticked(view, "digest"),
        digest_at=_clock(view, "digest_at") or Preferences(user=user).digest_at,
        quiet_from=_clock(view, "quiet_from"),
        quiet_until=_clock(view, "quiet_until"),
        mentions=_ticked(view, "mentions"),
        timezone=zone,
    )


def _entered(view: Block, name: str) -> Block:
    values = (view.get("state") or {}).get("values") or {}
    found: Block = next(iter((values.get(name) or {}).values()), {})
    return found


def _ticked(view: Block, name: str) -> bool:
    return any(one.get("value") == _ON for one in _entered(view, name).get("selected_options") or [])


def _clock(view: Block, name: str) -> time | None:
    try:
        return time.fromisoformat(str(_entered(view, name).get("selected_time") or ""))
    except ValueError:
        return None


def _box(label: str, ticked: bool) -> Block:
    choice = option(label, _ON)
    element: Block = {"type": "checkboxes", "action_id": "answer", "options": [choice]}
    return element | ({"initial_options": [choice]} if ticked else {})


def _time(at: time | None) -> Block:
    element: Block = {"type": "timepicker", "action_id": "answer", "placeholder": plain("Choose a time", 150)}
    return element | ({"initial_time": f"{at:%H:%M}"} if at else {})


def _field(name: str, label: str, element: Block, *, optional: bool) -> Block:
    return {"type": "input", "block_id": name, "label": plain(label, LABEL), "element": element, "optional": optional}
