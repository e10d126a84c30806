"""What stands in the way of a move: it is said in words, nothing is moved, and no password or record is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import moving
from store.ledger import Store
from store.moving import move
from sync.errors import ConfigurationError, IllegalMove, LedgerUnavailable, MeshlineError, NotFound
from tests.postgres import Cluster
from tests.store.moves import Contents, before, contents, is_empty, lived, looked_at, new, old, quiet
from tests.store.words import change, receive, sql

__all__ = ["before", "lived", "new", "old"]


async def test_a_ledger_that_somebody_has_open_is_not_moved(old: str, new: str) -> None:
    service = Store(old)
    await service.open()
    await receive(service)
    with pytest.raises(LedgerUnavailable, match="in use: stop the service"):
        await move(old, new, quiet)
    await receive(service, change("2"))
    await service.close()
    assert (await move(old, new, quiet)).rows["events"] == 2


async def test_a_new_database_that_somebody_is_working_in_is_left_to_them(
    before: Contents, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncpg = pytest.importorskip("asyncpg")
    monkeypatch.setattr(moving, "_CALM", ("lock_timeout = '50ms'",))
    await looked_at(new)
    somebody = await asyncpg.connect(new.replace("+asyncpg", ""))
    try:
        async with somebody.transaction():
            await somebody.execute("INSERT INTO presses VALUES ('click', now())")
            with pytest.raises(LedgerUnavailable, match="somebody is using it; nothing was moved"):
                await move(old, new, quiet)
    finally:
        await somebody.close()


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
    ("sqlite://", f"postgresql://u:{SECRET}@h/b", ConfigurationError, "names no file"),
]  # fmt: skip


def files(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


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
