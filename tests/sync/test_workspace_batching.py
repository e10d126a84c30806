"""Batches as a flow asks for them, and what is said where they cannot be."""

from __future__ import annotations

import shutil
from datetime import time, timedelta
from pathlib import Path

import pytest

from sync.connectors import kinds
from sync.errors import Mistake
from sync.workspace.batching import BatchPolicy, Hours
from sync.workspace.loader import attempt
from sync.workspace.workspace import Workspace

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
FLOW, ERP, SETTINGS = "flows/quote_to_cash.yaml", "connections/erp.yaml", "meshline.yaml"
RETRY = "retry: {attempts: 6, first: 2s, factor: 3, cap: 5m}\n"
INVOICES = "    create: {method: POST, path: /v1/invoices, reference: reference}\n"
BULK = "    bulk: {path: /v1/invoices/bulk, records: items, items: items, reference: reference, most: 200}\n"


def changed(tmp_path: Path, *changes: tuple[str, str, str]) -> tuple[Workspace | None, list[Mistake]]:
    """The example with (file, old, new) changes: the workspace or its mistakes."""
    directory = tmp_path / "workspace"
    shutil.copytree(EXAMPLE, directory)
    for file, old, new in changes:
        text = (directory / file).read_text(encoding="utf-8")
        assert old in text
        (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return attempt(directory, kinds())


def asked(batch: str, bulk: str = BULK) -> tuple[tuple[str, str, str], ...]:
    return (FLOW, RETRY, f"{RETRY}batch: {batch}\n"), (ERP, INVOICES, INVOICES + bulk)


def line(file: str, text: str) -> int:
    whole = (EXAMPLE / file).read_text(encoding="utf-8")
    return whole[: whole.index(text)].count("\n") + 1


BATCH_LINE = line(FLOW, RETRY) + 1


def test_a_flow_may_say_when_it_sends_in_batches(tmp_path: Path) -> None:
    batch = "{mode: auto, above: 600/min, below: 100/min, latency: 1m, size: 200, window: 2s}"
    workspace, mistakes = changed(tmp_path, *asked(batch))
    assert mistakes == [] and workspace is not None
    policy = workspace.flows["quote_to_cash"].batch
    assert (policy.mode, policy.above.each, policy.below.each, policy.size) == ("auto", 0.1, 0.6, 200)
    assert (policy.latency, policy.window) == (timedelta(minutes=1), timedelta(seconds=2))


def test_a_flow_may_say_its_hours_also_over_midnight(tmp_path: Path) -> None:
    workspace, mistakes = changed(tmp_path, *asked('{mode: always, windows: ["22:00-06:00", "12:00-24:00"]}'))
    assert mistakes == [] and workspace is not None
    night, noon = workspace.flows["quote_to_cash"].batch.windows
    assert night == Hours(begins=time(22), ends=time(6))
    assert noon.hold(time(23, 59)) and not noon.hold(time(0))


def test_a_flow_that_says_nothing_sends_one_by_one(tmp_path: Path) -> None:
    workspace, mistakes = changed(tmp_path)
    assert mistakes == [] and workspace is not None
    assert workspace.flows["quote_to_cash"].batch == BatchPolicy() and BatchPolicy().mode == "never"


BAD_BATCHES = {
    "{mode: sometimes}": ("`mode` is 'sometimes'", "'auto', 'always' or 'never'"),
    "{mode: auto, above: fast}": ("`above` is wrong: 'fast'", "a rate such as"),
    "{mode: auto, above: 10/s, below: 10/s}": ("`batch` is wrong", "a lower rate than `above`"),
    "{mode: auto, above: 10/s}": ("`batch` is wrong", "a lower rate than `above`"),
    "{mode: auto, latency: soon}": ("`latency` is wrong: 'soon'", "a duration such as"),
    "{mode: auto, size: 1}": ("`size` is 1", "greater than or equal to 2"),
    "{mode: auto, size: 1001}": ("`size` is 1001", "less than or equal to 1000"),
    "{mode: auto, size: 201}": ("batches of 201 are wanted", "the bulk call takes 200 at most"),
    "{mode: auto, window: 0s}": ("`window` is wrong", "longer than nothing"),
    "{mode: auto, window: 16s}": ("a record may wait 16s", "a quarter of the engine's lease of 60s"),
    '{mode: auto, windows: ["22:00-06:00"]}': ("`batch` is wrong", "`windows` belongs to `mode: always`"),
    "{mode: always, latency: 10s}": ("`batch` is wrong", "`latency` belongs to `mode: auto`"),
    "{above: 10/s}": ("`batch` is wrong", "`above` belongs to `mode: auto`"),
    '{mode: always, windows: ["22:00"]}': ("`windows` is wrong: '22:00'", 'such as "22:00-06:00"'),
    '{mode: always, windows: ["25:00-06:00"]}': ("`windows` is wrong: '25:00-06:00'", 'such as "22:00-06:00"'),
    '{mode: always, windows: ["06:00-06:00"]}': ("`windows` is wrong: '06:00-06:00'", 'such as "22:00-06:00"'),
    "{mode: auto, sise: 10}": ("`sise` is no known key", "`size`"),
}  # fmt: skip


@pytest.mark.parametrize("batch", BAD_BATCHES)
def test_a_batch_that_cannot_be_is_one_mistake_with_its_line(tmp_path: Path, batch: str) -> None:
    _, [mistake] = changed(tmp_path, *asked(batch))
    what, right = BAD_BATCHES[batch]
    assert (mistake.file, mistake.line) == (FLOW, BATCH_LINE)
    assert what in mistake.what and right in mistake.right


def test_a_flow_whose_target_has_no_bulk_call_cannot_say_batch(tmp_path: Path) -> None:
    _, [mistake] = changed(tmp_path, *asked("{mode: auto}", bulk=""))
    assert (mistake.file, mistake.line) == (FLOW, BATCH_LINE)
    assert mistake.what == "there is no bulk call of erp/customer or erp/invoice"
    assert "describe a `bulk` call" in mistake.right


def test_a_flow_that_never_batches_needs_no_bulk_call_and_no_lease(tmp_path: Path) -> None:
    workspace, mistakes = changed(tmp_path, *asked("{mode: never, window: 1h}", bulk=""))
    assert mistakes == [] and workspace is not None


def test_the_usual_batch_is_too_large_for_a_small_bulk_call(tmp_path: Path) -> None:
    _, [mistake] = changed(tmp_path, *asked("{mode: always}", bulk=BULK.replace("200", "50")))
    assert (mistake.line, mistake.right) == (BATCH_LINE, "the bulk call takes 50 at most")


def test_the_usual_waiting_is_too_long_for_a_short_lease(tmp_path: Path) -> None:
    lease = (SETTINGS, "  lease: 60s\n", "  lease: 19s\n")
    _, [mistake] = changed(tmp_path, *asked("{mode: always}"), lease)
    assert (mistake.file, mistake.line, mistake.what) == (FLOW, BATCH_LINE, "a record may wait 5s")


def test_where_the_connection_cannot_be_read_nothing_more_is_said_of_its_bulk_call(tmp_path: Path) -> None:
    missing = (SETTINGS, "describe: connections/erp.yaml", "describe: connections/gone.yaml")
    _, mistakes = changed(tmp_path, *asked("{mode: always}"), missing)
    assert mistakes and all(one.file != FLOW for one in mistakes)


BAD_CALLS = {
    "bulk: {path: /v1/bulk}": ("`reference` is missing", ""),
    'bulk: {path: "/v1/{id}/bulk", reference: reference}': ("is wrong", "bulk knows no placeholder {id}"),
    "bulk: {path: /v1/bulk, reference: reference, body: {all: yes}}": ("is wrong", "bulk.body needs bulk.records"),
    "bulk: {path: /v1/bulk, reference: 'a['}": ("`reference` is wrong", "JMESPath"),
    "bulk: {path: /v1/bulk, reference: reference, most: 1}": ("`most` is 1", "greater than or equal to 2"),
}


@pytest.mark.parametrize("call", BAD_CALLS)
def test_a_bulk_call_that_cannot_be_described_so_is_one_mistake_in_its_file(tmp_path: Path, call: str) -> None:
    _, [mistake] = changed(tmp_path, (ERP, INVOICES, f"{INVOICES}    {call}\n"))
    what, right = BAD_CALLS[call]
    assert mistake.file == ERP
    assert what in mistake.what and right in mistake.right


def test_a_bulk_call_needs_a_create_that_names_the_field_of_the_reference(tmp_path: Path) -> None:
    _, mistakes = changed(tmp_path, (ERP, INVOICES, BULK))
    assert any("bulk needs create" in one.right for one in mistakes)
