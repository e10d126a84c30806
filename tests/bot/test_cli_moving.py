"""`meshline migrate --to`: what it prints, what it refuses, and that no password is ever shown."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from store.ledger import Store
from tests.bot.test_cli import Terminal, terminal
from tests.postgres import Cluster
from tests.store.words import receive, stopped

__all__ = ["terminal"]

SECRET = "never-show-6"


async def something_happened(url: str) -> None:
    store = Store(url)
    await store.open()
    await stopped(store, "1", "2")
    await store.close()


@pytest.fixture
def old(terminal: Terminal, tmp_path: Path) -> str:
    """The terminal's ledger is a SQLite file with work in it."""
    url = f"sqlite:///{tmp_path}/old.db"
    terminal.environ["MESHLINE_DATABASE_URL"] = url
    asyncio.run(something_happened(url))
    return url


@pytest.fixture
def new(postgres: Cluster) -> str:
    """An empty database; its server asks for no password, so any will do."""
    return postgres.url().replace("postgres@", f"postgres:{SECRET}@")


def test_the_ledger_is_moved_and_it_says_what_to_change(terminal: Terminal, old: str, new: str) -> None:
    before = [terminal.reads("exceptions", "list"), terminal.says("audit", "export"), terminal.reads("status")]
    result = terminal.run("migrate", "--to", new)
    assert result.exit_code == 0, result.output
    shown = new.replace(SECRET, "***")
    for words in ("The ledger is moved", "counted on both sides", "journal is whole", f"MESHLINE_DATABASE_URL to {shown}",
                  "Nothing was removed", "Start no service on it any more"):  # fmt: skip
        assert words in result.stdout
    assert "events: 2 of 2\n" in result.stderr
    assert SECRET not in result.output
    for url in (old, new):
        terminal.environ["MESHLINE_DATABASE_URL"] = url
        said = [terminal.reads("exceptions", "list"), terminal.says("audit", "export"), terminal.reads("status")]
        assert said == before
        assert terminal.says("audit", "verify")


def test_the_answer_to_a_program_is_one_object(terminal: Terminal, old: str, new: str) -> None:
    first = terminal.run("migrate", "--to", new, "--json")
    told = json.loads(first.stdout)
    assert (told["moved"], told["removed"], told["rows"]["events"], told["rows"]["cases"]) == (True, 0, 2, 2)
    assert told["journal"]["lines"] == told["rows"]["journal"] == len(terminal.says("audit", "export").splitlines())
    assert told["set"] == {"MESHLINE_DATABASE_URL": new.replace(SECRET, "***")}
    again = json.loads(terminal.run("migrate", "--to", new, "--json").stdout)
    assert again == told | {"moved": False}
    assert "stands there already" in terminal.says("migrate", "--to", new)
    assert terminal.reads("migrate") == {"schema": "up to date"}


@pytest.mark.parametrize(
    ("to", "code", "said"),
    [
        (f"mysql://u:{SECRET}@host/db", 2, "not a database address"),
        (f"postgresql://u:x@host:{SECRET}/db", 2, "not a database address"),
        ("nonsense", 2, "not a database address"),
        ("", 2, "not a database address"),
        ("sqlite:///other.db", 2, "must begin with postgresql+asyncpg://"),
        (f"postgresql+asyncpg://u:{SECRET}@127.0.0.1:9/db", 1, "does not answer"),
        (f"postgresql+asyncpg://u:{SECRET}@nowhere.invalid/db", 1, "does not answer"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_in_one_line(
    terminal: Terminal, old: str, to: str, code: int, said: str
) -> None:
    pytest.importorskip("asyncpg")
    words = terminal.refuses(code, "migrate", "--to", to)
    assert said in words and SECRET not in words and len(words.splitlines()) == 1


def test_from_one_server_to_another_it_points_to_the_right_tool(terminal: Terminal, old: str) -> None:
    pytest.importorskip("asyncpg")
    url = f"postgresql://u:{SECRET}@127.0.0.1:9/db"
    words = terminal.refuses(2, "migrate", "--to", url, MESHLINE_DATABASE_URL=url)
    assert "pg_dump" in words and SECRET not in words


def test_a_ledger_that_is_not_there_is_not_made(terminal: Terminal, tmp_path: Path) -> None:
    pytest.importorskip("asyncpg")
    url = f"sqlite:///{tmp_path}/none.db"
    to = "postgresql://u@127.0.0.1:9/db"
    assert "no ledger to move" in terminal.refuses(1, "migrate", "--to", to, MESHLINE_DATABASE_URL=url)
    assert not (tmp_path / "none.db").exists()


def test_what_is_in_use_or_not_empty_is_refused_and_left_alone(terminal: Terminal, old: str, new: str) -> None:
    async def while_a_service_runs() -> str:
        store = Store(old)
        await store.open()
        await store.ping()
        try:
            return await asyncio.to_thread(terminal.refuses, 1, "migrate", "--to", new)
        finally:
            await store.close()

    assert "in use: stop the service" in asyncio.run(while_a_service_runs())

    async def somebody_was_quicker() -> None:
        store = Store(new)
        await store.open()
        await receive(store)
        await store.close()

    asyncio.run(somebody_was_quicker())
    assert "not empty: it holds 1 events" in terminal.refuses(1, "migrate", "--to", new)
