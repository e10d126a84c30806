"""What the documents tell a user to do is done as the user would: the files are made of their blocks, the commands are run, and what
they print is what stands there."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = {
    "csv": ROOT / "docs/connectors/csv.md",
    "sql": ROOT / "docs/connectors/sql.md",
    "README": ROOT / "README.md",
}
_FILE = re.compile(r"\*\*`([^`]+)`\*\*\n\n```\w*\n(.*?\n)```", re.DOTALL)
_CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
_LOG = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[.*\n", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """One command, and what it prints."""

    command: str
    printed: str


def section(page: Path, title: str = "") -> str:
    """The part of a page under this heading; the whole page without one."""
    text = page.read_text(encoding="utf-8")
    if not title:
        return text
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1] if found else ""


def commands(text: str) -> list[Told]:
    parts = [part for block in _CONSOLE.findall(text) for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [Told(*part.partition("\n")[::2]) for part in parts]


def play(text: str, place: Path) -> None:
    """Make the files and run the commands in one shell, each with what it is said to print."""
    for name, content in _FILE.findall(text):
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    told = commands(text)
    assert told, "the section tells of no commands"
    script = "set -e\n" + "".join(f"{each.command}\necho '<<end>>'\n" for each in told)
    environ = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(place), "LANG": "C.UTF-8"}
    done = subprocess.run(["bash", "-c", script], cwd=place, env=environ, capture_output=True, check=False)
    printed = _LOG.sub("", done.stdout.decode()).split("<<end>>\n")
    assert done.returncode == 0, done.stderr.decode()
    assert list(zip((each.command for each in told), printed, strict=False)) == [
        (each.command, each.printed) for each in told
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "title"), [("csv", ""), ("sql", ""), ("README", "Files and databases")])
async def test_the_walkthrough_does_what_it_says(page: str, title: str, tmp_path: Path) -> None:
    text = section(PAGES[page], title)
    if title and not text:
        pytest.skip("the README does not tell of it yet")
    await asyncio.to_thread(play, text, tmp_path)


def test_every_walkthrough_has_files_and_commands() -> None:
    for name in ("csv", "sql"):
        text = section(PAGES[name])
        assert {"company/meshline.yaml", "company/flows/orders.yaml"} <= {file for file, _ in _FILE.findall(text)}
        assert any(each.command.startswith("meshline sync") for each in commands(text))
