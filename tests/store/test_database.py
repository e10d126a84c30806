"""The database: what fails fails alone, a reader sees one snapshot, two processes take turns, and SQLite's one writer lets
what waits share a commit."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.util import await_only

from store import database
from store.database import address_of
from store.journal import append
from store.ledger import Store
from store.migrate import to_head
from sync.errors import ConfigurationError, LedgerUnavailable
from sync.steps import Deliver
from tests.ledgers import on_sqlite
from tests.postgres import Cluster
from tests.store.gates import at_rest, before_its_commit, on_postgres
from tests.store.words import MINUTE, change, claim, in_hand, receive, rows, sql, state
from tests.world import MONDAY


def claim_slot(number: int) -> database.Work[int]:
    def work(tx: Connection) -> int:
        tx.execute(text(f"INSERT INTO ticks (name, slot, claimed_at) VALUES ('t', '{number}', '2026-11-23')"))
        return number

    return work


def fail(tx: Connection) -> None:
    claim_slot(100)(tx)
    raise KeyError("a bug in one caller")


async def test_one_job_that_fails_does_not_undo_the_others_of_its_batch(store: Store) -> None:
    jobs = [claim_slot(1), fail, claim_slot(2), claim_slot(1), claim_slot(3)]
    results = await asyncio.gather(*(store.db.write(job) for job in jobs), return_exceptions=True)
    kinds = [type(one).__name__ for one in results]
    assert (kinds[1], sorted(kinds)) == ("KeyError", ["IntegrityError", "KeyError", "int", "int", "int"])
    assert [row.slot for row in await rows(store, "SELECT slot FROM ticks ORDER BY slot")] == ["1", "2", "3"]


async def test_hundreds_of_waiting_writes_all_arrive(store: Store) -> None:
    results = await asyncio.gather(*(store.db.write(claim_slot(number)) for number in range(300)))
    assert results == list(range(300))
    assert len(await rows(store, "SELECT 1 FROM ticks")) == 300


async def test_a_caller_that_stopped_waiting_does_not_stop_the_writer(store: Store) -> None:
    task = asyncio.create_task(store.db.write(claim_slot(1)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await store.db.write(claim_slot(2)) == 2


async def test_what_is_written_is_there_for_the_next_reader_and_the_next_process(store: Store, other: Store) -> None:
    await store.db.write(claim_slot(1))
    for each in (store, other):
        assert len(await rows(each, "SELECT 1 FROM ticks")) == 1


async def test_a_reader_sees_one_snapshot_while_others_write(store: Store, ledger: str) -> None:
    def read_twice(tx: Connection) -> tuple[int, int]:
        first = tx.execute(text("SELECT count(*) FROM ticks")).scalar_one()
        with ThreadPoolExecutor(1) as elsewhere:  # another process writes between the two questions
            elsewhere.submit(asyncio.run, somebody_writes(ledger)).result(30)
        return first, tx.execute(text("SELECT count(*) FROM ticks")).scalar_one()

    assert await store.db.read(read_twice) == (0, 0)
    assert len(await rows(store, "SELECT 1 FROM ticks")) == 1


async def somebody_writes(ledger: str) -> None:
    opened = Store(ledger)
    await opened.open()
    await opened.db.write(claim_slot(1))
    await opened.close()


@on_sqlite
async def test_two_processes_that_read_and_then_write_take_turns(store: Store, other: Store) -> None:
    await sql(store, "INSERT INTO cursors VALUES ('crm', 'deals', '0', '2026-11-23')")

    def count_up(tx: Connection) -> None:
        found = int(tx.execute(text("SELECT cursor FROM cursors")).scalar_one())
        tx.execute(text(f"UPDATE cursors SET cursor = '{found + 1}'"))

    async def hammer(each: Store) -> None:
        for _ in range(40):
            await each.db.write(count_up)

    await asyncio.gather(hammer(store), hammer(other), hammer(store), hammer(other))
    assert await rows(store, "SELECT cursor FROM cursors") == [(160,)]


async def test_two_processes_receive_and_claim_without_ever_finding_the_ledger_locked(
    store: Store, other: Store
) -> None:
    async def work(each: Store, name: str) -> int:
        claimed = 0
        for number in range(20):
            await receive(each, change(f"{name}{number}"))
            claimed += len(await each.claim(limit=2, lease_seconds=60, max_losses=3, now=MONDAY))
        return claimed

    done = await asyncio.gather(work(store, "a"), work(other, "b"))
    assert sum(done) == 40
    assert (await store.verify_journal())[1] is None


@on_sqlite
async def test_a_full_disk_is_an_unavailable_ledger_and_not_a_bug(store: Store) -> None:
    await sql(store, "PRAGMA max_page_count = 1")
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        for number in range(100):
            await receive(store, change(str(number), payload={"words": "x" * 4000}))
    await sql(store, "PRAGMA max_page_count = 100000")
    await receive(store, change("after"))
    assert (await store.verify_journal())[1] is None


@on_sqlite
async def test_a_ledger_whose_tables_are_gone_is_unavailable_for_readers_too(store: Store) -> None:
    await sql(store, "DROP TABLE attempts")
    await sql(store, "DROP TABLE presses")
    with pytest.raises(LedgerUnavailable):
        await rows(store, "SELECT 1 FROM presses")


@on_sqlite
async def test_a_ledger_that_another_program_keeps_locked_is_unavailable(
    store: Store, other: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sql(other, "PRAGMA busy_timeout = 20")
    held, done = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def sit(tx: Connection) -> None:
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(done.wait(), loop).result(5)

    sitting = asyncio.create_task(store.db.write(sit))
    await held.wait()
    with pytest.raises(LedgerUnavailable):
        await other.db.write(claim_slot(1))
    done.set()
    await sitting
    assert await other.db.write(claim_slot(1)) == 1


async def test_a_ledger_that_is_not_open_says_so(tmp_path: object) -> None:
    store = Store(f"sqlite:///{tmp_path}/closed.db")
    with pytest.raises(RuntimeError, match="not open"):
        await store.ping()
    await store.close()
    await store.open()
    await store.ping()
    await store.close()
    with pytest.raises(RuntimeError, match="not open"):
        await store.counts()


async def test_closing_finishes_what_waits(ledger: str) -> None:
    store = Store(ledger)
    await store.open()
    waiting = [asyncio.create_task(store.db.write(claim_slot(number))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert [await one for one in waiting] == list(range(20))


@pytest.mark.parametrize("url", ["mysql://host/db", "not a url", "oracle://x", ""])
def test_an_address_of_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="MESHLINE_DATABASE_URL"):
        address_of(url)


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///ledger.db", "sqlite"),
        ("sqlite+pysqlite:///ledger.db", "sqlite"),
        ("postgresql://u:p@host/db", "postgresql+asyncpg"),
        ("postgresql+psycopg://u:p@host/db", "postgresql+asyncpg"),
        ("postgresql+asyncpg://u:p@host/db", "postgresql+asyncpg"),
    ],
)
def test_an_address_of_a_known_kind_gets_the_driver_that_is_used(url: str, driver: str) -> None:
    assert address_of(url).drivername == driver


def test_a_refused_address_does_not_show_its_password() -> None:
    with pytest.raises(ConfigurationError) as refused:
        address_of("mysql://admin:hunter2@host/db")
    assert "hunter2" not in str(refused.value)


async def test_what_fails_leaves_no_line_in_the_journal(store: Store) -> None:
    def boast(tx: Connection) -> None:
        append(tx, actor="nobody", verb="boast", noun="job", noun_id=1, now=MONDAY)
        raise KeyError("a bug in one caller")

    told = await asyncio.gather(store.db.write(boast), receive(store), store.db.write(boast), return_exceptions=True)
    assert [type(one).__name__ for one in told] == ["KeyError", "Received", "KeyError"]
    assert [one.verb for one in await store.entries()] == ["receive"]
    assert await store.verify_journal() == (1, None)


async def test_what_is_settled_together_fails_alone_and_each_worker_hears_its_own(store: Store, other: Store) -> None:
    late = await in_hand(store, "1")
    [owner] = await claim(other, now=late.leased_until + MINUTE)
    fine = [await in_hand(store, record) for record in ("2", "3")]
    asked = (store.settle(one, Deliver(bindings=()), now=MONDAY) for one in (fine[0], late, fine[1]))
    told = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one).__name__ for one in told] == ["NoneType", "LeaseLost", "NoneType"]
    assert [await state(store, one.id) for one in (*fine, owner)] == ["delivered", "delivered", "running"]


async def test_whatever_waits_together_each_caller_hears_its_own_answer(store: Store) -> None:
    told = await asyncio.gather(
        store.db.write(claim_slot(7)), receive(store, change("1"), change("2")), store.db.write(claim_slot(8)),
        receive(store, change("3")), store.db.write(claim_slot(9)),
    )  # fmt: skip
    assert [getattr(one, "received", one) for one in told] == [7, 2, 8, 1, 9]


@on_postgres
async def test_of_two_processes_that_write_in_the_journal_at_once_the_second_chains_to_the_first(
    ledger: str, store: Store
) -> None:
    async with before_its_commit(ledger, lambda one: receive(one, change("1")), behind_the_journal=True) as first:
        second = asyncio.create_task(receive(store, change("2")))
        await at_rest(store, second)
    assert [one.received for one in await asyncio.gather(first, second)] == [1, 1]
    assert await store.verify_journal() == (2, None)


@on_postgres
async def test_processes_that_start_together_on_an_empty_database_bring_up_the_schema_once(postgres: Cluster) -> None:
    url = address_of(postgres.url())
    await asyncio.gather(*(to_head(url) for _ in range(3)))
    opened = Store(url.render_as_string(hide_password=False))
    await opened.open()
    assert (await receive(opened)).received == 1
    await opened.close()


@on_postgres
async def test_two_that_are_in_each_others_way_both_arrive(store: Store, other: Store) -> None:
    await asyncio.gather(*(store.db.write(claim_slot(number)) for number in (1, 2)))
    met = asyncio.Barrier(2)
    tries: list[str] = []

    def rename(*slots: str) -> database.Work[None]:
        def work(tx: Connection) -> None:
            tries.append(slots[0])
            for number, slot in enumerate(slots):
                tx.execute(text(f"UPDATE ticks SET name = name || '{slots[0]}' WHERE slot = '{slot}'"))
                if not number and len(tries) <= 2:
                    await_only(met.wait())  # each has one and wants the other's

        return work

    await asyncio.gather(store.db.write(rename("1", "2")), other.db.write(rename("2", "1")))
    assert len(tries) == 3
    assert {"".join(sorted(row.name)) for row in await rows(store, "SELECT name FROM ticks")} == {"12t"}
