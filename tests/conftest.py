"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from tests.ledgers import Ledgers, ledgers
from tests.world import World, small_world

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


@pytest.fixture(scope="session", autouse=True)
def all_ledgers() -> Iterator[Ledgers]:
    """Where every test's ledger comes from."""
    os.environ.pop("MESHLINE_TEST_DATABASE", None)  # the product refuses settings that it does not know
    with ledgers() as handed_out:
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
