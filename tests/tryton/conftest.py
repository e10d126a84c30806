"""The real Tryton, which only `make tryton` starts: without its peer nothing here is collected."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tryton.peer import Peer, booted

PEER = os.environ.get("TRYTON_PEER", "")
collect_ignore_glob = [] if PEER else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is told to the real one bears its mark, and the longest story begins first."""
    items.sort(key=lambda item: "three_hundred" not in item.name)
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.tryton)


@pytest.fixture
def erp(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Peer]:
    """A Tryton of this test's own, furnished with what the example workspaces name."""
    with booted(Path(PEER), f"t{abs(hash(request.node.name)) % 10**8}") as peer:
        peer.furnish()
        yield peer
