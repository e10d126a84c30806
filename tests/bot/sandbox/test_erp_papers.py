"""The ERP's further papers are as strict as its invoices, and a line's discount is rounded once."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.erp_books_rows import line_total_minor
from bot.sandbox.erp_papers import PAPERS, Papers
from bot.sandbox.erp_rules import Refused

ENTRY = {"account": "6100", "debit_minor": 100}, {"account": "2500", "credit_minor": 100}
GOOD: dict[str, dict[str, Any]] = {
    "schedules": {
        "reference": "s", "customer_id": "C-1", "currency": "EUR", "invoice_reference": "i", "sync_reference": "f/1",
        "from_account": "2400", "to_account": "4200",
        "lines": [{"period": "2026-11", "starts": "2026-11-01", "ends": "2026-11-30", "amount_minor": 100}],
    },
    "journals": {"reference": "j", "journal_date": "2026-11-01", "currency": "EUR", "description": "d", "sync_reference": "f/1",
                 "lines": list(ENTRY)},
    "opportunities": {"reference": "o", "customer_id": "C-1", "title": "t", "salesperson": "s", "sync_reference": "f/1",
                      "tags": [{"name": "campaign", "value": "spring"}]},
    "contacts": {"reference": "c", "name": "Anna", "email": "anna@acme.example", "may_email": True, "consent_source": "fair",
                 "consent_at": "2026-02-11"},
}  # fmt: skip
WRONG = [
    ("journals", {"lines": [ENTRY[0]]}, "unbalanced"),
    ("journals", {"lines": [{"account": "6100", "debit_minor": 0}, {"account": "2500", "credit_minor": 0}]}, "unbalanced"),
    ("journals", {"lines": [{"account": "1", "debit_minor": 1}]}, "unknown_account"),
    ("contacts", {"consent_source": None}, "validation"),
    ("contacts", {"may_email": "true"}, "validation"),
    ("schedules", {"customer_id": "C-2"}, "unknown_customer"),
    ("schedules", {"lines": []}, "validation"),
    ("opportunities", {"mood": "good"}, "validation"),
]  # fmt: skip


@pytest.fixture
def papers() -> Papers:
    return Papers(lambda customer_id: customer_id == "C-1", None)


@pytest.mark.parametrize("kind", PAPERS)
def test_a_paper_is_kept_found_by_its_reference_and_never_made_twice(papers: Papers, kind: str) -> None:
    made = papers.create(kind, GOOD[kind])
    assert papers.with_reference(kind, GOOD[kind]["reference"]) == (made,)
    with pytest.raises(Refused, match="is taken"):
        papers.create(kind, GOOD[kind])
    with pytest.raises(Refused, match="never changes"):
        papers.change(kind, made.id, {"reference": "other"})
    assert papers.post(kind, made.id).status == "posted"
    with pytest.raises(Refused, match="cannot change"):
        papers.change(kind, made.id, {"sync_reference": "f/2"})
    with pytest.raises(Refused, match="already"):
        papers.post(kind, made.id)


@pytest.mark.parametrize(("kind", "changed", "code"), WRONG)
def test_what_is_wrong_in_a_paper_is_refused_by_name(
    papers: Papers, kind: str, changed: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        papers.create(kind, GOOD[kind] | changed)
    assert refused.value.code == code and papers.all[kind] == {}


def test_a_contact_that_unsubscribes_keeps_its_proof(papers: Papers) -> None:
    made = papers.create("contacts", GOOD["contacts"])
    assert papers.change("contacts", made.id, {"may_email": False}).document()["may_email"] is False
    with pytest.raises(Refused, match="agreed"):
        papers.change("contacts", made.id, {"may_email": True, "consent_at": None})


@pytest.mark.parametrize(
    ("quantity", "price", "off", "total"),
    [
        (1, 5, "50", 2),
        (3, 5, "50", 8),
        (2, 249000, "12.5", 435750),
        (-1, 5, "50", -2),
        (1, 5, None, 5),
        (7, 3, "100", 0),
    ],
)
def test_the_discount_of_a_line_is_rounded_once_and_half_to_even(
    quantity: int, price: int, off: str | None, total: int
) -> None:
    assert line_total_minor({"quantity": quantity, "unit_price_minor": price, "discount_percent": off}) == total
