"""What a change of a workspace breaks, proves, asks or leaves alone: one small edit at a time, and its verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.workspace import Workspace, load
from sync.workspace.diff import diff
from tests.sync.diff.pairs import WITH_OWN, made
from tests.sync.diff.verdicts import APPROVAL, PROOF, Pair
from tests.sync.diff.verdicts_fields import FIELDS, NINE
from tests.sync.diff.verdicts_flows import FLOWS, TRANSFORMS
from tests.sync.diff.verdicts_people import PROMISES, SURROUNDINGS

PAIRS = NINE | FIELDS | PROMISES | FLOWS | SURROUNDINGS


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return load(made(tmp_path_factory.mktemp("before") / "workspace"))


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.slow
def test_an_edit_gets_its_verdict(name: str, before: Workspace, tmp_path: Path) -> None:
    judged(PAIRS[name], before, load(made(tmp_path / "workspace", PAIRS[name].edit, *PAIRS[name].more)))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_an_edit_of_a_companys_own_transforms_gets_its_verdict(name: str, tmp_path: Path) -> None:
    before = load(made(tmp_path / "before", *WITH_OWN))
    judged(TRANSFORMS[name], before, load(made(tmp_path / "after", *WITH_OWN, TRANSFORMS[name].edit)))


def judged(wanted: Pair, before: Workspace, after: Workspace) -> None:
    changes = diff(before, after)
    found = [each for each in changes if (each.kind, each.path) == (wanted.kind, wanted.path)]
    assert len(found) == 1, changes
    [change] = found
    assert change.category is wanted.category
    assert wanted.words in change.words
    assert wanted.old in change.old and wanted.new in change.new
    if wanted.approvers is not None:
        assert change.approvers == wanted.approvers
    assert bool(change.approvers) == (wanted.category in (PROOF, APPROVAL))
    if not wanted.more and wanted.kind != "demand_unmet":
        assert changes[0].category is wanted.category, "nothing worse is told of the same edit"
