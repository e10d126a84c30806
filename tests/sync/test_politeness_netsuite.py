"""NetSuite's limit is on requests under way: our share is kept and used. A small version of `python -m benchmarks.politeness_netsuite`."""

from __future__ import annotations

import pytest

from benchmarks.politeness_netsuite import measured
from benchmarks.stepped import run

pytestmark = pytest.mark.slow


def test_a_backlog_is_read_within_our_share_and_uses_it() -> None:
    polite = run(measured("polite", 120, {}, seed=7))
    assert (polite.records, polite.refused) == (120, 0)
    assert polite.share >= 0.9


def test_with_more_than_our_share_the_same_account_refuses() -> None:
    assert run(measured("rude", 20, {"concurrency": 12}, seed=7)).refused > 0
