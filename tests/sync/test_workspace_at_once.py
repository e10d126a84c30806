"""Many mistakes in the same files are all named in one run, none of them twice, none of them because of another."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.connectors import kinds
from sync.errors import Mistake
from sync.workspace.check import Report, check

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
KINDS = kinds()
FLOW, SETTINGS, DEAL = "flows/quote_to_cash.yaml", "meshline.yaml", "contracts/deal.odcs.yaml"
PRICES, ERP, SAMPLE = "reference/price_list.csv", "connections/erp.yaml", "samples/deals/price_off_list.yaml"
KEPT = [
    "clean.yaml", "picked_company.yaml", "not_won.yaml", Path(SAMPLE).name, "everything_wrong.yaml", "missing_account.yaml",
    "duplicate_customer.yaml", "missing_lines.yaml", "unknown_payment_terms.yaml", "unknown_currency.yaml",
    "malformed_amount.yaml", "negative_amount.yaml", "missing_close_date.yaml",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One slip of the pen that changes no line's number, and how it is named."""

    file: str
    old: str
    new: str
    what: str
    right: str = ""


def slip(file: str, old: str, new: str, what: str, right: str = "") -> Slip:
    return Slip(file=file, old=old, new=new, what=what, right=right)


SLIPS = [
    slip(FLOW, "owner: revops", "owner: rev-ops", "no team called 'rev-ops'", "`revops`"),
    slip(FLOW, "first: 2s", "first: two", "`first` is wrong: 'two'", "30s"),
    slip(FLOW, "fill: company.id", "fil: company.id", "`fil` is no known key", "`fill`"),
    slip(FLOW, "check: regex", "check: regexp", "'regexp' is no kind of check", "`regex`"),
    slip(FLOW, "[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}", "[A-Za-z", "`pattern` is wrong", "does not compile"),
    slip(FLOW, "reference: price_list, column: code}", "reference: pricelist, column: code}", "'pricelist'", "`price_list`"),
    slip(FLOW, "currency_column: currency, tol", "currency_column: curency, tol", "'curency'", "`currency`"),
    slip(FLOW, "tolerance: 10%", "tolerance: ten", "`tolerance` is wrong", "10%"),
    slip(FLOW, "operation: upsert", "operation: upsrt", "`operation` is 'upsrt'", "'upsert'"),
    slip(FLOW, "crm-company-{company.id}", "crm-company-{company.id", "`key` is wrong", "brace"),
    slip(FLOW, "transform: country2", "transform: country3", "no transform called 'country3'", "`country2`"),
    slip(FLOW, '"company.currency ||', '"company.currency |||', "`from` is wrong", "no JMESPath"),
    slip(FLOW, "upper, owner: finance", "upper, owner: finanz", "no team called 'finanz'", "`finance`"),
    slip(FLOW, "{to: customer_id, ref: customer}", "{to: customer_id, ref: customer, value: 1}", "`customer_id` is wrong", "exactly one"),
    slip(FLOW, "iso_date, owner", "iso_dat, owner", "no transform called 'iso_dat'", "`iso_date`"),
    slip(FLOW, "of: {source: id}", "of: {sorce: id}", "`sorce` is no known key", "`source`"),
    slip(FLOW, "ref: posted.number", "ref: postd.number", "no earlier write called 'postd'", "`posted`"),
    slip(DEAL, "\nversion: 1.0.0", "\nversion: one", "`version` is 'one'", "1.0.0"),
    slip(DEAL, "status: active", "state: active", "`state` is no known key", "`status`"),
    slip(DEAL, "businessName: Stage", "bussinessName: Stage", "`bussinessName`", "correct"),
    slip(DEAL, "value: [finance]", "value: [finanz]", "no team called 'finanz'", "`finance`"),
    slip(DEAL, "{team: finance, class: A, resp", "{team: finanz, class: A, resp", "no team called 'finanz'", "`finance`"),
    slip(DEAL, "unknown_product: {team: sales-ops, class: B", "unknown_product: {team: sales-ops, class: D", "`class` is 'D'", "'A'"),
    slip(DEAL, "amount_mismatch:", "amount_mismach:", "no reason called 'amount_mismach'", "`amount_mismatch`"),
    slip(SETTINGS, "quarantine: 30s", "lease: 9s", "`lease` stands twice", "keep one"),
    slip(SETTINGS, "concurrency: 8", "concurency: 8", "`concurency` is no known key", "`concurrency`"),
    slip(SETTINGS, "token: env:HUBSPOT_TOKEN", "tokn: env:HUBSPOT_TOKEN", "`tokn` is no known key", "`token`"),
    slip(SETTINGS, "token: env:ERP_TOKEN", "token: pat-123", "`token` holds a secret", "env:NAME"),
    slip(SETTINGS, "quarantine: 5s", "quarantine: 5", "`quarantine` is wrong: 5", "30s"),
    slip(SETTINGS, "backup: U0GUS00001", "backup: U0FAYE0001", "`finance` is wrong", "somebody else than the owner"),
    slip(SETTINGS, "channel: C0FINANCE0", "channel: finance", "`channel` is 'finance'", "look like"),
    slip(SETTINGS, "approvers: [U0PRIYA001]\n    calendar: emea", "approvers: [U0PRIYA001]\n    calendar: emeu", "'emeu'", "`emea`"),
    slip(SETTINGS, "Europe/Berlin", "Europe/Berln", "`timezone` is wrong", "Europe/Berlin"),
    slip(ERP, "create: {method: POST, path: /v1/customers", "create: {methd: POST, path: /v1/customers", "`methd`", "`method`"),
    slip(PRICES, "Atlas Plus,Atlas Plus workstation,", "Atlas Plus,", "the row has 4 cells", "needs 5"),
    slip(PRICES, "Beacon One,", ",", "the row has no code", "key"),
    slip(SAMPLE, "reason: price_off_list", "reason: price_of_list", "no reason called 'price_of_list'", "`price_off_list`"),
    slip(SAMPLE, "like: clean.yaml", "like: clear.yaml", "called 'clear.yaml'", "`clean.yaml`"),
]  # fmt: skip


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return fresh(tmp_path / "workspace")


