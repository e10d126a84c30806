"""A ledger that has lived, and an empty database to move it to."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from store.ledger import Store
from store.moving import Progress
from store.tables import metadata, ticks
from sync.model import Overlay
from sync.steps import Deliver
from tests.postgres import Cluster
from tests.store.words import (
    CLASS_A,
    EUROS,
    begin,
    binding,
    bury,
    change,
    end_write,
    hold,
    in_hand,
    place_hold,
    press,
    receive,
    stopped,
)
from tests.world import MONDAY

ODD = MONDAY + timedelta(microseconds=123_457)
PAYLOAD = {
    "name": "شركة الأفق – Ærø 🧾",
    "amount": "12.50",
    "half": 0.1,
    "many": 2**53 + 1,
    "none": None,
    "list": [True, {}],
    "nul": "a\0b",
}
ANSWER = Overlay(path="billing_code", found="", action="set", value="BC-1", reason="missing_billing_code")
Contents = dict[str, Sequence[Any]]


@pytest.fixture
def new(postgres: Cluster) -> str:
    """An empty database on a server."""
    return postgres.url()


@pytest.fixture
def old(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/old.db"


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Contents]:
    """A ledger in which every kind of row is there, and what it said when its service was stopped."""
    file = tmp_path_factory.mktemp("lived") / "ledger.db"

    async def live_and_look() -> Contents:
        store = Store(f"sqlite:///{file}")
        await store.open()
        await live(store)
        said = await contents(store)
        await store.close()
        return said

    return file, asyncio.run(live_and_look())


@pytest.fixture
def before(lived: tuple[Path, Contents], old: str) -> Contents:
    """What the old ledger says."""
    shutil.copy(lived[0], old.removeprefix("sqlite:///"))
    return lived[1]


async def live(store: Store) -> None:
    """A working day."""
    done = await in_hand(store, "1", now=ODD)
    go = await begin(store, done, now=ODD)
    await end_write(store, done, go.write_id, "confirm", now=ODD, target_id="I-1", record=PAYLOAD)
    await store.settle(done, Deliver(bindings=(binding(),)), now=ODD)
    [case] = await stopped(store, "2", step=hold(cause="deals:2", money=EUROS))
    await press(store, "resolve", [case.id], overlays={case.id: (ANSWER,)})
    await stopped(store, "3", step=bury(cause="deals:3"), route=CLASS_A)
    await in_hand(store, "5", now=ODD)
    await receive(store, change("4", payload=PAYLOAD), cursor=("deals", {"after": "4"}), now=ODD)
    await place_hold(store)
    await store.pause("flow", "other", by="UDANA", now=ODD)
    slots = [{"name": "digest", "slot": f"{slot}", "claimed_at": ODD} for slot in range(1_200)]
    await store.db.write(lambda tx: tx.execute(ticks.insert(), slots) and None)
    await store.press_once("click", now=ODD)


async def contents(store: Store) -> Contents:
    """Every row of every table."""
    everything: Contents = {}
    for table in metadata.sorted_tables:
        query = select(table)
        found = await store.db.read(lambda tx, query=query: tx.execute(query).all())
        everything[table.name] = sorted(map(tuple, found), key=repr)
    return everything


def quiet(_: Progress) -> None:
    """Nobody watches."""


async def looked_at(url: str) -> Contents:
    store = Store(url)
    await store.open()
    try:
        return await contents(store)
    finally:
        await store.close()


def is_empty(said: Contents) -> bool:
    return not any(said.values())
