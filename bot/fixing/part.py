"""The dialog that fixes while it is open: each choice shows its change, before → after, and long lists are searched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import MOST_SELECT, Block
from bot.clicks import Click, Submission
from bot.fixing.answers import answers, place_of, problems, usable
from bot.fixing.creating import read_new_records
from bot.fixing.elements import FILL, options_of
from bot.fixing.known import Known, known_of
from bot.fixing.view import resolve_view
from bot.parts import Reply
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.contrast import contrasts, plan_of
from sync.creating import entity_created
from sync.decide import shared_questions
from sync.errors import ConnectorError, IllegalMove, NotAllowed, NotFound
from sync.fields import Choices, Searched, ranked
from sync.giving_back import NewRecord
from sync.line import Line
from sync.mapping import select, text
from sync.model import Case, Cause, Contrast, Overlay, Violation

log = structlog.get_logger()

Answers = Mapping[int, str | NewRecord]
"""What is decided for each question, by its place: a value, nothing (it stays as it is), or a record to be created."""
_PATIENCE = 2.0  # seconds; Slack waits for three
_OVERTAKEN = ("hash_conflict", "not_found", "view_not_found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixing:
    """What happens in the dialog before it is sent. Nothing is decided here."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    line: Callable[[], Line]
    verbs: frozenset[str] = frozenset({FILL})

    async def known(self, cases: Sequence[Case], users: Sequence[str] = ()) -> Known:
        """What is known about the questions of these cases; `users` are people whose names are needed."""
        around, people = self.surroundings.around(self.clock()), self.surroundings.people
        await people.learn(users)
        return known_of(cases[0], self.surroundings.workspace, people.name, around.team_title)

    async def meant(
        self, view: Block, questions: Sequence[Violation], cases: Sequence[Case]
    ) -> tuple[Answers, dict[str, str]]:
        """What was entered in the dialog, as it will be kept, and what is wrong with it, by block id."""
        entered = answers(view)
        known = await self.known(cases, list(entered.values()))
        workspace = self.surroundings.workspace
        entity = next((each for each in (entity_created(one, cases[0], workspace) for one in questions) if each), "")
        new, unfit = read_new_records(view, entered, questions, known, entity=entity, key=f"new-{cases[0].ref}")
        return {**usable(entered, questions, known), **new}, {**problems(entered, questions, known), **unfit}

    async def contrast(
        self, verb: str, cases: Sequence[Case], overlays: Mapping[int, tuple[Overlay, ...]] | None
    ) -> Mapping[int, tuple[Contrast, ...]]:
        """What a proposal changes in the target, of the first of these cases; nothing for other moves, and where it cannot be told
        without asking other systems."""
        first, workspace = cases[0], self.surroundings.workspace
        flow, proposal = workspace.flows.get(first.flow), (overlays or {}).get(first.id, ())
        if verb != "propose" or flow is None:
            return {}
        known = await self.store.evidence_of(first.id)
        if known.record is None:
            return {}
        proposed = plan_of(known.record, flow, workspace, (*known.before, *proposal))
        if proposed is None:
            return {}
        stands = plan_of(known.record, flow, workspace, known.before)
        return {first.id: contrasts(proposed, stands, await self.store.written(proposed.writes))}

    async def on_click(self, click: Click) -> None:
        """Draw the dialog again with what is chosen by now. Raises MeshlineError when there is nothing to decide any more."""
        cause, cases = await self._open(click)
        entered = answers(click.view)
        view = resolve_view(
            cause,
            cases,
            self.surroundings.around(self.clock()),
            four_eyes=cases[0].four_eyes,
            known=await self.known(cases, list(entered.values())),
            entered=entered,
        )
        try:
            await self.client.views_update(view_id=click.view.get("id"), hash=click.view.get("hash"), view=view)
        except SlackApiError as error:
            if error.response.get("error") not in _OVERTAKEN:  # a later choice is drawn already
                raise

    async def on_submit(self, sent: Submission) -> Reply:
        """The dialog itself is sent under another verb."""
        raise NotFound("This dialog is out of date.")

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """What a search in a long list shows: what begins with the words first, at most 100. Raises NotAllowed."""
        cause = await self.store.cause(click.cause)
        self.surroundings.people.may(click.user, "resolve", cause.team)
        place = place_of(str(click.action.get("block_id") or ""))
        asked = shared_questions([case.violations for case in cause.first])
        if place is None or place >= len(asked):
            return []
        field = (await self.known(cause.first)).field(asked[place])
        if field.search is not None:
            return await self._looked_up(field.search, typed)
        return options_of(ranked(field.choices, typed, MOST_SELECT)) if field.choices is not None else []

    async def _looked_up(self, where: Searched, typed: str) -> list[Block]:
        """Records of the source by the words of their name; none where it does not answer within Slack's patience."""
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self.line().source(where.connection).search(where.entity, {"*": typed})
        except (ConnectorError, TimeoutError) as error:
            log.warning("search_unanswered", connection=where.connection, error=type(error).__name__)
            return []
        pairs = [(text(each.get("id")), text(select(where.label, each))) for each in found]
        named = Choices(name=where.entity, pairs=tuple((value, label or value) for value, label in pairs if value))
        first = ranked(named, typed, MOST_SELECT)
        return options_of([*first, *(pair for pair in named.pairs if pair not in first)][:MOST_SELECT])

    async def _open(self, click: Click) -> tuple[Cause, list[Case]]:
        cause = await self.store.cause(click.cause)
        try:
            self.surroundings.people.may(click.user, "resolve", cause.team)
        except NotAllowed as refused:
            what, why = f"cause:{cause.id}", str(refused)
            await self.store.refuse_press(by=click.user, verb=FILL, what=what, why=why, now=self.clock())
            raise
        cases = await self.store.cases_of(cause.id)
        if not cases:
            raise IllegalMove("This exception is already resolved. You can close the dialog.")
        return cause, cases
