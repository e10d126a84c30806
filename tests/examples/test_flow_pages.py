"""Each shipped flow has a page that says what goes wrong in it and who hears of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.reasons import REASONS
from sync.workspace.samples import read_samples, run_samples
from tests.examples.revenue import EXAMPLE
from tests.world import loaded

PAGES = Path(__file__).parents[2] / "docs" / "flows"
FLOWS = sorted(path.stem for path in (EXAMPLE / "flows").glob("*.yaml"))


SAMPLES = read_samples(EXAMPLE)[0]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_page_tells_of_every_sample_its_reason_and_the_team_that_gets_the_card(flow: str) -> None:
    page = (PAGES / f"{flow}.md").read_text(encoding="utf-8")
    workspace = loaded(EXAMPLE)
    contract = workspace.contract_of(workspace.flows[flow])
    for _, sample in SAMPLES:
        if sample.flow != flow:
            continue
        assert sample.title in page
        for expected in (sample.expect.reasons or ())[:1]:
            rule = contract.routes.get(expected.reason)
            role = rule.team if rule is not None and rule.team else REASONS[expected.reason].role
            row = next(line for line in page.splitlines() if line.startswith(f"| {sample.title} |"))
            assert f"(`{expected.reason}`)" in row and workspace.teams[role].title in row
    assert f"({flow}.md)" in (PAGES / "README.md").read_text(encoding="utf-8")


def test_every_flow_has_what_is_right_and_what_is_wrong_and_all_comes_out_as_it_says() -> None:
    assert {each.flow for _, each in SAMPLES} == set(FLOWS)
    assert [each for each in run_samples(loaded(EXAMPLE), SAMPLES) if not each.ok] == []
