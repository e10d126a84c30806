"""What can go wrong in a flow: every reason that it can raise, who answers for it, by when, and what that person does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

from bot.render.page import Cell, Code, Paragraph, Part, Table
from sync.reasons import REASONS, Severity, reason
from sync.workspace.checking import AnyCheck
from sync.workspace.contract import RouteRule
from sync.workspace.diff.change import shown
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace

_ANY_DAY = datetime(2026, 1, 5, 12, tzinfo=UTC)
_HEADS = ("Reason", "What happened", "Class", "Goes to", "First answer", "Solved within", "Billing waits", "What to do")
_OF_CHECKS = frozenset(
    str(field.default)
    for model in get_args(get_args(AnyCheck)[0])
    for name, field in model.model_fields.items()
    if name in ("reason", "negative")
)


def failures(workspace: Workspace, flow: Flow, raised: Iterable[str]) -> tuple[Part, ...]:
    """What a record can be stopped by, and what can happen to it on the way. `raised` are the codes of the flow's own rules."""
    own = list(raised)
    others = [code for code in REASONS if code not in own and code not in _OF_CHECKS]
    words = (
        "Class A: money or data at risk, a second person approves, the clock runs day and night. B: somebody mends the record "
        "within working hours. C: told in the daily digest."
    )
    return (
        Paragraph(words=words),
        _table("What is wrong with a record", workspace, flow, own),
        _table("What systems and people can cause on the way", workspace, flow, others),
    )


def _table(caption: str, workspace: Workspace, flow: Flow, codes: list[str]) -> Table:
    return Table(caption=caption, heads=_HEADS, rows=tuple(_row(workspace, flow, code) for code in codes))


def _row(workspace: Workspace, flow: Flow, code: str) -> tuple[Cell, ...]:
    known, route = reason(code), workspace.route(flow, code, _ANY_DAY)
    rule = workspace.contract_of(flow).routes.get(code, RouteRule())
    resolve = rule.resolve or known.resolve
    usual = replace(known, severity=Severity(route.severity), resolve=resolve).respond_within
    respond = min(rule.respond or usual, resolve)
    billing = "yes" if route.holds_billing else "no"
    team = workspace.team(route.team).title
    return (Code(text=code), known.title, route.severity, team, shown(respond), shown(resolve), billing, known.hint)
