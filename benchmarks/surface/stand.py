"""Slack and an ERP on loopback, and the environment that points Meshline at them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from benchmarks.surface.company import TOKEN, Target, Team, channels, people, teams, workspace
from bot.sandbox.slack import SlackSandbox
from bot.sandbox.world import free_port

_SECRET, _BOT = "a-secret-for-the-surface", "xoxb-a-token-for-the-surface"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Everything that Meshline talks to. `url` is where it listens itself."""

    teams: list[Team]
    slack: SlackSandbox
    target: Target
    environ: dict[str, str]
    url: str
    http: aiohttp.ClientSession

    async def send(self, team: Team, number: int, *, right: bool) -> None:
        """One order, until it is taken in."""
        url, headers = f"{self.url}/hooks/crm-{team.name}", {"Authorization": f"Bearer {TOKEN}"}
        for _ in range(100):
            async with self.http.post(url, json=team.order(number, right=right), headers=headers) as answer:
                if answer.status == 202:
                    return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"an order was not taken in: {answer.status}")


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)


@asynccontextmanager
async def stand(home: Path, many: int, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[Stand]:
    """A company of so many teams, ready for Meshline to start."""
    company, port = teams(many), free_port()
    slack = SlackSandbox(
        people=people(company), channels=channels(company), signing_secret=_SECRET, bot_token=_BOT, clock=clock
    )
    target, url = Target(), f"http://127.0.0.1:{port}"
    await slack.start()
    slack.bot_url = url
    environ = {
        "MESHLINE_WORKSPACE": str(workspace(home, company)), "MESHLINE_DATABASE_URL": f"sqlite:///{home}/ledger.db",
        "MESHLINE_HTTP_PORT": str(port), "MESHLINE_PUBLIC_URL": url, "SLACK_BOT_TOKEN": _BOT,
        "SLACK_SIGNING_SECRET": _SECRET, "SLACK_API_URL": slack.api_url, "SURFACE_TOKEN": TOKEN,
        "SURFACE_TARGET": await target.start(),
    }  # fmt: skip
    try:
        async with aiohttp.ClientSession() as http:
            yield Stand(teams=company, slack=slack, target=target, environ=environ, url=url, http=http)
    finally:
        await target.stop()
        await slack.stop()


@asynccontextmanager
async def process(on: Stand) -> AsyncIterator[None]:
    """Meshline as it is run, in a process of its own."""
    quiet, env = asyncio.subprocess.DEVNULL, {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **on.environ}
    command = (sys.executable, "-m", "bot", "run")
    child = await asyncio.create_subprocess_exec(*command, env=env, stdout=quiet, stderr=quiet)
    try:
        await _ready(on)
        yield
    finally:
        child.terminate()
        await child.wait()


async def _ready(on: Stand) -> None:
    async with asyncio.timeout(60):
        for _ in range(600):
            with suppress(aiohttp.ClientError):
                async with on.http.get(f"{on.url}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
