"""Whatever a record holds, it is judged within a tenth of a second, and what a target is sent can be sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync import patterns
from sync.mapping import SelectorFailed, compile_selector, select
from sync.model import Plan, Record, Violations
from sync.prepare import Lookups, prepare, questions
from sync.selectors import MOST_STEPS
from sync.workspace import load
from sync.workspace.flow import Flow
from sync.workspace.samples import read_samples
from tests.in_time import in_time

EXAMPLE = Path(__file__).parents[2] / "examples" / "quote_to_cash"
WORKSPACE = load(EXAMPLE)
FLOW = WORKSPACE.flow("quote_to_cash")
CLEAN: Record = next(
    sample.record or {} for document, sample in read_samples(EXAMPLE)[0] if document.file.endswith("/clean.yaml")
)
LINE = CLEAN["lines"][0]
SECONDS = 0.1
BIG = 10_000_000


def timed(work: Callable[[], Any]) -> Any:
    """What the work gives; it must take less than the limit of this process's time."""
    return in_time(work, SECONDS)


def outcome(record: Record, flow: Flow = FLOW) -> Any:
    lookups = Lookups()
    for _ in range(4):
        for question in questions(record, flow, (), lookups):
            lookups = lookups.plus(question, [])
    return prepare(record, flow, WORKSPACE, (), lookups)


def nested(times: int, *, lists: bool = False) -> Any:
    value: Any = "x"
    for _ in range(times):
        value = [value] if lists else {"a": value}
    return value


def mapped(*rows: dict[str, Any]) -> Flow:
    write = {
        "name": "w",
        "connection": "erp",
        "entity": "invoice",
        "operation": "create",
        "key": "k-{id}",
        "record": rows,
    }
    return Flow.model_validate({
        "flow": "test", "title": "Test", "version": 1, "owner": "revops", "contract": "deal@1.0.0", "writes": [write],
        "trigger": {"connection": "crm", "entity": "deals"}, "record": {"title": "id"},
    })  # fmt: skip


VALUES: dict[str, Any] = {
    "10 MB of letters": "x" * BIG,
    "10 MB behind a line end": "\n" + "x" * BIG,
    "10 MB of digits": "9" * BIG,
    "10 MB of nothing": "\x00" * BIG,
    "10 MB of blanks": " " * BIG,
    "400 digits": "9" * 400,
    "a number of 400 digits": 10**400,
    "a number of 5,000 digits": 10**5000,
    "not a number": float("nan"),
    "no end": float("inf"),
    "1,000 levels": nested(1000),
    "1,000 lists": nested(1000, lists=True),
    "NUL and bidi": "a\u202eb\x00c\ud800d",
    "100,000 numbers": list(range(100_000)),
}
FIELDS = [
    "id",
    "dealname",
    "amount",
    "closedate",
    "billing_code",
    "deal_currency_code",
    "company",
    "company.name",
    "company.country",
    "lines",
]


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", VALUES)
def test_no_value_of_any_field_takes_long_or_raises(value: str, field: str) -> None:
    outer, _, inner = field.partition(".")
    record = {**CLEAN, outer: {**CLEAN[outer], inner: VALUES[value]} if inner else VALUES[value]}
    assert isinstance(timed(lambda: outcome(record)), Plan | Violations)


LINES: dict[str, Callable[[int], list[Any]]] = {
    "right": lambda many: [LINE] * many,
    "unknown": lambda many: [{**LINE, "product_code": f"Foo {each}"} for each in range(many)],
    "empty": lambda many: [{}] * many,
    "no objects": lambda many: ["x"] * many,
    "dear": lambda many: [{**LINE, "price": "1"}] * many,
}


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("many", [5_000, 100_000])
def test_many_lines_are_judged_in_time(kind: str, many: int) -> None:
    record = {**CLEAN, "lines": LINES[kind](many)}
    result = in_time(lambda: outcome(record), 3 * SECONDS if many == 5_000 else SECONDS)
    assert isinstance(result, Violations)
    if many == 100_000:
        [found] = [each for each in result.found if each.path == "lines"]
        assert (found.reason, found.found) == ("invalid_value", "100,000 items")
        assert found.expected == "a list of at most 5,000 items"


def test_a_mapping_over_too_many_lines_is_one_violation() -> None:
    flow = mapped({"to": "lines", "each": "lines", "record": [{"to": "p", "from": "price"}]})
    result = timed(lambda: outcome({"id": "1", "lines": [{}] * 100_000}, flow))
    assert [(each.reason, each.path) for each in result.found] == [("invalid_value", "lines")]


RAW = [
    (nested(40), None), ("a\x00b\u202ec\ud800\nd\te", "abc\nd\te"), ({"\ud800k\x00": "v"}, {"k": "v"}), (0.5, "0.5"), (10**299, 10**299),
    (True, True),
]  # fmt: skip


@pytest.mark.parametrize(("value", "sent"), RAW)
def test_what_is_sent_can_be_sent(value: Any, sent: Any) -> None:
    [write] = outcome({"id": "1", "raw": value}, mapped({"to": "x", "from": "raw"})).writes
    assert write.body == {"x": value if sent is None else sent}
    orjson.dumps({name: str(inner) if isinstance(inner, int) else inner for name, inner in write.body.items()})


