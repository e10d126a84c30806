"""Whether webhooks can be taken in, and whether anybody works on them. What is wrong is said in words: at /readyz, and once in
the channel of each team whose records wait."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from bot.blocks import Block, context, message, moment, section, utc
from bot.delivery_words import stop_words
from bot.surroundings import Surroundings
from bot.wording import records
from store.ledger import Store
from store.workers import Worker
from sync.errors import LedgerUnavailable
from sync.workspace.flow import Flow

log = structlog.get_logger()

SILENT = timedelta(seconds=60)
_SURE = 3  # looks in a row that find it late: a clock that jumps is no silence
_SOON_SECONDS = 2.0
_ROOM = 64 * 1024 * 1024


@dataclass(slots=True, kw_only=True)
class Intake:
    """What comes in and has no answer yet. At most so many webhooks wait for their commit; at most `room` bytes of them, and of
    bodies that are still arriving, are kept."""

    most: int = 2_000
    room: int = _ROOM
    waiting: int = 0
    held: int = 0
    arriving: int = 0
    refused: int = 0
    role: str = "all"
    stopping: bool = False
    behind: str = ""

    @property
    def full(self) -> bool:
        return self.waiting >= self.most or self.held >= self.room

    def why_not(self) -> str:
        """Why nothing more is taken in now, or nothing."""
        if self.stopping:
            return "Meshline is stopping"
        return f"{self.waiting:,} webhooks wait for their commit" if self.full else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """`why` names everything that stops intake; `notes` what does not, but should be known."""

    why: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ready(self) -> bool:
        return not self.why

    def document(self) -> dict[str, Any]:
        """The answer of /readyz."""
        found: dict[str, Any] = {"status": "ready" if self.ready else "not ready"}
        if self.why:
            found["why"] = "; ".join(self.why)
        return found | ({"notes": list(self.notes)} if self.notes else {})


async def readiness(store: Store, intake: Intake, *, now: datetime) -> Readiness:
    """Ask the ledger for a commit, and whether its schema is ours. An answer within two seconds or so, whatever is wrong."""
    why = [words] if (words := intake.why_not()) else []
    notes: list[str] = []
    try:
        async with asyncio.timeout(_SOON_SECONDS):
            found = await store.probe(now=now)
            stop = await store.slack_stop() if not found.schema else None
        why += [found.schema] if found.schema else []
        if not found.schema and (silence := silent(found.beat_at, now, alone=intake.role == "bot")):
            notes.append(silence)
        notes += [stop_words(stop)] if stop is not None else []
        notes += [intake.behind] if intake.behind else []
    except LedgerUnavailable as error:
        why.append(str(error))
    except TimeoutError:
        why.append(f"the ledger does not answer (a write waits for more than {_SOON_SECONDS:.0f} seconds)")
    return Readiness(why=tuple(why), notes=tuple(notes))


def silent(beat_at: datetime | None, now: datetime, *, alone: bool = True) -> str:
    """That no engine works, in plain words, or nothing. `alone`: it is not we who should have an engine."""
    if beat_at is None:
        return "no engine is running" if alone else ""
    return f"the engine is silent since {utc(beat_at)}" if now - beat_at >= SILENT else ""


def engine_words(workers: Sequence[Worker], now: datetime) -> str:
    """How the engines are, in one plain line."""
    beats = [each.beat_at for each in workers if each.is_engine]
    words = silent(max(beats, default=None), now)
    if words:
        return f"{words[0].upper()}{words[1:]}."
    many = sum(now - at < SILENT for at in beats)
    ago = max(0, int((now - max(beats)).total_seconds()))
    return f"The engine works in {many} process{'es' if many > 1 else ''}; the last beat was {ago} s ago."


class EngineWatch:
    """Looks from outside whether any engine beats. Every process looks; the ledger lets one speak."""

    def __init__(self, store: Store, surroundings: Surroundings) -> None:
        self._store, self._around = store, surroundings
        self._beat: datetime | None = None
        self._alive: datetime | None = None  # when, by our own clock
        self._late = 0

    async def look(self, now: datetime) -> int:
        """How many channels were told that the engine is silent, or back."""
        pulse = await self._store.pulse()
        new = pulse.beat_at is not None and pulse.beat_at != self._beat
        if self._alive is None:
            self._alive = pulse.beat_at or now
        elif new:
            self._alive = now
        self._alive = min(self._alive, now)
        self._beat, late = pulse.beat_at or self._beat, now - self._alive >= SILENT
        self._late = self._late + 1 if late else 0
        if new and not late:
            return sum([await self._end(channel, since, now) for channel, since in pulse.told.items()])
        if self._late < _SURE:
            return 0
        return await self._tell(self._beat or self._alive, now, known=set(pulse.told))

    async def _tell(self, since: datetime, now: datetime, *, known: set[str]) -> int:
        channels = {channel: flows for channel, flows in (await self._waiting(now)).items() if channel not in known}
        if not channels:
            return 0
        log.error("engine_silent", since=utc(since))
        counts = await self._store.due_by_flow([name for flows in channels.values() for name in flows], now=now)
        told = 0
        for channel, flows in channels.items():
            body = silence(since, sum(counts.get(name, 0) for name in flows))
            told += await self._store.tell_silence(channel, body["text"], body, since=since, now=now)
        return told

    async def _end(self, channel: str, since: datetime, now: datetime) -> bool:
        body = ended(since, now)
        return await self._store.end_silence(channel, body["text"], body, now=now)

    async def _waiting(self, now: datetime) -> dict[str, list[str]]:
        """The flows with work that is due and not paused, by the channel of the team that owns them."""
        paused = {(scope, name) for scope, name, _, _ in await self._store.pauses()}
        workspace, found = self._around.workspace, dict[str, list[str]]()
        for name in await self._store.oldest_due(now=now):
            flow = workspace.flows.get(name)
            if flow is not None and not _paused(flow, paused):
                found.setdefault(workspace.team(flow.owner).channel, []).append(name)
        return found


def _paused(flow: Flow, paused: set[tuple[str, str]]) -> bool:
    return ("flow", flow.name) in paused or ("connection", flow.trigger.connection) in paused


def silence(since: datetime, waiting: int) -> Block:
    """The message that the engine is silent."""
    wait = f"{records(waiting)} wait{'s' if waiting == 1 else ''}"
    return message(
        f"The engine is silent since {utc(since)}; {wait}.",
        section(f"*The engine is silent* since {moment(since)}; {wait}."),
        context(
            "Nothing is lost. Whoever runs Meshline has to look at its workers; what waits goes on when one is back."
        ),
    )


def ended(since: datetime, now: datetime) -> Block:
    """The message that an engine is back."""
    return message(
        f"The engine is back. It was silent from {utc(since)} to {utc(now)}.",
        section(f"*The engine is back.* It was silent from {moment(since)} to {moment(now)}. What waits goes on."),
    )
