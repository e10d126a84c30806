"""How a command gets its answer: with the acknowledgement when it is there in time, otherwise a moment later in the same place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError

from bot.command_words import verb_of
from bot.commands import SOON_SECONDS, Commands, Payload
from bot.people import People
from sync.errors import MeshlineError

log = structlog.get_logger()

Answer = Callable[..., Awaitable[Any]]
_SILENT = (SlackClientError, ClientError, OSError, TimeoutError)


@dataclass(slots=True)
class CommandAnswers:
    """Answers that take their time are kept until they were given; a process that ends loses them, and changes nothing twice."""

    commands: Commands
    people: People
    soon: float = SOON_SECONDS
    late: set[asyncio.Task[Payload]] = field(default_factory=set)

    async def give(self, ack: Answer, respond: Answer, command: dict[str, Any]) -> None:
        """Carry out a command and answer it, within Slack's three seconds in any case."""
        task = asyncio.create_task(self._answered(command))
        done, _ = await asyncio.wait({task}, timeout=self.soon)
        if done:
            await ack(**task.result())
            return
        self.late.add(task)
        verb = verb_of((command.get("text") or "").partition(" ")[0].lower())
        await ack(text=verb.slow if verb else "One moment.")
        await self._later(task, respond)

    async def _answered(self, command: dict[str, Any]) -> Payload:
        try:
            text, trigger = command.get("text") or "", command.get("trigger_id") or ""
            return await self.commands.run(command["user_id"], text, trigger)
        except MeshlineError as error:
            return {"text": self.people.told(str(error))[:3000]}
        except _SILENT as error:
            return {"text": _reference(error)}

    async def _later(self, task: asyncio.Task[Payload], respond: Answer) -> None:
        await asyncio.wait({task})
        self.late.discard(task)
        error = task.exception()
        answer = {"text": _reference(error)} if error is not None else task.result()
        try:
            if answer:
                await respond(**answer)
        except _SILENT as lost:
            log.warning("answer_lost", error=type(lost).__name__)


def _reference(error: BaseException) -> str:
    reference = uuid4().hex[:8]
    log.error("surface_error", what="command", reference=reference, error=type(error).__name__)
    return f"That did not work, and nothing was changed twice. Please try again; the reference is {reference}."
