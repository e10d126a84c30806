"""A small invented world to draw from: one record per reason, a clock that stands still, and the snapshots to compare with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from bot.cards import Around
from bot.sandbox.slack.limits import block_problems, view_problems
from sync.lifecycle import CaseState
from sync.model import BillingHold, Candidate, Case, Cause, Downtime, Entry, Overlay, Violation
from sync.money import Money
from sync.reasons import REASONS, Severity, reason

ROOT = Path(__file__).parents[2]
SNAPSHOTS = ROOT / "tests" / "snapshots"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PEOPLE = {
    "U0DANA0001": "Dana Okafor",
    "U0BEN00001": "Ben Ortiz",
    "U0FAYE0001": "Faye Lindqvist",
    "U0GUS00001": "Gus Marchetti",
    "U0PRIYA001": "Priya Raman",
}
DANA, BEN, FAYE, GUS, PRIYA = PEOPLE
GTX = (
    Candidate(value="GTX-PRO", label="GTX Pro", score=98, why="same letters, spacing differs"),
    Candidate(value="GTX-PLUS", label="GTX Plus Pro", score=71, why="name 71%"),
)
TERMS = (
    Candidate(value="net30", label="30 days net", score=0, why="in billing_terms"),
    Candidate(value="net60", label="60 days net", score=0, why="in billing_terms"),
)
COMPANIES = (
    Candidate(value="7001", label="Acme Tools GmbH", score=96, why="name 96%"),
    Candidate(value="7002", label="Acme Toys", score=64, why="name 64%"),
)
TWINS = (
    Candidate(value="7001", label="Acme Tools GmbH", score=100, why="same vat_id"),
    Candidate(value="7009", label="ACME Tools", score=100, why="same vat_id"),
)
LIKE = (Candidate(value="7001", label="Acme Tools GmbH", score=50, why="same name · other postcode"),)
LISTED = (Candidate(value="1200.00", label="1200.00 EUR", score=90, why="list price"),)
SUM = (Candidate(value="1250.00", label="1250.00 EUR", score=90, why="sum of the line items"),)
READ = (Candidate(value="1234.56", label="1234.56", score=80, why="read with a decimal comma"),)


def about(
    code: str,
    label: str,
    found: str,
    expected: str,
    candidates: tuple[Candidate, ...] = (),
    kind: str = "text",
    path: str = "",
) -> Violation:
    """A violation."""
    return Violation(
        reason=code,
        path=path or label.lower().replace(" ", "_"),
        label=label,
        found=found,
        expected=expected,
        candidates=candidates,
        kind=kind,
    )


WRONG: dict[str, tuple[Violation, ...]] = {
    "missing_field": (about("missing_field", "Close date", "", "a value", kind="date"),),
    "missing_billing_code": (about("missing_billing_code", "Billing code", "", "a value"),),
    "missing_payment_terms": (about("missing_payment_terms", "Payment terms", "", "a value", TERMS, "select"),),
    "missing_account": (about("missing_account", "Company", "", "a value", COMPANIES, "company", "company.id"),),
    "missing_lines": (about("missing_lines", "Line items", "", "a value", path="lines"),),
    "unknown_product": (
        about("unknown_product", "Product (line 1)", "GTXPro", "one of the 42 values in price list", GTX, "select", "lines[0].product_code"),
    ),
    "unknown_value": (about("unknown_value", "Payment terms", "thirty days", "one of the 4 values in billing terms", TERMS, "select"),),
    "unknown_currency": (about("unknown_currency", "Currency", "Euro", "an ISO 4217 currency code such as EUR or USD"),),
    "invalid_value": (about("invalid_value", "Quantity (line 2)", "two", "a whole number of at least 1", path="lines[1].quantity"),),
    "invalid_amount": (about("invalid_amount", "Amount", "1.234,56", "a plain amount such as 1234.56 in EUR", READ, "money"),),
    "negative_amount": (about("negative_amount", "Amount", "-50.00", "an amount that is not negative", kind="money"),),
    "amount_mismatch": (about("amount_mismatch", "Amount", "1300.00", "1250.00 EUR, the sum of the line items", SUM, "money"),),
    "price_off_list": (
        about("price_off_list", "Unit price (line 1)", "990.00", "1200.00 EUR ± 10% (list price)", LISTED, "money", "lines[0].price"),
    ),
    "duplicate_customer": (
        about("duplicate_customer", "VAT id", "DE811111111", "only one record with this vat_id; there are 2", TWINS, "company", "company.vat_id"),
    ),
    "maybe_duplicate": (
        about("maybe_duplicate", "Customer", "7009", "It may be Acme Tools GmbH, who is billed already: same name · other postcode",
              LIKE, "customer", "company.id"),
    ),
    "customer_twice_in_erp": (
        about("customer_twice_in_erp", "Customer", "C-00002",
              "New invoices go to C-00001 (Acme Tools GmbH); C-00002 (ACME Tools) is still there", kind="customer", path="customer"),
    ),
    "customer_gone": (
        about("customer_gone", "Customer", "7001", "The record C-00001 of Acme Tools GmbH is not in erp any more",
              kind="customer", path="company.id"),
    ),
    "contract_mismatch": (
        about("contract_mismatch", "Contract version", "1.1.0", "deal@1.0.0, the version of deal that this flow reads", path="made_by"),
    ),
    "draft_differs": (
        about("draft_differs", "Invoice", "lines[*].description, lines[*].unit_price_minor",
              "lines[0].description ATLAS PRO → Atlas Pro; lines[0].unit_price_minor 249 → 24900", kind="agree", path="invoice"),
    ),
    "to_credit": (
        about("to_credit", "Invoice", "INV-00007 over 4,980.00 EUR",
              "Credit INV-00007 over 4,980.00 EUR and bill 5,478.00 EUR instead: lines[0].quantity 2 → 3", kind="agree",
              path="invoice_3f2a91bc0d12"),
    ),
    "missing_document": (
        about("missing_document", "Signed contract", "", "the address of a document, such as https://files.example.com/order.pdf"),
    ),
    "credit_exceeded": (about("credit_exceeded", "Amount", "1250.00", "at most 900.00 EUR, the credit that is left", kind="money"),),
    "status_differs": (about("status_differs", "Stage", "closedwon", "a project in erp whose status is open; it is cancelled"),),
    "not_bound": (about("not_bound", "Company", "7001", "a company that is in erp already"),),
    "crm_rejected": (about("crm_rejected", "Record", "", "The property invoice_number does not exist (VALIDATION_ERROR)"),),
    "ambiguous_reference": (about("ambiguous_reference", "Record", "", "2 invoice records carry crm-deal-907"),),
    "erp_warning": (
        about("erp_warning", "Warning of the ERP", 'The invoices "[crm-deal-907]" have an invoice date in the future.',
              "that a person agrees to it", kind="agree", path="record"),
    ),
    "not_in_erp": (about("not_in_erp", "Product code (line 1)", "", "Tryton has no product Atlas Max", path="lines[0].product_code"),),
    "period_closed": (about("period_closed", "Issue date", "", 'The period "2026-09" is closed', path="issue_date"),),
    "erp_rejected": (about("erp_rejected", "tax_code", "", "The tax code is not valid in this country (TAX-07)", path="tax_code"),),
}  # fmt: skip
DETAILS = {
    "erp_unavailable": "erp answered 503 six times in a row",
    "crm_unavailable": "crm did not answer within 10 seconds, six times in a row",
    "batch_partial": "erp answered for 97 of 100 invoice records and left out crm-deal-907",
    "unauthorized": "crm does not accept the token any more (401)",
    "not_found": "deal 901 is not in the CRM",
    "totals_differ": "total_minor: the ERP shows 120000, the deal says 125000",
    "changed_after_posting": "amount: billed 1250.00, now 1450.00",
    "circular_merge": "Customer 4 was merged into customer 7 before: the two would be merged in a circle.",
    "rule_failed": "a rule that can be evaluated: there is no reference table called price_list",
    "schema_drift": "Billing code (billing_code) is not in the source any more; renamed to billing_ref? Contract deal@1.0.0, read by "
    "Quote to cash.",
    "crashed": "reference 4f9d21aa",
    "poison": "the worker was lost 3 times with this record",
}


NEEDS = {"erp": ("quote_to_cash", "credit_notes", "reminders"), "crm": ("quote_to_cash",)}


def around(now: datetime = NOW) -> Around:
    """The surroundings."""
    return Around(
        now=now,
        flow_title=lambda flow: {"quote_to_cash": "Quote to cash"}.get(flow, flow),
        team_title=lambda team: {"sales-ops": "Sales Operations", "finance": "Billing"}.get(team, team),
        person=lambda user: PEOPLE.get(user, user),
        crm_link=lambda subject: f"https://crm.example/{subject.replace(':', '/')}",
        contract=lambda flow: "deal@1.0.0",
        needs=lambda flow, connection: flow in NEEDS.get(connection, ()),
    )


def case(code: str, number: int = 7, **changed: Any) -> Case:
    """An open exception of this reason."""
    severity = reason(code).severity
    fresh = Case(
        id=number, cause_id=3, delivery_id=number, flow="quote_to_cash", subject=f"deals:{900 + number}", reason=code,
        state=CaseState.OPEN, severity=severity, team="sales-ops", owner=DANA, backup=BEN,
        four_eyes=severity is Severity.A, holds_billing=True, assignee=None, title=f"Acme renewal {number}",
        customer="7001", money=Money(currency="EUR", minor=125_000), violations=WRONG.get(code, ()),
        detail=DETAILS.get(code, ""), trace="b7c1d2e3", attempts=1, level=0, opened_at=NOW - timedelta(hours=1),
        respond_by=NOW + timedelta(hours=3), resolve_by=NOW + timedelta(hours=23, minutes=number), responded_at=None,
        resolved_at=None, snoozed_until=None, decision="", decided_by="", proposal=(), proposed_by="",
    )  # fmt: skip
    return replace(fresh, **changed)


def cause(*cases: Case, **changed: Any) -> Cause:
    """The cause of these exceptions; counts and sums follow from them."""
    left = [one for one in cases if one.state != CaseState.RESOLVED]
    sums: dict[str, int] = {}
    for one in left:
        if one.money:
            sums[one.money.currency] = sums.get(one.money.currency, 0) + one.money.minor
    fresh = Cause(
        id=3, flow="quote_to_cash", reason=cases[0].reason, value="GTXPro", team="sales-ops", channel="C0SALESOPS", version=4,
        unresolved=len(left), total=len(cases), sums=tuple(Money(currency=c, minor=m) for c, m in sums.items()),
        nearest=min((one.resolve_by for one in left), default=None), level=max(one.level for one in cases),
        first=(tuple(left) or cases)[:5],
    )  # fmt: skip
    return replace(fresh, **changed)


def many(code: str, count: int = 529, **changed: Any) -> Cause:
    """A cause of many."""
    first = [case(code, number, **changed) for number in range(7, 12)]
    return cause(
        *first,
        unresolved=count,
        total=count,
        sums=(Money(currency="EUR", minor=66_125_000), Money(currency="JPY", minor=90_000)),
    )


_CUSTOMERS = {"7001": "Acme Tools GmbH"}  # the other customer of a card has no name in the ledger


def hold(number: int = 5, customer: str = "7001", **changed: Any) -> BillingHold:
    """A customer who is not billed."""
    return replace(
        BillingHold(id=number, key=customer, case_id=7, why="EX-7 was not resolved in time", placed_by="clock",
                    placed_at=NOW - timedelta(minutes=30), name=_CUSTOMERS.get(customer, "")),
        **changed,
    )  # fmt: skip


def outage(many: int = 412, **changed: Any) -> Cause:
    """An ERP that does not answer, told by the case of the record that found out."""
    down = Downtime(connection="erp", since=NOW - timedelta(minutes=28), next_try=NOW + timedelta(minutes=2),
                    answers_since=None, waiting={"quote_to_cash": many}, stopped=0)  # fmt: skip
    return cause(case("erp_unavailable"), value="erp", downtime=replace(down, **changed))


def proposal(one: Case) -> Case:
    """The exception with a proposal of Faye's."""
    wrong = one.violations[0]
    change = Overlay(path=wrong.path, found=wrong.found, action="set", value="1200.00", reason=wrong.reason)
    return replace(
        one, state=CaseState.PROPOSED, proposal=(change,), proposed_by=FAYE,
        decision=f"@{{{FAYE}}} proposes: Unit price (line 1) “990.00” means “1200.00”",
    )  # fmt: skip


