"""The pages of a workspace: what a newcomer finds on them, that they lead to each other, and that no word becomes markup."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.__main__ import app
from bot.render.checks import expectation
from sync.reasons import reason
from sync.workspace import load
from sync.workspace.flow import Check

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
DEAL, FLOW, SETTINGS = "contracts/deal.odcs.yaml", "flows/quote_to_cash.yaml", "meshline.yaml"
EVIL = '<script>alert(1)</script><img src=x onerror=alert(2)> \\"onload=x [a](javascript:1) | `b` & ]]>'


class Tags(HTMLParser):
    """What a page is made of: its tags, attributes, ids and text; fails on a tag that is not closed."""

    EMPTY = ("meta", "rect", "path")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def values(self, attribute: str) -> list[str]:
        return [value for _, given in self.tags if (value := given.get(attribute)) is not None]


def render(directory: Path, out: Path, *more: str) -> Result:
    result = CliRunner().invoke(app, ["contracts", "render", str(directory), "--out", str(out), *more])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tags]:
    out = tmp_path_factory.mktemp("pages")
    assert render(EXAMPLE, out).exit_code == 0
    return {file.name: Tags(file.read_text(encoding="utf-8")) for file in out.iterdir()}


def test_there_is_a_page_for_each_contract_and_flow_and_one_that_leads_there(pages: dict[str, Tags]) -> None:
    workspace = load(EXAMPLE)
    wanted = {f"contract-{each.id}-{each.version}.html" for each in workspace.contracts.values()}
    wanted |= {f"flow-{name}.html" for name in workspace.flows}
    assert set(pages) == wanted | {"index.html"}
    assert wanted <= set(pages["index.html"].values("href"))
    for page in pages.values():
        assert {href for href in page.values("href") if not href.startswith("#")} <= set(pages)


def test_a_page_stands_alone_and_can_be_read_by_everybody(pages: dict[str, Tags]) -> None:
    for name, page in pages.items():
        tags = [tag for tag, _ in page.tags]
        assert tags.count("h1") == tags.count("main") == 1
        assert not {"script", "iframe", "link", "img", "object", "form"} & set(tags)
        ids = page.values("id")
        assert len(ids) == len(set(ids)), name
        assert {each.lstrip("#") for each in page.values("href") if each.startswith("#")} <= set(ids)
        assert all(each in ids for labels in page.values("aria-labelledby") for each in labels.split())
        assert all(given.get("scope") in ("row", "col") for tag, given in page.tags if tag == "th")
        assert "default-src 'none'" in " ".join(page.values("content"))
        assert all(given.get("role") == "img" for tag, given in page.tags if tag == "svg")


def test_a_newcomer_reads_of_a_flow_who_mends_what_by_when(pages: dict[str, Tags]) -> None:
    text = pages["flow-quote_to_cash.html"].text
    workspace = load(EXAMPLE)
    flow = workspace.flows["quote_to_cash"]
    for check in flow.checks:
        assert check.reason in text and reason(check.reason).title in text and reason(check.reason).hint in text
    assert "erp_unavailable" in text and "Wait until the system is back" in text
    assert "Revenue Operations (revops)" in text and "Won deal (deal@1.0.0)" in text
    assert "within 10% of list_price in the table price_list" in text
    assert "crm-deal-{id}" in text and "minor_units" in text and "account in the table price_list, by code" in text
    assert "total_minor is amount" in text


def test_a_newcomer_reads_of_a_contract_what_a_record_looks_like_and_who_answers(pages: dict[str, Tags]) -> None:
    text = pages["contract-deal-1.0.0.html"].text
    contract = load(EXAMPLE).contracts["deal@1.0.0"]
    for path, each in contract.fields.items():
        assert path in text and each.label in text and each.description in text
    assert contract.purpose in text and contract.runbook in text
    assert "Sales Operations (sales-ops)" in text and "Marketing Operations (marketing-ops)" in text
    assert "restricted" in text and "15m" in text and "array of objects" in text


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """The example with hostile words wherever a person may write some."""
    directory = tmp_path / "evil"
    shutil.copytree(EXAMPLE, directory)
    for file, old, new in (
        (SETTINGS, "name: Northwind Trading", f'name: "{EVIL}"'),
        (SETTINGS, "title: Billing", f'title: "{EVIL}"'),
        (FLOW, "title: Quote to cash", f'title: "{EVIL}"'),
        (FLOW, 'note: "The deal id; never changes"', f'note: "{EVIL}"'),
        (FLOW, '"at most 40 letters, digits, dashes and dots"', f'"{EVIL}"'),
        (DEAL, "name: Won deal", f'name: "{EVIL}"'),
        (DEAL, "businessName: Stage", f'businessName: "{EVIL}"'),
        (DEAL, "description: What people call the deal.", f'description: "{EVIL}"'),
        (DEAL, "url: ", "description: x, url: "),
        ("contracts/line_item.odcs.yaml", "id: line_item", 'id: "../../line/item"'),
    ):
        text = (directory / file).read_text(encoding="utf-8")
        assert old in text, old
        (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return directory


def test_no_word_of_a_workspace_becomes_markup(evil: Path, tmp_path: Path) -> None:
    result = render(evil, tmp_path / "out" / "pages")
    assert result.exit_code == 0, result.stderr
    assert {file.parent for file in (tmp_path / "out").rglob("*.html")} == {tmp_path / "out" / "pages"}
    for file in (tmp_path / "out" / "pages").iterdir():
        page = Tags(file.read_text(encoding="utf-8"))
        assert not {"script", "img"} & {tag for tag, _ in page.tags}
        assert not [key for _, given in page.tags for key in given if key.startswith("on")]
    deal = Tags((tmp_path / "out" / "pages" / "contract-deal-1.0.0.html").read_text(encoding="utf-8"))
    assert EVIL.replace("\\", "") in deal.text, "the words are shown as they stand"


def test_markdown_has_the_same_pages_and_its_tables_keep_their_columns(evil: Path, tmp_path: Path) -> None:
    assert render(evil, tmp_path / "md", "--format", "markdown").exit_code == 0
    names = {file.name for file in (tmp_path / "md").iterdir()}
    assert {"index.md", "flow-quote_to_cash.md", "flow-quote_to_cash.svg", "contract-deal-1.0.0.md"} <= names
    for file in (tmp_path / "md").glob("*.md"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"(?<!\\)<(script|img)", text)
        assert not re.search(r"(?<!\\)\]\(javascript", text)
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(columns) == 1, table
        assert all(link in names for link in re.findall(r"(?<!\\)\]\(([^)]*)\)", text))


def test_the_history_names_the_versions_as_they_were_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    directory = tmp_path / "repository"
    shutil.copytree(EXAMPLE, directory)
    contract = directory / "contracts" / "company.odcs.yaml"
    commit(directory, "The first words")
    contract.write_text(contract.read_text(encoding="utf-8").replace("Web domain", "Domain"), encoding="utf-8")
    commit(directory, "A better label")
    contract.write_text(
        contract.read_text(encoding="utf-8").replace("version: 1.0.0", "version: 1.1.0"), encoding="utf-8"
    )
    commit(directory, "Published <again>")
    assert render(directory, tmp_path / "out", "--format", "markdown").exit_code == 0
    text = (tmp_path / "out" / "contract-company-1.1.0.md").read_text(encoding="utf-8")
    rows = [line.split("|")[2:5] for line in text.splitlines() if "| Ada |" in line]
    assert [[cell.strip() for cell in row[:2]] for row in rows] == [
        ["→ 1.1.0", r"Published \<again\>"],
        ["", "A better label"],
        ["→ 1.0.0", "The first words"],
    ]


def commit(directory: Path, words: str) -> None:
    def git(*more: str) -> None:
        subprocess.run(["git", "-C", str(directory), *more], check=True, capture_output=True)

    if not (directory / ".git").exists():
        git("init", "-q")
    git("add", "-A")
    git("-c", "user.name=Ada", "-c", "user.email=ada@northwind.example", "commit", "-q", "-m", words)


def test_without_git_nothing_is_claimed_of_the_past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    shutil.copytree(EXAMPLE, tmp_path / "workspace")
    assert render(tmp_path / "workspace", tmp_path / "out").exit_code == 0
    assert "Nothing is known of it here" in (tmp_path / "out" / "contract-deal-1.0.0.html").read_text(encoding="utf-8")


def test_a_workspace_with_mistakes_gets_no_pages(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "workspace")
    flow = tmp_path / "workspace" / FLOW
    flow.write_text(flow.read_text(encoding="utf-8").replace("owner: revops", "owner: nobody-here"), encoding="utf-8")
    result = render(tmp_path / "workspace", tmp_path / "out")
    assert result.exit_code == 2
    assert FLOW in result.stderr and "there is no team called 'nobody-here'" in result.stderr
    assert not (tmp_path / "out").exists()


def test_pages_that_cannot_be_written_are_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    result = render(EXAMPLE, tmp_path / "file")
    assert result.exit_code == 2 and "cannot be written" in result.stderr


def test_a_kind_of_check_that_has_no_words_yet_is_told_by_its_keys() -> None:
    class Odd(Check):
        check: str = "tea_leaves"
        strength: int = 3

    assert (
        expectation(Odd(path="amount", reason="invalid_value", flag="brew"))
        == "tea_leaves: strength 3, behind the flag brew"
    )
