"""What arrives against its own past: no alarm while a stream stays as it is, and an alarm within fifty records when it does not."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.model import Record
from sync.trends import PAST, RECENT, Seen, risen, trends
from tests.sync.test_prepare import FLOW, WORKSPACE
from tests.world import MONDAY

CONTRACT = WORKSPACE.contract_of(FLOW)
WHOLE = RECENT + PAST
DAY = timedelta(days=1)


def deal(chance: random.Random) -> Record:
    """A deal as it usually comes: some fields are often empty, amounts differ by a factor of a thousand."""
    lines = [{"product_code": "A", "quantity": str(chance.randint(1, 40)), "price": f"{10 ** chance.uniform(1, 4):.2f}"}
             for _ in range(chance.randint(0, 3))]  # fmt: skip
    return {
        "id": str(chance.randint(1, 10**6)), "dealname": "Deal", "dealstage": "closedwon", "closedate": "2026-11-20",
        "amount": f"{10 ** chance.uniform(2, 5):.2f}", "deal_currency_code": chance.choice(["EUR", "USD"]),
        "billing_code": chance.choice(["BC-1", "4711", None, ""]), "payment_terms": "NET30",
        "contract_url": chance.choice([None, None, "https://x.example"]), "lines": lines,
        "company": {"id": "1", "name": "Acme", "vat_id": chance.choice(["DE1", None]), "country": "DE",
                    "billing_email": None} if chance.random() < 0.9 else None,
    }  # fmt: skip


def stream(chance: random.Random, many: int, change: Callable[[Record], object] = lambda record: None) -> list[Seen]:
    made = [deal(chance) for _ in range(many)]
    for each in made:
        change(each)
    return [Seen(at=MONDAY, record=each) for each in made]


@pytest.mark.slow
def test_a_stream_that_stays_as_it_is_raises_no_alarm_over_a_hundred_seeds() -> None:
    lively = ("amount", "billing_code", "contract_url", "company.vat_id", "lines[*].price", "lines[*].quantity")
    contract = replace(CONTRACT, fields={path: CONTRACT.fields[path] for path in lively})
    for seed in range(100):
        seen = stream(random.Random(seed), WHOLE + RECENT)
        assert trends(seen[:-RECENT], contract) == trends(seen, contract) == (), seed


def _company(record: Record) -> Record:
    return record["company"] or {}


@pytest.mark.parametrize(
    ("kind", "path", "change", "within"),
    [
        ("absent", "payment_terms", lambda r: r.pop("payment_terms"), 20),
        ("absent", "company.vat_id", lambda r: _company(r).pop("vat_id", None), 50),
        ("empty", "payment_terms", lambda r: r.update(payment_terms=""), 20),
        ("empty", "lines[*].product_code", lambda r: [each.update(product_code=None) for each in r["lines"]], 50),
        ("empty", "company.country", lambda r: _company(r).update(country=" "), 25),
        ("shape", "closedate", lambda r: r.update(closedate="20.11.2026"), 20),
        ("shape", "amount", lambda r: r.update(amount="1.234,56"), 20),
        ("shape", "payment_terms", lambda r: r.update(payment_terms={"days": 30}), 20),
        ("range", "amount", lambda r: r.update(amount=f"{r['amount'].replace('.', '')}00000"), 35),
        ("range", "amount", lambda r: r.update(amount=f"-{r['amount'].replace('.', '')}00"), 35),
    ],
)
def test_a_change_is_noticed_within_so_many_records(
    kind: str, path: str, change: Callable[[Record], object], within: int
) -> None:
    for seed in range(3):
        chance = random.Random(seed)
        seen = stream(chance, WHOLE + 150) + stream(chance, within, change)
        [found] = trends(seen, CONTRACT)
        assert (found.kind, found.path) == (kind, path)
        assert f"({path})" in found.words and "of the last" in found.now


def test_little_says_nothing_and_what_was_accepted_begins_anew() -> None:
    chance = random.Random(1)
    seen = stream(chance, PAST) + stream(chance, RECENT, lambda record: record.update(payment_terms=""))
    assert len(trends(seen, CONTRACT)) == 1
    assert trends(seen[1:], CONTRACT) == ()
    assert trends(seen, CONTRACT, since={"payment_terms": MONDAY}) == ()
    assert len(trends(seen, CONTRACT, since={"payment_terms": MONDAY - DAY, "amount": MONDAY})) == 1


@settings(max_examples=200)
@given(st.integers(0, 200), st.integers(0, 50))
def test_a_share_has_risen_only_by_three_in_ten_or_more_and_more_is_never_less_certain(usual: int, now: int) -> None:
    if risen(usual, 200, now, 50):
        assert now * 200 >= usual * 50 + 3 * 200 * 50 // 10 - 250
        assert now == 50 or risen(usual, 200, now + 1, 50)
        assert usual == 0 or risen(usual - 1, 200, now, 50)
