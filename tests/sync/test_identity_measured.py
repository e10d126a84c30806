"""The bars of `python -m benchmarks.identity` hold on a smaller world too, with a seed that nothing was tuned to."""

from __future__ import annotations

from benchmarks.identity import BARS, measure


def test_generated_companies_are_brought_together_and_kept_apart() -> None:
    tally = measure(seed=90_210, companies=1_000, pairs=490)
    figures = tally.figures()
    for name, bar in BARS.items():
        assert figures[name] >= bar, (name, figures[name], tally.errors)
    assert figures["linked_of_pairs"] >= 0.8
    assert figures["strangers_asked_about"] <= 0.1
