"""The schemas that editors use: made from the models, up to date, named by every shipped file, and as strict as the models are."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator
from typer.testing import CliRunner

from bot.__main__ import app
from bot.cli.schemas import texts
from sync.workspace.documents import read

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "quote_to_cash"
FILES = sorted(path.relative_to(EXAMPLE).as_posix() for path in EXAMPLE.rglob("*.yaml"))
FIRST = re.compile(r"# yaml-language-server: \$schema=(\S+)")
FLOW, SETTINGS, DEAL = "flows/quote_to_cash.yaml", "meshline.yaml", "contracts/deal.odcs.yaml"
SAMPLE, ERP = "samples/deals/picked_company.yaml", "connections/erp.yaml"


@cache
def schema(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def schema_of(file: str) -> Any:
    """The schema that a file of the example names in its first line."""
    match = FIRST.match((EXAMPLE / file).read_text(encoding="utf-8"))
    assert match is not None, file
    return schema((EXAMPLE / file).parent.joinpath(match[1]).resolve())


def complaints(file: str, text: str, directory: Path) -> list[str]:
    (directory / "file.yaml").write_text(text, encoding="utf-8")
    document = read(directory, "file.yaml")
    assert not document.mistakes
    return [error.message for error in Draft202012Validator(schema_of(file)).iter_errors(document.value)]


def test_the_schemas_in_the_tree_are_those_of_the_models() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "schemas").iterdir()} == texts()


@pytest.mark.parametrize("file", FILES)
def test_every_shipped_file_names_its_schema_and_keeps_it(file: str) -> None:
    as_we_read, as_editors_read = (
        read(EXAMPLE, file).value,
        yaml.safe_load((EXAMPLE / file).read_text(encoding="utf-8")),
    )
    for judge in (Draft202012Validator, Draft7Validator):
        judge.check_schema(schema_of(file))
        assert [error.message for error in judge(schema_of(file)).iter_errors(as_we_read)] == []
        assert [error.message for error in judge(schema_of(file)).iter_errors(as_editors_read)] == []


BROKEN = [
    (FLOW, "owner: revops", "ownr: revops"),
    (FLOW, "check: regex", "check: regexp"),
    (FLOW, "fill: company.id", "fil: company.id"),
    (FLOW, "first: 2s", "first: two"),
    (FLOW, "attempts: 6", "attempts: 0"),
    (FLOW, "poll: 5m", "poll: 5"),
    (FLOW, "tolerance: 10%", "tolerance: ten"),
    (FLOW, "operation: upsert", "operation: merge"),
    (FLOW, "contract: deal@1.0.0", "contract: deal"),
    (FLOW, "{to: customer_id, ref: customer}", "{ref: customer}"),
    (SETTINGS, "concurrency: 8", "concurency: 8"),
    (SETTINGS, "kind: rest", "kind: rst"),
    (SETTINGS, "token: env:ERP_TOKEN", "tokn: env:ERP_TOKEN"),
    (SETTINGS, "channel: C0SALESOPS", "channel: sales-ops"),
    (SETTINGS, "snapshots: 90d", "snapshots: 90 days"),
    (DEAL, "kind: DataContract", "kind: Contract"),
    (DEAL, "apiVersion: v3.1.0", "apiVersion: v2.2.0"),
    (DEAL, "businessName: Stage", "bussinessName: Stage"),
    (DEAL, "property: owner\n    value: sales-ops", "property: audience\n    value: all"),
    (DEAL, "class: A, respond", "class: D, respond"),
    (DEAL, "value: [tax_id]", "value: [taxid]"),
    (DEAL, "\nversion: 1.0.0", "\nversion: one"),
    (SAMPLE, "sample: ", "smple: "),
    (SAMPLE, "action: set", "action: put"),
    (SAMPLE, "expect:", "expects:"),
    (ERP, "method: POST", "method: FETCH"),
    (ERP, "find: ", "fnd: "),
]


@pytest.mark.parametrize(("file", "old", "new"), BROKEN, ids=[new.strip()[:30] for _, _, new in BROKEN])
def test_a_schema_refuses_what_the_check_refuses(tmp_path: Path, file: str, old: str, new: str) -> None:
    text = (EXAMPLE / file).read_text(encoding="utf-8")
    assert old in text
    assert complaints(file, text, tmp_path) == []
    assert complaints(file, text.replace(old, new, 1), tmp_path) != []


def test_a_value_of_a_connection_may_be_a_reference_and_a_fraction_may_be_a_number(tmp_path: Path) -> None:
    text = (EXAMPLE / SETTINGS).read_text(encoding="utf-8")
    assert complaints(SETTINGS, text.replace("quarantine: 5s", "quarantine: 5s\n    timeout: env:T"), tmp_path) == []
    flow = (
        (EXAMPLE / FLOW)
        .read_text(encoding="utf-8")
        .replace("{field: status, value: draft}", "{field: rate, value: 1.5}")
    )
    value = yaml.safe_load(flow)
    assert [error.message for error in Draft202012Validator(schema_of(FLOW)).iter_errors(value)] == []


def test_the_schemas_are_written_where_somebody_wants_them(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["schemas", str(tmp_path / "a/b")])
    assert result.exit_code == 0 and "flow.schema.json" in result.output
    assert {path.name for path in (tmp_path / "a/b").iterdir()} == set(texts())
    refused = CliRunner().invoke(app, ["schemas", str(tmp_path / "a/b/flow.schema.json/c")])
    assert refused.exit_code == 2 and "cannot write" in refused.output
