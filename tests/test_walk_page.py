"""The page that tells the walk shows every picture there is, each with its words."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_every_picture_of_the_walk_is_told_with_its_words() -> None:
    told = re.findall(r"!\[([^\]]+)\]\((walk/[^)]+)\)", (DOCS / "walk.md").read_text(encoding="utf-8"))
    there = {f"walk/{path.name}" for path in (DOCS / "walk").glob("*.png")}
    assert {path for _, path in told} == there
    assert all(words[0].isupper() and len(words) > 12 for words, _ in told)
    assert max(path.stat().st_size for path in (DOCS / "walk").glob("*.png")) < 150_000
