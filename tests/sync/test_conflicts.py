"""One field with two values in two systems, and whose counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sync.conflicts import Rule, Side, Verdict, decide
from tests.world import MONDAY

LATER = MONDAY + timedelta(minutes=5)
CRM = Side(system="crm", value="NET30", at=LATER)
ERP = Side(system="erp", value="NET60", at=MONDAY)
LAST, MANUAL = Rule(), Rule(strategy="manual")


def first(*systems: str) -> Rule:
    return Rule(strategy="source_precedence", precedence=systems)


def side(of: Side, **changed: object) -> Side:
    given = {"system": of.system, "value": of.value, "changed": of.changed, "at": of.at} | changed
    return Side(**given)  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("source", "target", "rule", "verdict", "why"),
    [
        (CRM, side(ERP, value=" net30 "), LAST, Verdict.SAME, ""),
        (CRM, side(ERP, value="NET30"), Rule(owner="erp", manual=True), Verdict.SAME, ""),
        (CRM, ERP, Rule(owner="crm"), Verdict.TAKE, "crm is the system of record"),
        (CRM, ERP, Rule(owner="erp"), Verdict.KEEP, "erp is the system of record"),
        (CRM, side(ERP, changed=False), Rule(owner="erp"), Verdict.KEEP, "erp is the system of record"),
        (CRM, ERP, Rule(owner="billing"), Verdict.ASK, "billing is the system of record"),
        (CRM, side(ERP, changed=False), LAST, Verdict.TAKE, "erp did not change it"),
        (CRM, side(ERP, changed=False), MANUAL, Verdict.TAKE, "erp did not change it"),
        (side(CRM, changed=False), ERP, LAST, Verdict.KEEP, "crm did not change it"),
        (CRM, ERP, LAST, Verdict.TAKE, "crm changed it last"),
        (side(CRM, at=MONDAY - timedelta(days=1)), ERP, LAST, Verdict.KEEP, "erp changed it last"),
        (side(CRM, at=MONDAY), ERP, LAST, Verdict.ASK, "nobody knows which change came later"),
        (CRM, side(ERP, at=None), LAST, Verdict.ASK, "nobody knows which change came later"),
        (CRM, ERP, first("erp", "crm"), Verdict.KEEP, "erp comes first"),
        (CRM, ERP, first("billing", "crm"), Verdict.TAKE, "crm comes first"),
        (CRM, ERP, first("billing"), Verdict.ASK, "neither system comes first"),
        (CRM, ERP, MANUAL, Verdict.ASK, "people decide about this one"),
        (CRM, ERP, Rule(manual=True), Verdict.ASK, "people decide about this one"),
    ],
)
def test_whose_value_counts(source: Side, target: Side, rule: Rule, verdict: Verdict, why: str) -> None:
    decided = decide(source, target, rule)
    assert (decided.verdict, decided.why) == (verdict, why)
