"""How long a held record holds up its own later changes is said by its flow and counted on the clock of its exception."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.stage import example
from sync import connectors
from sync.workspace.flow import Flow
from sync.workspace.loader import load
from sync.workspace.workspace import Workspace

FRIDAY = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)  # 17:00 in Berlin, half an hour before the weekend
FLOW = {
    "flow": "bill", "title": "Bill", "version": 1, "owner": "revops", "contract": "deal@1.0.0",
    "trigger": {"connection": "crm", "entity": "deals"}, "record": {"title": "dealname"},
    "writes": [{"name": "invoice", "connection": "erp", "entity": "invoice", "operation": "create", "key": "k"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    return load(Path(example()), connectors.kinds())


def test_it_is_two_days_and_every_change_unless_the_flow_says_otherwise() -> None:
    plain, own = Flow.model_validate(FLOW), Flow.model_validate(FLOW | {"hold_for": "4h", "newest": True})
    assert (plain.hold_for, plain.newest) == (timedelta(hours=48), False)
    assert (own.hold_for, own.newest) == (timedelta(hours=4), True)


@pytest.mark.parametrize("wrong", ["91d", "0h", "soon", 48])
def test_a_time_without_end_or_sense_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="hold_for"):
        Flow.model_validate(FLOW | {"hold_for": wrong})


def test_the_clock_of_the_holding_queue_stands_still_at_the_weekend(workspace: Workspace) -> None:
    route = workspace.route(workspace.flow("quote_to_cash"), "missing_billing_code", FRIDAY)
    assert route.expire_by == datetime(2026, 12, 7, 13, 0, tzinfo=UTC)
    assert route.respond_by < route.resolve_by < route.expire_by


def test_class_a_expires_round_the_clock(workspace: Workspace) -> None:
    route = workspace.route(workspace.flow("quote_to_cash"), "price_off_list", FRIDAY)
    assert route.expire_by == FRIDAY + timedelta(hours=48)
