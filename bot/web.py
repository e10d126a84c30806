"""The HTTP surface. A webhook is answered after its events are committed; what is refused is said as problem+json."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.metrics import exposition
from store.ledger import Store
from sync.engine import Engine
from sync.errors import LedgerUnavailable, WebhookRefused
from sync.ports import Incoming

log = structlog.get_logger()

BODY_LIMIT = 1024 * 1024
_SECONDS = re.compile(r"[0-9]{1,12}")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The routes. `public` is the address under which other systems reach us: signatures are made over it."""

    engine: Engine
    store: Store
    bolt: AsyncApp | None
    public: str

    def app(self) -> web.Application:
        """A fresh aiohttp application."""
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_problems])
        app.router.add_post("/hooks/{connection}", self.hook)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)
        if self.bolt is not None:
            app.router.add_post("/slack/events", self.slack)
        return app

    async def hook(self, request: web.Request) -> web.Response:
        """202 after the commit, with how many events were new and how many were known."""
        incoming = Incoming(
            method=request.method,
            url=self.public + request.raw_path,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
        )
        got = await self.engine.receive(request.match_info["connection"], incoming)
        return _json(202, {"received": got.received, "duplicates": got.duplicates})

    async def slack(self, request: web.Request) -> web.Response:
        """Everything that Slack sends; Bolt checks the signature."""
        if self.bolt is None:
            raise web.HTTPNotFound
        try:
            asked = await to_bolt_request(request)
        except (ValueError, LookupError, TypeError, AttributeError):  # Bolt reads the body before it knows who sent it
            return _problem(400, "Body is malformed", "This is nothing that Slack sends.")
        if not _SECONDS.fullmatch(request.headers.get("X-Slack-Request-Timestamp", "")):  # Bolt takes it for a number
            return _problem(401, "Signature is missing", "")
        return await to_aiohttp_response(await self.bolt.async_dispatch(asked))

    async def healthz(self, request: web.Request) -> web.Response:
        """The process is alive."""
        return _json(200, {"status": "ok"})

    async def readyz(self, request: web.Request) -> web.Response:
        """The ledger answers; 503 with the reason when it does not."""
        try:
            await self.store.ping()
        except LedgerUnavailable as error:
            return _json(503, {"status": "not ready", "why": str(error)})
        return _json(200, {"status": "ready"})

    async def metrics(self, request: web.Request) -> web.Response:
        """Prometheus text."""
        return web.Response(text=await exposition(self.store), content_type="text/plain", charset="utf-8")


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except WebhookRefused as refused:
        log.info("webhook_refused", status=refused.status, title=refused.title)
        return _problem(refused.status, refused.title, refused.detail)
    except LedgerUnavailable:
        return _problem(503, "The ledger does not answer", "Nothing was taken in; send it again.")
    except web.HTTPRequestEntityTooLarge:
        return _problem(413, "Body too large", f"At most {BODY_LIMIT} bytes are taken in one request.")
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _problem(error.status, error.reason, "")


def _json(status: int, body: dict[str, object]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def _problem(status: int, title: str, detail: str) -> web.Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = {"Retry-After": "5"} if status in (429, 503) else {}
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/problem+json", headers=headers
    )
