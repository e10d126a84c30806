"""What a change of a workspace breaks, proves, asks or leaves alone. Pure: two workspaces in, every difference out."""

from __future__ import annotations

from sync.workspace.diff.change import Category, Change, in_order
from sync.workspace.diff.contracts import Seen, contract_changes
from sync.workspace.diff.flows import flow_changes
from sync.workspace.diff.own import own_changes
from sync.workspace.diff.settings import settings_changes
from sync.workspace.diff.tables import table_changes
from sync.workspace.workspace import Workspace

__all__ = ["Category", "Change", "diff"]


def diff(old: Workspace, new: Workspace, *, seen: tuple[Seen, Seen] = ({}, {})) -> tuple[Change, ...]:
    """Every difference between two workspaces, worst first; empty for two that say the same. `seen` is what the samples of
    each side hold, by entity and field: it helps to recognise a field under a new name."""
    return in_order(
        [
            *contract_changes(old, new, seen),
            *flow_changes(old, new),
            *table_changes(old, new),
            *own_changes(old, new),
            *settings_changes(old, new),
        ]
    )
