"""When a replay of many records may go out: a flow can keep hours for it, so that nobody floods the ERP in the middle of the day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.blocks import utc
from sync.model import Case
from sync.reasons import Severity
from sync.workspace.workspace import Workspace


def not_before(workspace: Workspace, cases: Sequence[Case], now: datetime, *, among: int = 1) -> datetime | None:
    """The moment that a replay of these waits for, of so many `among` which they are; None when it goes out now. One record
    alone, and whatever is of class A, goes at once."""
    if max(len(cases), among) < 2 or any(case.severity == Severity.A for case in cases):
        return None
    return window(workspace, "replay", cases[0].flow, now)


def window(workspace: Workspace, verb: str, flow: str, now: datetime) -> datetime | None:
    """The same for more records of a decision that was made already."""
    known = workspace.flows.get(flow)
    if verb != "replay" or known is None:
        return None
    opens = workspace.reprocess_at(known, now)
    return opens if opens > now else None


def replays(user: str, opens: datetime | None) -> str:
    """Who replays, and when it goes out, as it is kept."""
    return f"@{{{user}}} replays it." if opens is None else f"@{{{user}}} replays it; it goes out from {utc(opens)} on."
