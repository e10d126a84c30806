"""Sends packs: charts first, then the message that shows them, then the rows into its thread. What may be in Slack already is
looked up before it is sent again, and a chart that Slack does not take leaves its sentence in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack_errors as refusal
from bot.blocks import Block
from bot.lookup import Lookup
from bot.pack_files import files_of
from bot.packing import due_of, gather
from bot.packs import pack_message, placed
from bot.reach import Reach
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.sending_packs import FileState, Outgoing, SentFile
from sync.spans import MONTHLY, WEEKLY

log = structlog.get_logger()

PACK_EVENT = "meshline_pack"
_TRIES = 4
_AGAIN, _LONGEST = timedelta(seconds=30), timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackSender:
    """One beat makes what is due and sends what waits."""

    store: Store
    client: AsyncWebClient
    session: aiohttp.ClientSession
    surroundings: Surroundings
    clock: Callable[[], datetime]

    async def look(self, now: datetime) -> int:
        """How many packs were made or sent."""
        made = [await self._make(kind, now) for kind in (WEEKLY, MONTHLY)]
        return sum(made) + await self._send(now)

    async def _make(self, kind: str, now: datetime) -> bool:
        workspace = self.surroundings.workspace
        due = due_of(workspace, kind, now)
        if due is None:
            return False
        team, at = due
        slot, tick = at.date().isoformat(), f"pack:{kind}"
        if await self.store.last_tick(tick) == slot or await self.store.has_pack(kind, slot):
            return False
        pack = await gather(self.store, workspace, kind, due=at, team=team, now=now)
        if pack.is_empty:
            await self.store.claim_tick(tick, slot, now=now)
            return False
        await self.surroundings.people.learn({one.owner for one in pack.facts} | {one.made_by for one in pack.releases})
        zone = workspace.calendar(team).timezone
        files = [
            SentFile(name=one.name, alt=one.alt, content=one.content)
            for one in await asyncio.to_thread(files_of, pack, zone)
        ]
        names = {one.name: one.name for one in files if one.is_chart}
        body = pack_message(pack, zone, self.surroundings.around(now), names)
        return await self.store.put_pack(kind, slot, pack.channel, body, files, now=now)

    async def _send(self, now: datetime) -> int:
        post = await self.store.next_pack(now=now)
        if post is None:
            return 0
        try:
            await self._go_on(post, now)
        except SlackApiError as error:
            if refusal.code(error) in refusal.LOST and await self._moved(post, refusal.code(error), now):
                return 1
            await self._refused(post, refusal.words(error), refusal.perhaps_done(error), refusal.asked_for_less(error))
        except refusal.NO_ANSWER as error:
            await self._refused(post, type(error).__name__, True, None)
        else:
            return 1
        return 0

    async def _go_on(self, post: Outgoing, now: datetime) -> None:
        files = tuple([await self._chart(post, one) if one.is_chart else one for one in post.files])
        ts = post.ts or await self._posted(replace(post, files=files), now)
        for one in files:
            if not one.is_chart:
                await self._rows(post, one, ts)
        await self.store.pack_done(post)

    async def _chart(self, post: Outgoing, one: SentFile) -> SentFile:
        """A chart, in Slack or given up: it is a picture and not worth the words."""
        if one.state != FileState.WAITING:
            return one
        try:
            file_id = await self._uploaded(post, one, {})
        except SlackApiError as error:
            passes = refusal.asked_for_less(error) or refusal.perhaps_done(error)
            if passes and post.failures < _TRIES:
                raise
            return await self._given_up(post, one, refusal.words(error))
        except refusal.NO_ANSWER as error:
            if post.failures < _TRIES:
                raise
            return await self._given_up(post, one, type(error).__name__)
        return replace(one, state=FileState.SENT, file_id=file_id)

    async def _given_up(self, post: Outgoing, one: SentFile, why: str) -> SentFile:
        log.warning("chart_missing", pack=post.id, chart=one.name, error=why)
        await self.store.keep_file(post, one.name, state=FileState.MISSING, file_id=one.file_id)
        return replace(one, state=FileState.MISSING)

    async def _rows(self, post: Outgoing, one: SentFile, ts: str) -> None:
        if one.state == FileState.WAITING:
            try:
                await self._uploaded(post, one, {"channel_id": post.channel, "thread_ts": ts})
            except SlackApiError as error:
                if refusal.asked_for_less(error) or refusal.perhaps_done(error):
                    raise
                await self._given_up(post, one, refusal.words(error))

    async def _uploaded(self, post: Outgoing, one: SentFile, where: Mapping[str, Any]) -> str:
        """Slack's id of the file, which is there once however often this is tried."""
        if one.file_id is not None and await self._is_there(one.file_id):
            await self.store.keep_file(post, one.name, state=FileState.SENT, file_id=one.file_id)
            return one.file_id
        about = {"alt_txt": one.alt} if one.alt else {}
        asked = await self.client.files_getUploadURLExternal(filename=one.name, length=len(one.content), **about)
        file_id = str(asked["file_id"])
        if not await self.store.keep_file(post, one.name, state=FileState.WAITING, file_id=file_id):
            raise TimeoutError("somebody else sends this pack")
        async with self.session.post(str(asked["upload_url"]), data=one.content) as answer:
            answer.raise_for_status()
        await self.client.files_completeUploadExternal(files=[{"id": file_id, "title": one.name}], **where)
        await self.store.keep_file(post, one.name, state=FileState.SENT, file_id=file_id)
        return file_id

    async def _is_there(self, file_id: str) -> bool:
        try:
            await self.client.files_info(file=file_id)
        except SlackApiError as error:
            if refusal.code(error) != "file_not_found":
                raise
            return False
        return True

    async def _posted(self, post: Outgoing, now: datetime) -> str:
        lookup = Lookup(self.client)
        ts = await lookup.pack(post.channel, PACK_EVENT, post.id, post.made_at) if post.unsure else None
        if ts is None:
            metadata = {"event_type": PACK_EVENT, "event_payload": {"pack": post.id}}
            body = _body(post, pictures=post.failures < _TRIES)  # Slack may take a while until it can show one
            answer = await self.client.chat_postMessage(channel=post.channel, metadata=metadata, **body)
            ts = str(answer["ts"])
        await self.store.pack_posted(post, ts=ts, now=now)
        return ts

    async def _moved(self, post: Outgoing, error: str, now: datetime) -> bool:
        """Whether it goes to another channel, for its own takes no messages."""
        reach = Reach(self.store, self.client, self.surroundings, self.clock)
        place = await reach.elsewhere(post.channel, error) if post.ts is None else None
        return place is not None and await self.store.move_pack(post, to=place, now=now)

    async def _refused(self, post: Outgoing, error: str, unsure: bool, silence: timedelta | None) -> None:
        log.warning("pack_not_sent", pack=post.id, error=error)
        again = self.clock() + (silence or min(_LONGEST, _AGAIN * 2 ** min(post.failures, 8)))
        await self.store.pack_failed(post, error=error, again_at=again, unsure=unsure or post.unsure)


def _body(post: Outgoing, *, pictures: bool) -> Block:
    there = {one.name: one.file_id for one in post.files if one.state == FileState.SENT and one.file_id}
    return placed(post.body, there if pictures else {})
