"""A CRM, an ERP and a Slack on one loopback address, and the environment that points Meshline at them."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from aiohttp import web

from bot.sandbox.crm import PREFIX as CRM_PREFIX
from bot.sandbox.crm import Crm
from bot.sandbox.crm_api import mount_crm
from bot.sandbox.erp import PREFIX as ERP_PREFIX
from bot.sandbox.erp import Erp
from bot.sandbox.erp_api import mount_erp
from bot.sandbox.installed import shortcuts
from bot.sandbox.people import CHANNELS, PEOPLE
from bot.sandbox.slack import App, Controls, SlackSandbox


class SandboxWorld:
    """Start it, give `environ` to Meshline, tell it where Meshline listens."""

    def __init__(self, clock: Callable[[], datetime], *, log_file: Path | None = None) -> None:
        self.clock = clock
        self.crm = Crm(clock=clock, token=secrets.token_hex(16), client_secret=secrets.token_hex(16))
        self.erp = Erp(clock=clock, token=secrets.token_hex(16), log_file=log_file)
        self._signing_secret = secrets.token_hex(16)
        self.slack = SlackSandbox(
            people=PEOPLE,
            channels=CHANNELS,
            signing_secret=self._signing_secret,
            bot_token=f"xoxb-{secrets.token_hex(12)}",
            clock=clock,
            app=App(shortcuts=shortcuts()),
        )
        self.base = ""
        self._runner: web.AppRunner | None = None

    async def start(self, *, host: str = "127.0.0.1", port: int = 0, controls: Controls | None = None) -> str:
        """Listen; the address of the page."""
        app = web.Application()
        mount_crm(self.crm, app)
        mount_erp(self.erp, app)
        self.slack.mount(app, controls)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.base = f"http://{host}:{self._runner.addresses[0][1]}"
        self.slack.base = self.base
        return self.base

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def meshline_at(self, url: str) -> None:
        """Where Meshline listens: webhooks and Slack's requests go there."""
        self.slack.bot_url = url
        self.crm.webhooks.public_url = url
        self.crm.webhooks.webhook_url = f"{url}/hooks/crm"
        self.crm.webhooks.start()

    def environ(self, *, workspace: Path, database_url: str, port: int) -> dict[str, str]:
        """What a person would set by hand. Only addresses and secrets differ from a real installation."""
        return {
            "MESHLINE_WORKSPACE": str(workspace),
            "MESHLINE_DATABASE_URL": database_url,
            "MESHLINE_HTTP_HOST": "127.0.0.1",
            "MESHLINE_HTTP_PORT": str(port),
            "MESHLINE_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "SLACK_BOT_TOKEN": self.slack.state.token,
            "SLACK_SIGNING_SECRET": self._signing_secret,
            "SLACK_API_URL": self.slack.api_url,
            "HUBSPOT_URL": f"{self.base}{CRM_PREFIX}",
            "HUBSPOT_TOKEN": self.crm.token,
            "HUBSPOT_CLIENT_SECRET": self.crm.webhooks.client_secret,
            "ERP_URL": f"{self.base}{ERP_PREFIX}",
            "ERP_TOKEN": self.erp.token,
            **{name: os.environ[name] for name in ("MESHLINE_KEY",) if name in os.environ},
        }


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
