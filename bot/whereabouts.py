"""Who can be asked at all: the people of Slack's user groups that are on call, and whose account is switched off. Slack is asked
every few minutes by one process; what it said last counts while it does not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.blocks import context, message, said, section
from bot.surroundings import Surroundings
from store.ledger import Store
from sync.absence import GONE, LONGEST
from sync.errors import IllegalMove
from sync.reaching import sync_owners

log = structlog.get_logger()
_EVERY_SECONDS = 300
_HOURLY = 3600
_LOST = (SlackClientError, ClientError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Looks after who is there. `look` belongs to the beat."""

    store: Store
    client: AsyncWebClient
    surroundings: Surroundings

    async def look(self, now: datetime) -> int:
        """Ask what is due to be asked; how many notes that led to."""
        told = 0
        if self._groups() and await self.store.claim_tick("on_call", _slot(now, _EVERY_SECONDS), now=now):
            told += sum([await self._ask_group(group, now) for group in self._groups()])
        known = await self.store.last_tick("whereabouts")
        if await self.store.claim_tick("whereabouts", _slot(now, _HOURLY), now=now) and known is not None:
            told += await self._ask_people(now)  # not at the very first beat: everybody is there when a company begins
        return told

    async def _ask_group(self, group: str, now: datetime) -> int:
        try:
            answer = await self.client.usergroups_users_list(usergroup=group)
        except SlackApiError as error:
            return await self._without(group, f"Slack says {_code(error)}", now)
        except _LOST as error:
            log.warning("group_not_asked", group=group, error=type(error).__name__)
            return 0
        people = [str(one) for one in answer.get("users") or ()]
        await self.store.keep_group(group, people, now=now)
        return 0 if people else await self._without(group, "nobody is in it", now)

    async def _without(self, group: str, why: str, now: datetime) -> int:
        """A group that names nobody: the owner of the team answers, and those who run Meshline hear it, once a day."""
        teams = [
            each for each in self.surroundings.workspace.teams.values() if each.on_call and each.on_call.group == group
        ]
        told = 0
        for team in teams:
            words = f"The user group {group} that is on call for {team.title} names nobody: {why}."
            then = f"Until it does, {self.surroundings.people.name(team.owner)} answers."
            told += await self._note(f"on_call:{group}", words, then, now)
        return told

    async def _ask_people(self, now: datetime) -> int:
        gone = {one.person for one in await self.store.absences(now=now) if one.why == GONE}
        told = 0
        for user in self._people():
            try:
                answer = await self.client.users_info(user=user)
            except _LOST as error:
                log.warning("person_not_asked", user=user, error=type(error).__name__)
                continue
            off = bool((answer.get("user") or {}).get("deleted"))
            if off and user not in gone:
                told += await self._is_gone(user, now)
            elif not off and user in gone:
                await self.store.end_absence(user, by="slack", now=now)
        return told

    async def _is_gone(self, user: str, now: datetime) -> int:
        """Away until the account is switched on again, with nobody standing in: the backup is asked."""
        try:
            await self.store.set_absence(
                user, since=now, until=now + LONGEST, delegate="", by="slack", now=now, why=GONE
            )
        except IllegalMove as error:
            log.warning("person_gone", user=user, why=str(error))
        name = self.surroundings.people.name(user)
        words = (
            f"The Slack account of {name} is switched off, and the workspace still names them in {self._places(user)}."
        )
        return await self._note(f"gone:{user}", words, "Until somebody else is named, the backup is asked.", now)

    async def _note(self, kind: str, words: str, then: str, now: datetime) -> int:
        payload = message(f"{words} {then}", section(f"*{said(words, 600)}*"), context(said(then, 300)))
        workspace, day = self.surroundings.workspace, now.date().isoformat()
        channel = workspace.team(sync_owners(workspace)).channel
        return int(await self.store.announce(channel, kind, payload["text"], now=now, body=payload, once=day))

    def _groups(self) -> list[str]:
        teams = self.surroundings.workspace.teams.values()
        return list(dict.fromkeys(each.on_call.group for each in teams if each.on_call and each.on_call.group))

    def _people(self) -> list[str]:
        found = dict[str, None]()
        for each in self.surroundings.workspace.teams.values():
            rota = each.on_call.people if each.on_call else ()
            found |= dict.fromkeys((each.owner, each.backup, *each.approvers, *each.members, *rota))
        return list(found)

    def _places(self, user: str) -> str:
        workspace = self.surroundings.workspace
        return ", ".join(each.title for name, each in workspace.teams.items() if workspace.roles(name, user))


def _slot(now: datetime, seconds: int) -> str:
    return str(int(now.timestamp()) // seconds)


def _code(error: SlackApiError) -> str:
    return str(error.response.get("error") or "no")
