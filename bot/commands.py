"""The verbs of `/sync`. Reading is for everybody; what changes something asks for the same rights as the buttons."""

from __future__ import annotations

import difflib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot import answers
from bot.glance import Works
from bot.home import home
from bot.surroundings import Surroundings
from store.cases import Press
from store.ledger import Store
from sync.errors import NotAllowed, NotFound
from sync.workspace.flow import Flow

Payload = dict[str, Any]
_QUEUE = 5
_CASE = re.compile(r"(?:ex-?)?(\d{1,12})", re.IGNORECASE)
VERBS = ("help", "status", "exceptions", "show", "replay", "run", "pause", "resume")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What `/sync` can do. `poll` reads a flow's source now; `changed` is called when there may be work or stale cards."""

    store: Store
    surroundings: Surroundings
    clock: Callable[[], datetime]
    poll: Callable[[Flow], Awaitable[str]]
    changed: Callable[[], None]

    async def run(self, user: str, text: str) -> Payload:
        """The answer to one command. Raises MeshlineError with the words for the person."""
        verb, _, rest = " ".join(text.split()).partition(" ")
        verb, words = verb.lower(), rest.split()
        doing: dict[str, Callable[[str, list[str]], Awaitable[Payload]]] = {
            "": self._help,
            "help": self._help,
            "status": self._status,
            "exceptions": self._exceptions,
            "show": self._show,
            "replay": self._replay,
            "run": self._run,
            "pause": self._pause,
            "resume": self._resume,
        }
        if verb not in doing:
            near = difflib.get_close_matches(verb, VERBS, n=1)
            return answers.unknown(verb, near[0] if near else None)
        return await doing[verb](user, words)

    async def home(self, user: str) -> Payload:
        """The person's Home tab."""
        teams = frozenset(name for name in self.surroundings.workspace.teams if self._in(user, name))
        causes = [cause for cause in await self.store.open_causes() if cause.team in teams]
        mine = [
            case
            for case in await self.store.exceptions(teams=teams)
            if user in (case.assignee or case.owner, case.assignee)
        ]
        return home(
            mine,
            causes,
            await self.store.status(),
            await self.store.holds(),
            await self.store.pauses(),
            self.surroundings.around(self.clock()),
            await self._works(),
        )

    async def _works(self) -> Works:
        store = self.store
        number = (await store.running_releases()).trial
        return Works(
            workers=await store.workers(),
            fields=await store.new_fields(),
            modes=await store.modes(),
            breakers=await store.breakers(),
            trial=await store.published(number) if number is not None else None,
            tally=(await store.tallies(number))[0] if number is not None else None,
        )

    async def _help(self, user: str, words: list[str]) -> Payload:
        return answers.help_text()

    async def _status(self, user: str, words: list[str]) -> Payload:
        flows, works = await self.store.status(), await self._works()
        if words:
            flow = self._flow(words)
            flows = [one for one in flows if one.flow == flow.name]
            works = replace(works, modes=[one for one in works.modes if one.flow == flow.name])
        return answers.status(
            flows,
            await self.store.reasons(unresolved=True),
            await self.store.holds(),
            await self.store.pauses(),
            await self.store.backlog(),
            self.surroundings.around(self.clock()),
            works,
            await self.store.waiting(limit=_QUEUE, crowded=True),
        )

    async def _exceptions(self, user: str, words: list[str]) -> Payload:
        which = words[0].lower() if words else "team"
        teams = frozenset(name for name in self.surroundings.workspace.teams if self._in(user, name))
        found = await self.store.exceptions(teams=teams or None)
        if which == "mine":
            found = [case for case in found if (case.assignee or case.owner) == user]
        return answers.exceptions(found, self.surroundings.around(self.clock()))

    async def _show(self, user: str, words: list[str]) -> Payload:
        case = await self.store.case(_case_id(words))
        entries = await self.store.entries(noun="case", noun_id=case.id, limit=20)
        await self.surroundings.people.learn(entry.actor for entry in entries)
        return answers.show(case, entries[::-1], self.surroundings.around(self.clock()))

    async def _replay(self, user: str, words: list[str]) -> Payload:
        case = await self.store.case(_case_id(words))
        await self._right(user, "replay", case.team, f"case:{case.id}")
        press = Press(verb="replay", cases=[case.id], by=user, words=f"@{{{user}}} replays it.")
        await self.store.act(press, now=self.clock())
        self.changed()
        return answers.done(f"{case.ref} is on its way again.")

    async def _run(self, user: str, words: list[str]) -> Payload:
        flow = self._flow(words)
        await self._right(user, "lead", flow.owner, f"flow:{flow.name}")
        return answers.done(await self.poll(flow))

    async def _pause(self, user: str, words: list[str]) -> Payload:
        flow = self._flow(words)
        await self._right(user, "lead", flow.owner, f"flow:{flow.name}")
        new = await self.store.pause("flow", flow.name, by=user, now=self.clock())
        return answers.done(f"{flow.title} is paused." if new else f"{flow.title} was paused already.")

    async def _resume(self, user: str, words: list[str]) -> Payload:
        flow = self._flow(words)
        await self._right(user, "lead", flow.owner, f"flow:{flow.name}")
        gone = await self.store.resume("flow", flow.name, by=user, now=self.clock())
        self.changed()
        return answers.done(f"{flow.title} goes on." if gone else f"{flow.title} was not paused.")

    async def _right(self, user: str, verb: str, team: str, what: str) -> None:
        people = self.surroundings.people
        await people.learn_team_members()
        try:
            if verb == "lead":
                people.may_lead(user, team)
            else:
                people.may(user, verb, team)
        except NotAllowed as refused:
            await self.store.refuse_press(by=user, verb=verb, what=what, why=str(refused), now=self.clock())
            raise

    def _flow(self, words: list[str]) -> Flow:
        flows = self.surroundings.workspace.flows
        wanted = " ".join(words).lower()
        for flow in flows.values():
            if wanted in (flow.name.lower(), flow.title.lower()) or (not wanted and len(flows) == 1):
                return flow
        known = ", ".join(sorted(flows))
        raise NotFound(
            f"Which flow? There is: {known}." if not wanted else f"There is no flow {wanted}. There is: {known}."
        )

    def _in(self, user: str, team: str) -> bool:
        return bool(self.surroundings.people.roles(team, user))


def _case_id(words: list[str]) -> int:
    found = _CASE.fullmatch(words[0]) if words else None
    if found is None:
        raise NotFound("Which exception? Write its number, such as EX-7.")
    return int(found.group(1))
