"""The matrix as a whole: which rows there are, what it prints, and a kill that the fast suite can afford."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from tests.faults.__main__ import summary
from tests.faults.matrix import ROWS
from tests.faults.orders import plan
from tests.faults.plant import background, plant
from tests.faults.rows import Figures, Setting
from tests.postgres import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.alone]
_PROMISED = {
    "kill -9": {
        "kill-sqlite",
        "kill-postgres",
        "kill-batch",
        "aimed-sqlite",
        "aimed-postgres",
        "company",
        "long-postgres",
    },
    "answer lost, late commits": {"answers"},
    "duplicates, reordering": {"order", "identical"},
    "target down, slow, refusing, half": {"outage", "weather"},
    "database busy, restarted, gone, full": {"db-busy", "db-restarted", "db-gone", "disk-full"},
    "clock": {"clock"},
    "replicas, one frozen": {"replicas-2", "replicas-4", "frozen"},
    "poison": {"poison"},
    "flood": {"flood", "huge", "idle"},
    "Slack": {"slack"},
}


def no_server() -> Cluster:
    raise AssertionError("this row needs no PostgreSQL")


def test_every_fault_that_was_promised_is_a_row_and_every_row_belongs_to_one() -> None:
    assert set(ROWS) == set().union(*_PROMISED.values())
    assert all(one.name == name and one.title for name, one in ROWS.items())


def test_the_summary_adds_up_and_names_what_failed() -> None:
    held, fails = Figures(events=10, kills=2), Figures(events=5, lost=1, wrong=("one is lost",))
    said = summary({"a": held, "b": fails})
    assert (said["events"], said["kills"], said["lost"], said["rows"], said["rows_failed"]) == (15, 2, 1, 2, 1)
    assert said["failed"] == ["b"]


async def test_slack_in_all_its_troubles_stops_nothing(tmp_path: Path) -> None:
    said = Setting(home=tmp_path, seed=1, size=0.1, server=no_server, say=lambda words: None)
    found = await ROWS["slack"].run(said)
    assert found.holds, found.wrong


async def test_killed_in_the_middle_it_loses_and_doubles_nothing(tmp_path: Path) -> None:
    changes = [("meshline.yaml", "lease: 3s", "lease: 1s"), ("meshline.yaml", "quarantine: 4s", "quarantine: 1s")]
    async with plant(tmp_path, seed=1, changes=changes) as built:
        async with background(built.sender(repeats=0.1).send(plan(Random(1), 60, customers=12, wrong=1))):
            for level in (5, 30):
                assert await built.until(lambda: built.look() >= level, patience=20)  # noqa: B023
                await built.meshlines[0].again()
        verdict = await built.judge(held=1)
    assert built.kills == 2 and verdict.wrong == []