def resolved(one: Case) -> Case:
    """The exception, decided by Dana."""
    return replace(
        one, state=CaseState.RESOLVED, decided_by=DANA, resolved_at=NOW - timedelta(minutes=5),
        decision=f"@{{{DANA}}} decided: Product “GTXPro” means “GTX-PRO”",
    )  # fmt: skip


def entry(number: int, actor: str, verb: str, **data: str) -> Entry:
    """A line of the journal."""
    return Entry(
        seq=number, at=NOW - timedelta(minutes=60 - number), actor=actor, verb=verb, noun="case", noun_id="7", data=data,
        previous="", hash="",
    )  # fmt: skip


def texts(drawn: Any) -> Iterator[str]:
    """Every text in a drawing."""
    if isinstance(drawn, dict):
        if isinstance(drawn.get("text"), str):
            yield drawn["text"]
        for inner in drawn.values():
            yield from texts(inner)
    elif isinstance(drawn, list):
        for inner in drawn:
            yield from texts(inner)


def marked_up(drawn: Any) -> Iterator[str]:
    """The texts in which markup counts: everything but plain text."""
    if isinstance(drawn, dict) and drawn.get("type") != "plain_text":
        if isinstance(drawn.get("text"), str):
            yield drawn["text"]
        for inner in drawn.values():
            yield from marked_up(inner)
    elif isinstance(drawn, list):
        for inner in drawn:
            yield from marked_up(inner)


