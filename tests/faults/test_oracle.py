"""The oracle itself: what it must find in a log of the target, and what it must leave alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.faults.oracle import Books, Commit, Verdict, compare, compare_books
from tests.faults.orders import Order, lanes, plan, shuffled

BOOKS = Books(states={"delivered": 9, "held": 1}, stale=frozenset(), journal=40, broken_at=None, causes=(7,))


def sold() -> dict[str, Order]:
    """Nine right orders of three customers, and a wrong one."""
    return {order.key: order for order in plan(Random(1), 10, customers=3, wrong=1)}


def written(orders: dict[str, Order]) -> list[Commit]:
    """Everything right was committed once, in order."""
    return [_commit(order) for order in orders.values() if order.right]


def _commit(order: Order) -> Commit:
    return Commit(key=order.key, customer=order.customer, sequence=order.sequence)


def test_what_was_committed_once_and_in_order_is_right() -> None:
    orders = sold()
    assert compare(orders, written(orders)).wrong == []


def test_a_promise_that_was_not_kept_is_lost() -> None:
    orders = sold()
    commits = written(orders)
    verdict = compare(orders, [commit for commit in commits if commit.key != commits[0].key])
    assert verdict.lost == [f"{commits[0].key} was promised and never committed"]


def test_two_commits_of_one_key_are_a_double_and_no_other_disorder() -> None:
    orders = sold()
    commits = written(orders)
    verdict = compare(orders, [commits[0], *commits])
    assert len(verdict.doubled) == 1 and verdict.lost == []


def test_a_record_that_nobody_sent_or_that_had_to_stop_is_a_double() -> None:
    orders = sold()
    [wrong] = [order for order in orders.values() if not order.right]
    stranger = Commit(key="order-9999999", customer="nobody", sequence=1)
    assert len(compare(orders, [*written(orders), _commit(wrong), stranger]).doubled) == 2


def test_an_older_state_after_a_newer_one_is_found_and_so_is_a_customer_that_was_left_at_it() -> None:
    orders = sold()
    commits = written(orders)
    last = next(commit for commit in reversed(commits) if commit.sequence > 1)
    first = next(commit for commit in commits if commit.customer == last.customer)
    late = [*(commit for commit in commits if commit is not first), first]
    verdict = compare(orders, late)
    assert len(verdict.reordered) == 2 and verdict.lost == verdict.doubled == []


def test_what_the_ledger_calls_out_of_date_may_be_missing_but_the_newest_state_may_not() -> None:
    orders = sold()
    commits = written(orders)
    last = next(commit for commit in reversed(commits) if commit.sequence > 1)
    first = next(commit for commit in commits if commit.customer == last.customer)
    without = [commit for commit in commits if commit is not first]
    assert compare(orders, without).lost and not compare(orders, without, frozenset({first.key})).wrong
    cut = [commit for commit in commits if commit is not last]
    assert compare(orders, cut, frozenset({last.key})).lost


def test_books_that_agree_with_slack_are_right_and_every_contradiction_is_said() -> None:
    verdict = Verdict()
    compare_books(BOOKS, [7], held=1, verdict=verdict)
    assert verdict.wrong == []
    compare_books(
        replace(BOOKS, states={"pending": 1, "running": 2, "dead": 3}, broken_at=5), [8, 8], held=1, verdict=verdict
    )
    assert len(verdict.ledger) == 7


def test_a_customer_stays_in_its_lane_and_reordering_moves_nothing_far() -> None:
    orders = plan(Random(1), 500, customers=30)
    dealt = lanes(orders, 4)
    assert sum(len(lane) for lane in dealt) == 500
    for lane in dealt:
        assert lane == sorted(lane, key=lambda order: order.key)
    assert len({order.customer for order in dealt[0]} & {order.customer for order in dealt[1]}) == 0
    moved = shuffled(orders, Random(2), window=20)
    assert moved != orders and all(abs(place - orders.index(order)) <= 20 for place, order in enumerate(moved))
