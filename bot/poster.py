"""Keeps cards true. What Slack shows follows the ledger: a new version is posted or edited in place, history goes into the
thread, an unknown outcome is looked up before anything is posted again, and one refused card stops no other."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import card as draw
from bot.posting import Drawing, refused_card
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.errors import LedgerUnavailable
from sync.model import Card, Message

log = structlog.get_logger()

CARD_EVENT, HISTORY_EVENT = "meshline_card", "meshline_history"
_PER_MESSAGE = 1.05  # seconds between two messages of one channel
_UPDATES_PER_SECOND, _UPDATE_BURST = 50 / 60, 30  # chat.update is Tier 3
_AGAIN, _REFUSED = timedelta(seconds=5), timedelta(minutes=10)
_GONE = {"message_not_found", "cant_update_message"}


@dataclass(slots=True)
class Pace:
    """What Slack allows us: one message a second per channel, edits by a bucket. Times are the loop's monotonic seconds."""

    per_message: float = _PER_MESSAGE
    free_at: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    edits: float = _UPDATE_BURST
    edits_per_second: float = _UPDATES_PER_SECOND
    filled_at: float = 0.0
    silent_until: float = 0.0

    def busy(self, now: float) -> list[str]:
        return [channel for channel, at in self.free_at.items() if at > now]

    def posted(self, channel: str, now: float) -> None:
        self.free_at[channel] = now + self.per_message

    def may_edit(self, now: float) -> bool:
        self.edits = (
            self.edits
            if self.edits == float("inf")
            else min(_UPDATE_BURST, self.edits + (now - self.filled_at) * self.edits_per_second)
        )
        self.filled_at = now
        return self.edits >= 1


