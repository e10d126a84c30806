"""Slack's end of Socket Mode on loopback: it says hello, sends envelopes, hears their acknowledgements, and sends again what was
not acknowledged before the connection ended."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

from aiohttp import WSMsgType, web


class Wire:
    """`connections` counts how often somebody connected; `acknowledged` are the envelopes that were, in order."""

    def __init__(self) -> None:
        self.connections = 0
        self.acknowledged: list[str] = []
        self.deaf = False
        self._waiting: dict[str, dict[str, Any]] = {}
        self._socket: web.WebSocketResponse | None = None
        self._heard = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        """Listen."""
        app = web.Application()
        app.router.add_get("/link", self._link)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}/link"

    async def stop(self) -> None:
        """Hang up."""
        if self._socket is not None:
            await self._socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def send(self, payload: dict[str, Any], kind: str = "interactive") -> str:
        """Hand an interaction over; its envelope's id. It is sent again on each new connection until it is acknowledged."""
        envelope = {
            "envelope_id": uuid4().hex, "type": kind, "accepts_response_payload": True, "payload": payload,
            "retry_attempt": 0,
        }  # fmt: skip
        self._waiting[envelope["envelope_id"]] = envelope
        await self._say(envelope)
        return str(envelope["envelope_id"])

    async def refresh(self, reason: str = "refresh_requested") -> None:
        """Ask the app to connect anew, as Slack does every few hours."""
        await self._say({"type": "disconnect", "reason": reason, "debug_info": {}})

    async def cut(self) -> None:
        """The line breaks, without a word."""
        if self._socket is not None:
            transport = self._socket._req.transport if self._socket._req else None
            if transport is not None:
                transport.abort()

    async def until(self, predicate: Any) -> None:
        """Wait until it holds. Raises TimeoutError after ten seconds."""
        async with asyncio.timeout(10), self._heard:
            await self._heard.wait_for(predicate)

    async def _link(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._socket = socket
        await self._tell("connections", self.connections + 1)
        await self._say({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}, "debug_info": {}})
        for envelope in list(self._waiting.values()):
            envelope["retry_attempt"] += 1
            await self._say(envelope)
        async for message in socket:
            if message.type == WSMsgType.TEXT and not self.deaf:
                await self._hear(json.loads(message.data))
        return socket

    async def _hear(self, said: dict[str, Any]) -> None:
        if self._waiting.pop(said.get("envelope_id", ""), None) is not None:
            await self._tell("acknowledged", [*self.acknowledged, said["envelope_id"]])

    async def _tell(self, name: str, value: Any) -> None:
        async with self._heard:
            setattr(self, name, value)
            self._heard.notify_all()

    async def _say(self, said: dict[str, Any]) -> None:
        if self._socket is not None and not self._socket.closed:
            await self._socket.send_str(json.dumps(said))
