"""Fixtures that every test may use."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from tests.world import World, small_world

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """The whole small world, at Monday 10:00 in Berlin."""
    async with small_world(tmp_path) as built:
        yield built
