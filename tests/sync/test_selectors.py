"""Selectors as plain functions find exactly what the library finds, and fail where it fails."""

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from sync.selectors import finder, named

NAMES = st.sampled_from(["a", "b", "c", '"ü"'])
LEAVES = NAMES | st.sampled_from(
    ["@", "`0`", "`false`", "`[]`", "'x'", "''", "[0]", "[-1]", "[*]", "*", "[]", "length(a)", "sum(b)"]
)
SELECTORS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("{}.{}".format, NAMES, inner.filter(lambda words: words[0] in 'abc"*')),
        st.builds("{} | {}".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("({} && {})".format, inner, inner),
        st.builds("!({})".format, inner),
        st.builds("{}[{}]".format, NAMES, st.sampled_from(["0", "1", "-1", "-3", "*", "", "0:1"])),
        st.builds("{}[*].{}".format, NAMES, NAMES),
        st.builds("{}[?{} == {}]".format, NAMES, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{x: {}, y: {}}}".format, inner, inner),
        st.builds("{}.{{x: {}, x: {}}}".format, NAMES, inner, inner),
    ),
    max_leaves=6,
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from([0, 0.0, "", 10**400])
)
RECORDS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "ü"]), inner, max_size=4)
    ),
    max_leaves=15,
)


def kind_of(value: Any) -> Any:
    """The value with the types of everything in it: True is not 1, and NaN is itself."""
    if isinstance(value, dict):
        return [(name, kind_of(inner)) for name, inner in value.items()]
    if isinstance(value, list):
        return [kind_of(inner) for inner in value]
    return type(value), str(value) if isinstance(value, float) else value


def outcome(search: Any, record: Any) -> Any:
    try:
        return kind_of(search(record))
    except (JMESPathError, ArithmeticError, TypeError, ValueError, AttributeError) as error:
        return type(error), str(error)


@settings(max_examples=1000, deadline=None)
@given(SELECTORS, st.lists(RECORDS, min_size=1, max_size=4))
@pytest.mark.slow
def test_a_selector_finds_what_the_library_finds(selector: str, records: list[Any]) -> None:
    try:
        compiled = jmespath.compile(selector)
    except JMESPathError as error:
        with pytest.raises(type(error)):
            finder(selector)
        return
    find = finder(selector)
    for record in records:
        assert outcome(find, record) == outcome(compiled.search, record)


EVERYDAY = [
    "a.b.c.d.a",
    "!(a.b)",
    "a.{x: b, y: c[0]}",
    "a || b",
    "a && b",
    "a[*].b",
    "a[-1].b",
    "[a, b]",
    "a.b | c",
    "`0` || a",
    "@",
]
RECORD = {"a": {"b": {"c": {"d": {"a": 1}}}, "c": ["x"]}, "b": 0, "c": [{"b": 1}, {"b": None}, 3]}


@pytest.mark.parametrize("selector", EVERYDAY)
def test_everyday_selectors_do_without_the_library(selector: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = jmespath.search(selector, RECORD)

    def never(*_: Any) -> Any:
        raise AssertionError("the library was asked")

    monkeypatch.setattr("sync.selectors.TreeInterpreter.visit", never)
    assert finder(selector)(RECORD) == expected


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=7), RECORDS)
def test_names_inside_each_other_lead_to_the_value_or_to_nothing(names: list[str], record: Any) -> None:
    value = record
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    assert kind_of(named(names)(record)) == kind_of(value)
