"""What is not ours is refused and stays as it is; what is ours is served by one service at a time."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from store.database import address_of
from store.ledger import Store
from store.migrate import APPLICATION_ID, to_head
from store.served import only_service
from sync.errors import ConfigurationError, LedgerUnavailable
from tests.ledgers import on_sqlite
from tests.postgres import Cluster
from tests.store.words import receive, rows
from tests.world import MONDAY


def application_id(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("PRAGMA application_id").fetchone()[0])


def says(file: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(file)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return file


def beside(file: Path) -> list[str]:
    return [path.name for path in file.parent.iterdir()]


def a_notebook(file: Path) -> Path:
    return says(file, "CREATE TABLE notes (words TEXT)", "INSERT INTO notes VALUES ('mine')")


def in_wal_mode(file: Path) -> Path:
    return says(a_notebook(file), "PRAGMA journal_mode = WAL")


def with_an_id(file: Path) -> Path:
    return says(file, "PRAGMA application_id = 4711")


def of_another_alembic(file: Path) -> Path:
    return says(
        a_notebook(file),
        "CREATE TABLE alembic_version (version_num TEXT)",
        "INSERT INTO alembic_version VALUES ('0001')",
    )


def no_database(file: Path) -> Path:
    file.write_bytes(b"Dear diary, " * 500)
    return file


@pytest.mark.parametrize("make", [a_notebook, in_wal_mode, with_an_id, of_another_alembic, no_database])
async def test_a_file_of_another_program_is_refused_and_not_touched(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    file = make(tmp_path / "theirs.db")
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"another program; nothing in it was changed|no SQLite database"):
            await Store(f"sqlite:///{file}").open()
    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert beside(file) == [file.name]


async def test_a_file_that_another_program_has_open_is_refused_too(tmp_path: Path) -> None:
    file = says(tmp_path / "theirs.db", "PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(file)) as owner:
        owner.execute("CREATE TABLE notes (words TEXT)")
        owner.commit()
        with pytest.raises(ConfigurationError, match="another program"):
            await Store(f"sqlite:///{file}").open()
        assert owner.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]


async def test_a_ledger_says_whose_it_is_and_an_older_one_learns_it(tmp_path: Path) -> None:
    file = tmp_path / "ours.db"
    await to_head(address_of(f"sqlite:///{file}"))
    assert application_id(file) == APPLICATION_ID
    says(file, "PRAGMA application_id = 0")
    store = Store(f"sqlite:///{file}")
    await store.open()
    await receive(store)
    await store.close()
    assert application_id(file) == APPLICATION_ID


async def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    file.touch()
    store = Store(f"sqlite:///{file}")
    await store.open()
    await receive(store)
    await store.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql+asyncpg://u@host:port/db"])
def test_an_address_that_can_be_no_ledger_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="MESHLINE_DATABASE_URL"):
        address_of(url)


async def test_what_postgresql_says_is_told_in_words_that_help(postgres: Cluster) -> None:
    url = postgres.url()
    with pytest.raises(LedgerUnavailable, match="there is no such database: create it first"):
        await to_head(address_of(f"{url.rpartition('/')[0]}/nowhere"))
    with pytest.raises(LedgerUnavailable, match="does not accept this user"):
        await to_head(address_of(url.replace("//postgres", "//nobody")))


async def test_tables_of_another_program_on_postgresql_stay_theirs(postgres: Cluster) -> None:
    url = postgres.url()
    name = url.rpartition("/")[2]
    await asyncio.to_thread(postgres.sql, "CREATE TABLE notes (words TEXT)", name)
    store = Store(url)
    await store.open()
    await receive(store)
    await store.close()
    await asyncio.to_thread(postgres.sql, "DROP TABLE alembic_version", name)
    with pytest.raises(ConfigurationError, match="another program"):
        await store.open()
    assert len(await asyncio.to_thread(postgres.sql, "SELECT 1 FROM events", name)) == 1


async def test_a_ledger_that_only_lets_itself_be_read_says_so(postgres: Cluster) -> None:
    url = postgres.url()
    await to_head(address_of(url))
    await asyncio.to_thread(
        postgres.sql, f'ALTER DATABASE "{url.rpartition("/")[2]}" SET default_transaction_read_only = on'
    )
    store = Store(url)
    await store.db.open()
    try:
        for asking in (receive(store), store.probe(now=MONDAY), store.press_once("k", now=MONDAY)):
            with pytest.raises(LedgerUnavailable, match="readonly database"):
                await asking
        assert len(await rows(store, "SELECT 1 FROM events")) == 0
    finally:
        await store.close()


def test_a_sqlite_ledger_has_one_service_and_the_next_may_begin_when_it_is_gone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    for _ in range(2):
        with (
            only_service(url),
            pytest.raises(ConfigurationError, match="another Meshline serves this SQLite ledger"),
            only_service(url),
        ):
            raise AssertionError("two services at once")
        assert list(tmp_path.iterdir()) == []


def test_two_ledgers_have_two_services_and_postgresql_any_number(tmp_path: Path) -> None:
    here, there, server = f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db", "postgresql://u@host/db"
    with only_service(here), only_service(there), only_service(server), only_service(server):
        assert len(list(tmp_path.iterdir())) == 2


def test_a_service_in_a_directory_that_is_not_there_is_a_ledger_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="cannot be opened"), only_service(f"sqlite:///{tmp_path}/no/ledger.db"):
        pass


@on_sqlite
async def test_commands_work_beside_a_service(ledger: str, store: Store) -> None:
    with only_service(ledger):
        beside = Store(ledger)
        await beside.open()
        await receive(beside)
        await beside.close()
    assert (await store.counts())["events"] == 1
