"""Every mistake in a workspace is named at once, with its file, its line and what would be right."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from sync.connectors import Kind, kinds
from sync.errors import ConfigurationError, Mistake
from sync.workspace import load
from sync.workspace.loader import attempt

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
FLOW, SETTINGS, DEAL = "flows/quote_to_cash.yaml", "meshline.yaml", "contracts/deal.odcs.yaml"
PRICES, ERP = "reference/price_list.csv", "connections/erp.yaml"
Edit = Callable[[str, str, str], None]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE, tmp_path / "workspace")
    return tmp_path / "workspace"


@pytest.fixture
def edit(directory: Path) -> Edit:
    def change(file: str, old: str, new: str) -> None:
        text = (directory / file).read_text(encoding="utf-8")
        assert old in text
        (directory / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def mistakes(directory: Path) -> list[Mistake]:
    workspace, found = attempt(directory)
    assert (workspace is None) == bool(found)
    return found


def line_of(directory: Path, file: str, words: str) -> int:
    lines = (directory / file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


BREAKS: dict[str, tuple[str, str, str, str, str]] = {
    "an unknown team in a flow": (FLOW, "owner: revops", "owner: rev-ops", "no team called 'rev-ops'", "`revops`"),
    "a receipt to nobody": (FLOW, "receipts: {to: finance", "receipts: {to: financ", "no team called 'financ'", "`finance`"),
    "a pack to nobody": (SETTINGS, "weekly: {team: revops", "weekly: {team: revop", "no team called 'revop'", "`revops`"),
    "a pack on no day": (SETTINGS, "day: mon, at", "day: monday, at", "'monday'", "'mon', 'tue', 'wed', 'thu', 'fri', 'sat' or 'sun'"),
    "a field that is not written back": (FLOW, "write_back: [billing_code", "write_back: [billing_cod",
                                         "no field of the record itself called 'billing_cod'", "`billing_code`"),
    "a rule after one": (SETTINGS, "propose_rule_after: 5", "propose_rule_after: 1", "propose_rule_after", "2"),
    "an unknown connection": (FLOW, "connection: crm", "connection: crn", "no connection called 'crn'", "`crm`"),
    "an unknown contract": (FLOW, "contract: deal@1.0.0", "contract: deals@1.0.0", "'deals@1.0.0'", "`deal@1.0.0`"),
    "another contract version": (FLOW, "contract: deal@1.0.0", "contract: deal@1.1.0", "the contract is deal@1.0.0", "raise"),
    "an unknown table": (FLOW, "reference: billing_terms", "reference: billing_term", "'billing_term'", "`billing_terms`"),
    "an unknown column": (FLOW, "column: list_price,", "column: listprice,", "'listprice'", "`list_price`"),
    "an unknown transform": (FLOW, "transform: clip200, req", "transform: clip20, req", "'clip20'", "`clip200`"),
    "an unknown transform of a verify row": (
        FLOW, "verify:\n      - {field: total_minor, from: amount, transform: minor_units}",
        "verify:\n      - {field: total_minor, from: amount, transform: minor_unit}", "'minor_unit'", "`minor_units`",
    ),
    "an unknown reason": (FLOW, "reason: missing_lines", "reason: missing_line", "'missing_line'", "`missing_lines`"),
    "another entity than the contract's": (FLOW, "entity: deals\n  poll", "entity: deal\n  poll", "by 'deal'", "'deals'"),
    "an unknown write": (FLOW, "ref: posted.number", "ref: postd.number", "'postd'", "`posted`"),
    "a write that builds on a later one": (FLOW, "of: invoice", "of: billed", "no earlier write called 'billed'", "known are"),
    "a write of that name twice": (FLOW, "name: billed", "name: posted", "'posted' stands twice", "own name"),
    "a lookup in an unknown column": (FLOW, "column: account}", "column: acount}", "'acount'", "`account`"),
    "an owner of a row who is not there": (FLOW, "owner: crm-ops}", "owner: crm-opps}", "'crm-opps'", "`crm-ops`"),
    "no owner": (FLOW, "owner: revops\n", "", "`owner` is missing", "add `owner:`"),
    "an unknown key": (FLOW, "retry: {att", "rety: {att", "`rety` is no known key", "`retry`"),
    "an unknown key of a check": (FLOW, "fill: company.id", "fil: company.id", "`fil` is no known key", "`fill`"),
    "an unknown kind of check": (FLOW, "check: regex", "check: regexp", "'regexp' is no kind of check", "`regex`"),
    "no kind of check": (FLOW, "{check: date, path", "{path", "kind of check is missing", "known are"),
    "a broken path": (FLOW, '"lines[*].price", reason: inv', '"lines[*.price", reason: inv', "`path` is wrong", "no path"),
    "a broken selector": (FLOW, '"company.currency ||', '"company.currency |||', "`from` is wrong", "no JMESPath"),
    "a broken template": (FLOW, "crm-company-{company.id}", "crm-company-{company.id", "`key` is wrong", "brace"),
    "a broken pattern": (FLOW, "[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}", "[A-Za-z", "`pattern` is wrong", "does not compile"),
    "a pattern that runs forever": (FLOW, "[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}", "(a+)+", "`pattern` is wrong", "forever"),
    "a wrong tolerance": (FLOW, "tolerance: 10%", "tolerance: ten", "`tolerance` is wrong: 'ten'", "10%"),
    "a wrong duration": (FLOW, "first: 2s", "first: 2 seconds", "`first` is wrong: '2 seconds'", "30s"),
    "no duration at all": (FLOW, "first: 2s", "first: 0s", "`first` is wrong", "longer"),
    "a wrong number": (FLOW, "attempts: 6", "attempts: 0", "`attempts` is 0", "greater"),
    "a wrong type": (FLOW, "title: Quote to cash", "title: 12", "`title` is 12", "string"),
    "two sources of one field": (FLOW, "{to: customer_id, ref: customer}", "{to: customer_id, ref: customer, value: 1}",
                                 "is wrong", "exactly one of"),
    "each without a record": (FLOW, "{to: customer_id, ref: customer}", "{to: customer_id, each: lines}", "is wrong", "go together"),
    "a post of nothing": (FLOW, "    of: invoice\n", "", "is wrong", "`of` says which"),
    "a create of something": (FLOW, "operation: create\n", "operation: create\n    of: customer\n", "is wrong", "no meaning"),
    "no key": (FLOW, '    key: "crm-deal-{id}"\n', "", "is wrong", "`key` is needed"),
    "two conditions": (FLOW, "equals: closedwon", "equals: closedwon, any_of: [a]", "is wrong", "exactly one"),
    "an empty verify row": (FLOW, "{field: status, value: draft}", "{field: status}", "is wrong", "exactly one"),
    "an unknown operation": (FLOW, "operation: upsert", "operation: merge", "`operation` is 'merge'", "'upsert'"),
    "a bad time zone": (SETTINGS, "Europe/Berlin", "Europe/Berlinn", "`timezone` is wrong", "no time zone"),
    "bad hours": (SETTINGS, "09:00-17:30", "17:30-17:30", "`hours` is wrong", "opening and closing"),
    "a bad day": (SETTINGS, "[mon, tue, wed, thu, fri]", "[mon, tuesday]", "`days` is wrong", "tuesday"),
    "no days": (SETTINGS, "days: [mon, tue, wed, thu, fri]", "days: []", "`days` is wrong", "none"),
    "unknown holidays": (SETTINGS, "holidays: DE", "holidays: DX", "`holidays` is wrong", "'DX'"),
    "an unknown region": (SETTINGS, "holidays: DE", "holidays: DE-XX", "`holidays` is wrong", "DE-BY"),
    "an unknown calendar": (SETTINGS, "calendar: emea", "calendar: emeu", "no calendar called 'emeu'", "`emea`"),
    "a team that backs itself": (SETTINGS, "backup: U0BEN00001", "backup: U0DANA0001", "is wrong", "somebody else"),
    "a channel by its name": (SETTINGS, "channel: C0SALESOPS", "channel: sales-ops", "`channel` is 'sales-ops'", "look like"),
    "a bad digest": (SETTINGS, 'at: "08:30"', 'at: "8 am"', "`at` is wrong", "08:30"),
    "a secret in the file": (SETTINGS, "token: env:HUBSPOT_TOKEN", "token: pat-123", "`token` holds a secret", "env:NAME"),
    "a description that is not there": (SETTINGS, "connections/erp.yaml", "connections/crp.yaml", "cannot be read", "create it"),
    "a description outside": (SETTINGS, "connections/erp.yaml", "../../etc/passwd", "outside the workspace", "inside"),
    "a connection that is no block": (SETTINGS, "  erp:\n    kind: rest\n", "  nav: 5\n  erp:\n    kind: rest\n", "`nav` is 5", "dict"),
    "a contract without an owner": (DEAL, "property: owner\n    value: sales-ops", "property: audience\n    value: all", "no owner", "add"),
    "an unknown owner of a contract": (DEAL, "property: owner\n    value: sales-ops", "property: owner\n    value: salesops",
                                       "'salesops'", "`sales-ops`"),
    "a misspelt property": (DEAL, "property: runbook", "property: run_book", "`run_book` is no property", "`runbook`"),
    "an unknown reason of a contract": (DEAL, "unknown_product: {", "unknown_prodct: {", "'unknown_prodct'", "`unknown_product`"),
    "an unknown team of a reason": (DEAL, "{team: finance, class: A, resp", "{team: finanz, class: A, resp", "'finanz'", "`finance`"),
    "an unknown class": (DEAL, "class: A, respond", "class: D, respond", "`class` is 'D'", "'A'"),
    "a key the standard does not know": (DEAL, "businessName: Stage", "bussinessName: Stage", "`bussinessName`", "correct"),
    "a key at the top that it does not know": (DEAL, "status: active", "state: active", "`state` is no known key", "`status`"),
    "no status": (DEAL, "status: active\n", "", "`status` is missing", "add"),
    "a wrong kind": (DEAL, "kind: DataContract", "kind: Contract", "`kind` is 'Contract'", "DataContract"),
    "a wrong version of the standard": (DEAL, "apiVersion: v3.1.0", "apiVersion: v2.2.0", "`apiVersion` is 'v2.2.0'", "v3.1.0"),
    "a short row": (PRICES, "Kumo Edge,Kumo Edge node (Japan),398000,JPY,4000", "Kumo Edge,398000", "has 2 cells", "needs 5"),
    "a row twice": (PRICES, "Atlas Plus,", "Atlas Pro,", "'Atlas Pro' stands twice", "keep one"),
    "a row without a key": (PRICES, "Atlas Plus,", ",", "no code", "key of the table"),
    "a price that is none": (PRICES, "3850.00", "3.850.00", "list_price '3.850.00'", "1234.56"),
    "a column without a name": (PRICES, "code,name,", "code,,", "every column", "code,name"),
    "quotes that never close": (PRICES, '"Cirrus cloud, one seat for a year"', '"Cirrus cloud" x', "not CSV", "quote"),
    "a tab": (SETTINGS, "  lease: 60s", "\tlease: 60s", "a tab stands", "spaces"),
    "a key twice": (SETTINGS, "  lease: 60s", "  lease: 60s\n  lease: 30s", "`lease` stands twice", "keep one"),
    "no YAML": (SETTINGS, "  lease: 60s", "  lease: [60s", "not YAML", "correct"),
    "two documents": (SETTINGS, "engine:", "---\nengine:", "second document", "one document"),
    "a tag": (SETTINGS, "lease: 60s", "lease: !!python/object:os.system 60s", "is not allowed", "plain value"),
    "a strange key": (SETTINGS, "engine:", "[a, b]: c\nengine:", "no plain word", "word before"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_a_mistake_is_named_with_its_file_its_line_and_what_would_be_right(
    directory: Path, edit: Edit, name: str
) -> None:
    file, old, new, what, right = BREAKS[name]
    before = (directory / file).read_text(encoding="utf-8")
    at = before[: before.index(old)].count("\n") + 1
    edit(file, old, new)
    found = mistakes(directory)
    [mistake, *others] = [each for each in found if what in each.what] or found
    assert what in mistake.what
    assert right in mistake.right
    assert not others
    assert len(found) == 1, found
    span = 8 if "is wrong" in what or "missing" in what else 2 + max(old.count("\n"), new.count("\n"))
    expected = {f"reference/{Path(file).name}": at}.get(mistake.file, at)
    if mistake.file == file and "missing" not in what and "no owner" not in what:
        assert abs(mistake.line - expected) <= span
    assert re.match(r"\S+:\d+: .+ \(.+\)", str(mistake))


def test_ten_different_mistakes_all_appear_in_one_run(directory: Path, edit: Edit) -> None:
    wrongs = [
        "an unknown team in a flow", "an unknown connection", "another contract version", "an unknown table",
        "an unknown transform", "an unknown reason", "an unknown write", "an unknown team of a reason",
        "an unknown calendar", "a secret in the file", "a short row", "an unknown reason of a contract",
    ]  # fmt: skip
    for name in wrongs:
        edit(*BREAKS[name][:3])
    found = [each.what for each in mistakes(directory)]
    assert all(any(BREAKS[name][3] in what for what in found) for name in wrongs)
    assert len(found) == len(wrongs)
    with pytest.raises(ConfigurationError) as refused:
        load(directory)
    assert len(refused.value.mistakes) == len(wrongs)


@pytest.mark.parametrize(
    ("file", "old", "words"),
    [
        (FLOW, "check: regex", "check: regex"),
        (FLOW, "transform: country2", "to: country"),
        (SETTINGS, "timezone: Europe/Berlin", "timezone: Europe/Berlin"),
        (DEAL, "class: A, respond", "price_off_list"),
    ],
)
def test_the_line_is_the_very_line(directory: Path, edit: Edit, file: str, old: str, words: str) -> None:
    line = line_of(directory, file, words)
    edit(file, old, old + "X")
    assert [each.line for each in mistakes(directory)] == [line]


def test_one_unreadable_file_does_not_bring_mistakes_in_others(directory: Path, edit: Edit) -> None:
    edit(PRICES, "Atlas Plus,", "Atlas Pro,")
    edit(DEAL, "kind: DataContract", "kind: Contract")
    assert [each.file for each in mistakes(directory)] == [DEAL, PRICES]
    edit(SETTINGS, "name: Northwind Trading", "name: 5")
    assert [each.file for each in mistakes(directory)] == [DEAL, SETTINGS, PRICES]


def test_an_empty_directory_says_what_is_missing(tmp_path: Path) -> None:
    [mistake] = mistakes(tmp_path)
    assert (mistake.file, mistake.line) == (SETTINGS, 1)
    assert "cannot be read" in mistake.what


def test_files_that_are_empty_huge_or_not_text_are_refused(directory: Path) -> None:
    (directory / SETTINGS).write_text("")
    (directory / "flows/big.yaml").write_text("a: " + "x" * 1_000_001)
    (directory / "flows/latin.yaml").write_bytes(b"flow: caf\xe9")
    (directory / "flows/list.yaml").write_text("- a\n- b\n")
    (directory / "reference/empty.csv").write_text("")
    (directory / "reference/broken.csv").write_bytes(b"code\n\xff\n")
    found = {each.file: each.what for each in mistakes(directory)}
    assert "block of keys" in found[SETTINGS]
    assert "larger than 1 MB" in found["flows/big.yaml"]
    assert "not UTF-8" in found["flows/latin.yaml"]
    assert "block of keys" in found["flows/list.yaml"]
    assert "every column" in found["reference/empty.csv"]
    assert "not UTF-8" in found["reference/broken.csv"]


@pytest.mark.slow
def test_a_file_of_aliases_does_not_explode(directory: Path) -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9))
    (directory / "flows/bomb.yaml").write_text(f"l0: &l0 [{', '.join('x' * 9)}]\n{levels}\n")
    (directory / "flows/loop.yaml").write_text("a: &a [*a]\n")
    (directory / "flows/deep.yaml").write_text("a: " + "[" * 60 + "]" * 60)
    (directory / "flows/abyss.yaml").write_text("a: " + "[" * 5000 + "]" * 5000)
    found = {each.file: each.what for each in mistakes(directory)}
    assert all("unfolds" in found[f"flows/{name}.yaml"] for name in ("bomb", "loop", "deep"))
    assert "nested too deeply" in found["flows/abyss.yaml"]


def test_a_flow_and_a_contract_stand_in_one_file_only(directory: Path) -> None:
    shutil.copy(directory / FLOW, directory / "flows/zz.yaml")
    shutil.copy(directory / DEAL, directory / "contracts/zz.odcs.yaml")
    found = mistakes(directory)
    assert [(each.file, each.line) for each in found] == [
        ("contracts/zz.odcs.yaml", line_of(directory, DEAL, "id: deal")),
        ("flows/zz.yaml", line_of(directory, FLOW, "flow: quote_to_cash")),
    ]
    assert all(f"stands in {file} too" in each.what for each, file in zip(found, (DEAL, FLOW), strict=True))


def test_a_contract_describes_one_entity(directory: Path, edit: Edit) -> None:
    edit("contracts/line_item.odcs.yaml", "team:\n", "  - name: more\nteam:\n")
    [mistake] = mistakes(directory)
    assert "exactly one entity" in mistake.what


class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    base_url: str
    token: str
    retries: int = 1
    headers: dict[str, int] = {}
    describe: dict[str, Any] = {}


@pytest.fixture
def checked(directory: Path) -> Callable[[], list[Mistake]]:
    plain = Kind(name="plain", options=Options, build=kinds()["rest"].build)
    return lambda: attempt(directory, {**kinds(), "plain": plain})[1]


def test_the_options_of_connections_are_checked_by_their_kind(edit: Edit, checked: Callable[[], list[Mistake]]) -> None:
    assert checked() == []
    edit(SETTINGS, "    kind: rest", "    kind: rst")
    edit(SETTINGS, "    token: env:HUBSPOT_TOKEN", "    tokn: env:HUBSPOT_TOKEN")
    edit(SETTINGS, "connections:\n", "connections:\n  old:\n    kind: plain\n    base_url: env:A\n    token: env:B\n"
         "    retries: many\n    headers: {a: env:C, b: two}\n")  # fmt: skip
    whats = [(each.what, each.right) for each in checked()]
    assert any("kind of connection called 'rst'" in what and "`rest`" in right for what, right in whats)
    assert any("`tokn` is no known key" in what and "`token`" in right for what, right in whats)
    assert any("`retries` is 'many'" in what for what, _ in whats)
    assert any("`b` is 'two'" in what for what, _ in whats)
    assert len(whats) == 4


def test_a_mistake_in_a_description_is_named_in_its_own_file(
    directory: Path, edit: Edit, checked: Callable[[], list[Mistake]]
) -> None:
    line = line_of(directory, ERP, "create: {method: POST, path: /v1/customers")
    edit(ERP, "create: {method: POST, path: /v1/customers", "create: {methd: POST, path: /v1/customers")
    [mistake] = checked()
    assert (mistake.file, mistake.line) == (ERP, line)
    assert "`methd` is no known key" in mistake.what


def test_a_description_that_is_no_block_is_a_mistake_once(
    directory: Path, checked: Callable[[], list[Mistake]]
) -> None:
    (directory / ERP).write_text("- a\n")
    [mistake] = checked()
    assert mistake.file == ERP


def test_a_description_may_stand_in_the_settings_or_be_a_reference(directory: Path, edit: Edit) -> None:
    edit(SETTINGS, "describe: connections/erp.yaml", "describe: {auth: {}}")
    assert load(directory).connections["erp"].options["describe"] == {"auth": {}}
    edit(SETTINGS, "describe: {auth: {}}", "describe: file:/run/erp.yaml\n    headers: [env:X, 5]")
    loaded = load(directory)
    assert loaded.connections["erp"].options["describe"] == "file:/run/erp.yaml"
    assert "env:X" in loaded.references()
