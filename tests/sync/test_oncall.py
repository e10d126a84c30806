"""Who is on call: people take turns, hand over at a time of the wall clock, and a date may have somebody else."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from sync.errors import ConfigurationError
from sync.oncall import Rota, on_call
from sync.workspace.loader import load
from tests.sync.diff.pairs import SETTINGS


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The example company, to be edited."""
    return Path(shutil.copytree(Path(__file__).parents[2] / "examples" / "quote_to_cash", tmp_path / "workspace"))


# From Monday 5 January 2026, 9:00 in Berlin, a week each
WEEKLY = Rota(
    people=("UANN", "UBOB", "UCAL"), start=date(2026, 1, 5), handover=time(9), days=7, timezone="Europe/Berlin"
)
TURNS = [
    ("2026-01-05T09:00+01:00", "UANN"),
    ("2026-01-12T08:59+01:00", "UANN"),
    ("2026-01-12T09:00+01:00", "UBOB"),
    ("2026-01-19T09:00+01:00", "UCAL"),
    ("2026-01-26T09:00+01:00", "UANN"),
    ("2026-01-01T12:00+01:00", "UANN"),  # before the first turn
    # 23 March is 77 days, eleven turns, later: UCAL's; a week on, over the change of the clock, UANN's
    ("2026-03-30T08:59+02:00", "UCAL"),
    ("2026-03-30T09:00+02:00", "UANN"),
    ("2026-01-12T03:00-05:00", "UBOB"),  # 9:00 in Berlin, told in New York
]


@pytest.mark.parametrize(("moment", "person"), TURNS)
def test_it_is_somebodys_turn(moment: str, person: str) -> None:
    assert on_call(WEEKLY, datetime.fromisoformat(moment)) == person


def test_a_date_may_have_somebody_else_from_handover_to_handover() -> None:
    rota = replace(WEEKLY, instead={date(2026, 1, 7): "UDEE"})
    hours = {"2026-01-07T08:59+01:00": "UANN", "2026-01-07T09:00+01:00": "UDEE", "2026-01-08T08:59+01:00": "UDEE",
             "2026-01-08T09:00+01:00": "UANN"}  # fmt: skip
    assert {moment: on_call(rota, datetime.fromisoformat(moment)) for moment in hours} == hours


def test_turns_may_be_daily() -> None:
    daily = replace(WEEKLY, days=1)
    assert on_call(daily, datetime(2026, 1, 7, 12, tzinfo=UTC)) == "UCAL"


ROTA = """    calendar: emea
    on_call:
      people: [U0DANA0001, U0BEN00001]
      starts: 2026-01-05
      timezone: Europe/Berlin
    escalation:
      - {to: backup, after: 0h}
      - {to: approvers, after: 2h}
"""


def written(directory: Path, block: str) -> None:
    settings = directory / SETTINGS
    settings.write_text(settings.read_text().replace("    calendar: emea\n", block, 1))


def test_whoever_is_on_call_is_asked_and_the_owner_backs_up(directory: Path) -> None:
    written(directory, ROTA)
    workspace = load(directory)
    flow = workspace.flow("quote_to_cash")
    dana, ben = (
        workspace.route(flow, "missing_billing_code", datetime(2026, 1, day, 10, tzinfo=UTC)) for day in (6, 13)
    )
    assert (dana.owner, dana.backup, ben.owner, ben.backup) == ("U0DANA0001", "U0BEN00001", "U0BEN00001", "U0DANA0001")
    assert [(one.to, one.people, one.wait.total_seconds()) for one in ben.ladder] == [
        ("backup", ("U0DANA0001",), 0), ("approvers", ("U0PRIYA001",), 7200),
    ]  # fmt: skip
    assert dana.remind_at == datetime(2026, 1, 6, 12, tzinfo=UTC)  # 11:00 in Berlin, half of 4 h later


def test_a_slack_group_on_call_is_asked_later_and_the_owner_stands_meanwhile(directory: Path) -> None:
    written(directory, "    calendar: emea\n    on_call: {group: S0ONCALL01}\n")
    workspace = load(directory)
    route = workspace.route(workspace.flow("quote_to_cash"), "missing_billing_code", datetime(2026, 1, 6, tzinfo=UTC))
    assert (route.on_call, route.owner) == ("S0ONCALL01", "U0DANA0001")


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("on_call: {people: [U0DANA0001]}", "people who take turns need `starts` and `timezone`"),
        ("on_call: {group: S0ONCALL01, people: [U0DANA0001], starts: 2026-01-05, timezone: UTC}", "either `group`"),
        ("on_call: {}", "either `group`"),
        ("on_call: {people: [U0DANA0001], starts: 2026-01-05, timezone: Berlin}", "is no time zone"),
        ("on_call: {people: [U0DANA0001], starts: 2026-01-05, timezone: UTC, every: 36h}", "whole days"),
        ("on_call: {people: [U0DANA0001], starts: 2026-01-05, timezone: UTC, handover: '9'}", "a time of day"),
        ("escalation: [{to: approvers, after: 4h}, {to: backup, after: 0h}]", "comes no sooner than the one before"),
        ("escalation: [{to: backup, after: 0h}, {to: backup, after: 1h}]", "each step has somebody else"),
        ("escalation: [{to: ceo, after: 0h}]", "backup"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake_with_its_line(directory: Path, block: str, words: str) -> None:
    written(directory, f"    calendar: emea\n    {block}\n")
    with pytest.raises(ConfigurationError) as refused:
        load(directory)
    assert words in str(refused.value) and f"{SETTINGS}:" in str(refused.value)
