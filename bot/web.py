"""The HTTP surface. A webhook is answered after its events are committed, or turned away at once when too many wait; what is
refused is said as problem+json."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import lru_cache

import orjson
import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot.metrics import exposition
from bot.readiness import Intake, readiness
from store.ledger import Store
from sync.engine import Engine
from sync.errors import LedgerUnavailable, WebhookRefused
from sync.model import Received
from sync.ports import Incoming, Source
from sync.replying import Replying

log = structlog.get_logger()

BODY_LIMIT = 1024 * 1024
BODY_SECONDS = 20.0
_SECONDS = re.compile(r"[0-9]{1,12}")
_JSON = {"Content-Type": "application/json"}
_PROBLEM = {"Content-Type": "application/problem+json"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The routes. `public` is the address under which other systems reach us: signatures are made over it."""

    engine: Engine
    store: Store
    bolt: AsyncApp | None
    public: str
    intake: Intake = field(default_factory=Intake)
    refused: Callable[[str, int], None] = lambda connection, status: None

    def app(self) -> web.Application:
        """A fresh aiohttp application."""
        app = web.Application(client_max_size=BODY_LIMIT, middlewares=[_problems])
        app.router.add_post("/hooks/{connection}", self.hook, expect_handler=self.expected)
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)
        if self.bolt is not None:
            app.router.add_post("/slack/events", self.slack)
        return app

    async def hook(self, request: web.Request) -> web.Response:
        """202 after the commit, with how many events were new and how many were known; or what its sender has to hear."""
        intake = self.intake
        if (refusal := self._refusal(request)) is not None:
            return refusal
        body = await request.read() if request.content.is_eof() else await self._arriving(request)
        if intake.full:  # filled up while the body came
            return self._turned_away()
        incoming = Incoming(method="POST", url=self.public + request.raw_path, headers=request.headers, body=body)
        intake.waiting += 1
        intake.held += len(body)
        try:
            got = await self.engine.receive(name := request.match_info["connection"], incoming)
        except WebhookRefused as refused:
            self.refused(name, refused.status)
            raise
        finally:
            intake.waiting -= 1
            intake.held -= len(body)
        return _told(self.engine.line.source(name), got)

    async def expected(self, request: web.Request) -> web.Response | None:
        """Whoever asks before sending the body is told at once whether it would be taken."""
        if request.headers.get("Expect", "").lower() != "100-continue":
            return _problem(417, "Expectation is unknown", "")
        if (refusal := self._refusal(request)) is None:
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # the answer itself has not begun
        return refusal

    def _refusal(self, request: web.Request) -> web.Response | None:
        if (request.content_length or 0) > BODY_LIMIT:
            return _too_large()
        if self.intake.stopping:
            return _problem(503, "Meshline is stopping", "Nothing was taken in; send it again.")
        return self._turned_away() if self.intake.full else None

    def _turned_away(self) -> web.Response:
        intake = self.intake
        intake.refused += 1
        if intake.refused % 1_000 == 1:
            log.warning("intake_full", waiting=intake.waiting, refused=intake.refused)
        seconds = 1 + intake.refused % 5  # they do not all come back at once
        return _problem(429, "Too many webhooks wait", "Nothing was taken in; send it again later.", after=seconds)

    async def _arriving(self, request: web.Request) -> bytes:
        """A body that is still on its way, piece by piece. It counts from the first byte on, and it must not take for ever."""
        intake, pieces, size = self.intake, list[bytes](), 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for piece in request.content.iter_any():
                    pieces.append(piece)
                    size += len(piece)
                    intake.arriving += len(piece)
                    if size > BODY_LIMIT:
                        raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, size)
                    if intake.arriving > intake.room:
                        raise web.HTTPTooManyRequests
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        finally:
            intake.arriving -= size
        return b"".join(pieces)

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
        """Whether webhooks are taken in now; 503 with everything that stops it."""
        found = await readiness(self.store, self.intake, now=self.engine.line.clock())
        return _json(200 if found.ready else 503, found.document())

    async def metrics(self, request: web.Request) -> web.Response:
        """Prometheus text."""
        text = await exposition(self.store, now=self.engine.line.clock())
        return web.Response(text=text, content_type="text/plain", charset="utf-8")


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
        return _too_large()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _problem(error.status, error.reason, "")


def _told(source: Source, got: Received) -> web.Response:
    if isinstance(source, Replying):
        said = source.reply()
        return web.Response(status=said.status, body=said.body, content_type=said.content_type, charset="utf-8")
    return web.Response(status=202, body=_counted(got.received, got.duplicates), headers=_JSON)


@lru_cache(maxsize=2048)
def _counted(received: int, duplicates: int) -> bytes:
    return orjson.dumps({"received": received, "duplicates": duplicates})


def _too_large() -> web.Response:
    return _problem(413, "Body too large", f"At most {BODY_LIMIT} bytes are taken in one request.")


def _json(status: int, body: dict[str, object]) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(body), headers=_JSON)


def _problem(status: int, title: str, detail: str, *, after: int = 5) -> web.Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    headers = _PROBLEM | ({"Retry-After": str(after)} if status in (429, 503) else {})
    return web.Response(status=status, body=orjson.dumps(body), headers=headers)
