"""The table of connectors in the docs says what the kinds say of themselves. `python -m tests.test_connector_docs` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sync.abilities import READS, WORDS, Ability
from sync.connectors import kinds
from sync.connectors.kind import Kind

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs" / "connectors"
README = DOCS / "README.md"
TABLE = re.compile(r"(?<=<!-- kinds -->\n).*?(?=<!-- end -->)", re.DOTALL)
SAID = {
    Ability.WEBHOOKS: "webhooks",
    Ability.CHANGES: "polled",
    Ability.READ: "read one",
    Ability.SEARCH: "search",
    Ability.LIST: "list",
    Ability.COUNT: "count and sum",
    Ability.DESCRIBE: "its fields",
    Ability.FIND: "find by reference",
    Ability.CREATE: "create",
    Ability.UPDATE: "change",
    Ability.POST: "post",
    Ability.VOID: "take back",
    Ability.CREDIT: "credit",
    Ability.BULK: "many at once",
    Ability.WARNINGS: "warnings agreed to",
    Ability.ADOPT: "bind what was there before",
    Ability.WRITE_BACK: "write back",
    Ability.TASK: "tasks",
}


def page(name: str) -> str:
    """The page about a kind, as a link from the directory of the docs."""
    for place in (f"{name}.md", f"../{name}.md"):
        if (DOCS / place).exists():
            return f"[`{name}`]({place})"
    return f"`{name}`"


def row(kind: Kind) -> str:
    said = [[SAID[each] for each in Ability if each in kind.abilities & these and each in SAID] for these in
            (READS, frozenset(Ability) - READS)]  # fmt: skip
    return f"| {page(kind.name)} | {kind.title} | {' | '.join(', '.join(each) or '–' for each in said)} |"


def table() -> str:
    head = "| kind | what it is for | reads | writes |\n|---|---|---|---|\n"
    return head + "".join(f"{row(kind)}\n" for kind in kinds().values())


def test_the_table_says_what_the_kinds_say_of_themselves() -> None:
    [stands] = TABLE.findall(README.read_text(encoding="utf-8"))
    assert stands == table(), "write it anew with: python -m tests.test_connector_docs"


def test_every_ability_has_a_word_in_the_table_and_in_the_command() -> None:
    assert SAID.keys() | {Ability.PROBE} == WORDS.keys() == set(Ability)


@pytest.mark.parametrize("name", sorted(kinds()))
def test_every_kind_has_a_page(name: str) -> None:
    assert "](" in page(name)


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(TABLE.sub(lambda _: table(), text), encoding="utf-8")