def fresh(directory: Path) -> Path:
    shutil.copytree(EXAMPLE, directory, ignore=lambda folder, names: few(folder, names))
    return directory


def few(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if folder.endswith("deals") and name not in KEPT]


def written(directory: Path, slips: list[Slip]) -> Report:
    """The report on the example with these slips in it."""
    for file in {each.file for each in SLIPS}:
        text = (EXAMPLE / file).read_text(encoding="utf-8")
        for each in (one for one in slips if one.file == file):
            assert each.old in text, each
            text = text.replace(each.old, each.new, 1)
        (directory / file).write_text(text, encoding="utf-8")
    return check(directory, KINDS)


def line_of(each: Slip) -> int:
    text = (EXAMPLE / each.file).read_text(encoding="utf-8")
    differs = next(n for n, (a, b) in enumerate(zip(each.old + "\0", each.new + "\1", strict=False)) if a != b)
    return text[: text.index(each.old) + differs].count("\n") + 1


def is_named(each: Slip, found: tuple[Mistake, ...]) -> bool:
    return any(
        (one.file, one.line) == (each.file, line_of(each)) and each.what in one.what and each.right in one.right
        for one in found
    )


def test_every_slip_in_the_same_few_files_is_named_at_its_line_in_one_run(directory: Path) -> None:
    found = written(directory, SLIPS).mistakes
    assert [each for each in SLIPS if not is_named(each, found)] == []
    assert len(found) == len(SLIPS)


@pytest.mark.parametrize("each", SLIPS, ids=lambda each: each.new.strip()[:40])
def test_each_slip_is_one_mistake_and_samples_run_where_flow_contract_and_tables_are_sound(
    directory: Path, each: Slip
) -> None:
    report = written(directory, [each])
    assert is_named(each, report.mistakes)
    assert len(report.mistakes) == 1
    assert not report.ok
    ran = {one.file for one in report.samples}
    assert len(ran) == (0 if each.file in (FLOW, DEAL, PRICES) else len(KEPT) - (each.file == SAMPLE))
    assert all(one.ok for one in report.samples)


