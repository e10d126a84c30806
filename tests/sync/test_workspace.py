"""A workspace is loaded whole, and says who answers for what and by when."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.connectors import kinds
from sync.errors import NotFound
from sync.lifecycle import Role
from sync.workspace import Workspace, load
from sync.workspace.documents import read
from sync.workspace.flow import When
from sync.workspace.values import duration

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


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(EXAMPLE, kinds())


def test_the_example_is_whole(workspace: Workspace) -> None:
    flow = workspace.flow("quote_to_cash")
    assert workspace.contract_of(flow).ref == "deal@1.0.0"
    assert set(workspace.teams) == {"sales-ops", "finance", "marketing-ops", "crm-ops", "revops"}
    assert set(workspace.tables) == {"price_list", "billing_terms", "gl_accounts"}
    assert flow.retry.cap == timedelta(minutes=5)
    assert workspace.connections["erp"].quarantine == timedelta(seconds=5)
    assert workspace.connections["erp"].options["describe"]["entities"]["invoice"]["status"] == "status"
    assert workspace.digests.time.isoformat() == "08:30:00"
    assert workspace.contracts["deal@1.0.0"].sla == {"latency": "15m", "frequency": "5m"}


def test_secrets_are_named_and_never_read(workspace: Workspace) -> None:
    assert workspace.references() == [
        "env:HUBSPOT_URL?default=https://api.hubapi.com",
        "env:HUBSPOT_TOKEN",
        "env:HUBSPOT_CLIENT_SECRET",
        "env:ERP_URL",
        "env:ERP_TOKEN",
    ]


def test_a_name_that_is_not_there_is_not_found(workspace: Workspace) -> None:
    for ask in (workspace.flow, workspace.team, workspace.calendar):
        with pytest.raises(NotFound):
            ask("nowhere")


def test_every_field_that_the_contract_requires_is_checked(workspace: Workspace) -> None:
    flow = workspace.flow("quote_to_cash")
    required = {check.path for check in flow.checks if check.check == "required"}
    fields = workspace.contract_of(flow).fields
    assert {path for path, each in fields.items() if each.required} <= required | {"company.id"}
    assert "company.vat_id" not in required
    assert fields["lines[*].product_code"].label == "Product"
    assert fields["company.vat_id"].classification == "restricted"


def test_people_have_the_roles_that_their_team_gives_them(workspace: Workspace) -> None:
    assert workspace.roles("sales-ops", "U0DANA0001") == {Role.OWNER}
    assert workspace.roles("sales-ops", "U0BEN00001") == {Role.BACKUP}
    assert workspace.roles("finance", "U0PRIYA001") == {Role.APPROVER}
    assert workspace.roles("sales-ops", "U0SAM00001") == frozenset()
    with pytest.raises(NotFound):
        workspace.roles("nowhere", "U0DANA0001")


MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)  # ten o'clock in Berlin


def test_class_b_runs_on_the_calendar_of_its_team(workspace: Workspace) -> None:
    route = workspace.route(workspace.flow("quote_to_cash"), "missing_billing_code", MONDAY)
    assert (route.team, route.channel, route.owner, route.backup) == (
        "sales-ops",
        "C0SALESOPS",
        "U0DANA0001",
        "U0BEN00001",
    )
    assert route.respond_by == datetime(2026, 1, 12, 13, tzinfo=UTC)
    assert route.resolve_by == datetime(2026, 1, 14, 16, tzinfo=UTC)
    assert (route.severity, route.four_eyes, route.holds_billing) == ("B", False, True)


def test_class_a_runs_round_the_clock_and_needs_two(workspace: Workspace) -> None:
    route = workspace.route(workspace.flow("quote_to_cash"), "price_off_list", MONDAY)
    assert (route.team, route.severity, route.four_eyes) == ("finance", "A", True)
    assert route.respond_by == MONDAY + timedelta(hours=1)
    assert route.resolve_by == MONDAY + timedelta(hours=24)


def test_the_contract_decides_before_the_reason_and_the_flow_answers_for_the_rest(workspace: Workspace) -> None:
    flow = workspace.flow("quote_to_cash")
    account = workspace.route(flow, "missing_account", MONDAY)
    assert (account.team, account.holds_billing) == ("marketing-ops", False)
    assert account.resolve_by == datetime(2026, 1, 13, 8, 30, tzinfo=UTC)
    assert workspace.route(flow, "unknown_currency", MONDAY).team == "finance"
    assert workspace.route(flow, "something_new", MONDAY).team == "revops"
    assert not workspace.route(flow, "crashed", MONDAY).holds_billing
    assert workspace.route(flow, "not_found", MONDAY).holds_billing


def test_a_reason_of_a_team_that_is_not_there_goes_to_the_owner_of_the_flow(directory: Path, edit: Edit) -> None:
    edit(DEAL, "missing_account: {team: marketing-ops, class: B,", "missing_account: {class: C,")
    text = (directory / SETTINGS).read_text().replace("marketing-ops", "demand")
    (directory / SETTINGS).write_text(text)
    edit("contracts/company.odcs.yaml", "value: marketing-ops", "value: revops")
    loaded = load(directory)
    route = loaded.route(loaded.flow("quote_to_cash"), "missing_account", MONDAY)
    assert (route.team, route.severity) == ("revops", "C")


def test_values_stay_the_text_that_was_written(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(
        "a: NO\nb: 10:30\nc: 1.50\nd: 2026-01-02\ne: 012\nf: 12\ng: '12'\nh: true\ni: null\nj:\nk: 1e3\nl: yes\n"
    )
    assert read(tmp_path, "v.yaml").value == {
        "a": "NO", "b": "10:30", "c": "1.50", "d": "2026-01-02", "e": "012", "f": 12, "g": "12", "h": True, "i": None,
        "j": None, "k": "1e3", "l": "yes",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("30s", 30), ("5m", 300), ("24h", 86400), ("2d", 172800)]
)
def test_durations_read_as_people_write_them(text: str, seconds: float) -> None:
    assert duration(text).total_seconds() == seconds
    assert duration(timedelta(seconds=1)) == timedelta(seconds=1)


def test_a_condition_compares_as_text() -> None:
    assert When.model_validate({"path": "a", "equals": 5}).holds("5")
    assert When.model_validate({"path": "a", "equals": True}).holds(True)
    assert not When.model_validate({"path": "a", "any_of": ["x", "y"]}).holds("z")
