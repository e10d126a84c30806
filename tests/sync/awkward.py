"""How other systems answer when they are not as they should be: for each kind its own words for tokens that are not taken, and
ways to twist an answer on its way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web
from connector_harness import HARNESSES
from polled_systems import SYSTEMS

from sync.connectors import kinds
from sync.connectors.testing.front import Front, Handler, served
from sync.connectors.testing.harness import built
from sync.decide import Failed, decide
from sync.errors import ConnectorError
from sync.reasons import REASONS, reason
from sync.steps import Bury, Hold
from sync.workspace.flow import RetryPolicy

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
OVER_HTTP = sorted(kind for kind, harness in HARNESSES.items() if harness.write)
WALKED = sorted(set(OVER_HTTP) & set(SYSTEMS))
ODD: tuple[Any, ...] = (None, 7, "x", True, [], {}, [1], {"a": 1}, [None], "7.5")

Twist = Callable[[web.Request, web.StreamResponse], web.StreamResponse]


@dataclass
class Way:
    """Between a connector and its fake. Once it is `on`, each answer goes through `twist`, and its JSON is kept."""

    twist: Twist | None = None
    on: bool = False
    answers: list[Any] = field(default_factory=list)

    @web.middleware
    async def go(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        answer = await handler(request)
        if not self.on:
            return answer
        self.answers.append(json_of(answer))
        return answer if self.twist is None else self.twist(request, answer)


@dataclass
class There:
    connector: Any
    fake: Any
    way: Way
    front: Front


@asynccontextmanager
async def there(kind: str, **options: Any) -> AsyncIterator[There]:
    """The suite's connection of this kind, which has been entered; its answers can be twisted from now on."""
    harness, way, front = HARNESSES[kind], Way(), Front()
    fake = harness.fake()

    def mount(app: web.Application) -> None:
        app.middlewares.append(way.go)
        harness.mount(fake, app)

    async with served(mount, front) as url:
        connector = built(kinds()[kind], {**harness.options(url), **options})
        try:
            await connector.probe()
            way.on = True
            yield There(connector, fake, way, front)
        finally:
            await connector.close()


@dataclass
class Walked:
    """A system of the histories of polling, behind a twisting way."""

    system: Any
    connector: Any
    way: Way
    ahead: timedelta = timedelta()

    async def page(self, cursor: Any, now: datetime = NOW) -> Any:
        self.system.at(now + self.ahead)
        return await self.connector.changes(self.system.entity, cursor, now=now)

    async def walk(self, cursor: Any = None, now: datetime = NOW, most: int = 40_000) -> tuple[list[str], Any]:
        """Page after page until there are no more: the ids that were seen, and the cursor behind them."""
        seen: list[str] = []
        for _ in range(most):
            page = await self.page(cursor, now)
            seen += [each.record_id for each in page.changes]
            cursor = json.loads(json.dumps(page.cursor))
            if not page.more:
                return seen, cursor
        raise AssertionError("a walk without end")


@asynccontextmanager
async def walked(kind: str, *, small: bool = True, **options: Any) -> AsyncIterator[Walked]:
    """A system of pages of two records, or of as many as the connector asks for."""
    system, way = SYSTEMS[kind](), Way(on=True)

    def mount(app: web.Application) -> None:
        app.middlewares.append(way.go)
        system.mount(app)

    with closing(system), system.small() if small else nullcontext():
        async with served(mount, Front()) as url:
            connector = built(
                kinds()[kind], {**(system.options(url) if small else large(system.options(url))), **options}
            )
            try:
                yield Walked(system, connector, way)
            finally:
                await connector.close()


def large(options: dict[str, Any]) -> dict[str, Any]:
    """The options of a system of the histories, whose pages are small, for pages of the usual size."""
    options.pop("page_size", None)
    for each in options.get("describe", {}).get("entities", {}).values():
        each["list"]["most"] = 500
    return options


def deeds(kind: str) -> dict[str, Callable[[Any], Any]]:
    """What a connection of this kind is asked to do."""
    harness = HARNESSES[kind]
    entity = harness.read or harness.get[0]
    made = kinds()[kind].connector or kinds()[kind].build
    found: dict[str, Callable[[Any], Any]] = {
        "get": lambda c: c.get(*harness.get),
        "find": lambda c: c.find(*harness.create[:2]),
        "create": lambda c: c.create(*harness.create),
    }
    if harness.read:
        found["read"] = lambda c: c.read(entity, harness.seen)
    if harness.polled:
        found["changes"] = lambda c: c.changes(entity, None, now=NOW)
    if hasattr(made, "listed"):
        found["listed"] = lambda c: c.listed(entity, fields=["id", "company.id"], limit=10)
    if hasattr(made, "describe"):
        found["describe"] = lambda c: c.describe(entity)
    return found