class Poster:
    """Posts what the ledger says. `run` goes on until told to stop; `once` does what can be done now."""

    def __init__(
        self, store: Store, client: AsyncWebClient, surroundings: Surroundings, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._client, self._around, self._clock = store, client, surroundings, clock
        self._pace = Pace()
        self._wake = asyncio.Event()

    def unpaced(self) -> None:
        """Post and edit without waiting (a workspace without limits)."""
        self._pace.per_message, self._pace.edits_per_second = 0.0, 1e6

    def wake(self) -> None:
        """Something changed."""
        self._wake.set()

    async def run(self, stop: asyncio.Event, *, idle_seconds: float = 0.25) -> None:
        """Post until told to stop."""
        while not stop.is_set():
            self._wake.clear()
            try:
                busy = await self.once()
            except LedgerUnavailable:
                busy = False
            if not busy:
                waiting = [asyncio.create_task(event.wait()) for event in (stop, self._wake)]
                await asyncio.wait(waiting, timeout=idle_seconds, return_when=asyncio.FIRST_COMPLETED)
                for task in waiting:
                    task.cancel()

    async def once(self) -> bool:
        """One round; True when something was posted."""
        tick = asyncio.get_running_loop().time()
        if tick < self._pace.silent_until:
            return False
        return await self._next_card() or await self._next_line()

    async def _next_card(self) -> bool:
        tick = asyncio.get_running_loop().time()
        found = await self._store.stale_cards(
            limit=1, now=self._clock(), busy=self._pace.busy(tick), updates=self._pace.may_edit(tick)
        )
        return bool(found) and await self._show(found[0])

    async def _next_line(self) -> bool:
        busy = self._pace.busy(asyncio.get_running_loop().time())
        group = await self._store.next_messages(now=self._clock(), busy=busy)
        return bool(group) and await self._say(group)

    async def _show(self, card: Card) -> bool:
        await self._around.people.learn(_people_of(card))
        try:
            payload = draw(card.cause, self._around.around(self._clock()))
        except Exception as error:  # a bug in drawing one card stops no other
            log.error("card_not_drawn", cause=card.cause.id, error=type(error).__name__)
            again = self._clock() + _REFUSED
            await self._store.card_failed(card, error="it could not be drawn", again_at=again, unsure=card.unsure)
            return False
        metadata = {"event_type": CARD_EVENT, "event_payload": {"cause": card.cause.id, "version": card.cause.version}}
        try:
            ts = card.ts or (await self._find_card(card) if card.unsure else None)
            if ts is None:
                self._pace.posted(card.channel, asyncio.get_running_loop().time())
                answer = await self._client.chat_postMessage(channel=card.channel, metadata=metadata, **payload)
                ts = str(answer["ts"])
            else:
                self._pace.edits -= 1
                await self._client.chat_update(channel=card.channel, ts=ts, metadata=metadata, **payload)
        except SlackApiError as error:
            await self._card_refused(card, error, payload["text"])
        except (ClientError, OSError, TimeoutError) as error:
            again = self._clock() + _AGAIN
            await self._store.card_failed(card, error=type(error).__name__, again_at=again, unsure=card.ts is None)
        else:
            await self._store.card_posted(card, ts=ts, now=self._clock())
            return True
        return False

    async def _card_refused(self, card: Card, error: SlackApiError, text: str) -> None:
        code, now = _code(error), self._clock()
        log.warning("card_refused", cause=card.cause.id, error=code)
        if code in _GONE and card.ts:
            await self._store.card_lost(card.channel, card.ts, now=now)
            return
        pause = self._slow_down(error)
        if pause is None and code in ("invalid_blocks", "invalid_arguments", "msg_too_long", "invalid_blocks_format"):
            drawing = Drawing(channel=card.channel, ts=card.ts, text=text)
            ts = await refused_card(self._client, drawing)  # the words alone, so that nobody misses it
            if ts is not None:
                await self._store.card_posted(card, ts=ts, now=now)
                return
        again = now + (pause or _REFUSED)
        unsure = card.ts is None and (card.unsure or _perhaps_done(error))
        await self._store.card_failed(card, error=code, again_at=again, unsure=unsure)

    async def _say(self, group: list[Message]) -> bool:
        first, ids = group[0], [message.id for message in group]
        await self._around.people.learn(_named_in(group))
        payload = self._around.message_payload(group)
        try:
            ts = await self._find_line(first) if first.unsure else None
            if ts is None:
                self._pace.posted(first.channel, asyncio.get_running_loop().time())
                metadata = {"event_type": HISTORY_EVENT, "event_payload": {"ids": ids}}
                extra: dict[str, Any] = {"thread_ts": first.thread} if first.thread else {}
                if first.broadcast and first.thread:
                    extra["reply_broadcast"] = True
                answer = await self._client.chat_postMessage(
                    channel=first.channel, metadata=metadata, **extra, **payload
                )
                ts = str(answer["ts"])
        except SlackApiError as error:
            pause = self._slow_down(error) or _REFUSED
            again = self._clock() + pause
            unsure = first.unsure or _perhaps_done(error)
            await self._store.message_failed(ids, error=_code(error), again_at=again, unsure=unsure)
        except (ClientError, OSError, TimeoutError) as error:
            again = self._clock() + _AGAIN
            await self._store.message_failed(ids, error=type(error).__name__, again_at=again, unsure=True)
        else:
            await self._store.message_posted(ids, ts=ts, now=self._clock())
            return True
        return False

    async def _find_card(self, card: Card) -> str | None:
        answer = await self._client.conversations_history(channel=card.channel, include_all_metadata=True, limit=200)
        return _with_metadata(answer.get("messages", []), CARD_EVENT, "cause", card.cause.id)

    async def _find_line(self, message: Message) -> str | None:
        if message.thread is None:
            answer = await self._client.conversations_history(
                channel=message.channel, include_all_metadata=True, limit=200
            )
        else:
            answer = await self._client.conversations_replies(
                channel=message.channel, ts=message.thread, include_all_metadata=True, limit=200
            )
        return _with_metadata(answer.get("messages", []), HISTORY_EVENT, "ids", message.id)

    def _slow_down(self, error: SlackApiError) -> timedelta | None:
        """How long Slack wants us to be silent, when that is what it says."""
        if _code(error) not in ("ratelimited", "rate_limited") and _status(error) < 500:
            return None
        headers = {key.lower(): value for key, value in (error.response.headers or {}).items()}
        after = headers.get("retry-after", "")
        seconds = float(after) if after.isdecimal() else 3.0
        self._pace.silent_until = asyncio.get_running_loop().time() + seconds
        return timedelta(seconds=seconds)


def _code(error: SlackApiError) -> str:
    found = error.response.get("error") if hasattr(error.response, "get") else None
    return str(found or _status(error))


def _status(error: SlackApiError) -> int:
    """An answer that could not be read at all is the HTTP library's own, which calls it otherwise."""
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0))


def _perhaps_done(error: SlackApiError) -> bool:
    return _status(error) >= 500 or _code(error) in ("fatal_error", "internal_error")


def _with_metadata(found: list[dict[str, Any]], event: str, key: str, value: int) -> str | None:
    for message in found:
        metadata = message.get("metadata") or {}
        held = metadata.get("event_payload", {}).get(key)
        if metadata.get("event_type") == event and (held == value or (isinstance(held, list) and value in held)):
            return str(message["ts"])
    return None


def _people_of(card: Card) -> set[str]:
    found = {case.assignee for case in card.cause.first} | {case.decided_by for case in card.cause.first}
    found |= {name for case in card.cause.first for name in (case.owner, case.backup, case.proposed_by)}
    return {name for name in found if name}


def _named_in(group: list[Message]) -> set[str]:
    return {part.split("}")[0] for message in group for part in message.text.split("@{")[1:]}
