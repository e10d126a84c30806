"""What should be billed against what is, to the minor unit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.model import Drift
from sync.money import Money
from sync.reconcile import reconcile


def eur(minor: int) -> Money:
    return Money(currency="EUR", minor=minor)


AMOUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 9).map(eur))


def test_two_sides_that_agree_have_no_drift() -> None:
    assert reconcile({"a": eur(1), "b": eur(2)}, [("b", eur(2)), ("a", eur(1))]) == []
    assert reconcile({}, []) == []


def test_every_kind_of_drift_is_named() -> None:
    source = {"missing": eur(1), "twice": eur(2), "wrong": eur(3), "right": eur(4)}
    target = [("twice", eur(2)), ("twice", eur(2)), ("wrong", eur(30)), ("right", eur(4)), ("orphan", eur(5))]
    assert reconcile(source, target) == [
        Drift(kind="missing", key="missing", source=eur(1), target=None),
        Drift(kind="duplicate", key="twice", source=eur(2), target=eur(2)),
        Drift(kind="amount", key="wrong", source=eur(3), target=eur(30)),
        Drift(kind="orphan", key="orphan", source=None, target=eur(5)),
    ]


def test_the_same_number_in_another_currency_is_another_amount() -> None:
    [drift] = reconcile({"a": eur(100)}, [("a", Money(currency="USD", minor=100))])
    assert drift.kind == "amount"


@given(AMOUNTS, AMOUNTS)
def test_there_is_no_drift_exactly_where_both_sides_are_equal(
    source: dict[str, Money], target: dict[str, Money]
) -> None:
    drifts = {drift.key for drift in reconcile(source, target.items())}
    assert drifts == {key for key in {*source, *target} if source.get(key) != target.get(key)}
