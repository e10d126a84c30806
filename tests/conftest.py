"""Fixtures that every test may use."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tests.ledgers import POSTGRES, Ledgers, ledgers
from tests.postgres import Cluster, cluster
from tests.world import World, small_world

KEY = base64.b64encode(bytes(range(32))).decode()
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server for the whole run. `make test` needs none: tests that ask for one run in `make postgres`."""
    if not POSTGRES:
        pytest.skip("needs a PostgreSQL server: make postgres")
    with cluster(fsync=False) as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def all_ledgers(request: pytest.FixtureRequest) -> Iterator[Ledgers]:
    """Where every test's ledger comes from."""
    os.environ.pop("MESHLINE_TEST_DATABASE", None)  # the product refuses settings that it does not know
    os.environ["MESHLINE_KEY"] = KEY  # tests copy ledgers, and PostgreSQL has no file beside it
    with ledgers(request.getfixturevalue("postgres") if POSTGRES else None) as handed_out:
        yield handed_out


@pytest.fixture(autouse=True)
def _own_ledgers(all_ledgers: Ledgers) -> Iterator[None]:
    """What a test has written is gone after it."""
    yield
    all_ledgers.forget()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The whole small world, at Monday 10:00 in Berlin."""
    async with small_world(tmp_path) as built:
        yield built
