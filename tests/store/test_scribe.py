"""The writer in a process of its own: the same answers, the same errors, and nothing lost or done twice when it dies."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from store.ledger import Store
from store.parcels import pack, unpack
from store.scribe import Scribe
from store.together import Job
from sync.errors import LeaseLost, LedgerUnavailable
from sync.lifecycle import DeliveryState
from sync.steps import Deliver
from tests.ledgers import ledger_url, on_sqlite
from tests.store.words import FLOWS, ROUTE, change, hold
from tests.world import MONDAY

pytestmark = on_sqlite
DONE = Deliver(bindings=())


@pytest.fixture
async def aside(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(ledger_url(tmp_path), aside=True)
    await store.open()
    await scribe_of(store).open()
    assert scribe_of(store).ready
    yield store
    await store.close()


def scribe_of(store: Store) -> Scribe:
    scribe = store.db._backend._scribe  # type: ignore[union-attr]
    assert scribe is not None
    return scribe


def writer_of(store: Store) -> int:
    process = scribe_of(store)._process
    assert process is not None
    return process.pid


async def take(store: Store, **more: int) -> list[str]:
    given = {"limit": 9, "lease_seconds": 60, "max_losses": 3} | more
    return [one.event.record_id for one in await store.claim(now=MONDAY, **given)]


async def test_a_record_goes_its_way_and_the_journal_is_one_chain(aside: Store) -> None:
    await asyncio.gather(*(aside.receive("crm", [change(f"{n}")], FLOWS, now=MONDAY) for n in range(20)))
    claimed = await aside.claim(limit=30, lease_seconds=60, max_losses=3, now=MONDAY)
    assert sorted(int(one.event.record_id) for one in claimed) == list(range(20))
    await asyncio.gather(
        *(aside.settle(one, DONE, now=MONDAY) for one in claimed[1:]),
        aside.settle(claimed[0], hold(), now=MONDAY, route=ROUTE),
        aside.pause("flow", "other", by="U1", now=MONDAY),
    )
    [flow] = await aside.status()
    assert flow.states[DeliveryState.HELD] == 1
    assert len(await aside.exceptions()) == 1
    lines, broken = await aside.verify_journal()
    assert lines >= 41 and broken is None


async def test_it_is_started_when_much_waits_at_a_time_and_nobody_waits_for_it(tmp_path: Path) -> None:
    store = Store(ledger_url(tmp_path), aside=True)
    await store.open()
    await store.receive("crm", [change("0")], FLOWS, now=MONDAY)
    assert scribe_of(store)._beginning is None
    await asyncio.gather(*(store.receive("crm", [change(f"{n}")], FLOWS, now=MONDAY) for n in range(1, 40)))
    starting = scribe_of(store)._beginning
    assert starting is not None and not scribe_of(store).ready
    assert len(await take(store, limit=50)) == 40
    await starting
    assert scribe_of(store).ready
    await store.close()


async def test_who_lost_the_lease_hears_it_and_nobody_else_does(aside: Store) -> None:
    await aside.receive("crm", [change("1"), change("2")], FLOWS, now=MONDAY)
    one, two = await aside.claim(limit=2, lease_seconds=60, max_losses=3, now=MONDAY)
    await aside.settle(one, DONE, now=MONDAY)
    late, fine = await asyncio.gather(
        aside.settle(one, DONE, now=MONDAY), aside.settle(two, DONE, now=MONDAY), return_exceptions=True
    )
    assert isinstance(late, LeaseLost) and fine is None


async def test_when_the_writer_dies_the_caller_hears_it_and_the_next_one_is_served(aside: Store) -> None:
    await aside.receive("crm", [change("1")], FLOWS, now=MONDAY)
    dead = writer_of(aside)
    os.kill(dead, signal.SIGKILL)
    with pytest.raises(LedgerUnavailable):
        await aside.receive("crm", [change("2")], FLOWS, now=MONDAY)
    again = await aside.receive("crm", [change("1"), change("2")], FLOWS, now=MONDAY)
    assert again.received + again.duplicates == 2 and again.duplicates >= 1
    assert not scribe_of(aside).ready, "written here until another one is there"
    scribe_of(aside).begin()
    await scribe_of(aside)._beginning  # type: ignore[misc]
    assert writer_of(aside) != dead
    assert sorted(await take(aside)) == ["1", "2"]


async def test_the_death_of_the_writer_is_no_answer_to_what_was_written_here(aside: Store) -> None:
    os.kill(writer_of(aside), signal.SIGKILL)
    there, here = await asyncio.gather(
        aside.receive("crm", [change("1")], FLOWS, now=MONDAY),
        aside.pause("flow", "bill", by="U1", now=MONDAY),
        return_exceptions=True,
    )
    assert isinstance(there, LedgerUnavailable) and not isinstance(here, BaseException)
    assert [one.verb for one in await aside.entries()] == ["pause"]


async def test_the_signals_that_stop_a_service_do_not_stop_its_writer(aside: Store) -> None:
    await aside.receive("crm", [change("1")], FLOWS, now=MONDAY)
    for name in (signal.SIGTERM, signal.SIGINT):
        os.kill(writer_of(aside), name)
    assert await take(aside) == ["1"]


_SERVICE = """
import asyncio, sys
from store.ledger import Store
async def main():
    store = Store(sys.argv[1], aside=True)
    await store.open()
    await store.db._backend._scribe.open()
    print(store.db._backend._scribe._process.pid, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


def test_the_writer_of_a_service_that_is_killed_goes_too(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _SERVICE, ledger_url(tmp_path)], stdout=subprocess.PIPE) as service:
        assert service.stdout is not None
        writer = os.pidfd_open(int(service.stdout.readline()))
        service.kill()
    gone, _, _ = select.select([writer], [], [], 20)
    os.close(writer)
    assert gone


