"""The ledger of a test: migrated, empty and its own. SQLite, or with MESHLINE_TEST_DATABASE=postgresql a database of a server
that lives as long as the test run."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from store.database import address_of
from store.migrate import to_head
from tests.postgres import Cluster

POSTGRES = os.environ.get("MESHLINE_TEST_DATABASE", "sqlite") == "postgresql"
on_sqlite = pytest.mark.skipif(POSTGRES, reason="about SQLite itself")

_TEMPLATE = "meshline"


class Ledgers:
    """Hands out ledgers; a folder always gets the same one."""

    def __init__(self, home: Path, server: Cluster | None) -> None:
        self._server = server
        self._made: set[str] = set()
        self._fresh = home / "fresh.db"
        self._migrated = False

    def url(self, folder: Path) -> str:
        """The address of this folder's ledger, made when it is asked for the first time."""
        if not self._migrated:
            self._migrate()
        if self._server is None:
            file = folder / "ledger.db"
            if not file.exists():
                shutil.copy(self._fresh, file)
            return f"sqlite:///{file}"
        name = f"t_{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
        if name in self._made:
            return self._server.address(name)
        self._made.add(name)
        return self._server.url(name, template=_TEMPLATE)

    def _migrate(self) -> None:
        address = self._server.url(_TEMPLATE) if self._server is not None else f"sqlite:///{self._fresh}"
        with ThreadPoolExecutor(1) as pool:  # a thread has no running loop, whoever calls
            pool.submit(asyncio.run, to_head(address_of(address))).result()
        self._migrated = True

    def forget(self) -> None:
        """Drop the databases of the test that is over; files go with their folder."""
        while self._server is not None and self._made:
            self._server.drop(self._made.pop())


_ledgers: Ledgers | None = None


@contextmanager
def ledgers(server: Cluster | None) -> Iterator[Ledgers]:
    """Ledgers for a whole test run, on SQLite or on this server."""
    global _ledgers
    home = Path(tempfile.mkdtemp(prefix="meshline-ledgers-"))
    try:
        _ledgers = Ledgers(home, server)
        yield _ledgers
    finally:
        _ledgers = None
        shutil.rmtree(home)


def ledger_url(folder: Path) -> str:
    """The address of this folder's ledger."""
    assert _ledgers is not None, "the session fixture in tests/conftest.py starts them"
    return _ledgers.url(folder)
