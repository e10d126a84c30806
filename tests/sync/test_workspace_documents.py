"""The two parsers of YAML: what a file says does not depend on which of them reads it, and no file can bring the process down."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.sandbox.stage import example
from sync.workspace import documents

FILES = sorted(path.relative_to(example()).as_posix() for path in example().rglob("*.y*ml"))
ODD = {
    "words": "a: 'true'\nb: true\nc: \"5\"\nd: 5\ne: ~\nf:\ng: ''\nh: |\n  5\ni: NO\nj: 1.50\nk: 2026-11-21\nl: !!str 5\n",
    "alias": "a: &x [1, {b: 'c'}]\nd: *x\n<<: {e: 5}\n",
    "twice": "a: 1\na: 2\n",
    "tab": "a:\n\tb: 1\n",
    "second": "a: 1\n---\nb: 2\n",
    "unfinished": "a: [1, 2\nb: 'c",
    "nothing": "",
    "unicode": "ä: „ü“ \U0001f600\n",
    "control": "a: \x07\n",
}


@pytest.mark.skipif(documents._QUICK is None, reason="the quick parser's library is not there")
@pytest.mark.parametrize("name", FILES)
def test_both_parsers_read_the_example_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = documents.read(example(), name)
    monkeypatch.setattr(documents, "_QUICK", None)
    assert quick == documents.read(example(), name)


@pytest.mark.skipif(documents._QUICK is None, reason="the quick parser's library is not there")
@pytest.mark.parametrize("name", ODD)
def test_both_parsers_read_odd_files_alike(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd.yaml").write_text(ODD[name], encoding="utf-8")
    quick = documents.read(tmp_path, "odd.yaml")
    monkeypatch.setattr(documents, "_QUICK", None)
    assert quick == documents.read(tmp_path, "odd.yaml")


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
def test_a_file_that_only_opens_brackets_is_a_mistake_and_no_crash(opening: str, tmp_path: Path) -> None:
    (tmp_path / "abyss.yaml").write_text(opening * 100_000, encoding="utf-8")
    [mistake] = documents.read(tmp_path, "abyss.yaml").mistakes
    assert mistake.file == "abyss.yaml" and mistake.right
