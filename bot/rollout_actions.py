"""The buttons of a decision about many records: show all of them, stop, go on. Rights are looked up on the server, in the row of
the decision and in the team of its cause."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import views
from bot.blocks import Block
from bot.carried import carried
from bot.clicks import Click, Submission
from bot.parts import Reply
from bot.rollout_words import outcome
from bot.surroundings import Surroundings
from bot.views_all import NEXT, PREVIOUS, SEARCH, all_view, searched
from store.ledger import Store
from sync.errors import IllegalMove, NotAllowed, NotFound
from sync.model import Cause
from sync.rollouts import Rollout, already

_MOVES = {"go_on": "go_on", "stop_rollout": "stop"}
_TURNS = (PREVIOUS, NEXT, SEARCH)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutActions:
    """What these presses lead to."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    changed: Callable[[], None]
    verbs: frozenset[str] = frozenset({"all", *_TURNS, *_MOVES})

    async def on_click(self, click: Click) -> None:
        """Carry out a press. Raises MeshlineError with the words for the person."""
        if click.verb == "all":
            await self._open(click)
        elif click.verb in _TURNS:
            await self._turn(click)
        else:
            await self._move(click)

    async def on_submit(self, sent: Submission) -> Reply:
        """A search, by its button: the first page of what it finds takes the list's place."""
        if sent.verb != "all":
            raise NotFound("This dialog is out of date.")
        return {"response_action": "update", "view": await self._drawn(sent.cause, 1, searched(sent.view))}

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """No select of the list asks."""
        return []

    async def _open(self, click: Click) -> None:
        opened = await self.client.views_open(trigger_id=click.trigger, view=views.loading_view("All records"))
        await self._show(opened["view"], click.cause, 1, "")

    async def _turn(self, click: Click) -> None:
        pressed = carried(str(click.action.get("value") or "")) if click.verb != SEARCH else None
        number = pressed.page if pressed is not None and pressed.page else 1
        try:
            await self._show(click.view, click.cause, number, searched(click.view))
        except SlackApiError as error:
            if error.response.get("error") != "hash_conflict":  # pressed twice: the first press has turned the page
                raise

    async def _show(self, view: dict[str, Any], cause_id: int, number: int, search: str) -> None:
        drawn = await self._drawn(cause_id, number, search)
        await self.client.views_update(view_id=view["id"], hash=view["hash"], view=drawn)

    async def _drawn(self, cause_id: int, number: int, search: str) -> Block:
        page = await self.store.page_of(cause_id, number=number, search=search)
        people = {name for case in page.cases for name in (case.assignee, case.owner, case.proposed_by) if name}
        await self.surroundings.people.learn(people)
        return all_view(page, self.surroundings.around(self.clock()))

    async def _move(self, click: Click) -> None:
        cause = await self.store.cause(click.cause)
        rollout = cause.rollout
        if rollout is None:
            raise NotFound("There is no decision on its way here.")
        await self._may(click, cause, rollout)
        if not await self.store.press_once(click.key, now=self.clock()):
            return
        left = f" The other {rollout.waiting:,} wait." if rollout.waiting else ""
        words = f"@{{{click.user}}} goes on with the other {rollout.waiting:,}."
        words = words if click.verb == "go_on" else f"@{{{click.user}}} stopped it.{left}"
        verb = _MOVES[click.verb]
        if not await self.store.move_rollout(rollout.id, verb, by=click.user, words=words, now=self.clock()):
            await self.store.redraw(cause.id, now=self.clock())
            self.changed()
            raise IllegalMove(_too_late(rollout))
        self.changed()

    async def _may(self, click: Click, cause: Cause, rollout: Rollout) -> None:
        people = self.surroundings.people
        await people.look_who_is_away()
        try:
            people.may(click.user, rollout.verb, cause.team)
        except NotAllowed:
            await people.learn_team_members()  # so that the refusal names them
        else:
            return
        try:
            people.may(click.user, rollout.verb, cause.team)
        except NotAllowed as refused:
            what = f"rollout:{rollout.id}"
            await self.store.refuse_press(by=click.user, verb=click.verb, what=what, why=str(refused), now=self.clock())
            raise


def _too_late(rollout: Rollout) -> str:
    if rollout.live:
        return already(rollout)
    if rollout.state == "stopped":
        return f"It is stopped already: {rollout.done:,} of {rollout.total:,} so far."
    return f"This decision is over: {outcome(rollout)}"
