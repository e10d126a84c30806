"""The snapshots are ready for Block Kit Builder: nothing in them breaks one of Slack's published limits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from drawings import ROOT, SNAPSHOTS
from reading import DATA, LONGEST_ANSWER, LONGEST_TEXT, RELEASE, complaints

CHECKER = ROOT.parent / "shared" / "tools" / "check_blocks.py"


def _posted(path: Path, directory: Path) -> Path:
    """The same without what only the answer to a command says: who sees it."""
    drawn = json.loads(path.read_bytes())
    drawn.pop("response_type", None)
    (directory / path.name).write_text(json.dumps(drawn))
    return directory / path.name


@pytest.mark.skipif(not CHECKER.exists(), reason="the checker of published limits is not beside this checkout")
def test_every_snapshot_keeps_slacks_published_limits(tmp_path: Path) -> None:
    files = [str(_posted(path, tmp_path)) for path in sorted(SNAPSHOTS.glob("*.json"))]
    checked = subprocess.run([sys.executable, str(CHECKER), *files], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert len(files) > 90


def test_a_snapshot_shows_invented_people_only() -> None:
    for path in SNAPSHOTS.glob("*.json"):
        words = path.read_text()
        assert str(SNAPSHOTS.parents[1]) not in words and "@northwind" not in words, path.name


@pytest.mark.parametrize("path", sorted(SNAPSHOTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_snapshot_reads_as_sentences(path: Path) -> None:
    data = RELEASE if path.stem.startswith("release") else DATA
    longest = LONGEST_ANSWER if path.stem.startswith("answer") else LONGEST_TEXT
    assert complaints(json.loads(path.read_bytes()), data=data, longest=longest) == []
