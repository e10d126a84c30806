"""How the suite handles one kind of connection: its fake, its options, one record to read, one to write, one signature."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from sync.connectors.kind import Kind
from sync.connectors.testing.front import Front, served
from sync.ports import Incoming


def _not_served(fake: Any, app: web.Application) -> None:
    """What is spoken to by other ways than HTTP needs no server."""


def _nothing_counted(fake: Any) -> int:
    return 0


@dataclass
class Harness:
    """`options` are those of a connection to the `fake` at an address, where `mount` puts it; `secret` names the one among them
    that every request proves itself with. `get` is (entity, id) of a record that is there; `create` is (entity, reference,
    body) of one that is not, `write` the method and the end of the path of that write, and `count` how many of it there are.
    `read` is the entity of a source, and `polled` whether its record `seen` is seen by polling. `sign` signs a webhook at a
    moment, and `body` is one that tells of the record `told`."""

    options: Callable[[str], dict[str, Any]]
    mount: Callable[[Any, web.Application], None] = _not_served
    fake: Callable[[], Any] = object
    get: tuple[str, str] = ("", "")
    create: tuple[str, str, dict[str, Any]] = ("", "", {})
    write: dict[str, str] = field(default_factory=dict)
    count: Callable[[Any], int] = _nothing_counted
    sign: Callable[[datetime, bytes], Incoming] | None = None
    body: bytes = b""
    read: str = ""
    polled: bool = False
    seen: str = "1"
    told: str = "5"
    secret: str = "token"


@dataclass
class World:
    """A connector and the fake that it speaks to, behind its `front`."""

    harness: Harness
    connector: Any
    fake: Any
    front: Front


@asynccontextmanager
async def world_of(kind: Kind, harness: Harness, **options: Any) -> AsyncIterator[World]:
    """A connection of this kind to a fresh fake; `options` replace the harness's own."""
    front, fake = Front(), harness.fake()
    async with served(lambda app: harness.mount(fake, app), front) as url:
        connector = built(kind, {**harness.options(url), **options})
        try:
            yield World(harness, connector, fake, front)
        finally:
            await connector.close()


def offline(kind: Kind, harness: Harness) -> Any:
    """A connection to an address where nobody answers."""
    return built(kind, harness.options("http://127.0.0.1:1"))


def built(kind: Kind, options: dict[str, Any]) -> Any:
    """A connection called books. Raises ValidationError."""
    return kind.build(kind.options.model_validate(options), "books")
