"""The stories that change nothing, told to a real account of the vendor: opt-in, by `MESHLINE_LIVE_<KIND>`, which names a YAML file
with the `options` of a connection, an `entity` to read, and an id that is `missing` where 424242 cannot be one."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from sync.abilities import Ability
from sync.connectors import checked
from sync.connectors.kind import Kind
from sync.errors import Rejected

_ENV, _FILE = "env:", "file:"
_PAGES = 20


def told(kind: Kind) -> dict[str, Any] | None:
    """What the file says; None where nobody opted in."""
    named = os.environ.get(f"MESHLINE_LIVE_{kind.name.upper()}")
    return None if not named else dict(_resolved(yaml.safe_load(Path(named).read_text(encoding="utf-8"))))


def _resolved(value: Any) -> Any:
    """With what references stand for."""
    if isinstance(value, Mapping):
        return {name: _resolved(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_resolved(each) for each in value]
    if isinstance(value, str) and value.startswith(_ENV):
        return os.environ[value.removeprefix(_ENV)]
    if isinstance(value, str) and value.startswith(_FILE):
        return Path(value.removeprefix(_FILE)).read_text(encoding="utf-8").strip()
    return value


def _can(ability: Ability) -> Callable[[Any], Any]:
    """The story is passed over where the kind cannot."""

    def mark(story: Any) -> Any:
        async def run(self: Live) -> None:
            if ability not in self.kind.abilities:
                pytest.skip(f"{self.kind.name} cannot")
            await story(self)

        run.__name__, run.__doc__ = story.__name__, story.__doc__
        return pytest.mark.asyncio(run)

    return mark


class Live:
    """The stories, for one kind and one account."""

    kind: ClassVar[Kind]
    live: ClassVar[Mapping[str, Any]]

    @asynccontextmanager
    async def account(self) -> AsyncIterator[Any]:
        """A connection to it."""
        options = checked(self.kind, self.live["options"], name="live")
        connector: Any = self.kind.build(options, "live")
        try:
            yield connector
        finally:
            await connector.close()

    @property
    def entity(self) -> str:
        """What is read of it."""
        return str(self.live["entity"])

    @property
    def missing(self) -> str:
        """An id that no record has."""
        return str(self.live.get("missing", "424242"))

    @_can(Ability.PROBE)
    async def test_live_the_account_answers_in_one_line(self) -> None:
        async with self.account() as connector:
            line = await connector.probe()
            assert line and "\n" not in line

    @_can(Ability.CHANGES)
    async def test_live_the_last_hour_is_polled(self) -> None:
        async with self.account() as connector:
            now = datetime.now(UTC)
            cursor, keys = connector.start_at(self.entity, now - timedelta(hours=1)), list[str]()
            for _ in range(_PAGES):
                page = await connector.changes(self.entity, cursor, now=now)
                cursor = json.loads(json.dumps(page.cursor))
                keys += [each.key for each in page.changes]
                if not page.more:
                    break
            assert len(keys) == len(set(keys))

    @_can(Ability.READ)
    async def test_live_a_record_that_is_gone_is_said_to_be_gone(self) -> None:
        async with self.account() as connector:
            with pytest.raises(Rejected) as gone:
                await connector.read(self.entity, self.missing)
            assert gone.value.reason == "not_found"

    @_can(Ability.SEARCH)
    async def test_live_searching_for_nothing_finds_nothing(self) -> None:
        async with self.account() as connector:
            assert await connector.search(self.entity, {}) == []

    @_can(Ability.FIND)
    async def test_live_a_reference_that_nobody_carries_finds_nothing(self) -> None:
        async with self.account() as connector:
            assert await connector.find(self.entity, self.missing) is None

    @_can(Ability.LIST)
    async def test_live_a_page_is_listed_in_order(self) -> None:
        async with self.account() as connector:
            if connector.lists(self.entity):
                page = await connector.listed(self.entity, fields=(), limit=10)
                ids = [each.id for each in page.entries]
                assert len(ids) == len(set(ids)) <= 10

    @_can(Ability.DESCRIBE)
    async def test_live_its_fields_are_described(self) -> None:
        async with self.account() as connector:
            described = await connector.describe(self.entity)
            assert described is not None and described.fields
