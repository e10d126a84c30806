"""`meshline contracts diff` and `render` on the command line: directories and git revisions, texts, JSON and annotations."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.__main__ import app
from bot.revisions import sides

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
DEAL, FLOW = "contracts/deal.odcs.yaml", "flows/quote_to_cash.yaml"


def line_of(words: str) -> int:
    lines = (EXAMPLE / FLOW).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def contracts(*words: str | Path) -> Result:
    result = CliRunner().invoke(app, ["contracts", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def change(directory: Path, file: str, old: str, new: str) -> None:
    text = (directory / file).read_text(encoding="utf-8")
    assert old in text
    (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with the example in `ops/workspace`, tagged v1; then Dana renames a field and Ben raises a tolerance."""
    top = tmp_path / "repository"
    workspace = top / "ops" / "workspace"
    shutil.copytree(EXAMPLE, workspace)
    (workspace / "link.yaml").symlink_to("/etc/hostname")
    monkeypatch.chdir(top)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git("init", "-q", "-b", "main")
    commit("Ada", "The first workspace")
    git("tag", "v1")
    change(workspace, DEAL, "name: billing_code,", "name: billing_reference,")
    change(workspace, FLOW, "write_back: [billing_code", "write_back: [billing_reference")
    commit("Dana", "A better name")
    change(workspace, FLOW, "tolerance: 10%", "tolerance: 12%")
    change(workspace, FLOW, "Which flow wrote it", "The flow that wrote it")
    commit("Ben", "More tolerance")
    return top


def git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)


def commit(author: str, words: str) -> None:
    mail = f"{author.lower()}@northwind.example"
    git("add", "-A")
    git("-c", f"user.name={author}", "-c", f"user.email={mail}", "commit", "-q", "-m", words)


def read(result: Result) -> Any:
    return json.loads(result.stdout)


def test_two_directories_are_compared_by_category_with_file_and_line(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "new")
    change(tmp_path / "new", FLOW, "tolerance: 10%", "tolerance: 12%")
    change(tmp_path / "new", FLOW, "Which flow wrote it", "The flow that wrote it")
    result = contracts("diff", EXAMPLE, tmp_path / "new")
    assert result.exit_code == 0, result.output
    heads = [line.split(":")[0] for line in result.stdout.splitlines() if line.isupper() or line[:4].isupper()]
    assert heads == ["NEEDS REPLAY PROOF", "SAFE"]
    assert (
        f"{FLOW}:{line_of('tolerance: 10%')}  flow quote_to_cash checks.price_within lines[*].price.tolerance"
        in result.stdout
    )
    assert "10% → 12%" in result.stdout and "to approve: finance" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("0 breaking, 1 to prove by replay, 0 to approve, 2 safe")


def test_what_blocks_ends_with_1_and_what_is_the_same_with_0(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "new")
    assert contracts("diff", EXAMPLE, tmp_path / "new").exit_code == 0
    change(tmp_path / "new", FLOW, 'key: "crm-deal-{id}"', 'key: "deal-{id}"')
    result = contracts("diff", EXAMPLE, tmp_path / "new")
    assert result.exit_code == 1
    assert "crm-deal-{id} → deal-{id}" in result.stdout


def test_mistakes_of_the_new_side_are_named_and_end_with_2(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "new")
    change(tmp_path / "new", FLOW, "owner: revops", "owner: nobody-here")
    result = contracts("diff", EXAMPLE, tmp_path / "new")
    assert result.exit_code == 2
    assert f"{FLOW}:{line_of('owner: revops')}: there is no team called 'nobody-here'" in result.stderr
    assert not result.stdout
    told = read(contracts("diff", EXAMPLE, tmp_path / "new", "--format", "json"))
    assert [each["line"] for each in told["mistakes"]] == [line_of("owner: revops")]


