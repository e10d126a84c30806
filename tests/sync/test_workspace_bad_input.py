"""Whatever lies where a workspace file should be: it is a mistake with file and line, soon, and never a traceback."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.connectors import kinds
from sync.errors import Mistake
from sync.workspace.check import check
from sync.workspace.documents import read

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
FLOW, SETTINGS, DEAL = "flows/quote_to_cash.yaml", "meshline.yaml", "contracts/deal.odcs.yaml"
PRICES, ERP, SAMPLE = "reference/price_list.csv", "connections/erp.yaml", "samples/deals/missing_lines.yaml"
FILES = (SETTINGS, DEAL, FLOW, PRICES, ERP, SAMPLE)
SECONDS = 3
BOMB = "l0: &l0 [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9)
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "workspace")
    return tmp_path / "workspace"


def told(directory: Path, file: str) -> list[Mistake]:
    """What is said of one file, soon."""
    begun = time.process_time()
    report = check(directory, kinds())
    assert time.process_time() - begun < SECONDS
    assert not report.ok
    assert all(each.line >= 1 and each.what and each.right for each in report.mistakes)
    return [each for each in report.mistakes if each.file == file]


def grown(file: str, after: str, line: str, times: int) -> str:
    """A file of the example with many more lines behind one of its own."""
    text = (EXAMPLE / file).read_text(encoding="utf-8")
    assert after in text
    return text.replace(after, after + "".join(f"{line}\n".replace("#", str(n)) for n in range(times)), 1)


def behind(file: str, after: str) -> int:
    """The line behind some lines of a file of the example."""
    text = (EXAMPLE / file).read_text(encoding="utf-8")
    return text[: text.index(after) + len(after)].count("\n") + 1


TEXTS: dict[str, tuple[str, str, int, str]] = {
    "a contract of 5 MB": (DEAL, grown(DEAL, "schema:\n", "# " + "x" * 1000, 5000), 1, "larger than 1 MB"),
    "a bomb of aliases": (FLOW, BOMB, 1, "far too large"),
    "a circle of aliases": (FLOW, "a: &a [*a]\n", 1, "unfolds without end"),
    "ten thousand anchors": (FLOW, "".join(f"k{n}: &a{n} 1\n" for n in range(10_000)), 1, "10008 mistakes"),
    "a hundred thousand times one key": (SETTINGS, "a: 1\n" * 100_000, 49_999, "far too large"),
    "a key twice": (SETTINGS, "name: a\nname: b\n", 2, "`name` stands twice"),
    "tabs": (FLOW, "a:\n\tb: 1\n", 2, "a tab stands"),
    "tabs in a long file": (FLOW, "a: {b: 1}\n" * 15_000 + "\tb: 1\n", 15_001, "a tab stands"),
    "an end that never comes": (FLOW, 'a: "' + "x\n" * 200_000, 200_001, "not YAML"),
    "a control character": (FLOW, "a: b\nc: \x07\n", 2, "not YAML"),
    "half a character": (FLOW, 'flow: "a"\ntitle: "\\ud800"\n', 2, "half a character"),
    "nothing": (FLOW, "", 1, "no block of keys"),
    "nothing but a comment": (DEAL, "# to do\n", 1, "no block of keys"),
    "an empty sample": (SAMPLE, "", 1, "no block of keys"),
    "an empty table": (PRICES, "", 1, "every column"),
    "brackets that only open": (FLOW, "a: " + "[" * 300_000, 1, "too deep"),
    "steps that only lead down": (FLOW, "\n".join(" " * n + "a:" for n in range(1000)), 1, "too deep"),
    "a record as deep as a well": (SAMPLE, f"sample: a\nentity: deals\nrecord: {'{a: ' * 60}1{'}' * 60}\n", 3, "far too large"),
    "three thousand broken checks": (FLOW, grown(FLOW, "checks:\n", "  - {check: requird, pth: a.b}", 3000), behind(FLOW, "checks:\n"), "'requird'"),
    "five thousand unknown keys of the standard": (
        DEAL, grown(DEAL, "    properties:\n", "      - {nme: f#}", 5000), behind(DEAL, "    properties:\n"), "`nme` is no key",
    ),
    "a contract of other types": (DEAL, grown(DEAL, "    properties:\n", "      - {name: [f#]}", 2000),
        behind(DEAL, "    properties:\n"), "`name` is ['f0']"),
    "two thousand broken teams": (SETTINGS, grown(SETTINGS, "teams:\n", "  t#: {titel: x, owner: y, backup: y}", 2000),
        behind(SETTINGS, "teams:\n"), "titel"),
    "three thousand reasons that there are not": (
        SAMPLE, grown(SAMPLE, "entity: deals\n", "", 0).replace("[{reason", "[" + "{reason: none, path: a}, " * 3000 + "{reason"),
        behind(SAMPLE, "expect:\n"), "'none'",
    ),
    "ten thousand rows that are too short": (PRICES, grown(PRICES, ",account\n", "a#,b", 10_000), 10_001, "has 2 cells"),
    "ten thousand prices that are none": (
        PRICES, grown(PRICES, ",account\n", "a#,b,c#,EUR,4000", 10_000), 0, "",
    ),
    "a table of a hundred thousand columns": (PRICES, ",".join(["a"] * 100_000), 1, "every column once"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_makes_no_sense_is_told_at_its_line_in_time(directory: Path, name: str) -> None:
    file, text, line, what = TEXTS[name]
    (directory / file).write_text(text, encoding="utf-8")
    found = told(directory, file)
    assert any(each.line == line and what in each.what for each in found) or (line == 0 and not found), found[:3]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "bytes_", ["a: é".encode("latin-1"), "a: ü\n".encode("utf-16"), "a: b\n".encode("utf-16-le"), b"\0"]
)
def test_a_file_in_another_encoding_is_told(directory: Path, file: str, bytes_: bytes) -> None:
    (directory / file).write_bytes(bytes_)
    [mistake] = told(directory, file)
    assert (mistake.what, mistake.right) == ("the file is not UTF-8", "save it as UTF-8")


def test_a_byte_order_mark_is_nothing_to_complain_about(directory: Path) -> None:
    for file in FILES:
        (directory / file).write_bytes(b"\xef\xbb\xbf" + (EXAMPLE / file).read_bytes())
    assert check(directory, kinds()).ok


def _pipe(path: Path) -> None:
    os.mkfifo(path)


THINGS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a directory": (lambda path: path.mkdir(), "no file that can be read"),
    "a pipe that nobody writes to": (_pipe, "no file that can be read"),
    "a link to nothing": (lambda path: path.symlink_to("nowhere"), "No such file"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "cannot be read"),
    "a link out of the workspace": (lambda path: path.symlink_to("/etc/passwd"), "outside the workspace"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "outside the workspace"),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("thing", THINGS)
def test_what_is_no_file_is_told_and_never_waited_for(directory: Path, file: str, thing: str) -> None:
    put, what = THINGS[thing]
    (directory / file).unlink()
    put(directory / file)
    [mistake] = told(directory, file)
    assert what in mistake.what and mistake.line == 1


def test_a_file_that_may_not_be_read_is_told(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Path.read_text

    def refused(path: Path, **how: str) -> str:
        if path.as_posix().endswith(FLOW):
            raise PermissionError(13, "Permission denied")
        return plain(path, **how)

    monkeypatch.setattr(Path, "read_text", refused)
    [mistake] = told(directory, FLOW)
    assert "cannot be read: Permission denied" in mistake.what


def places(value: object, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a value."""
    yield place
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for word, inner in pairs:
        yield from places(inner, (*place, word))


