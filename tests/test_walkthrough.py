"""A connector that somebody writes by following only the docs takes one file, passes the suite and is found."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from connector_harness import HARNESSES
from typer.testing import CliRunner

from bot.__main__ import app
from sync.connectors import kinds
from sync.connectors.testing import template, template_test
from sync.connectors.testing.front import Front, served
from sync.connectors.testing.live import Live
from sync.connectors.testing.scaffold import files
from sync.connectors.testing.suite import suite_of
from sync.errors import ConfigurationError

ROOT = Path(__file__).parents[1]
WALKTHROUGH = ROOT / "docs" / "connectors" / "writing-one.md"
BLOCK = re.compile(r'```\w+ title="([\w.-]+)"\n(.*?)\n```', re.DOTALL)

TestTemplate = suite_of(template.KIND, template_test.HARNESS)


def written() -> dict[str, str]:
    """Every file of the walkthrough: its blocks one below the other."""
    found: dict[str, list[str]] = {}
    for file, text in BLOCK.findall(WALKTHROUGH.read_text(encoding="utf-8")):
        found.setdefault(file, []).append(text)
    return {file: "\n\n".join(blocks) + "\n" for file, blocks in found.items()}


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def test_the_docs_write_what_the_command_writes() -> None:
    docs = written()
    for file, text in files("acme").items():
        assert lines(docs[file]) == lines(text), file


def test_a_connection_is_written_as_the_docs_say() -> None:
    options = yaml.safe_load(written()["meshline.yaml"])["connections"]["billing"]
    assert options.pop("kind") == template.KIND.name
    template.KIND.options.model_validate(options)


def registered(directory: Path) -> None:
    """What installing the distribution would leave behind."""
    project = tomllib.loads((directory / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    about = directory / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    [(group, points)] = project["entry-points"].items()
    (about / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in points.items()))


def ran(directory: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    around = {**os.environ, "PYTHONPATH": os.pathsep.join([str(directory), str(ROOT)]), **more}
    whole = [sys.executable, "-m", *command]
    return subprocess.run(whole, cwd=directory, env=around, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_one_file_written_by_the_docs_passes_the_suite_and_is_found(tmp_path: Path) -> None:
    for file, text in written().items():
        if file.endswith((".py", ".toml")):
            (tmp_path / file).write_text(text, encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["acme.py", "pyproject.toml", "test_acme.py"]
    done = ran(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "test_acme.py")
    assert done.returncode == 0, done.stdout
    assert int(re.findall(r"(\d+) passed", done.stdout)[0]) >= 50 and "skipped" not in done.stdout
    registered(tmp_path)
    listed = ran(tmp_path, "bot", "connectors", "--json")
    [acme] = [each for each in json.loads(listed.stdout)["connectors"] if each["name"] == "acme"]
    assert acme["from"] == "acme-meshline 0.1.0" and acme["reads"] == ["changes", "read", "search", "list", "probe"]


@pytest.mark.slow
def test_a_connector_of_any_name_passes_as_it_is_generated(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["connectors", "new", "my_erp", str(tmp_path / "mine")])
    assert made.exit_code == 0, made.output
    assert made.output.split() == [
        str(tmp_path / "mine" / each) for each in ("my_erp.py", "test_my_erp.py", "pyproject.toml")
    ]
    done = ran(tmp_path / "mine", "pytest", "-q", "-p", "no:cacheprovider", "test_my_erp.py")
    assert done.returncode == 0, done.stdout


def test_nothing_that_is_there_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("mine\n")
    refused = CliRunner().invoke(app, ["connectors", "new", "acme", str(tmp_path)])
    assert refused.exit_code == 2 and "pyproject.toml is there already" in refused.output
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]


@pytest.mark.parametrize("name", ["", "A", "9x", "two words", "x" * 40, "../up", "hubspot", "___"])
def test_a_name_that_is_none_or_is_taken_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        files(name)


async def test_a_real_account_hears_only_what_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    harness, front = HARNESSES["rest"], Front()
    fake = harness.fake()
    async with served(lambda web: harness.mount(fake, web), front) as url:
        options = {**harness.options(url), "token": "env:REST_SANDBOX_TOKEN"}
        (tmp_path / "live.yaml").write_text(yaml.safe_dump({"entity": "invoice", "options": options}))
        monkeypatch.setenv("REST_SANDBOX_TOKEN", harness.options(url)["token"])
        monkeypatch.setenv("MESHLINE_LIVE_REST", str(tmp_path / "live.yaml"))
        told: Any = suite_of(kinds()["rest"], harness)
        names = [name for name in vars(Live) if name.startswith("test_live")]
        for name in names:
            try:
                await getattr(told(), name)()
            except pytest.skip.Exception:
                continue
    assert len(names) >= 6 and len(front.seen) >= 5
    assert {method for method, _ in front.seen} == {"GET"}


def test_without_being_asked_nobody_speaks_to_a_real_account() -> None:
    assert not issubclass(suite_of(kinds()["rest"], HARNESSES["rest"]), Live)
