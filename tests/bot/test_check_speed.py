"""A big workspace is checked while one waits: 50 contracts and 500 samples in less than two seconds, the start of the process
included. It is the processor's time that is measured, so that a busy machine does not matter."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from bot.sandbox.stage import example

CONTRACTS, SAMPLES, SECONDS = 50, 500, 2.0
DEAL, FLOW = "contracts/deal.odcs.yaml", "flows/quote_to_cash.yaml"


@pytest.fixture
def big(tmp_path: Path) -> Path:
    directory = tmp_path / "big"
    shutil.copytree(
        example(), directory, ignore=shutil.ignore_patterns("samples", "deal.odcs.yaml", "quote_to_cash.yaml")
    )
    contract, flow = ((example() / file).read_text(encoding="utf-8") for file in (DEAL, FLOW))
    samples = {path.name: path.read_text(encoding="utf-8") for path in (example() / "samples/deals").iterdir()}
    for number in range(CONTRACTS - 2):
        text = contract.replace("id: deal\n", f"id: deal{number}\n", 1).replace(
            "name: deals\n", f"name: deals{number}\n", 1
        )
        (directory / f"contracts/deal{number}.odcs.yaml").write_text(text, encoding="utf-8")
    for number in range(-(-SAMPLES // len(samples))):
        text = flow.replace("quote_to_cash", f"flow{number}").replace("deal@", f"deal{number}@")
        text = text.replace("deals/clean.yaml", f"deals{number}/clean.yaml")
        text = text.replace("entity: deals\n  poll", f"entity: deals{number}\n  poll")
        (directory / f"flows/flow{number}.yaml").write_text(text, encoding="utf-8")
        folder = directory / f"samples/deals{number}"
        folder.mkdir(parents=True)
        for name, text in samples.items():
            own = text.replace("entity: deals\n", f"entity: deals{number}\n").replace(
                "quote_to_cash/", f"flow{number}/"
            )
            (folder / name).write_text(own, encoding="utf-8")
    return directory


@pytest.mark.slow
@pytest.mark.alone
def test_fifty_contracts_and_five_hundred_samples_are_checked_in_less_than_two_seconds(
    big: Path, tmp_path: Path
) -> None:
    """The best of three: whatever else the machine does makes a process slower and never faster."""
    assert min(_checked(big, tmp_path / f"told{number}.json") for number in range(3)) < SECONDS


def _checked(big: Path, told: Path) -> float:
    """The seconds of processor time that a check takes which finds all in order."""
    words = [sys.executable, "-m", "bot", "check", str(big), "--format", "json"]
    output = (os.POSIX_SPAWN_OPEN, 1, str(told), os.O_WRONLY | os.O_CREAT, 0o600)
    process = os.posix_spawn(sys.executable, words, os.environ, file_actions=[output])
    _, status, used = os.wait4(process, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    found = json.loads(told.read_text(encoding="utf-8"))
    assert len(list((big / "contracts").iterdir())) == CONTRACTS
    assert found["ok"] and len(found["samples"]) >= SAMPLES
    return used.ru_utime + used.ru_stime
