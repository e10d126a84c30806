"""The model test in small: a few hundred operations, and the model's own eyes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.model.mutants import MUTANTS
from tests.model.operations import sequence, size
from tests.model.running import LENGTH, play, run, shrunk, worlds
from tests.mutants import ROOT


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with worlds() as one:
        yield one


@pytest.mark.slow
def test_a_few_sequences_end_with_an_erp_that_is_right_or_explained(folder: Path) -> None:
    figures = run(lambda seed, ops: play(folder, seed, ops), range(1, 100), 200)
    assert (figures.failed, figures.operations >= 200) == ({}, True)


@pytest.mark.slow
def test_many_sequences_end_with_an_erp_that_is_right_or_explained(folder: Path) -> None:
    figures = run(lambda seed, ops: play(folder, seed, ops), range(700_000, 800_000), 4000)
    assert (figures.failed, figures.operations >= 4000) == ({}, True)


def test_one_seed_has_one_end(folder: Path) -> None:
    ops = sequence(11, 30)
    assert play(folder, 11, ops) == play(folder, 11, ops)
    assert 30 <= size(ops) <= 40


def test_what_is_left_out_of_a_sequence_is_what_does_not_matter() -> None:
    def fails_on_a_reopening_after_a_win(_: int, ops: object) -> object:
        words = [op[0] for op in ops]  # type: ignore[attr-defined] # the sequence as it comes
        bad = "win" in words and "reopen" in words[words.index("win") :]
        return type("Verdict", (), {"unexplained": ("bad",) if bad else ()})

    ops = [("lose", 1), ("win", 1), ("work", 2, 0, 9, ((3, ("lose", 2)),)), ("calm",), ("reopen", 1), ("poll",)]
    assert shrunk(fails_on_a_reopening_after_a_win, 0, ops) == [("win", 1), ("reopen", 1)]  # type: ignore[arg-type] # a player in small


def test_enough_of_the_protections_that_the_model_is_to_miss_stand_where_they_are_taken_out() -> None:
    there = [one.name for one in MUTANTS if (ROOT / one.file).read_text(encoding="utf-8").count(one.text) == 1]
    assert len(there) >= 8
    assert LENGTH >= 100
