"""The benchmark's own worlds, smaller: 500 defects among 20,000 records of each side."""

from __future__ import annotations

import pytest

from benchmarks.reconciling import measure


@pytest.mark.slow
def test_five_hundred_defects_of_seven_kinds_are_all_found_and_none_is_invented() -> None:
    result = measure(20_000, 500, seed=11)
    assert (result["missed"], result["invented"], result["misnamed"], result["found"]) == (0, 0, 0, 500)
    assert len(result["by_kind"]) == 7
    assert result["second_run_found"] == 500 and result["second_run_read"] < 2_000
