"""Who is on trial, and when a trial is over: arithmetic of numbers and names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.model import Plan, Violation, Violations, WriteSpec
from sync.releases import Rule, Tally, Trial, digest_of
from sync.trials import announced, deviations, judged, on_trial


def drawn(share: int, release: int = 7) -> set[str]:
    return {f"deals:{n}" for n in range(5_000) if on_trial(Trial(share=share), release, f"deals:{n}", "")}


def test_a_share_of_the_records_is_on_trial_always_the_same_ones_and_others_for_another_release() -> None:
    assert 430 <= len(drawn(1_000)) <= 570
    assert drawn(1_000) == drawn(1_000)
    assert drawn(1_000) < drawn(3_000), "who is on trial stays on trial when the share grows"
    assert len(drawn(1_000) & drawn(1_000, release=8)) < 100
    assert (len(drawn(0)), len(drawn(10_000))) == (0, 5_000)


def test_a_cohort_is_named_and_a_shadow_takes_nobody() -> None:
    cohort = Trial(selector="company.id", cohort=("77", "78"))
    assert [on_trial(cohort, 1, "deals:1", value) for value in ("77", "78", "79", "")] == [True, True, False, False]
    assert not on_trial(Trial(kind="shadow"), 1, "deals:1", "77")


RULE = Rule(events=50, errors=500, differences=0)
CALM = Tally(ended=400, stopped=8)


@pytest.mark.parametrize(
    ("candidate", "rest", "verb"),
    [
        (Tally(), Tally(), None),
        (Tally(ended=1, differing=1), CALM, "roll_back"),
        (Tally(ended=10, stopped=3), CALM, None),  # 7 % of 50 are 3.5
        (Tally(ended=10, stopped=4), CALM, "roll_back"),
        (Tally(ended=49), CALM, None),
        (Tally(ended=50, stopped=3), CALM, "promote"),
        (Tally(ended=50, stopped=4), CALM, "roll_back"),
        (Tally(ended=1_000, stopped=60), CALM, "promote"),
        (Tally(ended=1_000, stopped=71), CALM, "roll_back"),
        (Tally(ended=50, stopped=2), Tally(), "promote"),
        (Tally(ended=50, stopped=3), Tally(), "roll_back"),
    ],
)
def test_a_trial_ends_by_its_rule(candidate: Tally, rest: Tally, verb: str | None) -> None:
    said = judged(RULE, candidate, rest)
    assert (said.verb if said else None) == verb
    assert said is None or said.why


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_one_more_that_stops_never_helps_a_candidate(
    ended: int, stopped: int, rest_ended: int, rest_stopped: int
) -> None:
    rest = Tally(ended=rest_ended, stopped=min(rest_stopped, rest_ended))
    less, more = (judged(RULE, Tally(ended=ended + 1, stopped=min(stopped + n, ended + 1)), rest) for n in (0, 1))
    order = {"roll_back": 0, None: 1, "promote": 1}
    assert order[more.verb if more else None] <= order[less.verb if less else None]


def plan(*writes: WriteSpec) -> Plan:
    return Plan(writes=writes, customer=None, money=None, title="")


def spec(name: str, **body: object) -> WriteSpec:
    return WriteSpec(name=name, connection="erp", entity="invoice", operation="create", key="k", body=body)


def test_what_deviates_is_told_by_field_and_what_ends_otherwise_as_a_whole() -> None:
    before, after = (plan(spec("invoice", lines=[{"n": 1}, {"n": n}])) for n in (2, 3))
    [one] = deviations(before, after)
    assert (one.write, one.path, one.before, one.after, one.place) == (
        "invoice",
        "lines[1].n",
        "2",
        "3",
        "invoice lines[*].n",
    )
    wrong = Violation(reason="missing_field", path="lines[0].n", label="N", found="", expected="a value")
    [whole] = deviations(before, Violations(found=(wrong,), title="", customer=None, money=None))
    assert (whole.path, whole.before, whole.after) == ("@outcome", "record", "stopped by missing_field at lines[*].n")
    assert deviations(before, before) == ()


def test_a_proof_announces_the_places_that_it_names() -> None:
    proof = {"fields": [{"write": "invoice", "path": "lines[*].n"}], "outcomes": [{"before": "record", "after": "x"}]}
    assert announced(proof) == {"invoice lines[*].n", "@outcome"}
    assert announced({}) == frozenset()


def test_a_digest_is_the_contents_and_nothing_else() -> None:
    assert digest_of({"a": "1", "b": "2"}) == digest_of({"b": "2", "a": "1"})
    assert len({digest_of(each) for each in ({"a": "12"}, {"a": "1", "b": "2"}, {"a1": "2"}, {"a": ""}, {})}) == 5
