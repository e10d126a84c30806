"""`meshline check` for CI servers: what it prints is read by them, whatever stands in the files, and names files as they do."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.__main__ import COMMANDS, app
from bot.cli import reports
from bot.sandbox.stage import example
from sync.errors import Mistake
from sync.workspace.check import Report
from sync.workspace.samples import SampleResult

ODD = "a \x00\x07\x1b[31m <b>&\"' ]]> \ufffe, 100%: one::two\r\nthree\ttabs \ud800 ä \U0001f600"
LINE = str((example() / "meshline.yaml").read_text(encoding="utf-8").split("concurrency: 8")[0].count("\n") + 1)
COMMAND = re.compile(r"::error file=([^,]*),line=(\d+),title=([^,:]*)::(.*)")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A repository with a workspace in it that holds one mistake and one sample that comes out otherwise."""
    (tmp_path / ".git").mkdir()
    directory = tmp_path / "crm" / "north, 100%"
    shutil.copytree(example(), directory)
    settings = (directory / "meshline.yaml").read_text(encoding="utf-8")
    (directory / "meshline.yaml").write_text(settings.replace("concurrency: 8", "concurency: 8"), encoding="utf-8")
    sample = (directory / "samples/deals/yen.yaml").read_text(encoding="utf-8")
    (directory / "samples/deals/yen.yaml").write_text(sample.replace("country: JP", "country: DE"), encoding="utf-8")
    return directory


def said(directory: Path, format: str) -> str:
    result = CliRunner().invoke(app, ["check", str(directory), "--format", format])
    assert result.exit_code == 1, result.output
    return result.stdout


def report(words: str) -> Report:
    mistake = Mistake(file=words, line=7, what=words, right=words)
    bad = SampleResult(file=words, line=3, title=words, flow="f", problems=(words, "second"))
    good = SampleResult(file="samples/a.yaml", line=2, title="Good", flow="f")
    return Report(workspace=None, mistakes=(mistake,), samples=(bad, good))


def test_junit_has_a_case_for_each_mistake_and_each_sample_of_each_flow(broken: Path) -> None:
    root = ElementTree.fromstring(said(broken, "junit"))
    [suite] = root.findall("testsuite")
    cases = suite.findall("testcase")
    failed = {case.get("file"): case for case in cases if case.find("failure") is not None}
    assert set(failed) == {"meshline.yaml", "samples/deals/yen.yaml"}
    assert failed["meshline.yaml"].get("line") == LINE and "concurency" in str(failed["meshline.yaml"].get("name"))
    assert "expected 'DE'" in str(failed["samples/deals/yen.yaml"].find("failure").get("message"))  # type: ignore[union-attr]
    assert (root.get("tests"), root.get("failures")) == (str(len(cases)), "2") and len(cases) > 20
    assert all(case.get("classname") and case.get("name") for case in cases)


@given(words=st.text(max_size=40) | st.just(ODD))
@pytest.mark.slow
def test_junit_is_well_formed_whatever_stands_in_the_files(words: str) -> None:
    root = ElementTree.fromstring(reports.junit(report(words)))
    assert len(root.findall(".//testcase")) == 3
    assert len(root.findall(".//failure")) == 2


def test_github_annotations_name_files_from_the_root_of_the_repository(broken: Path) -> None:
    *commands, summary = said(broken, "github").splitlines()
    found = [match.groups() for match in map(COMMAND.fullmatch, commands) if match]
    assert len(found) == len(commands) == 2
    assert [unquote(file) for file, *_ in found] == [
        "crm/north, 100%/meshline.yaml", "crm/north, 100%/samples/deals/yen.yaml",
    ]  # fmt: skip
    assert found[0][1] == LINE and "did you mean `concurrency`?" in found[0][3]
    assert summary.startswith("1 mistakes; ")


@given(words=st.text(max_size=40) | st.just(ODD))
def test_no_text_breaks_out_of_its_annotation(words: str) -> None:
    lines = reports.github(report(words)).split("\n")
    assert len(lines) == 4
    for line in lines[:-1]:
        match = COMMAND.fullmatch(line)
        assert match is not None and "\r" not in line
    assert unquote(lines[0].partition("::error file=")[2].partition(",line=")[0], errors="surrogatepass") == words


def test_json_says_flow_and_line_of_every_sample(broken: Path) -> None:
    found = json.loads(said(broken, "json"))
    [bad] = [one for one in found["samples"] if not one["ok"]]
    assert (bad["file"], bad["flow"]) == ("samples/deals/yen.yaml", "quote_to_cash")
    lines = (broken / bad["file"]).read_text(encoding="utf-8").splitlines()
    assert lines[bad["line"] - 1] == "expect:"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_there_and_says_what_it_does(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0 and "Usage" in result.output and "completion" not in result.output


def test_a_check_loads_neither_the_service_nor_the_ledger() -> None:
    script = "import sys; from bot.cli import checking; print(sorted({n.partition('.')[0] for n in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "'sync'" in loaded
    assert not any(f"'{name}'" in loaded for name in ("store", "sqlalchemy", "slack_bolt", "apscheduler", "uvloop"))
