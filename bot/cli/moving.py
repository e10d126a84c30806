"""`meshline migrate`: the schema to head, or with --to the whole ledger to PostgreSQL. Progress goes to stderr, the answer to stdout."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from bot.cli.asking import Json
from bot.cli.running import ledger, run, settings
from bot.cli.telling import show
from store.moving import Moved, Progress, move

_EVERY_SECONDS = 1.0

To = Annotated[
    str | None,
    typer.Option(
        help="Copy the SQLite ledger into this empty database: postgresql+asyncpg://user@host/database. Leave the password "
        "out and set PGPASSWORD, and no list of processes shows it."
    ),
]


def migrate(to: To = None, as_json: Json = False) -> None:
    """Bring the ledger's schema to this program's version; with --to, move the whole ledger to PostgreSQL."""
    if to is not None:
        moved = run(lambda: move(settings().database_url.get_secret_value(), to, _Reporter().tell))
        show(document(moved), as_json=as_json, text=lambda: words(moved))
        return

    async def go() -> None:
        async with ledger():
            pass

    run(go)
    show({"schema": "up to date"}, as_json=as_json, text=lambda: "the ledger's schema is up to date")


def document(moved: Moved) -> dict[str, Any]:
    """A move for programs."""
    return {
        "moved": not moved.before,
        "rows": dict(moved.rows),
        "journal": {"lines": moved.lines, "head": moved.head},
        "set": {"MESHLINE_DATABASE_URL": moved.address},
        "removed": 0,
    }


def words(moved: Moved) -> str:
    """A move for people: what stands there, what to change, and what was left alone."""
    many = sum(moved.rows.values())
    done = "Everything stands there already, as an earlier move left it" if moved.before else "The ledger is moved"
    return "\n".join((
        f"{done}: {many:,} rows in {len(moved.rows)} tables, counted on both sides.",
        f"Its journal is whole: {moved.lines:,} lines up to {moved.head[:12] or 'none'}, the same on both sides.",
        f"Now set MESHLINE_DATABASE_URL to {moved.address}",
        "(with the password, if there is one), MESHLINE_KEY to the key of the old ledger (what its .key file holds, if it has one),",
        "and start the service.",
        "Nothing was removed: the old ledger is as it was. Start no service on it any more.",
    ))  # fmt: skip


class _Reporter:
    """One line a second, and one for each table that is done."""

    def __init__(self) -> None:
        self._said = time.monotonic()

    def tell(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.rows < progress.total and now - self._said < _EVERY_SECONDS:
            return
        self._said = now
        typer.echo(f"{progress.table}: {progress.rows:,} of {progress.total:,}", err=True)
