"""One edit, and the change that it must be told as."""

from __future__ import annotations

from typing import NamedTuple

from sync.workspace.diff import Category
from tests.sync.diff.pairs import Edit

BREAKING, PROOF, APPROVAL, SAFE = Category
FINANCE = ("finance",)


class Pair(NamedTuple):
    """One edit, and the change that it must be told as: `old` and `new` are what is named of the two sides."""

    edit: Edit
    category: Category
    kind: str
    path: str
    words: str
    old: str = ""
    new: str = ""
    approvers: tuple[str, ...] | None = None
    more: tuple[Edit, ...] = ()


def pair(
    file: str, old: str, new: str, category: Category, kind: str, path: str, words: str, *sides: str,
    by: tuple[str, ...] | None = None, more: tuple[Edit, ...] = (),
) -> Pair:  # fmt: skip
    return Pair(Edit(file, old, new), category, kind, path, words, *sides, approvers=by, more=more)