async def test_what_is_sent_is_what_arrives(aside: Store) -> None:
    sent = change("1", at=MONDAY, sequence=7, payload={"a": [1, None, True, "ü"], "b": {"c": "0.10"}})
    await aside.receive("crm", [sent], FLOWS, now=MONDAY)
    [there] = await aside.claim(limit=1, lease_seconds=60, max_losses=3, now=MONDAY)
    for value in (sent, there, hold(), DONE, LeaseLost("gone"), (MONDAY, DeliveryState.HELD, frozenset("ab"))):
        again = unpack(pack(value))
        assert type(again) is type(value)
        assert again == value or isinstance(value, LeaseLost)
    assert there.event.payload == sent.payload


def spoil(tx: Connection, items: Sequence[Any]) -> Sequence[Any]:
    """What breaks a reference is refused by the commit."""
    tx.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    tx.exec_driver_sql("UPDATE deliveries SET event_id = event_id + 90")
    return items


def echo(_: Connection, items: Sequence[Any]) -> Sequence[Any]:
    return items


async def test_a_commit_that_fails_there_tells_no_sender_that_its_change_is_safe(aside: Store) -> None:
    told = await asyncio.gather(
        aside.receive("crm", [change("1")], FLOWS, now=MONDAY),
        aside.db.together(spoil, None),
        aside.receive("crm", [change("2")], FLOWS, now=MONDAY),
        return_exceptions=True,
    )
    assert [isinstance(one, Exception) for one in told] == [True] * 3
    assert (await aside.counts())["events"] == 0
    assert (await aside.receive("crm", [change("1")], FLOWS, now=MONDAY)).received == 1


async def test_an_answer_that_nobody_waited_for_is_not_taken_for_the_next_ones(aside: Store) -> None:
    scribe: Scribe = aside.db._backend._scribe  # type: ignore[union-attr, assignment]

    async def ask(word: str) -> object:
        [answer] = await scribe.commit([Job(echo, word, asyncio.get_running_loop().create_future())])
        return answer.heard()

    given_up = asyncio.create_task(ask("first"))
    await asyncio.sleep(0)  # it is asked
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    assert await ask("second") == "second"
