"""SuiteQL, put together in one place: what comes from a record is always quoted, everything else is ours."""

from __future__ import annotations

from collections.abc import Sequence

MOMENT = "YYYY-MM-DD HH24:MI:SS"
"""The form in which moments are asked for and told."""
CHANGED = f"TO_CHAR(lastmodifieddate, '{MOMENT}')"
"""When a record changed last, by the account's clock."""


def select(columns: Sequence[str], table: str, where: Sequence[str] = (), *, group: str = "", order: str = "") -> str:
    """One SELECT; all conditions hold."""
    parts = ["SELECT", ", ".join(columns), "FROM", table]
    for word, rest in (("WHERE", " AND ".join(where)), ("GROUP BY", group), ("ORDER BY", order)):
        parts += [word, rest] if rest else []
    return " ".join(parts)


def quoted(value: str) -> str:
    """A text."""
    return "'" + "".join(each for each in value if each.isprintable()).replace("'", "''") + "'"


def among(column: str, values: Sequence[str]) -> str:
    """The condition that the column is one of these, which are numbers or quoted."""
    return f"{column} IN ({', '.join(values)})"


def moment_of(text: str) -> str:
    """A moment by the account's clock."""
    return f"TO_TIMESTAMP({quoted(text)}, '{MOMENT}')"


def day_of(text: str) -> str:
    """A day."""
    return f"TO_DATE({quoted(text)}, 'YYYY-MM-DD')"
