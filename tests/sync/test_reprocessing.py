"""A replay of many records goes out in the hours that its flow keeps for it, where it keeps any."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sync.clocks import Calendar
from sync.workspace.flow import Flow
from sync.workspace.workspace import Workspace
from tests.sync.test_workspace_holding import FLOW
from tests.sync.test_workspace_holding import workspace as workspace

EVENINGS = Calendar(timezone="Europe/Berlin", days=frozenset(range(5)), opens=18 * 60, closes=22 * 60)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of November 2026, when Berlin is an hour ahead. The 27th is a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pressed", "goes_out"),
    [
        (at(27, 9), at(27, 17)),  # in the morning: this evening at 18:00 in Berlin
        (at(27, 17), at(27, 17)),  # as the hours begin: at once
        (at(27, 20, 59), at(27, 20, 59)),  # just before they end: at once
        (at(27, 21, 30), at(30, 17)),  # Friday night: Monday evening
        (at(28, 12), at(30, 17)),  # at the weekend: Monday evening
    ],
)
def test_what_is_pressed_outside_the_hours_waits_for_them(
    workspace: Workspace, pressed: datetime, goes_out: datetime
) -> None:
    company = replace(workspace, calendars={**workspace.calendars, "evenings": EVENINGS})
    flow = Flow.model_validate(FLOW | {"reprocess": "evenings"})
    assert company.reprocess_at(flow, pressed) == goes_out


def test_a_flow_that_keeps_no_hours_replays_at_once(workspace: Workspace) -> None:
    assert workspace.reprocess_at(Flow.model_validate(FLOW), at(28, 3)) == at(28, 3)