def with_odd(value: Any, place: tuple[str | int, ...], odd: object) -> Any:
    """The value with something else at a place."""
    if not place:
        return odd
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[place[0]] = with_odd(value[place[0]], place[1:], odd)
    return copied


WHOLE = {file: read(EXAMPLE, file).value for file in FILES if file != PRICES}
PLACES = [(file, place) for file, value in WHOLE.items() for place in places(value)]
ODD = [
    None,
    "",
    "x",
    0,
    -1,
    True,
    [],
    {},
    [1],
    ["x"],
    {"x": 1},
    [[]],
    {"x": {"y": []}},
    [{"check": []}],
    "a.b[*",
    "{",
    "@1.0.0",
]


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.sampled_from(PLACES), odd=st.sampled_from(ODD))
def test_whatever_stands_at_any_place_of_any_file_is_told_or_right(tmp_path_factory: Any, at: Any, odd: object) -> None:
    file, place = at
    directory = tmp_path_factory.getbasetemp() / "odd"
    if not directory.exists():
        shutil.copytree(EXAMPLE, directory, ignore=lambda folder, names: few(folder, names))
    text = yaml.safe_dump(with_odd(WHOLE[file], place, odd), sort_keys=False, allow_unicode=True)
    (directory / file).write_text(text, encoding="utf-8")
    try:
        report = check(directory, kinds())
    finally:
        shutil.copy(EXAMPLE / file, directory / file)
    assert all(each.line >= 1 and each.what and each.right for each in report.mistakes)


def few(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if folder.endswith("deals") and name not in ("clean.yaml", Path(SAMPLE).name)]


@pytest.mark.parametrize("folder", ["samples/deals/x", "flows/x", "reference/x"])
def test_a_name_of_a_file_that_no_terminal_can_print_is_told(directory: Path, folder: str) -> None:
    name = os.fsdecode(folder.encode() + b"\xff" + (b".csv" if folder.startswith("ref") else b".yaml"))
    (directory / name).write_text("a: b\n", encoding="utf-8")
    [mistake] = check(directory, kinds()).mistakes
    assert mistake.what == "the name of the file is not UTF-8" and str(mistake).encode()


def test_a_sample_that_belongs_to_no_flow_is_told_at_its_entity(directory: Path) -> None:
    text = (directory / SAMPLE).read_text(encoding="utf-8")
    (directory / SAMPLE).write_text(text.replace("entity: deals", "entity: orders"), encoding="utf-8")
    [mistake] = told(directory, SAMPLE)
    line = 1 + text.splitlines().index("entity: deals")
    assert mistake.line == line and "no flow is triggered by 'orders'" in mistake.what
