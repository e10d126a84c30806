"""Which fields a flow reads is known from the flow alone: the trigger, checks, rows inside rows, keys, and the words on cards."""

from __future__ import annotations

from typing import Any

import pytest

from sync.reading import reads, relied
from sync.workspace.checking import RuleCheck
from sync.workspace.conditions import When
from sync.workspace.flow import Flow
from tests.sync.test_prepare import FLOW, WORKSPACE, with_rows, with_write

CONTRACT = WORKSPACE.contract_of(FLOW)


def test_the_example_reads_all_of_its_contract_but_the_signed_order_form() -> None:
    assert CONTRACT.fields.keys() - reads(FLOW, CONTRACT) == {"contract_url"}


BARE = with_write().model_copy(update={"trigger": FLOW.trigger.model_copy(update={"when": None})})
WORDS = {"id", "dealname", "amount", "deal_currency_code", "company.id", "company.name"}


def flow_with(**parts: Any) -> Flow:
    return BARE.model_copy(update=parts)


def rule(words: str) -> RuleCheck:
    """A rule that is about the billing code. Whether CEL is installed does not matter here."""
    return RuleCheck.model_construct(
        check="rule", path="billing_code", reason="invalid_value", expr=words, expected="x"
    )


@pytest.mark.parametrize(
    ("flow", "read"),
    [
        (flow_with(), set()),
        (flow_with(trigger=FLOW.trigger), {"dealstage"}),
        (flow_with(writes=with_write(key="x-{billing_code}").writes), {"billing_code"}),
        (flow_with(writes=with_rows({"to": "a", "from": "company.vat_id || billing_code"}).writes),
         {"company.vat_id", "billing_code"}),
        (flow_with(writes=with_rows({"to": "a", "text": "{payment_terms}/{flow}"}).writes), {"payment_terms"}),
        (flow_with(writes=with_rows({"to": "a", "from": "sum(lines[*].price)"}).writes), {"lines[*].price"}),
        (flow_with(writes=with_rows({"to": "a", "from": "lines[?price > `0`].quantity"}).writes),
         {"lines", "lines[*].price", "lines[*].quantity"}),
        (flow_with(writes=with_rows({"to": "a", "each": "lines", "record": [{"to": "b", "from": "quantity"}]}).writes),
         {"lines", "lines[*].quantity"}),
        (flow_with(checks=(rule("amount_minor > 0 && lines.all(line, line.price != '')"),)),
         {"amount", "lines", "lines[*].price", "billing_code"}),
        (flow_with(checks=(rule("record.company.country == 'DE'"),)),
         {"company", "company.country", "billing_code"}),
        (flow_with(writes=with_rows({"to": "closedate", "value": "amount", "note": "company.country"}).writes), set()),
    ],
)  # fmt: skip
def test_a_flow_reads_what_it_selects_and_not_what_it_calls_others(flow: Flow, read: set[str]) -> None:
    assert reads(flow, CONTRACT) == read | WORDS


def test_a_flow_relies_on_the_values_that_trigger_it() -> None:
    won = FLOW.trigger.model_copy(update={"when": When(path="dealstage", any_of=("won", "closedwon"))})
    assert relied([FLOW, BARE]) == {"dealstage": {"closedwon"}}
    assert relied([FLOW, flow_with(trigger=won)]) == {"dealstage": {"won", "closedwon"}}
    assert relied([BARE]) == {}
