"""Retries, throttles and breakers as a workspace writes them, and what is said about those that cannot be."""

from __future__ import annotations

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sync.connectors import kinds
from sync.errors import Mistake
from sync.workspace.loader import attempt
from sync.workspace.pacing import BreakerPolicy, Rate, rate
from sync.workspace.workspace import Workspace

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
FLOW, SETTINGS = "flows/quote_to_cash.yaml", "meshline.yaml"
OLD_RETRY = "retry: {attempts: 6, first: 2s, factor: 3, cap: 5m}"


def changed(tmp_path: Path, file: str, old: str, new: str) -> tuple[Workspace | None, list[Mistake], int]:
    """The example with one change: the workspace or its mistakes, and the line of the change."""
    directory = tmp_path / "workspace"
    shutil.copytree(EXAMPLE, directory)
    text = (directory / file).read_text(encoding="utf-8")
    assert old in text
    (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    workspace, mistakes = attempt(directory, kinds())
    return workspace, mistakes, text[: text.index(old)].count("\n") + 1


def test_a_flow_may_say_its_retries_as_a_pattern(tmp_path: Path) -> None:
    new = "retry: {pattern: {1: 10s, 5: 1m, 10: 10m}, attempts: 12}"
    workspace, mistakes, _ = changed(tmp_path, FLOW, OLD_RETRY, new)
    assert mistakes == [] and workspace is not None
    [flow] = workspace.flows.values()
    assert flow.retry.pattern == {1: timedelta(seconds=10), 5: timedelta(minutes=1), 10: timedelta(minutes=10)}


BAD_RETRIES = {
    "{pattern: {1: 10s}, first: 2s}": ("`retry` is wrong", "by `pattern` or by `first`, not by both"),
    "{pattern: {1: 10s}, cap: 2s, factor: 2}": ("`retry` is wrong", "`factor`, `cap`, not by both"),
    "{pattern: {0: 10s}}": ("`0` is '0'", "greater than or equal to 1"),
    "{pattern: {-1: 10s, 1: 20s}}": ("`-1` is '-1'", "greater than or equal to 1"),
    "{pattern: {first: 10s}}": ("`first` is 'first'", "integer"),
    "{pattern: {2: 10s, 5: 1m}}": ("`pattern` is wrong", "from the first retry on"),
    "{pattern: {}}": ("`pattern` is wrong", "from the first retry on"),
    "{pattern: {1: 10s, 3: 10s}}": ("`pattern` is wrong", "wait longer than the one before"),
    "{pattern: {1: 1m, 3: 10s}}": ("`pattern` is wrong", "wait longer than the one before"),
    "{pattern: {1: 10s, 3: soon}}": ("`3` is wrong: 'soon'", "a duration such as 30s"),
    "{pattern: {1: 10s, 1: 20s}}": ("`1` stands twice", "keep one"),
    "{pattern: 10s}": ("`pattern` is '10s'", "dictionary"),
    "{pattern: {1: 10s, 10: 10m}}": ("`retry` is wrong", "retry 10 of the pattern never comes with 6 attempts"),
    "{pattern: {1: 10s, 9: 2d}, attempts: 50}": ("`retry` is wrong", "50 attempts would go on for 82 days; 30 days are the most"),
    "{pattern: {1: 999999d}}": ("`retry` is wrong", "30 days are the most"),
    "{first: 1d, cap: 1d, attempts: 40}": ("`retry` is wrong", "40 attempts would go on for 39 days"),
    "{pattern: {1: 10s}, attempts: 1000000}": ("`attempts` is 1000000", "less than or equal to 100"),
}  # fmt: skip


@pytest.mark.parametrize("written", BAD_RETRIES)
def test_a_retry_that_cannot_be_or_never_ends_is_one_mistake_with_its_line(tmp_path: Path, written: str) -> None:
    _, [mistake], line = changed(tmp_path, FLOW, OLD_RETRY, f"retry: {written}")
    what, right = BAD_RETRIES[written]
    assert (mistake.file, mistake.line) == (FLOW, line)
    assert what in mistake.what and right in mistake.right


def connection(block: str) -> tuple[str, str, str]:
    return SETTINGS, "    quarantine: 5s\n", f"    quarantine: 5s\n    {block}\n"


def test_a_connection_may_be_throttled_and_broken(tmp_path: Path) -> None:
    block = "throttle: {rate: 100/10s, burst: 5, concurrency: 4}\n    breaker: {share: 30%, drain: 10/min}"
    workspace, mistakes, _ = changed(tmp_path, *connection(block))
    assert mistakes == [] and workspace is not None
    erp = workspace.connections["erp"]
    assert erp.breaker.share == Decimal("0.3")
    assert erp.breaker.drain == Rate(count=10, per=timedelta(minutes=1))
    assert erp.options["throttle"] == {"rate": "100/10s", "burst": 5, "concurrency": 4}
    assert "breaker" not in erp.options
    assert workspace.connections["crm"].breaker == BreakerPolicy()


BAD_BLOCKS = {
    "throttle: {rate: fast}": ("`rate` is wrong: 'fast'", "a rate such as 10/s, 100/10s or 600/min"),
    "throttle: {rate: 0/s}": ("`rate` is wrong: '0/s'", "a rate such as"),
    "throttle: {rate: 10/0s}": ("`rate` is wrong: '10/0s'", "a rate such as"),
    "throttle: {rate: 10}": ("`rate` is wrong: 10", "a rate such as"),
    "throttle: {rate: -1/s}": ("`rate` is wrong: '-1/s'", "a rate such as"),
    "throttle: {rate: 10/s, burst: 0}": ("`burst` is 0", "greater"),
    "throttle: {burst: 5}": ("`throttle` is wrong", "`burst` belongs to a `rate`"),
    "throttle: {}": ("`throttle` is wrong", "`rate` or `concurrency` is needed"),
    "throttle: {rate: 10/s, brust: 3}": ("`brust` is no known key", "`burst`"),
    "throttle: {concurrency: 0}": ("`concurrency` is 0", "greater"),
    "breaker: {share: 0%}": ("`share` is wrong: '0%'", "between 1% and 100%"),
    "breaker: {share: 101%}": ("`share` is wrong: '101%'", "between 1% and 100%"),
    "breaker: {share: 50}": ("`share` is wrong: 50", "a percentage such as 10%"),
    "breaker: {first: 10m}": ("`breaker` is wrong", "`cap` must not be shorter than `first`"),
    "breaker: {minimum: 0}": ("`minimum` is 0", "greater"),
    "breaker: {window: 0s}": ("`window` is wrong", "longer than nothing"),
    "breaker: {drain: 5}": ("`drain` is wrong: 5", "a rate such as"),
    "breaker: {windw: 3s}": ("`windw` is no known key", "`window`"),
}  # fmt: skip


@pytest.mark.parametrize("block", BAD_BLOCKS)
def test_a_throttle_or_breaker_that_cannot_be_is_one_mistake_with_its_line(tmp_path: Path, block: str) -> None:
    _, [mistake], line = changed(tmp_path, *connection(block))
    what, right = BAD_BLOCKS[block]
    assert (mistake.file, mistake.line) == (SETTINGS, line + 1)
    assert what in mistake.what and right in mistake.right


@pytest.mark.parametrize(
    ("written", "each"),
    [("10/s", 0.1), ("100/10s", 0.1), ("600/min", 0.1), ("600/m", 0.1), ("1/250ms", 0.25), ("2 / h", 1800.0), ("5/d", 17280.0)],
)  # fmt: skip
def test_rates_are_written_as_people_write_them(written: str, each: float) -> None:
    assert rate(written).each == pytest.approx(each)
    assert rate(rate(written)) == rate(written)
