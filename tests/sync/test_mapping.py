"""Paths, selectors and templates find what they name and leave the record as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.mapping import (
    SelectorFailed,
    clean,
    compile_path,
    compile_selector,
    expand,
    fill,
    get,
    key,
    missing,
    put,
    safe,
    select,
    sibling,
    template_names,
    text,
)

RECORD: dict[str, Any] = {
    "id": "7",
    "amount": "12.50",
    "company": {"id": "2", "name": "Adler & Söhne"},
    "lines": [{"code": "A", "price": "1"}, {"code": "B"}, None],
    "empty": "",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "7"),
        ("company.name", "Adler & Söhne"),
        ("lines[1].code", "B"),
        ("lines[1].price", None),
        ("lines[2].price", None),
        ("lines[9].price", None),
        ("company[0]", None),
        ("id.inner", None),
        ("nothing.at.all", None),
    ],
)
def test_a_concrete_path_finds_its_value_or_nothing(path: str, value: Any) -> None:
    assert get(RECORD, path) == value


def test_a_star_stands_for_every_item() -> None:
    assert expand(RECORD, "lines[*].code") == [("lines[0].code", "A"), ("lines[1].code", "B"), ("lines[2].code", None)]
    assert expand(RECORD, "lines[1].code") == [("lines[1].code", "B")]
    assert expand(RECORD, "company[*].code") == []
    assert expand(RECORD, "company.name") == [("company.name", "Adler & Söhne")]


@pytest.mark.parametrize("path", ["", "a..b", "a.", ".a", "[0]", "a[x]", "a b", "a[*", "a-[1]]"])
def test_a_broken_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        compile_path(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("amount", {"amount": "new"}),
        ("company.id", {"company": {"id": "new", "name": "Adler & Söhne"}}),
        ("fresh.inner", {"fresh": {"inner": "new"}}),
        ("lines[1].code", {"lines": [{"code": "A", "price": "1"}, {"code": "new"}, None]}),
        ("lines[2].code", {"lines": [{"code": "A", "price": "1"}, {"code": "B"}, {"code": "new"}]}),
        ("lines[9].code", {}),
        ("id.inner", {}),
    ],
)
def test_putting_a_value_makes_a_changed_copy(path: str, expected: dict[str, Any]) -> None:
    before = copy.deepcopy(RECORD)
    assert put(RECORD, path, "new") == {**RECORD, **expected}
    assert before == RECORD


def test_a_sibling_belongs_to_the_same_item() -> None:
    assert sibling("lines[12].price", "lines[*].price", "code") == "lines[12].code"
    assert sibling("a[0].b[3].c", "a[*].b[*].c", "d") == "a[0].b[3].d"
    assert sibling("closedate", "closedate", "startdate") == "startdate"


@pytest.mark.parametrize("value", [None, "", "  ", "\x00", "\u202e", [], {}])
def test_empty_has_many_faces(value: Any) -> None:
    assert missing(value)
    assert text(value) == ""


@pytest.mark.parametrize("value", [0, False, "0", "x", [None], {"a": None}, float("nan")])
def test_a_value_is_not_missing_because_it_is_small(value: Any) -> None:
    assert not missing(value)
    assert text(value) != ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\x00b\x1b[31m", "ab[31m"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("\u202eevil\u202c", "evil"),
        ("\ud800half", "half"),
        ("no\u00a0break", "no break"),
        ("👩‍🌾 farm", "👩‍🌾 farm"),
        ("שלום", "שלום"),
    ],
)
def test_control_characters_go_and_letters_stay(value: str, words: str) -> None:
    assert clean(value) == words


def test_text_is_one_short_line_of_anything() -> None:
    assert text("x" * 50_000) == "x" * 200
    assert text({"b": 1}) == '{"b": 1}'
    assert text(True) == "true"
    assert text(10**5000).startswith("a number of")
    assert text([10**5000]) == "a list"
    assert text(12) == "12"


def test_selectors_are_jmespath_and_fail_by_name() -> None:
    assert select("company.name || id", {"id": "7", "company": None}) == "7"
    assert select("lines[?code=='B'].code | [0]", RECORD) == "B"
    assert select("company.name.deeper", RECORD) is None
    with pytest.raises(SelectorFailed, match="sum"):
        select("sum(lines)", RECORD)
    with pytest.raises(ValueError, match="no JMESPath"):
        compile_selector("lines[?")


def test_templates_are_filled_and_keys_are_safe() -> None:
    assert fill("{flow}/{id}", RECORD, {"flow": "q2c"}) == "q2c/7"
    assert key("crm-{company.name}", RECORD, {}) == "crm-Adler%20%26%20S%C3%B6hne"
    assert safe("a~b/c") == "a%7Eb%2Fc"
    assert template_names("{a}-{b.c}") == ("a", "b.c")
    with pytest.raises(KeyError, match="empty"):
        fill("{empty}", RECORD, {})


@pytest.mark.parametrize("template", ["{a", "a}", "{}", "{{a}}"])
def test_a_template_with_an_open_brace_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match="brace"):
        template_names(template)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=20,
)
PATHS = st.from_regex(r"[abc](\.[abc]|\[[0-3]\]){0,3}", fullmatch=True)


@given(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), PATHS, st.text(max_size=5))
def test_what_was_put_is_found_or_nothing_changed(record: dict[str, Any], path: str, value: str) -> None:
    before = copy.deepcopy(record)
    changed = put(record, path, value)
    assert record == before
    assert get(changed, path) == value or changed == record


@given(st.text())
def test_a_key_holds_only_harmless_characters(value: str) -> None:
    assert set(safe(value.encode("utf-8", "ignore").decode())) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-%"
    )