@pytest.mark.parametrize(
    "value",
    [
        "10 MB of letters",
        "a number of 400 digits",
        "not a number",
        "no end",
        "1,000 levels",
        "1,000 lists",
        "100,000 numbers",
    ],
)
def test_what_cannot_be_sent_is_a_violation(value: str) -> None:
    result = timed(lambda: outcome({"id": "1", "raw": VALUES[value]}, mapped({"to": "x", "from": "raw"})))
    assert [(each.reason, each.path) for each in result.found] == [("invalid_value", "raw")]


WIDE = {
    "a": [{"b": list(range(100)), "n": f"n{each}"} for each in range(1000)],
    "text": "x" * 1_000_000,
    "name": "n" * 30,
}
EXPLODING = [
    "|".join(["[@,@]"] * 60) + "|" + "|".join(["[]"] * 60),
    "[@,@]" + "[*].[@,@]" * 40,
    "|".join(["{a:@,b:@}"] * 40) + "|" + "|".join(["*[]"] * 20),
    "[name,name]" + " | join('', [@[0], @[0]]) | [@,@]" * 12,
    " | ".join(["join('', [name, name]).{name: @}"] * 15),
    "a[*].b[*].[@,@,@,@,@,@,@,@]",
    "sort_by(a, &n) | sort_by(@, &n) | map(&b, @) | [] | sort(@) | reverse(@) | length(@)",
    "[" + ",".join(["to_string(@)"] * 35) + "]",
    "a[?contains(text, 'y')] | a[?b[?@ > `1`]]",
    "*.*.*.*[]",
    "a[].b[] | [?@ == `5`] | [?@ == `5`]",
    "max_by(a, &to_number(n)) || min_by(a, &to_number(n))",
]  # fmt: skip


@pytest.mark.parametrize("selector", EXPLODING)
def test_a_selector_that_would_explode_gives_up_in_time(selector: str) -> None:
    find = compile_selector(selector)

    def tried() -> str:
        try:
            find(WIDE)
        except SelectorFailed as error:
            return str(error)
        return ""

    assert len(in_time(tried, 2 * SECONDS)) < 1000


def test_the_steps_of_a_selector_count_anew_for_each_record() -> None:
    items = {"a": [{"b": [1, 2]}] * 1000}
    for _ in range(MOST_STEPS // 2000):
        assert len(select("a[].b[]", items)) == 2000


@pytest.mark.parametrize(
    "selector",
    [
        "(" * 249 + "a" + ")" * 249,
        "!" * 499 + "a",
        "[" * 200 + "a" + "]" * 200,
        "a" + "[0]" * 160,
        "a" + ".a" * 249,
        "&" * 400,
    ],
)
def test_a_selector_nested_without_end_is_refused_or_works(selector: str) -> None:
    try:
        find = compile_selector(selector)
    except ValueError as error:
        assert str(error)
    else:
        find({"a": 1})


FOREVER = [
    r"(a+)+$", r"(a|a)*$", r"(a|aa)+$", r"(.*)*x", r"(a?){30}a{30}", "a?" * 30 + "a" * 30, r"(x+x+)+y", r"([a-z]+)*\d", r"((ab)*|a|b)*c",
    r"(\w+\s?)*!", r"(a{1,100}){1,100}", r"^(([a-z])+.)+[A-Z]([a-z])+$", r".*a.*b.*c.*d.*e.*", r"(?i)(a|ab|B)*$", r"(?:a*)*b", r"(a*?)*b",
    r"(?=a)b", r"(a)\1", r"(?<!a)b",
]  # fmt: skip
SOUND = [
    r"[^@\s]+@[^@\s]+\.[^@\s]+", r"[A-Z]{2}[0-9A-Z]{2,12}", r"[A-Za-z0-9][A-Za-z0-9 ./_-]{0,39}", r".{1,200}", r"(\d+\.)+\d+",
    r"([a-z]+ )*[a-z]+", r"(?:[a-z0-9]+-)*[a-z0-9]+", r"DE\d{9}|ATU\d{8}", r".*foo.*", r"(?i)net ?\d+", r"\s*\S+\s*", r"[a-z]*[a-z]*[a-z]*",
]  # fmt: skip


@pytest.mark.parametrize("pattern", FOREVER)
def test_a_pattern_that_could_run_forever_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"forever|neither around nor back"):
        patterns.check(pattern)


@pytest.mark.parametrize("pattern", SOUND)
def test_a_pattern_that_is_taken_ends_in_time_on_every_text(pattern: str) -> None:
    patterns.check(pattern)
    for piece in ("a", "a!", "a.", "a ", "1.", "a@", "A", "-a", "foo", " "):
        text = (piece * 256)[:255]
        for end in ("", "!", "\n"):
            timed(lambda text=text + end: re.fullmatch(pattern, text))


PIECES = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "[^a]", ".", "\\d", "\\w", "\\s", "-"]),
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2,5}", "{0,40}", "*?"])),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(PIECES, st.sampled_from(["a", "b", "ab", "-", "a1", "aab", "a-"]), st.sampled_from(["", "!", "b", "\n"]))
def test_whatever_pattern_is_taken_ends_in_time(pattern: str, piece: str, end: str) -> None:
    try:
        patterns.check(pattern)
    except ValueError:
        return
    timed(lambda: re.fullmatch(pattern, (piece * 256)[:255] + end))
