"""What the README shows is what the code does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from sync.lifecycle import CASE_MOVES, DELIVERY_MOVES, RELEASE_MOVES, Move

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def defined(path: str) -> set[str]:
    names = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{one.name}"
                for one in node.body
                if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
            }
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
    return names


def edges(moves: dict[str, Move]) -> set[str]:
    return {f"{source} --> {move.target}: {move.verb}" for move in moves.values() for source in move.sources}


def drawn(number: int) -> set[str]:
    block = re.findall(r"```mermaid\n(.*?)```", README, re.DOTALL)[number]
    return {line.strip() for line in block.splitlines() if "-->" in line}


def test_the_walk_of_one_event_names_code_that_exists() -> None:
    walked = re.findall(r"`((?:bot|store|sync)/[\w/]+\.py)` `([\w.]+)`", README)
    assert len(walked) >= 13
    assert [f"{path} {name}" for path, name in walked if name not in defined(path)] == []


def test_the_drawn_lifecycles_are_the_tables() -> None:
    assert drawn(0) == edges(DELIVERY_MOVES)
    assert drawn(1) == edges(CASE_MOVES)
    assert drawn(2) == edges(RELEASE_MOVES)
