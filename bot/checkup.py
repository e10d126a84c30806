"""Is the connection to Slack as it should be? Every line that is not says what to click."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import orjson
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import slack_errors as refusal
from bot.delivery_words import channel_trouble, token_trouble
from bot.scopes import SCOPES
from bot.settings import Settings
from sync.workspace.settings import Team
from sync.workspace.workspace import Workspace

_SKEW_SECONDS = 60.0  # Slack's signatures are good for five minutes
_NO_ANSWER = "Look at status.slack.com, and whether this machine may reach slack.com."
_CLOCK = "Let this machine take its time from the network (NTP); Slack's signatures are good for five minutes."
_SECRET = re.compile(r"[0-9a-f]{32}")
_APPS = "api.slack.com/apps, choose Meshline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the checkup. `click` says what to do about it, empty when it is good."""

    what: str
    good: bool
    words: str
    click: str = ""


@dataclass(slots=True)
class Checkup:
    """Asks Slack; nothing is written anywhere. `now` is our own clock."""

    client: AsyncWebClient
    settings: Settings
    workspace: Workspace
    now: Callable[[], datetime]
    found: list[Finding] = field(default_factory=list)

    async def run(self) -> list[Finding]:
        """Every finding; only the first ones when Slack does not let us in."""
        if await self._token():
            await self._socket()
            await self._signing()
            for channel, titles in self._channels().items():
                await self._channel(channel, ", ".join(titles))
            for group, titles in self._groups().items():
                await self._group(group, ", ".join(titles))
            for user, titles in self._people().items():
                await self._person(user, ", ".join(titles[:3]))
        return self.found

    def _note(self, what: str, words: str, click: str = "") -> None:
        self.found.append(Finding(what=what, good=not click, words=words, click=click))

    async def _token(self) -> bool:
        try:
            answer = await self.client.auth_test()
        except (SlackApiError, *refusal.NO_ANSWER) as error:
            if isinstance(error, SlackApiError) and refusal.code(error) in refusal.STOPPED:
                self._note("token", *token_trouble(refusal.code(error)))
            else:
                self._note("token", f"Slack does not answer ({_why(error)})", _NO_ANSWER)
            return False
        self._note("token", f"{answer.get('user')} in {answer.get('team')} ({answer.get('team_id')})")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        self._scopes(headers)
        self._skew(headers)
        return True

    def _scopes(self, headers: Mapping[str, str]) -> None:
        granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")}
        lacking = [f"{scope} ({why})" for scope, why in SCOPES.items() if scope not in granted]
        if not lacking:
            self._note("scopes", f"all {len(SCOPES)} of manifest.yml are granted")
            return
        click = f"Open {_APPS}, then “OAuth & Permissions”, add them under “Bot Token Scopes”, then “Reinstall to Workspace”."
        self._note("scopes", f"not granted: {'; '.join(lacking)}", click)

    def _skew(self, headers: Mapping[str, str]) -> None:
        try:
            there = parsedate_to_datetime(headers.get("date", ""))
        except ValueError:
            self._note("clock", "Slack did not say what time it is")
            return
        seconds = (self.now() - there).total_seconds()
        words = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} Slack"
        self._note("clock", words, _CLOCK if abs(seconds) > _SKEW_SECONDS else "")

    async def _socket(self) -> None:
        token = self.settings.slack_app_token
        if token is None:
            return
        try:
            await self.client.apps_connections_open(app_token=token.get_secret_value())
        except (SlackApiError, *refusal.NO_ANSWER) as error:
            click = f"Open {_APPS}, then “Basic Information”, “App-Level Tokens”, make one with connections:write, and switch “Socket Mode” on."
            self._note("socket mode", f"no connection with SLACK_APP_TOKEN ({_why(error)})", click)
            return
        self._note("socket mode", "Slack opens a connection")

    async def _signing(self) -> None:
        secret = self.settings.slack_signing_secret.get_secret_value() if self.settings.slack_signing_secret else ""
        where = (
            f"Open {_APPS}, then “Basic Information”, “Signing Secret”, “Show”, and copy it into SLACK_SIGNING_SECRET."
        )
        if not _SECRET.fullmatch(secret):
            self._note("signing secret", "it does not look like one: 32 digits and letters a to f", where)
            return
        status = await self._signed(secret)
        if status == 200:
            self._note("signing secret", f"the service at {self.settings.public} takes what is signed with it")
        elif status in (401, 403):
            self._note("signing secret", f"the service at {self.settings.public} has another one", where)
        else:
            self._note(
                "signing secret", f"it looks like one; no service answers at {self.settings.public} to try it on"
            )

    async def _signed(self, secret: str) -> int:
        """What the running service answers to a request that we sign as Slack does; 0 when nobody does."""
        body, at = orjson.dumps({"type": "url_verification", "challenge": "doctor"}), str(int(time.time()))
        signature = "v0=" + hmac.new(secret.encode(), f"v0:{at}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json", "X-Slack-Request-Timestamp": at, "X-Slack-Signature": signature,
        }  # fmt: skip
        url, limit = f"{self.settings.public}/slack/events", aiohttp.ClientTimeout(total=5)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as http,
                http.post(url, data=body, headers=headers) as answer,
            ):
                return answer.status
        except refusal.NO_ANSWER:
            return 0

    async def _channel(self, channel: str, titles: str) -> None:
        what = f"channel {channel}"
        try:
            found = (await self.client.conversations_info(channel=channel)).get("channel") or {}
        except (SlackApiError, *refusal.NO_ANSWER) as error:
            self._refused(what, titles, error)
            return
        trouble = "is_archived" if found.get("is_archived") else "" if found.get("is_member") else "not_in_channel"
        name = f"#{found.get('name') or channel}{' (private)' if found.get('is_private') else ''}"
        words, click = channel_trouble(trouble) if trouble else ("Meshline is in it", "")
        self._note(what, f"{name} of {titles}: {words}", click)

    async def _group(self, group: str, titles: str) -> None:
        what = f"user group {group}"
        click = (
            "In Slack open “People”, then “User groups”, and put somebody in; or name another group in meshline.yaml."
        )
        try:
            users = (await self.client.usergroups_users_list(usergroup=group)).get("users") or []
        except (SlackApiError, *refusal.NO_ANSWER) as error:
            self._refused(what, titles, error, click)
            return
        self._note(what, f"on call for {titles}: {len(users) or 'nobody'} in it", "" if users else click)

    async def _person(self, user: str, titles: str) -> None:
        what = f"person {user}"
        click = (
            "Name somebody else in meshline.yaml; or let an administrator activate the account under “Manage members”."
        )
        try:
            found = (await self.client.users_info(user=user)).get("user") or {}
        except (SlackApiError, *refusal.NO_ANSWER) as error:
            self._refused(what, titles, error, click)
            return
        name = found.get("real_name") or found.get("name") or user
        self._note(
            what,
            f"{name}, {titles}: {'deactivated' if found.get('deleted') else 'active'}",
            click if found.get("deleted") else "",
        )

    def _refused(self, what: str, titles: str, error: Exception, click: str = "") -> None:
        if not isinstance(error, SlackApiError):
            self._note(what, f"{titles}: Slack does not answer ({type(error).__name__})", "Try again.")
            return
        code = refusal.code(error)
        if code == "missing_scope":
            self._note(what, f"{titles}: not asked, {refusal.words(error).replace('_', ' ')}", "See “scopes” above.")
            return
        words, usual = (
            channel_trouble(code)
            if code in refusal.LOST
            else (f"Slack does not know it ({code.replace('_', ' ')})", "")
        )
        self._note(what, f"{titles}: {words}", click or usual or "Name another one in meshline.yaml.")

    def _channels(self) -> dict[str, list[str]]:
        return _by(self.workspace, lambda team: [team.channel, team.fallback])

    def _groups(self) -> dict[str, list[str]]:
        return _by(self.workspace, lambda team: [team.on_call.group if team.on_call else None])

    def _people(self) -> dict[str, list[str]]:
        return _by(
            self.workspace, lambda team: [team.owner, team.backup, *team.approvers, *team.members, *_turns(team)]
        )


def _why(error: Exception) -> str:
    return refusal.words(error) if isinstance(error, SlackApiError) else type(error).__name__


def _turns(team: Team) -> tuple[str, ...]:
    return (*team.on_call.people, *team.on_call.instead.values()) if team.on_call else ()


def _by(workspace: Workspace, of: Callable[[Team], list[Any]]) -> dict[str, list[str]]:
    """The titles of the teams by what they name."""
    found: dict[str, list[str]] = {}
    for team in workspace.teams.values():
        for one in dict.fromkeys(of(team)):
            if one:
                found.setdefault(one, []).append(team.title)
    return found