def elements(drawn: Any, action_id: str) -> list[dict[str, Any]]:
    """Everything to press with this action id."""
    if isinstance(drawn, dict):
        mine = [drawn] if drawn.get("action_id") == action_id else []
        return mine + [found for inner in drawn.values() for found in elements(inner, action_id)]
    return [found for inner in drawn for found in elements(inner, action_id)] if isinstance(drawn, list) else []


def buttons(drawn: dict[str, Any]) -> list[str]:
    """The action ids of the buttons of a card, in order."""
    return [each["action_id"] for block in drawn["blocks"] if block["type"] == "actions" for each in block["elements"]]


def entries(drawn: dict[str, Any]) -> list[str]:
    """The words in a card's menu."""
    return [each["text"]["text"] for menu in elements(drawn, "more") for each in menu["options"]]


def refused(drawn: dict[str, Any]) -> list[str]:
    """What Slack would refuse."""
    return view_problems(drawn) if "type" in drawn else block_problems(drawn["blocks"], "message")


def same_as_snapshot(name: str, drawn: dict[str, Any]) -> None:
    """Compare with the snapshot; write it when UPDATE_SNAPSHOTS is set."""
    path = SNAPSHOTS / f"{name}.json"
    now = orjson.dumps(drawn, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(now)
    assert not refused(drawn)
    assert path.read_bytes() == now, f"{path.name} has changed; look at it, then run with UPDATE_SNAPSHOTS=1"


CODES = tuple(REASONS)
