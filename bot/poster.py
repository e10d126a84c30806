"""Keeps cards true. What Slack shows follows the ledger: a new version is posted or edited in place, history goes into the
thread, no channel waits for another, an unknown outcome is looked up before anything is posted again, and one refused card
stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack_errors as refusal
from bot.cards import card as draw
from bot.connection import Connection
from bot.lookup import Lookup
from bot.pace import Pace
from bot.posting import Drawing, refused_card
from bot.reach import Reach
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.errors import LedgerUnavailable
from sync.model import Card, Message

log = structlog.get_logger()

CARD_EVENT, HISTORY_EVENT = "meshline_card", "meshline_history"
_ROUND_SECONDS = 0.03
_NOW, _REFUSED = timedelta(0), timedelta(minutes=10)
Work = Coroutine[Any, Any, bool]


class Poster:
    """Posts what the ledger says. `run` goes on until told to stop; `once` does what can be done now."""

    def __init__(
        self,
        store: Store,
        client: AsyncWebClient,
        surroundings: Surroundings,
        clock: Callable[[], datetime],
        connection: Connection,
    ) -> None:
        self._store, self._client, self._around, self._clock = store, client, surroundings, clock
        self._lookup, self._reach = Lookup(client), Reach(store, client, surroundings, clock)
        self._connection = connection
        self._pace = Pace()
        self._wake = asyncio.Event()
        self._writing: set[str] = set()

    def unpaced(self) -> None:
        """Post and edit without waiting (a workspace without limits)."""
        self._pace.unlimited()

    def wake(self) -> None:
        """Something changed."""
        self._wake.set()

    async def run(self, stop: asyncio.Event, *, idle_seconds: float = 0.25) -> None:
        """Post until told to stop, in several channels at a time; what is under way then is finished."""
        hands: set[asyncio.Task[bool]] = set()
        try:
            while not stop.is_set():
                self._wake.clear()
                try:
                    hands |= {asyncio.create_task(work) for work in await self._begin()}
                except LedgerUnavailable:
                    log.warning("ledger_unavailable", loop="poster")
                hands = await self._until_something(stop, hands, idle_seconds)
            await asyncio.gather(*hands)
        finally:
            for hand in hands:
                hand.cancel()
            await asyncio.gather(*hands, return_exceptions=True)
            self._writing.clear()

    async def once(self) -> bool:
        """One round; True when something was posted."""
        return any(await asyncio.gather(*await self._begin()))

    async def _until_something(
        self, stop: asyncio.Event, hands: set[asyncio.Task[bool]], seconds: float
    ) -> set[asyncio.Task[bool]]:
        """Wait until a hand or a channel is free, something changed or we stop; the hands that are still busy. Raises what went
        wrong in one."""
        if hands:
            await asyncio.sleep(_ROUND_SECONDS)  # several cards in one round are one transaction
        soon = self._pace.next_free(asyncio.get_running_loop().time(), seconds)
        waiting = [asyncio.create_task(event.wait()) for event in (stop, self._wake)]
        await asyncio.wait([*hands, *waiting], timeout=soon, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()
        for hand in hands:
            if hand.done():
                hand.result()
        return {hand for hand in hands if not hand.done()}

    async def _begin(self) -> list[Work]:
        """Take what may be written now, at most one thing for each channel."""
        tick = asyncio.get_running_loop().time()
        free = self._pace.hands - len(self._writing)
        if self._pace.quiet(tick) or free <= 0 or not await self._connection.open():
            return []
        await self._reach.look()
        cards = await self._store.stale_cards(
            limit=free, now=self._clock(), busy=self._pace.busy(tick), updates=self._pace.may_edit(tick),
            held=self._writing, apart=True,
        )  # fmt: skip
        begun = [self._alone(card.channel, self._show(card)) for card in cards]
        for _ in range(free - len(begun)):
            busy = {*self._pace.busy(tick), *self._writing}
            group = await self._next_line(busy)
            if not group:
                break
            begun.append(self._alone(group[0].channel, self._say(group)))
        return begun

    async def _next_line(self, busy: set[str]) -> list[Message]:
        try:
            return await self._store.next_messages(now=self._clock(), busy=busy)
        except LedgerUnavailable:  # what was begun before goes on
            return []

    def _alone(self, channel: str, work: Work) -> Work:
        """Nothing else is written in the channel meanwhile. Without a ledger the outcome is not kept, and looked up later."""
        self._writing.add(channel)

        async def carried() -> bool:
            try:
                return await work
            except LedgerUnavailable:
                return False
            finally:
                self._writing.discard(channel)

        return carried()

    async def _show(self, card: Card) -> bool:
        await self._around.people.learn(people_of(card))
        try:
            payload = draw(card.cause, self._around.around(self._clock()))
        except Exception as error:  # a bug in drawing one card stops no other
            log.error("card_not_drawn", cause=card.cause.id, error=type(error).__name__)
            again = self._clock() + _REFUSED
            await self._store.card_failed(card, error="it could not be drawn", again_at=again, unsure=card.unsure)
            return False
        try:
            ts = await self._written(card, payload)
        except SlackApiError as error:
            await self._card_refused(card, error, payload["text"])
        except refusal.NO_ANSWER as error:
            again = self._clock() + self._no_answer()
            await self._store.card_failed(card, error=type(error).__name__, again_at=again, unsure=card.ts is None)
        else:
            self._pace.answered()
            await self._store.card_posted(card, ts=ts, now=self._clock(), rest=self._pace.rest)
            return True
        return False

    async def _written(self, card: Card, payload: dict[str, Any]) -> str:
        metadata = {"event_type": CARD_EVENT, "event_payload": {"cause": card.cause.id, "version": card.cause.version}}
        ts = card.ts
        if ts is None and card.unsure:
            ts = await self._lookup.card(card.channel, CARD_EVENT, card.cause.id, card.tried_at)
        if ts is None:
            self._pace.posted(card.channel, asyncio.get_running_loop().time())
            answer = await self._client.chat_postMessage(channel=card.channel, metadata=metadata, **payload)
            await self._reach.worked(card.channel)
            return str(answer["ts"])
        self._pace.edits -= 1
        await self._client.chat_update(channel=card.channel, ts=ts, metadata=metadata, **payload)
        return ts

    async def _card_refused(self, card: Card, error: SlackApiError, text: str) -> None:
        code, now = refusal.code(error), self._clock()
        log.warning("card_refused", cause=card.cause.id, error=code)
        if code in refusal.GONE and card.ts:
            await self._store.card_lost(card.channel, card.ts, now=now)
            return
        if code in refusal.LOST and await self._reach.card(card, code):
            return
        pause = self._slow_down(error)
        pause = await self._stopped(code) if pause is None else pause
        if pause is None and code in refusal.NOT_DRAWABLE:
            drawing = Drawing(channel=card.channel, ts=card.ts, text=text)
            ts = await refused_card(self._client, drawing)  # the words alone, so that nobody misses it
            if ts is not None:
                await self._store.card_posted(card, ts=ts, now=now)
                return
        unsure = card.ts is None and (card.unsure or refusal.perhaps_done(error))
        again = now + (pause if pause is not None else _REFUSED)
        await self._store.card_failed(card, error=refusal.words(error), again_at=again, unsure=unsure)

    async def _say(self, group: list[Message]) -> bool:
        first, ids = group[0], [message.id for message in group]
        await self._around.people.learn(_named_in(group))
        try:
            ts = await self._said(first, ids, self._around.message_payload(group))
        except SlackApiError as error:
            await self._lines_refused(first, ids, error)
        except refusal.NO_ANSWER as error:
            again = self._clock() + self._no_answer()
            await self._store.message_failed(ids, error=type(error).__name__, again_at=again, unsure=True)
        else:
            self._pace.answered()
            await self._store.message_posted(ids, ts=ts, now=self._clock())
            return True
        return False

    async def _lines_refused(self, first: Message, ids: list[int], error: SlackApiError) -> None:
        code, now = refusal.code(error), self._clock()
        log.warning("message_refused", message=first.id, error=code)
        if code in refusal.LOST and await self._reach.lines(first.channel, ids, code):
            return
        pause = self._slow_down(error)
        pause = await self._stopped(code) if pause is None else pause
        if code in refusal.GONE_THREAD and first.thread:
            await self._store.card_lost(first.channel, first.thread, now=now)
            pause = _NOW
        again = now + (pause if pause is not None else _REFUSED)
        unsure = first.unsure or refusal.perhaps_done(error)
        await self._store.message_failed(ids, error=refusal.words(error), again_at=again, unsure=unsure)

    async def _stopped(self, code: str) -> timedelta | None:
        """No time at all when the refusal says that Slack lets us in no more: what waits goes on as soon as it does."""
        if code not in refusal.STOPPED:
            return None
        await self._connection.stop(code)
        return _NOW

    async def _said(self, first: Message, ids: list[int], payload: dict[str, Any]) -> str:
        if first.unsure:
            ts = await self._lookup.line(first.channel, HISTORY_EVENT, first.id, first.tried_at, first.thread)
            if ts is not None:
                return ts
        self._pace.posted(first.channel, asyncio.get_running_loop().time())
        metadata = {"event_type": HISTORY_EVENT, "event_payload": {"ids": ids}}
        extra: dict[str, Any] = {"thread_ts": first.thread} if first.thread else {}
        if first.broadcast and first.thread:
            extra["reply_broadcast"] = True
        answer = await self._client.chat_postMessage(channel=first.channel, metadata=metadata, **extra, **payload)
        return str(answer["ts"])

    def _slow_down(self, error: SlackApiError) -> timedelta | None:
        """How long to wait when Slack is away or asks for less; None when the refusal is about the message."""
        if refusal.status(error) >= 500:
            return self._no_answer()
        self._pace.answered()
        pause = refusal.asked_for_less(error)
        if pause is not None:
            self._pace.asked_for_less(asyncio.get_running_loop().time(), pause.total_seconds())
        return pause

    def _no_answer(self) -> timedelta:
        return timedelta(seconds=self._pace.no_answer(asyncio.get_running_loop().time()))


def people_of(card: Card) -> set[str]:
    """Everybody whom a card names: their names have to be known before it is drawn."""
    found = {case.assignee for case in card.cause.first} | {case.decided_by for case in card.cause.first}
    found |= {name for case in card.cause.first for name in (case.owner, case.backup, case.proposed_by)}
    found |= {name for case in card.cause.first for rung in case.ladder for name in rung.people}
    found |= {pause.by for pause in card.cause.pauses}
    if (decision := card.cause.rollout) is not None:
        found |= {decision.by, decision.ended_by, decision.paused_by} - {"engine"}
    return {name for name in found if name}


def _named_in(group: list[Message]) -> set[str]:
    return {part.split("}")[0] for message in group for part in message.text.split("@{")[1:]}