def test_revisions_are_compared_where_the_workspace_lies_and_the_proposer_is_named(repository: Path) -> None:
    told = read(contracts("diff", "v1", "HEAD~1", "--format", "json"))
    assert told["blocked"] and told["proposer"] == "Dana <dana@northwind.example>"
    [renamed] = [each for each in told["changes"] if each["kind"] == "field_renamed"]
    assert (renamed["old"], renamed["new"], renamed["file"]) == ("billing_code", "billing_reference", DEAL)
    refused = [each for each in told["changes"] if each["kind"] == "no_samples"]
    assert len(refused) == 2, "the contract's field, and what the flow writes back"
    assert all("Dana <dana@northwind.example> proposes it" in each["hint"] for each in refused)
    assert contracts("diff", "HEAD~1:ops/workspace", "main").exit_code == 0


def test_a_directory_is_compared_with_a_revision_and_names_who_works_in_it(repository: Path) -> None:
    assert "nothing changes" in contracts("diff", "main", "ops/workspace").stdout
    git("config", "user.name", "Mira")
    git("config", "user.email", "mira@northwind.example")
    change(repository / "ops" / "workspace", FLOW, "tolerance: 12%", "tolerance: 15%")
    result = contracts("diff", "main", repository / "ops" / "workspace")
    assert result.exit_code == 1, "no sample shows it, and no word of the dictionary"
    assert "proposed by Mira <mira@northwind.example>" in result.stdout


def test_annotations_point_to_the_new_file_or_to_where_something_stood(repository: Path) -> None:
    workspace = repository / "ops" / "workspace"
    change(workspace, FLOW, "      - {to: invoice_number, ref: posted.number}\n", "")
    change(workspace, DEAL, "resolve: 8h", "resolve: 9h")
    rule = '    quality: [{name: "late\\n::error::100% wrong", type: text, description: Late}]\n'
    change(workspace, DEAL, "    businessName: Deal\n", f"    businessName: Deal\n{rule}")
    lines = contracts("diff", "main", "ops/workspace", "--format", "github").stdout.splitlines()
    [removed] = [line for line in lines if "row_removed" in line]
    assert removed.startswith("::warning file=ops/workspace/flows/quote_to_cash.yaml,line=")
    [clock] = [line for line in lines if "clock_loosened" in line]
    assert clock.startswith("::warning file=ops/workspace/contracts/deal.odcs.yaml,line=") and "%3A " in clock
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines[:-1])
    [rule] = [line for line in lines if "quality_added" in line]
    assert rule.endswith("the quality rule late ::error::100%25 wrong is new.")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("nowhere", "main", "nowhere is no directory here, and nowhere is no revision of repository"),
        ("v1:elsewhere", "main", "there is no directory elsewhere at v1"),
        (":ops/workspace", "main", "neither a directory nor a revision"),
        ("main", "--output=x", "No such option"),
    ],
)
def test_what_is_neither_directory_nor_revision_is_said(repository: Path, old: str, new: str, words: str) -> None:
    result = contracts("diff", old, new)
    assert result.exit_code == 2
    assert words in " ".join(result.stderr.split())


def test_of_several_workspaces_one_must_be_named(repository: Path) -> None:
    shutil.copytree(EXAMPLE, repository / "other")
    commit("Ada", "A second one")
    result = contracts("diff", "v1", "main")
    assert result.exit_code == 2
    assert "main has 2 workspaces; write main:PATH with one of ops/workspace, other" in result.stderr
    assert contracts("diff", "v1:ops/workspace", "main").exit_code == 1


def test_without_a_repository_a_revision_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    result = contracts("diff", "main", EXAMPLE)
    assert result.exit_code == 2
    assert "main is no directory, and git finds no repository here" in result.stderr


def test_in_a_hook_of_git_the_named_repository_is_looked_at(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert contracts("diff", "v1", "ops/workspace").exit_code == 1


def test_of_a_revision_files_are_read_and_links_are_not(repository: Path) -> None:
    with sides("v1", "main") as (old, new):
        assert (old.directory / DEAL).read_text(encoding="utf-8") == (EXAMPLE / DEAL).read_text(encoding="utf-8")
        assert not (new.directory / "link.yaml").is_symlink() and not (new.directory / "link.yaml").exists()
        assert (old.prefix, new.proposer) == ("ops/workspace/", "Ben <ben@northwind.example>")
    assert not new.directory.exists(), "nothing stays behind"
