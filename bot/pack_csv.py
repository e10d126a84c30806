"""The rows behind a pack as CSV, for a spreadsheet that runs none of them: a cell that would begin a formula is text."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

from sync.figures import Fact
from sync.money import exponent
from sync.reasons import reason

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
HEADS = (
    "exception", "flow", "reason", "what", "class", "team", "owner", "customer", "record", "amount", "currency", "opened",
    "resolve by", "resolved", "in time", "decided by", "decision", "came back", "went through",
)  # fmt: skip


def rows_of(facts: Sequence[Fact]) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets need to read it as such; times in UTC, amounts as decimal text."""
    kept = StringIO()
    writer = csv.writer(kept, lineterminator="\r\n")
    writer.writerow(HEADS)
    writer.writerows([cell(one) for one in _row(fact)] for fact in facts)
    return kept.getvalue().encode("utf-8-sig")


def cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _row(one: Fact) -> tuple[str, ...]:
    moments = [f"{at:%Y-%m-%d %H:%M:%S}" if at else "" for at in (one.opened_at, one.resolve_by, one.resolved_at)]
    later = [f"{at:%Y-%m-%d %H:%M:%S}" if at else "" for at in (one.came_back_at, one.outcome_at)]
    in_time = "" if one.resolved_at is None else "no" if one.missed(one.resolved_at) else "yes"
    return (
        one.ref, one.flow, one.reason, reason(one.reason).title, one.severity, one.team, one.owner, one.customer,
        one.title, _amount(one), one.money.currency if one.money else "", *moments, in_time, one.decided_by,
        one.decision.replace("@{", "").replace("}", ""), *later,
    )  # fmt: skip


def _amount(one: Fact) -> str:
    if one.money is None:
        return ""
    places = exponent(one.money.currency)
    whole, rest = divmod(abs(one.money.minor), 10**places)
    return f"{'-' if one.money.minor < 0 else ''}{whole}{f'.{rest:0{places}d}' if places else ''}"