@pytest.mark.slow
@pytest.mark.parametrize("order", [lambda slips: slips[::-1], lambda slips: slips[1::2] + slips[::2]])
def test_mending_one_after_the_other_never_brings_a_mistake_that_was_not_listed(
    directory: Path, order: Callable[[list[Slip]], list[Slip]]
) -> None:
    left = order(SLIPS)
    listed = set(written(directory, SLIPS).mistakes)
    while left:
        left = left[1:]
        found = set(written(directory, [each for each in SLIPS if each in left]).mistakes)
        assert found < listed
        listed = found
    assert listed == set()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(slips=st.lists(st.sampled_from(SLIPS), unique=True, max_size=8))
def test_any_slips_together_are_named_as_each_is_alone(directory: Path, slips: list[Slip]) -> None:
    together = written(directory, slips).mistakes
    assert all(is_named(each, together) for each in slips)
    assert len(together) == len(slips)


def test_a_flow_of_another_entity_is_said_once_and_not_by_every_sample(directory: Path) -> None:
    entity = slip(FLOW, "entity: deals\n  poll", "entity: deal\n  poll", "triggered by 'deal'")
    for other in (
        [],
        [slip(FLOW, "deal@1.0.0", "deals@1.0.0", "")],
        [slip(DEAL, "\nversion: 1.0.0", "\nversion: one", "")],
    ):
        assert len(written(directory, [entity, *other]).mistakes) == 1


def test_a_misspelt_key_hides_nothing_that_stands_under_it(directory: Path) -> None:
    inside = [
        each for each in SLIPS if each.file in (FLOW, SETTINGS) and each.new not in ("owner: rev-ops", "lease: 9s")
    ]
    keys = [("retry: {", "rety: {"), ("checks:", "cheks:"), ("writes:", "wrtes:"), ("teams:", "teems:")]
    slips = [slip(SETTINGS if new == "teems:" else FLOW, f"\n{old}", f"\n{new}", "known key") for old, new in keys]
    found = written(directory, [*inside, *slips]).mistakes
    assert [each for each in (*inside, *slips) if not is_named(each, found)] == []
    assert len(found) == len(inside) + len(slips)


def test_no_mistake_prints_a_whole_block(directory: Path) -> None:
    text = (directory / SETTINGS).read_text(encoding="utf-8")
    text = text.replace("U0GUS00001", "U0FAYE0001").replace("channel: C0SALESOPS", "channel: {id: [C0SALESOPS]}")
    (directory / SETTINGS).write_text(text.replace("calendars:\n", "calendars:\n  odd: [{a: 1}]\n"), encoding="utf-8")
    found = [str(each) for each in check(directory).mistakes]
    assert len(found) == 3
    assert not any("{" in each for each in found)
    assert any("`channel` is a block of keys" in each for each in found)
    assert any("`finance` is wrong (the backup must be somebody else than the owner)" in each for each in found)


def test_what_is_there_but_wrong_still_counts_as_there(directory: Path) -> None:
    """A team, a calendar, a table, a connection and a write keep their names whatever is wrong inside them."""
    wrong = {
        SETTINGS: [("channel: C0FINANCE0", "channel: 5"), ("Europe/Berlin", "Berlin"), ("kind: rest", "kind: [rest]")],
        PRICES: [("code,name,", ",name,")],
        FLOW: [("operation: create", "operation: creat"), ("operation: post\n", "operation: 7\n")],
        DEAL: [("kind: DataContract", "kind: Contract"), ("schema:\n", "schema: 5\nprice:\n")],
    }
    for file, changes in wrong.items():
        text = (directory / file).read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (directory / file).write_text(text, encoding="utf-8")
    found = check(directory, KINDS).mistakes
    assert [each.what for each in found if "there is no" in each.what or "triggered" in each.what] == []


@pytest.mark.parametrize(
    ("file", "text"),
    [(SETTINGS, "a: ["), (DEAL, "a: ["), (FLOW, "a: ["), (PRICES, ""), (DEAL, "- a\n"), (FLOW, "flow: [5]\n")],
)
def test_a_file_that_says_nothing_brings_no_mistake_elsewhere(directory: Path, file: str, text: str) -> None:
    (directory / file).write_text(text, encoding="utf-8")
    assert {each.file for each in check(directory, KINDS).mistakes} == {file}
