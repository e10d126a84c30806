"""The recipes for CI servers do what they say: their commands are run here as the servers run them, on a repository with a target
branch and a change. Only the installation is not run, because Meshline is installed already."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from bot.sandbox.stage import example

RECIPES = Path(__file__).parents[2] / "docs" / "ci"
INSTALL = "pip install meshline"
GITHUB = yaml.safe_load((RECIPES / "github-actions.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text(encoding="utf-8"))
DEAL = "contracts/deal.odcs.yaml"
Change = Callable[[str, str, str], None]


def git(directory: Path, *words: str) -> None:
    who = ("-c", "user.name=Dana", "-c", "user.email=dana@example.com", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *who, *words], cwd=directory, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone on a branch of its own; the workspace is on the target branch already."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    shutil.copytree(example(), origin / "workspace")
    git(origin, "init")
    git(origin, "add", ".")
    git(origin, "commit", "-m", "The workspace")
    git(tmp_path, "clone", str(origin), str(clone))
    git(clone, "checkout", "-b", "change")
    return clone


@pytest.fixture
def change(checkout: Path) -> Change:
    def make(file: str, old: str, new: str) -> None:
        path = checkout / "workspace" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        git(checkout, "commit", "-am", "A change")

    return make


def on_server(checkout: Path, script: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The script as a CI server runs it: in bash, which stops at the first command that fails."""
    kept = {"HOME": str(checkout.parent), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    assert shutil.which("meshline", path=kept["PATH"]), "Meshline is not installed beside this Python"
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(words, cwd=checkout, env=kept | environ, capture_output=True, text=True)


def github(checkout: Path, name: str) -> tuple[int, str]:
    """The exit code of a step and what it said."""
    [step] = [step for step in GITHUB["jobs"]["workspace"]["steps"] if step.get("name") == name]
    done = on_server(checkout, step["run"], GITHUB_BASE_REF="main", **GITHUB["env"])
    return done.returncode, done.stdout + done.stderr


def gitlab(checkout: Path) -> subprocess.CompletedProcess[str]:
    job = GITLAB["meshline"]
    names = {key: str(value) for key, value in job["variables"].items()}
    return on_server(checkout, "\n".join(job["script"]), CI_MERGE_REQUEST_TARGET_BRANCH_NAME="main", **names)


@pytest.mark.slow
def test_nothing_but_the_installation_is_left_out() -> None:
    steps = [step for step in GITHUB["jobs"]["workspace"]["steps"] if "run" in step]
    assert [step["name"] for step in steps if step["run"] == INSTALL] == ["Install"]
    assert [step["name"] for step in steps if step["run"] != INSTALL] == ["Check", "Compare"]
    assert GITLAB["meshline"]["before_script"] == [INSTALL]
    assert GITLAB["meshline"]["artifacts"]["reports"]["junit"] == "meshline.xml"


@pytest.mark.slow
def test_a_change_that_is_safe_is_green(checkout: Path, change: Change) -> None:
    change(DEAL, "usage: Read by the flow", "usage: Always read by the flow")
    for step in ("Check", "Compare"):
        code, said = github(checkout, step)
        assert code == 0, said
    done = gitlab(checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    root = ElementTree.parse(checkout / "meshline.xml").getroot()
    assert root.get("failures") == "0" and int(root.get("tests", "0")) > 20


@pytest.mark.slow
def test_a_mistake_is_red_at_its_line(checkout: Path, change: Change) -> None:
    change("flows/quote_to_cash.yaml", "owner: revops", "owner: nobody-here")
    code, said = github(checkout, "Check")
    assert code == 1 and "::error file=workspace/flows/quote_to_cash.yaml,line=5," in said
    assert gitlab(checkout).returncode != 0
    assert ElementTree.parse(checkout / "meshline.xml").getroot().get("failures") == "1"


@pytest.mark.slow
def test_a_change_that_breaks_somebody_is_red_although_the_workspace_is_right(checkout: Path, change: Change) -> None:
    change(DEAL, "resolve: 8h", "resolve: 80h")
    code, said = github(checkout, "Compare")
    assert code == 1 and "::error file=workspace/contracts/deal.odcs.yaml,line=" in said
    done = gitlab(checkout)
    assert done.returncode == 1 and "resolve" in done.stdout
    assert ElementTree.parse(checkout / "meshline.xml").getroot().get("failures") == "0"


@pytest.mark.slow
def test_the_first_workspace_of_a_repository_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    (origin / "README").write_text("Nothing yet.\n", encoding="utf-8")
    git(origin, "init")
    git(origin, "add", ".")
    git(origin, "commit", "-m", "A beginning")
    git(tmp_path, "clone", str(origin), str(clone))
    shutil.copytree(example(), clone / "workspace")
    code, said = github(clone, "Compare")
    assert code == 0 and "There is no workspace on main yet." in said
    assert gitlab(clone).returncode == 0
