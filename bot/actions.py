"""A press becomes a move. Rights, state, version and four eyes are looked up on the server; the button only says what was
pressed. The move is committed before Slack gets its answer, and every press gets one that the person can see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot import views
from bot.blocks import Block
from bot.carried import asked_of
from bot.clicks import Click, Submission
from bot.fixing.counting import counting_of
from bot.fixing.part import Answers, Fixing
from bot.fixing.told import decided
from bot.parts import Reply, wrong_fields
from bot.reprocessing import not_before, replays
from bot.surroundings import Surroundings
from store.cases import Press
from store.ledger import Store
from sync import clocks
from sync.decide import overlays_for, shared_questions
from sync.errors import IllegalMove, MeshlineError, NotAllowed, NotFound
from sync.model import Case, Cause, Entry, Overlay, Violation
from sync.rollouts import DECIDES, already

_MODALS = ("resolve", "snooze", "hand_over", "discard", "reject", "release", "timeline")
_NOTED = ("discard", "reject", "release")
_AT_ONCE = ("take", "replay", "approve", "suggest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What presses lead to. `changed` is called after every move: work and cards may be waiting."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings
    clock: Callable[[], datetime]
    changed: Callable[[], None]
    fixing: Fixing
    verbs: frozenset[str] = frozenset((*_MODALS, *_AT_ONCE))

    async def on_click(self, click: Click) -> None:
        """Carry out a click on a card. Raises MeshlineError with the words for the person."""
        async with self._on_record(click.user, click.verb, click.cause):
            await self._click(click)

    async def _click(self, click: Click) -> None:
        cause = await self.store.cause(click.cause)
        if click.verb == "open":  # a link: the browser has gone there already
            return
        if click.verb not in _MODALS + _AT_ONCE:
            await self.store.redraw(cause.id, now=self.clock())
            self.changed()
            raise NotFound("This button is out of date. The card has been drawn again.")
        if click.verb != "timeline":
            await self._allowed(click.user, click.verb, cause)
        await self._not_under_way(click.verb, cause)
        if click.verb in _MODALS:
            await self._open(click, cause)
            return
        if not await self.store.press_once(click.key, now=self.clock()):
            return
        await self._at_once(click, cause)
        self.changed()

    async def on_submit(self, sent: Submission) -> Reply:
        """Carry out a submitted modal; what is wrong with its fields comes back beside them."""
        async with self._on_record(sent.user, sent.verb, sent.cause):
            cause = await self.store.cause(sent.cause)
            await self._allowed(sent.user, sent.verb, cause)
            await self._not_under_way(sent.verb, cause)
            wrong = await self._submitted(sent, cause)
        if not wrong:
            self.changed()
        return wrong_fields(wrong)

    async def on_options(self, click: Click, typed: str) -> list[Block]:
        """What a search in the dialog that fixes shows."""
        return await self.fixing.on_options(click, typed)

    async def stale(self, channel: str, ts: str) -> None:
        """Draw the card at this message again: its button led nowhere."""
        cause_id = await self.store.cause_at(channel, ts)
        if cause_id is not None:
            await self.store.redraw(cause_id, now=self.clock())
            self.changed()

    async def _allowed(self, user: str, verb: str, cause: Cause) -> None:
        people = self.surroundings.people
        await people.look_who_is_away()
        try:
            self._judged(user, verb, cause)
        except NotAllowed:
            await people.learn_team_members()  # the refusal names who may
            self._judged(user, verb, cause)

    def _judged(self, user: str, verb: str, cause: Cause) -> None:
        people = self.surroundings.people
        if verb == "release":
            people.may_lead(user, cause.team)
        elif verb == "discard" and any(case.four_eyes for case in cause.first):
            people.may(user, "approve", cause.team)
        else:
            people.may(user, "resolve" if verb == "suggest" else verb, cause.team)

    async def _not_under_way(self, verb: str, cause: Cause) -> None:
        """Raises IllegalMove with how far it is while a decision about the card's records goes out."""
        rollout = cause.rollout
        if rollout is not None and rollout.live and (verb == "suggest" or verb in DECIDES):
            await self.store.redraw(cause.id, now=self.clock())
            self.changed()
            raise IllegalMove(already(rollout), state=rollout.state, by=rollout.by)

    @asynccontextmanager
    async def _on_record(self, user: str, verb: str, cause_id: int) -> AsyncIterator[None]:
        """A refused attempt is in the journal before the person hears of it."""
        try:
            yield
        except NotAllowed as refused:
            what, why = f"cause:{cause_id}", str(refused)
            await self.store.refuse_press(by=user, verb=verb, what=what, why=why, now=self.clock())
            raise

    async def _open(self, click: Click, cause: Cause) -> None:
        title = "One moment"
        opened = await self.client.views_open(trigger_id=click.trigger, view=views.loading_view(title))
        view = opened["view"]
        try:
            filled = await self._modal(click, cause)
        except MeshlineError as error:
            filled = views.notice_view("Not possible", self.surroundings.people.plain(str(error)))
        await self.client.views_update(view_id=view["id"], hash=view["hash"], view=filled)

    async def _modal(self, click: Click, cause: Cause) -> dict[str, Any]:
        around = self.surroundings.around(self.clock())
        if click.verb == "timeline":
            first = cause.first[0]
            return views.history_view(await self._timeline(first), around, f"Timeline · {first.ref}")
        if click.verb == "release":
            if not cause.holds:
                raise IllegalMove("This hold is released already.")
            return views.release_view(cause, around)
        cases = await self._open_cases(cause)
        match click.verb:
            case "resolve":
                known = await self.fixing.known(cases)
                return views.resolve_view(cause, cases, around, four_eyes=cases[0].four_eyes, known=known)
            case "snooze":
                return views.snooze_view(cause, around)
            case "hand_over":
                return views.hand_over_view(cause, around)
            case "discard":
                return views.discard_view(cause, around)
            case _:
                return views.reject_view(cause, around)

    async def _at_once(self, click: Click, cause: Cause) -> None:
        cases = await self._open_cases(cause)
        if click.verb == "approve" and click.version < cause.version:
            raise IllegalMove("The card has changed since it was drawn. Please look at it once more.")
        match click.verb:
            case "take":
                await self._act(cases, "take", click.user, "@{%s} takes it.")
            case "replay":
                await self._replay(cases, click.user)
            case "approve":
                proposed = cases[0].decision.replace("} proposes: ", "} proposed: ", 1)
                await self._act(cases, "approve", click.user, f"@{{%s}} approved what {proposed}")
            case "suggest":
                await self._suggest(click, cases)

    async def _replay(self, cases: list[Case], user: str) -> None:
        opens = not_before(self.surroundings.workspace, cases, self.clock())
        await self._act(cases, "replay", user, replays(user, opens), opens=opens)

    async def _suggest(self, click: Click, cases: list[Case]) -> None:
        if any(case.four_eyes for case in cases) or click.candidate is None:
            raise NotAllowed("This needs a proposal that a second person approves.")
        questions = shared_questions([case.violations for case in cases])
        answers = views.suggested(questions, click.candidate)
        if click.candidate not in {one.value for one in questions[0].candidates} or views.problems(
            answers, questions, await self.fixing.known(cases)
        ):
            await self.store.redraw(click.cause, now=self.clock())
            raise IllegalMove("The card has changed since it was drawn. Please look at it once more.")
        await self._resolve(cases, click.user, questions, answers)

    async def _submitted(self, sent: Submission, cause: Cause) -> dict[str, str]:
        if sent.verb in _NOTED and (wrong := views.note_problems(sent.view)):
            return wrong
        if sent.verb == "release":
            await self._release(sent, cause)
            return {}
        cases = await self._open_cases(cause)
        match sent.verb:
            case "resolve":
                questions = shared_questions([case.violations for case in cases])
                if sent.asked != asked_of(questions, many=len(cases) > 1):
                    raise IllegalMove(
                        "The exception has changed since this dialog was opened. Please open it once more."
                    )
                answers, wrong = await self.fixing.meant(sent.view, questions, cases)
                if not wrong:
                    await self._resolve(cases, sent.user, questions, answers)
                return wrong
            case "snooze":
                choice = views.snooze_choice(sent.view)
                wanted = self._snooze_end(choice, cause)
                until = min([wanted, *(one.resolve_by for one in cases if one.paused_at is None)])
                if until <= self.clock():
                    return {views.SNOOZE_BLOCK: "The deadline has passed: it cannot wait any longer."}
                how = views.SNOOZED[choice] if until == wanted else "until its deadline"
                words = f"@{{%s}} snoozes it {how}. The clocks go on."
                await self._act(cases, "snooze", sent.user, words, until=until)
            case "hand_over":
                return await self._hand_over(sent, cause, cases)
            case "discard":
                await self._discard(sent, cases)
            case "reject":
                words = f"@{{%s}} rejected the proposal: {views.reason_text(sent.view)}"
                await self._act(cases, "reject", sent.user, words)
            case _:
                raise NotFound("This dialog is out of date.")
        return {}

    async def _hand_over(self, sent: Submission, cause: Cause, cases: list[Case]) -> dict[str, str]:
        people, to = self.surroundings.people, views.hand_over_choice(sent.view)
        await people.learn([to])
        if not people.roles(cause.team, to):
            return {views.HAND_OVER_BLOCK: f"{people.name(to)} is not in this team and could not resolve it."}
        if (there := people.who_is_there(to)) is None:
            return {views.HAND_OVER_BLOCK: f"{people.name(to)} is away, and nobody stands in for them."}
        await self._act(cases, "hand_over", sent.user, f"@{{%s}} hands it over to @{{{there}}}.", to=there)
        return {}

    async def _discard(self, sent: Submission, cases: list[Case]) -> None:
        words = f"@{{%s}} discarded it, no record will be written: {views.reason_text(sent.view)}"
        await self._act(cases, "discard", sent.user, words)

    async def _release(self, sent: Submission, cause: Cause) -> None:
        note = views.reason_text(sent.view)
        if not cause.holds:
            raise IllegalMove("This hold is released already.")
        for hold in cause.holds:
            await self.store.release(hold.id, by=sent.user, note=note, now=self.clock())

    async def _resolve(self, cases: list[Case], user: str, questions: tuple[Violation, ...], answers: Answers) -> None:
        overlays = {case.id: overlays_for(case.violations, questions, answers) for case in cases}
        if not any(overlays.values()):
            raise IllegalMove("There is nothing to fill in here: mend it where it is wrong, then press Replay.")
        verb = "propose" if any(case.four_eyes for case in cases) else "resolve"
        shared = len(cases) > 1
        known = await self.fixing.known(cases)
        told = (
            decided(asked, answers[at], known.field(asked), shared=shared)
            for at, asked in enumerate(questions)
            if at in answers
        )
        words = "; ".join(dict.fromkeys(told))
        does = "@{%s} proposes: " if verb == "propose" else "@{%s} decided: "
        await self._act(cases, verb, user, does + words.replace("%", "%%"), overlays=overlays)

    async def _act(
        self,
        cases: list[Case],
        verb: str,
        user: str,
        words: str,
        *,
        overlays: dict[int, tuple[Overlay, ...]] | None = None,
        to: str | None = None,
        until: datetime | None = None,
        opens: datetime | None = None,
    ) -> None:
        press = Press(
            verb=verb,
            cases=[case.id for case in cases],
            by=user,
            words=words.replace("@{%s}", f"@{{{user}}}").replace("%%", "%"),
            overlays=overlays or {},
            to=to,
            until=until,
            counting=counting_of(self.surroundings.workspace, verb, cases, overlays),
            contrast=await self.fixing.contrast(verb, cases, overlays),
            acting_for=self.surroundings.people.may(user, verb, cases[0].team),
            not_before=opens,
        )
        await self.store.act(press, now=self.clock())

    async def _open_cases(self, cause: Cause) -> list[Case]:
        cases = await self.store.cases_of(cause.id)
        if cases:
            return cases
        await self.store.redraw(cause.id, now=self.clock())
        self.changed()
        if not cause.first:
            raise IllegalMove("Its records are on another card now.")
        last = cause.first[0]
        who = f" by @{{{last.decided_by}}}" if last.decided_by not in ("", "engine") else ""
        when = f" at {last.resolved_at:%H:%M} UTC" if last.resolved_at else ""
        raise IllegalMove(f"{last.ref} is already resolved{who}{when}.", state="resolved", by=last.decided_by)

    async def _timeline(self, case: Case) -> list[Entry]:
        found = await self.store.entries(noun="case", noun_id=case.id, limit=50)
        await self.surroundings.people.learn(entry.actor for entry in found)
        return found[::-1]

    def _snooze_end(self, choice: str, cause: Cause) -> datetime:
        now = self.clock()
        if choice == "tomorrow":
            return clocks.add_working(
                now + timedelta(hours=12), timedelta(), self.surroundings.workspace.calendar(cause.team)
            )
        return now + timedelta(hours=int(choice))
