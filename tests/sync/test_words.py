"""Any word of any system becomes one that every ledger keeps, and no two become one."""

from __future__ import annotations

import pytest

from sync.model import Change
from sync.words import LONGEST, fitted, not_kept, plain
from tests.world import MONDAY

WORDS = ["", "a", "a\0", "a\ufffd", "\0", "x" * LONGEST, "x" * (LONGEST + 1), "x" * 300 + "a", "x" * 300 + "b",
         "x" * 300 + "\0", "\ud800" * 300, "ß" * 256]  # fmt: skip


def test_every_word_fits_and_stays_another_word_than_all_others() -> None:
    kept = [fitted(word) for word in WORDS]
    assert len(set(kept)) == len(WORDS)
    assert all(len(word) <= LONGEST and "\0" not in word for word in kept)
    assert kept == [fitted(word) for word in WORDS]


@pytest.mark.parametrize("word", ["", "a", "Größe 7", "x" * LONGEST])
def test_a_word_that_can_be_kept_stays_as_it_is(word: str) -> None:
    assert fitted(word) == word
    assert plain(word) == word


def test_a_word_that_is_kept_shortened_still_begins_like_itself() -> None:
    assert fitted("Atlas " + "x" * 300).startswith("Atlas xxx")
    assert plain("said \0 twice \0") == "said \ufffd twice \ufffd"


@pytest.mark.parametrize(
    ("record", "sequence", "why"),
    [
        ("1" * (LONGEST - 6), 2**63 - 1, ""),
        ("1" * (LONGEST - 5), 0, "must not be over 255"),
        ("1", 2**63, "64 bits"),
        ("1", -(2**63) - 1, "64 bits"),
    ],
)
def test_an_id_or_a_number_that_no_ledger_keeps_is_said_to_be_one(record: str, sequence: int, why: str) -> None:
    one = Change(entity="deals", record_id=record, key="k", kind="x", occurred_at=MONDAY, sequence=sequence)
    assert why in not_kept(one)
    assert bool(not_kept(one)) == bool(why)
