"""Moving up to PostgreSQL: everything stands there, row for row and line for line, or nothing does; the source stays as it was."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from store.ledger import Store
from store.moving import Moved, Progress, move
from store.tables import metadata, ticks
from sync.errors import ConfigurationError, IllegalMove, LedgerUnavailable, MeshlineError, NotFound
from sync.model import Overlay
from sync.steps import Deliver
from tests.postgres import Cluster
from tests.store.words import (
    CLASS_A,
    EUROS,
    HOUR,
    ROUTE,
    begin,
    binding,
    bury,
    change,
    claim,
    end_write,
    hold,
    in_hand,
    place_hold,
    press,
    receive,
    sql,
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


@pytest.fixture(scope="module")
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


def files(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


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


async def test_a_moved_ledger_says_the_same_row_for_row(before: Contents, old: str, new: str) -> None:
    moved = await move(old, new, quiet)
    assert await looked_at(new) == before
    assert moved.rows == {name: len(found) for name, found in before.items()}
    assert sum(bool(found) for found in before.values()) > 12
    assert await looked_at(old) == before


async def test_the_journal_of_a_moved_ledger_is_the_same_chain_and_stays_append_only(
    before: Contents, old: str, new: str
) -> None:
    moved = await move(old, new, quiet)
    store = Store(new)
    await store.open()
    try:
        assert await store.verify_journal() == (moved.lines, None) == (len(before["journal"]), None)
        [last] = await store.entries(limit=1)
        assert (last.seq, last.hash) == (moved.lines, moved.head)
        for statement in ("UPDATE journal SET actor = 'nobody'", "DELETE FROM journal WHERE seq = 1"):
            with pytest.raises(DBAPIError, match="append-only"):
                await sql(store, statement)
    finally:
        await store.close()


async def test_a_moved_ledger_goes_on_where_the_old_one_stopped(before: Contents, old: str, new: str) -> None:
    moved = await move(old, new, quiet)
    store = Store(new)
    await store.open()
    try:
        again = await receive(store, change("4", at=MONDAY), change("6"))
        assert (again.received, again.duplicates) == (1, 1)
        claimed = await claim(store, now=MONDAY + HOUR)
        assert {one.subject: one.overlays for one in claimed} == {
            "deals:2": (ANSWER,), "deals:4": (), "deals:5": (), "deals:6": (),
        }  # fmt: skip
        for one in claimed:
            await store.settle(one, hold(cause=one.subject), now=MONDAY + HOUR, route=ROUTE)
        assert (await store.verify_journal())[1] is None
        assert (await store.verify_journal())[0] > moved.lines
    finally:
        await store.close()


async def test_moving_a_second_time_only_looks(before: Contents, old: str, new: str) -> None:
    told: list[Progress] = []
    first = await move(old, new, quiet)
    second = await move(old, new, told.append)
    assert (first.before, second.before, told) == (False, True, [])
    assert second.rows == first.rows and second.head == first.head
    assert await looked_at(new) == before


async def test_rows_are_carried_page_by_page_and_told(before: Contents, old: str, new: str) -> None:
    told: list[Progress] = []
    await move(old, new, told.append)
    assert [one.rows for one in told if one.table == "ticks"] == [500, 1000, 1200]
    assert {one.total for one in told if one.table == "ticks"} == {1200}
    assert [one.table for one in told if one.table in ("deliveries", "events")] == ["events", "deliveries"]


async def test_a_ledger_that_somebody_has_open_is_not_moved(old: str, new: str) -> None:
    service = Store(old)
    await service.open()
    await receive(service)
    with pytest.raises(LedgerUnavailable, match="in use: stop the service"):
        await move(old, new, quiet)
    await receive(service, change("2"))
    await service.close()
    assert (await move(old, new, quiet)).rows["events"] == 2


async def test_nobody_opens_the_old_ledger_or_writes_into_the_new_one_meanwhile(
    before: Contents, old: str, new: str, postgres: Cluster
) -> None:
    file, name, told = old.removeprefix("sqlite:///"), new.rsplit("/", 1)[1], list[Progress]()
    postgres.sql(f"ALTER DATABASE {name} SET lock_timeout = '50ms'")

    def look(progress: Progress) -> None:
        told.append(progress)
        with (
            pytest.raises(sqlite3.OperationalError, match="locked"),
            closing(sqlite3.connect(file, timeout=0)) as other,
        ):
            other.execute("SELECT 1 FROM events")
        with pytest.raises(Exception, match="lock timeout"):
            postgres.sql("DELETE FROM presses", name)

    await move(old, new, look)
    assert told


@pytest.mark.parametrize("table", ["events", "ticks", "journal"])
async def test_a_move_that_breaks_off_leaves_nothing_and_can_be_done_again(
    before: Contents, old: str, new: str, table: str
) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.table == table:
            raise RuntimeError("the plug is pulled")

    with pytest.raises(RuntimeError, match="plug"):
        await move(old, new, interrupt)
    assert is_empty(await looked_at(new))
    assert not (await move(old, new, quiet)).before
    assert await looked_at(new) == before


async def test_a_server_that_dies_in_the_middle_leaves_nothing_and_the_move_is_done_again(
    before: Contents, old: str, new: str, postgres: Cluster
) -> None:
    def die(progress: Progress) -> None:
        if progress.table == "ticks" and progress.rows == 500:
            postgres.restart("immediate")

    with pytest.raises(LedgerUnavailable, match="nothing was moved"):
        await move(old, new, die)
    assert is_empty(await looked_at(new))
    await move(old, new, quiet)
    assert await looked_at(new) == before


async def test_a_database_with_something_in_it_is_refused_and_left_as_it_is(
    before: Contents, old: str, new: str
) -> None:
    store = Store(new)
    await store.open()
    await receive(store)
    said = await contents(store)
    await store.close()
    with pytest.raises(IllegalMove, match="not empty: it holds 1 events"):
        await move(old, new, quiet)
    assert await looked_at(new) == said


async def test_a_database_of_another_program_is_refused_and_left_as_it_is(
    before: Contents, old: str, new: str, postgres: Cluster
) -> None:
    name = new.rsplit("/", 1)[1]
    postgres.sql("CREATE TABLE invoices (id int)", name)
    with pytest.raises(IllegalMove, match="holds invoices of another program"):
        await move(old, new, quiet)
    tables = postgres.sql(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace", name
    )
    assert [row["relname"] for row in tables] == ["invoices"]


LOSES = "IF NEW.slot = '7' THEN RETURN NULL; END IF; RETURN NEW;"
CHANGES = "IF NEW.seq = 5 THEN NEW.actor = 'nobody'; END IF; RETURN NEW;"


@pytest.mark.parametrize(
    ("table", "does", "said"),
    [("ticks", LOSES, "ticks has 1199 rows instead of 1200"), ("journal", CHANGES, "line 5 of the journal")],
)
async def test_what_does_not_arrive_as_it_was_is_noticed_and_nothing_is_moved(
    before: Contents, old: str, new: str, postgres: Cluster, table: str, does: str, said: str
) -> None:
    await looked_at(new)
    name = new.rsplit("/", 1)[1]
    postgres.sql(f"CREATE FUNCTION sly() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {does} END $$", name)
    postgres.sql(f"CREATE TRIGGER sly BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION sly()", name)
    with pytest.raises(IllegalMove, match=f"{said}.*nothing was moved"):
        await move(old, new, quiet)
    assert is_empty(await looked_at(new))


async def test_a_new_journal_that_anybody_could_change_is_noticed(
    before: Contents, old: str, new: str, postgres: Cluster
) -> None:
    await looked_at(new)
    postgres.sql("DROP TRIGGER journal_append_only ON journal", new.rsplit("/", 1)[1])
    with pytest.raises(IllegalMove, match="journal can be changed"):
        await move(old, new, quiet)


async def test_a_journal_that_was_broken_before_is_not_moved(before: Contents, old: str, new: str) -> None:
    store = Store(old)
    await store.open()
    await sql(store, "DROP TRIGGER journal_no_update")
    await sql(store, "UPDATE journal SET actor = 'nobody' WHERE seq = 3")
    await store.close()
    with pytest.raises(IllegalMove, match="line 3 of the journal"):
        await move(old, new, quiet)


@pytest.mark.parametrize(
    ("value", "said"), [("secret" * 50, "longer than 255 characters"), ("sec\0ret", "holds a NUL character")]
)
async def test_a_row_that_postgresql_does_not_keep_is_named_and_not_shown(
    before: Contents, old: str, new: str, value: str, said: str
) -> None:
    store = Store(old)
    await store.open()
    await sql(store, "UPDATE deliveries SET subject = :value WHERE id = 4", value=value)
    await store.close()
    with pytest.raises(IllegalMove, match=f"subject of 'deliveries 4'.*{said}") as refused:
        await move(old, new, quiet)
    assert "secret" not in str(refused.value)
    assert is_empty(await looked_at(new))


SECRET = "hunter2"
WRONG: list[tuple[str, str, type[MeshlineError], str]] = [
    ("sqlite:///{folder}/old.db", "sqlite:///{folder}/new.db", ConfigurationError, r"must begin with postgresql\+asyncpg"),
    ("sqlite:///{folder}/old.db", f"mysql://u:{SECRET}@host/db", ConfigurationError, "not a database address"),
    ("sqlite:///{folder}/old.db", "nonsense", ConfigurationError, "not a database address"),
    ("sqlite:///{folder}/old.db", f"postgresql://u:p@host:{SECRET}/db", ConfigurationError, "not a database address"),
    (f"postgresql://u:{SECRET}@h/a", f"postgresql://u:{SECRET}@h/b", ConfigurationError, "use pg_dump"),
    ("sqlite:///{folder}/none.db", f"postgresql://u:{SECRET}@h/b", NotFound, "no ledger to move"),
    ("sqlite://", f"postgresql://u:{SECRET}@h/b", NotFound, "no ledger to move"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target", "error", "said"), WRONG)
async def test_an_address_that_leads_nowhere_is_refused_without_its_password(
    before: Contents, tmp_path: Path, source: str, target: str, error: type[MeshlineError], said: str
) -> None:
    pytest.importorskip("asyncpg")
    addresses = [one.replace("{folder}", str(tmp_path)) for one in (source, target)]
    with pytest.raises(error, match=said) as refused:
        await move(*addresses, quiet)
    assert SECRET not in str(refused.value)
    assert files(tmp_path) == ["old.db"]


async def test_a_server_that_is_not_there_or_knows_no_such_database_is_said(
    before: Contents, old: str, new: str, postgres: Cluster
) -> None:
    with pytest.raises(LedgerUnavailable, match="no such database: create it first"):
        await move(old, postgres.address("nowhere"), quiet)
    with pytest.raises(LedgerUnavailable, match="does not answer") as refused:
        await move(old, f"postgresql://u:{SECRET}@127.0.0.1:9/db", quiet)
    assert SECRET not in str(refused.value)


async def test_a_user_that_may_not_make_tables_or_has_no_right_password_is_said(
    before: Contents, old: str, new: str, postgres: Cluster
) -> None:
    postgres.sql(f"CREATE ROLE guest LOGIN PASSWORD '{SECRET}'")
    try:
        with pytest.raises(LedgerUnavailable, match="may not make tables"):
            await move(old, new.replace("postgres@", f"guest:{SECRET}@"), quiet)
        with pytest.raises(LedgerUnavailable, match="does not accept this user"):
            await move(old, new.replace("postgres@", f"nobody:{SECRET}@"), quiet)
    finally:
        postgres.sql("DROP ROLE guest")


async def test_the_address_to_set_comes_without_its_password(before: Contents, old: str, new: str) -> None:
    moved: Moved = await move(old, new.replace("postgres@", f"postgres:{SECRET}@") + f"?passfile={SECRET}", quiet)
    assert moved.address == new.replace("postgres@", "postgres:***@")
