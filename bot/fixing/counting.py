"""What a decision says about the suggestions that were made, whoever decided and wherever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sync.model import Case, Overlay
from sync.suggestions import Counting, marks
from sync.workspace.workspace import Workspace


def counting_of(
    workspace: Workspace, verb: str, cases: Sequence[Case], overlays: Mapping[int, tuple[Overlay, ...]] | None = None
) -> Counting | None:
    """What the decision about these cases counts for; None for a move that decides nothing. An approval decides what was
    proposed."""
    if verb not in ("resolve", "approve") or not cases:
        return None
    flow = workspace.flows.get(cases[0].flow)
    return Counting(
        marks=marks(cases[0].flow, [(case.violations, (overlays or {}).get(case.id, case.proposal)) for case in cases]),
        enough=workspace.propose_rule_after,
        channels={} if flow is None else {flow.name: workspace.team(flow.owner).channel},
    )
