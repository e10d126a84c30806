"""Publishing from the command line: what is said, who is named, and who may not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.__main__ import app
from bot.sandbox.stage import example
from tests.ledgers import ledger_url

DANA, PRIYA, NOBODY = "U0DANA0001", "U0PRIYA001", "U0NOBODY01"
FLOW = "flows/quote_to_cash.yaml"
Say = Callable[..., Result]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(example(), tmp_path / "workspace")
    return tmp_path / "workspace"


@pytest.fixture
def say(tmp_path: Path, directory: Path) -> Say:
    environ = {"MESHLINE_DATABASE_URL": ledger_url(tmp_path), "MESHLINE_WORKSPACE": str(directory)}
    return lambda *words: CliRunner().invoke(app, list(words), env=environ)


def publish(say: Say, who: str = DANA, *more: str) -> Result:
    return say("publish", "--as", who, "--offline", "-m", "a change", *more)


def widen(directory: Path, *, shown: bool = True) -> None:
    flow = directory / FLOW
    words = flow.read_text("utf-8").replace("tolerance: 10%", "tolerance: 20%").replace("version: 1\n", "version: 2\n")
    flow.write_text(words, "utf-8")
    if shown:
        sample = "sample: A wide price\nentity: deals\nlike: clean.yaml\nexpect: {record: {}}\n"
        (directory / "samples/deals/wide.yaml").write_text(sample, "utf-8")


def test_a_change_goes_from_the_directory_to_what_runs_and_back(say: Say, directory: Path) -> None:
    assert "nothing to roll back" in say("rollback", "--as", PRIYA).stderr
    assert publish(say).stdout == "release 1 is active\n"
    assert "says the same" in publish(say).stdout
    widen(directory)
    dry = publish(say, DANA, "--dry-run")
    assert dry.exit_code == 0 and "it would need the approval of finance" in dry.stdout
    assert "release 2 is proposed; it waits for finance" in publish(say).stdout
    assert say("releases", "approve", "2", "--as", PRIYA, "--team", "finance").stdout == "release 2 is active\n"
    assert say("rollback", "--as", PRIYA).stdout == "release 2 is rolled back; release 1 runs\n"
    assert "rolled_back" in say("releases", "list").stdout


def test_a_change_that_nobody_shows_is_blocked_and_names_who_proposes_it(say: Say, directory: Path) -> None:
    publish(say)
    widen(directory, shown=False)
    answer = publish(say)
    assert answer.exit_code == 1 and f"{DANA} proposes it" in answer.stdout
    assert "  " not in answer.stdout.splitlines()[0]


def test_who_puts_themselves_into_a_team_of_the_directory_may_not_publish_it(say: Say, directory: Path) -> None:
    publish(say)
    settings = directory / "meshline.yaml"
    settings.write_text(settings.read_text("utf-8").replace(DANA, NOBODY), "utf-8")
    answer = publish(say, NOBODY)
    assert answer.exit_code == 1 and "Only somebody of a team" in answer.stderr
    assert say("releases", "list").stdout.count("U0") == 1


@pytest.mark.parametrize("who", [NOBODY, DANA])
def test_who_does_not_lead_rejects_and_agrees_to_nothing(say: Say, directory: Path, who: str) -> None:
    publish(say, PRIYA)
    widen(directory)
    publish(say, PRIYA)
    assert say("releases", "approve", "2", "--as", who, "--team", "finance").exit_code == 1
    if who == NOBODY:
        assert say("releases", "reject", "2", "--as", who, "--why", "no").exit_code == 1
    assert "proposed" in say("releases", "show", "2").stdout
    assert say("releases", "reject", "2", "--as", PRIYA, "--why", "no").stdout == "release 2 is rejected\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--canary", "200%"),
        ("--canary", "ten"),
        ("--cohort", "77"),
        ("--canary", "5%", "--shadow"),
        ("--errors", "-1%"),
    ],
)
def test_what_cannot_be_meant_is_misuse(say: Say, words: tuple[str, ...]) -> None:
    assert publish(say, DANA, *words).exit_code == 2
