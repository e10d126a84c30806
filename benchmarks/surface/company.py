"""A company of many teams, each with a channel, a webhook, a contract and a flow of its own, and the target that they write to."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bot.sandbox.slack.values import Channel, Person

TOKEN = "a-token-for-the-surface"
WRONG = "wrong-"
_HEAD = """name: Many teams

engine: {lease: 30s, quarantine: 5s, concurrency: 64}

connections:
  erp: {kind: rest, base_url: env:SURFACE_TARGET, token: env:SURFACE_TOKEN, describe: connections/erp.yaml, concurrency: 64}
"""
_CONNECTION = """  crm-{name}:
    {{kind: webhook, token: env:SURFACE_TOKEN, entity: orders, id: order, envelope: {{key: order}}}}
"""
_TEAM = """  team-{name}: {{title: Team {name}, channel: {channel}, owner: {owner}, backup: {backup}, calendar: always}}
"""
_TAIL = """calendars:
  always: {timezone: UTC, days: [mon, tue, wed, thu, fri, sat, sun], hours: "00:00-24:00"}
"""
_CONTRACT = """apiVersion: v3.1.0
kind: DataContract
id: order-{name}
name: Order of team {name}
version: 1.0.0
status: active
domain: revenue
description: {{purpose: An order of one team.}}
schema:
  - name: orders
    logicalType: object
    businessName: Order
    properties:
      - {{name: order, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1, businessName: Order}}
      - {{name: code, logicalType: string, required: true, businessName: Code}}
team: {{name: team-{name}}}
slaProperties:
  - {{property: latency, value: 1, unit: m}}
customProperties:
  - {{property: owner, value: team-{name}}}
  - {{property: backup, value: team-{name}}}
  - {{property: runbook, value: Correct the order.}}
"""
_FLOW = """flow: orders-{name}
title: Orders of team {name}
version: 1
owner: team-{name}
contract: order-{name}@1.0.0
trigger: {{connection: crm-{name}, entity: orders}}
record: {{id: order, title: order, customer: order}}
checks:
  - {{check: required, path: order}}
  - {{check: required, path: code}}
  - {{check: regex, path: code, pattern: "right-.*"}}
writes:
  - name: order
    connection: erp
    entity: order
    operation: create
    key: "{{order}}"
    record:
      - {{to: code, from: code, transform: text}}
"""
_ERP = """probe: {method: GET, path: /orders}
entities:
  order:
    find: {path: /orders, query: {reference: "{reference}"}, items: items}
    get: {path: "/orders/{id}"}
    create: {method: POST, path: /orders, reference: reference}
    id: id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One of many."""

    name: str
    channel: str
    owner: str
    backup: str

    def order(self, number: int, *, right: bool = True) -> dict[str, str]:
        """What its CRM sends. One that is wrong has a cause of its own."""
        kind = "right-" if right else WRONG
        return {"order": f"{self.name}-{kind}{number}", "code": f"{kind}{number}"}


def teams(many: int) -> list[Team]:
    """So many teams."""
    numbers = [f"{number:02}" for number in range(1, many + 1)]
    return [
        Team(name=number, channel=f"C0TEAM{number}00", owner=f"U0OWNER{number}0", backup=f"U0BACKUP{number}")
        for number in numbers
    ]


def people(of: Sequence[Team]) -> list[Person]:
    """Everybody in them."""
    found = [(team.owner, f"Owner {team.name}") for team in of] + [(team.backup, f"Backup {team.name}") for team in of]
    return [
        Person(
            id=user,
            name=name.lower().replace(" ", "."),
            real_name=name,
            title="",
            role="",
            email=f"{user.lower()}@example.com",
        )
        for user, name in found
    ]


def channels(of: Sequence[Team]) -> list[Channel]:
    """Each team's channel."""
    return [Channel(id=team.channel, name=f"team-{team.name}", topic="") for team in of]


def workspace(home: Path, of: Sequence[Team]) -> Path:
    """The company's files."""
    directory = home / "workspace"
    for folder in ("contracts", "flows", "connections"):
        (directory / folder).mkdir(parents=True)
    connections = "".join(_CONNECTION.format(name=team.name) for team in of)
    named = "".join(
        _TEAM.format(name=team.name, channel=team.channel, owner=team.owner, backup=team.backup) for team in of
    )
    (directory / "meshline.yaml").write_text(f"{_HEAD}{connections}\nteams:\n{named}\n{_TAIL}", encoding="utf-8")
    (directory / "connections/erp.yaml").write_text(_ERP, encoding="utf-8")
    for team in of:
        (directory / f"contracts/order-{team.name}.odcs.yaml").write_text(_CONTRACT.format(name=team.name), "utf-8")
        (directory / f"flows/orders-{team.name}.yaml").write_text(_FLOW.format(name=team.name), encoding="utf-8")
    return directory


class Target:
    """An ERP that takes every order."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, str]] = {}
        self._numbers = itertools.count(1)
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen; the address."""
        app = web.Application()
        app.router.add_get("/orders", self._find)
        app.router.add_post("/orders", self._create)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Listen no more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _find(self, request: web.Request) -> web.Response:
        found = self.orders.get(request.query.get("reference", ""))
        return web.json_response({"items": [found] if found else []})

    async def _create(self, request: web.Request) -> web.Response:
        given = await request.json()
        made = self.orders.setdefault(given["reference"], given | {"id": str(next(self._numbers))})
        return web.json_response(made, status=201)
