"""The message that tells of a proposed rule reads as a sentence in every state."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from drawings import DANA, NOW, around, same_as_snapshot, texts

from bot.fixing.rule_card import rule_card
from sync.suggestions import ProposedRule

RULE = ProposedRule(
    id=4, flow="quote_to_cash", reason="unknown_product", path="lines[*].product_code", label="Product",
    found="Atlas Professional", value="ATLAS-PRO", means="Atlas Pro", accepted=6, state="proposed", proposed_at=NOW,
)  # fmt: skip


@pytest.mark.parametrize("state", ["proposed", "noted", "dismissed"])
def test_a_proposed_rule_is_drawn_in_every_state(state: str) -> None:
    ended = {} if state == "proposed" else {"decided_by": DANA, "decided_at": NOW + timedelta(minutes=5)}
    card = rule_card(replace(RULE, state=state, **ended), around())  # type: ignore[arg-type]
    same_as_snapshot(f"rule-{state}", card)
    assert any("“Atlas Professional” always means “Atlas Pro”: 6 of 6" in text for text in texts(card))
    assert ("Dismiss" in texts(card)) is (state == "proposed")


def test_what_a_rule_is_about_does_nothing_in_slack() -> None:
    card = rule_card(replace(RULE, found="<!channel> *x*", means="<@U1>"), around())
    assert "<!channel>" not in str(card) and "<@U1>" not in str(card)