def json_of(answer: web.StreamResponse) -> Any:
    body = answer.body if isinstance(answer, web.Response) else None
    try:
        return json.loads(body) if isinstance(body, bytes) else None
    except ValueError:
        return None


def instead(answer: web.StreamResponse, data: Any) -> web.Response:
    """The same answer with another body."""
    dropped = {"content-length", "content-type"}
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in dropped}
    return web.json_response(data, status=answer.status, headers=headers)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, of lists the first two items."""
    yield at
    for key in value if isinstance(value, dict) else range(min(len(value), 2)) if isinstance(value, list) else ():
        yield from places(value[key], (*at, key))


def put(value: Any, at: tuple[Any, ...], odd: Any) -> Any:
    """The value with something odd at this place."""
    if not at:
        return odd
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = odd
    return copy


def owner(error: ConnectorError, side: str = "erp") -> tuple[str, str]:
    """The reason under which a person is asked once trying again has not helped, and whose it is."""
    policy = RetryPolicy()
    failed = Failed(error=error, connection="books", side=side)
    step = decide(failed, subject="deal:1", retries=policy.attempts, policy=policy, now=NOW, jitter=0.0)
    assert isinstance(step, Hold | Bury), step
    code = step.opening.reason
    assert code in REASONS
    return code, reason(code).role


TOKENS: dict[str, dict[str, tuple[int, dict[str, str], str, str]]] = {
    "hubspot": {
        "expired": (401, {}, '{"status": "error", "message": "The OAuth token used to make this call expired 5 hours ago.", '
                             '"correlationId": "c-1", "category": "EXPIRED_AUTHENTICATION"}', "has expired"),
        "revoked": (401, {}, '{"message": "Authentication credentials not found.", "category": "INVALID_AUTHENTICATION"}',
                    "credentials not found"),
        "wrong scope": (403, {}, '{"message": "This app hasn\'t been granted all required scopes to make this call.", '
                                 '"category": "MISSING_SCOPES"}', "a scope is missing"),
    },
    "netsuite": {
        "expired": (401, {"www-authenticate": 'Bearer error="invalid_token", error_description="The access token expired"'},
                    '{"title": "Unauthorized", "status": 401}', "has expired"),
        "revoked": (401, {}, '{"title": "Invalid login attempt", "status": 401, "o:errorDetails": [{"detail": "Invalid login '
                             'attempt.", "o:errorCode": "INVALID_LOGIN"}]}', "Invalid login"),
        "wrong scope": (403, {}, '{"title": "Forbidden", "status": 403, "o:errorDetails": [{"detail": "Your current role lacks '
                                 'a permission.", "o:errorCode": "INSUFFICIENT_PERMISSION"}]}', "lacks a permission"),
    },
    "rest": {
        "expired": (401, {"www-authenticate": 'Bearer error="invalid_token", error_description="expired"'}, "", "has expired"),
        "revoked": (401, {}, '{"error": {"code": "unauthorized", "message": "This key was revoked"}}', "was revoked"),
        "wrong scope": (403, {"www-authenticate": 'Bearer error="insufficient_scope"'}, "", "a scope is missing"),
    },
    "salesforce": {
        "expired": (401, {}, '[{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]',
                    "Session expired or invalid"),
        "revoked": (401, {}, '[{"message": "This session is not valid for use with the REST API", '
                             '"errorCode": "INVALID_SESSION_ID"}]', "not valid"),
        "wrong scope": (403, {}, '[{"message": "The REST API is not enabled for this Organization.", '
                                 '"errorCode": "API_DISABLED_FOR_ORG"}]', "not enabled"),
    },
    "stripe": {
        "expired": (401, {}, '{"error": {"type": "invalid_request_error", "code": "api_key_expired", "message": "Expired API Key '
                             'provided: rk_live_***"}}', "has expired"),
        "revoked": (401, {}, '{"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: rk_live_***"}}',
                    "Invalid API Key"),
        "wrong scope": (403, {}, '{"error": {"type": "invalid_request_error", "message": "The provided key does not have the '
                                 'required permissions for this endpoint."}}', "required permissions"),
    },
    "tryton": {
        "expired": (401, {}, "<html><title>401 Unauthorized</title></html>", "401"),
        "revoked": (403, {}, "<html><title>403 Forbidden</title>revoked</html>", "revoked"),
        "wrong scope": (403, {}, "<html><title>403 Forbidden</title><p>You may not.</p></html>", "You may not"),
    },
}  # fmt: skip
"""What each vendor says of a token that is not taken: status, headers, body, and the words that the owner must be shown."""
