"""`/sync`: each verb is a function of what was asked. Reading is for everybody; what changes something asks for the same
rights as the buttons. As a part of the surface it also answers for the dialogs and buttons that its answers carry."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError

from bot import answers
from bot.away import Away
from bot.blocks import Block
from bot.clicks import Click, Submission
from bot.command_words import VERBS, verb_of
from bot.commands import changing, comparing, completing, holding, looking, replaying
from bot.commands.desk import Asked, Desk, Payload
from bot.modals import loading_view, modal, notice_view
from bot.parts import Reply, wrong_fields
from sync.errors import MeshlineError, NotFound
from sync.picking import Pick

__all__ = ["DOES", "Asked", "Commands", "Desk", "Payload"]

log = structlog.get_logger()

SOON_SECONDS = 1.8  # Slack waits for three, and there is the way back
_SHARE = re.compile(r"(?:^|\s)(?:--|—|–)share(?=\s|$)", re.IGNORECASE)  # phones turn two dashes into one long one
Does = Callable[[Desk, Asked], Coroutine[Any, Any, Payload]]


async def _help(desk: Desk, asked: Asked) -> Payload:
    return answers.help_text(verb_of(asked.words[0].lower()) if asked.words else None)


DOES: Mapping[str, Does] = {
    "status": looking.status,
    "exceptions": looking.exceptions,
    "show": looking.show,
    "replay": replaying.replay,
    "run": changing.run,
    "pause": changing.pause,
    "resume": changing.resume,
    "hold": holding.hold,
    "holds": holding.holds,
    "release": holding.release,
    "reconcile": comparing.reconcile,
    "trace": looking.trace,
    "owners": looking.owners,
    "digest": looking.digest,
    "checklist": looking.checklist,
    "help": _help,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What `/sync` can do."""

    desk: Desk
    away: Away
    soon: float = SOON_SECONDS
    late: set[asyncio.Task[None]] = field(default_factory=set)
    verbs: frozenset[str] = frozenset({*(f"{completing.PREFIX}{verb}" for verb in completing.ASKS), *replaying.VERBS})

    async def run(self, user: str, text: str, trigger: str = "") -> Payload:
        """The answer to one command; empty when a dialog has opened. Raises MeshlineError with the words for the person."""
        words, share = _SHARE.sub(" ", text).strip(), _SHARE.search(text) is not None
        verb, _, rest = words.partition(" ")
        answer = await self._answer(verb.lower() or "help", Asked(user=user, text=rest.strip(), trigger=trigger))
        if not share or not answer:
            return answer
        await self.desk.surroundings.people.learn([user])
        return answers.shared(answer, self.desk.surroundings.people.name(user), words)

    async def _answer(self, verb: str, asked: Asked) -> Payload:
        if verb == "away":
            return await self._away(asked)
        does = DOES.get(verb)
        if does is None:
            near = difflib.get_close_matches(verb[:60], VERBS, n=1)
            return answers.unknown(verb, near[0] if near else None)
        if asked.trigger and completing.lacking(verb, asked.text, self.desk.surroundings.workspace):
            view = await self._dialog(verb, asked.user)
            if view is not None:
                await self.desk.client.views_open(trigger_id=asked.trigger, view=view)
                return {}
        return await does(self.desk, asked)

    async def _away(self, asked: Asked) -> Payload:
        """`away` opens its dialog, `away back` ends it, anything else tells who is away."""
        if asked.text.lower() == "back":
            return answers.done(await self.away.back(asked.user))
        if asked.text or not asked.trigger:
            return answers.told(await self.away.standing())
        await self.away.open(asked.trigger, asked.user)
        return {}

    async def _dialog(self, verb: str, user: str) -> Block | None:
        store, teams = self.desk.store, self.desk.teams_of(user)
        cases = (await store.picked(Pick(teams=teams or None))).cases if verb in ("show", "replay") else ()
        holds = await store.holds() if verb == "release" else ()
        return completing.dialog(verb, self.desk.surroundings.workspace, cases, holds, self.desk.around())

    async def on_click(self, click: Click) -> None:
        """A button of an answer: the next answer stands where it was pressed."""
        if click.verb not in replaying.VERBS:
            raise NotFound("This button is from an older version.")
        if not await self.desk.store.press_once(click.key, now=self.desk.clock()):
            return
        answer, client = await replaying.pressed(self.desk, click), self.desk.client
        if click.view.get("type") == "modal":
            view = modal("answer", "Replay", answer["blocks"])
            await client.views_update(view_id=click.view["id"], hash=click.view.get("hash"), view=view)
        elif click.view.get("type") == "home":
            return  # the tab is drawn again, and shows it
        elif click.channel:
            await client.chat_postEphemeral(channel=click.channel, user=click.user, **answer)
        else:
            await client.chat_postMessage(channel=click.user, **answer)

    async def on_submit(self, sent: Submission) -> Reply:
        """A completed command: its answer takes the dialog's place."""
        verb = sent.verb.removeprefix(completing.PREFIX)
        if verb not in completing.ASKS:
            raise NotFound("This dialog is out of date.")
        text, wrong = completing.words(verb, sent.view)
        if wrong:
            return wrong_fields(wrong)
        asked = Asked(user=sent.user, text=await self._meant(verb, text))
        title = str((sent.view.get("title") or {}).get("text") or "Answer")
        task = asyncio.create_task(DOES[verb](self.desk, asked))
        done, _ = await asyncio.wait({task}, timeout=self.soon)
        if done:
            return {"response_action": "update", "view": modal("answer", title, task.result()["blocks"])}
        later = asyncio.create_task(self._later(task, title, str(sent.view.get("id") or "")))
        self.late.add(later)
        later.add_done_callback(self.late.discard)
        return {"response_action": "update", "view": loading_view(title)}

    async def _later(self, task: asyncio.Task[Payload], title: str, view_id: str) -> None:
        """What took longer than Slack waits takes the dialog's place when it is there."""
        try:
            view = modal("answer", title, (await task)["blocks"])
        except MeshlineError as error:
            view = notice_view("Not possible", self.desk.surroundings.people.plain(str(error)))
        try:
            await self.desk.client.views_update(view_id=view_id, view=view)
        except (SlackClientError, ClientError, OSError, TimeoutError) as error:
            log.warning("answer_lost", error=type(error).__name__)

    async def _meant(self, verb: str, text: str) -> str:
        """A hold is chosen by its number, which may be off by now."""
        if verb != "release":
            return text
        number, _, why = text.partition(" ")
        if number not in {str(hold.id) for hold in await self.desk.store.holds()}:
            raise NotFound("This hold is released already.")
        return f"#{number} {why}"

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of these dialogs asks."""
        return []
