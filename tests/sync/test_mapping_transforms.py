"""Transforms give the same value for the same input, and refuse what they cannot read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.money import NotMoney
from sync.transforms import TRANSFORMS, Unreadable, apply

RIGHT = [
    ("text", " Müller\x00 ", "Müller"),
    ("text", 12, "12"),
    ("clip200", "x" * 300, "x" * 199 + "…"),
    ("clip200", "short", "short"),
    ("upper", "eur", "EUR"),
    ("lower", "AP@ACME.EXAMPLE", "ap@acme.example"),
    ("decimal_text", "0012.50", "12.50"),
    ("decimal_text", 7, "7"),
    ("minor_units", "12.50", 1250),
    ("iso_date", "2026-03-31T22:30:00.000Z", "2026-03-31"),
    ("iso_date", "2026-03-31T22:30:00-04:00", "2026-04-01"),
    ("iso_date", "2024-02-29", "2024-02-29"),
    ("integer", "12", 12),
    ("integer", "3.0", 3),
    ("country2", "de", "DE"),
    ("country2", "Österreich", "AT"),
    ("country2", "United Kingdom", "GB"),
]


@pytest.mark.parametrize(("name", "value", "expected"), RIGHT)
def test_each_transform_does_the_one_thing_it_is_named_for(name: str, value: Any, expected: Any) -> None:
    assert apply((name,), value, "EUR") == expected


def test_every_transform_is_tested() -> None:
    assert {name for name, _, _ in RIGHT} == set(TRANSFORMS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("minor_units", "12.505"),
        ("minor_units", "12,50"),
        ("minor_units", 10**30 + 1),
        ("decimal_text", "1e5"),
        ("integer", "2.5"),
        ("integer", "many"),
        ("integer", 10**16),
        ("integer", True),
        ("iso_date", "31.03.2026"),
        ("iso_date", "2026-02-30"),
        ("iso_date", "2026-03-31T22:30:00"),
        ("iso_date", "0001-01-01T00:00:00+14:00"),
        ("country2", "Atlantis"),
        ("country2", "XX"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(name: str, value: Any) -> None:
    with pytest.raises((Unreadable, NotMoney)) as refused:
        apply((name,), value, "EUR")
    assert str(refused.value)


@pytest.mark.parametrize("currency", [None, "XXQ"])
def test_minor_units_need_a_currency(currency: str | None) -> None:
    with pytest.raises(NotMoney, match="not a currency"):
        apply(("minor_units",), "1.00", currency)


def test_transforms_run_in_order() -> None:
    assert apply(("text", "upper"), " ab ", None) == "AB"


@given(st.sampled_from(sorted(TRANSFORMS)), st.text(max_size=300) | st.integers() | st.booleans())
def test_a_transform_gives_one_answer_or_refuses(name: str, value: Any) -> None:
    def answer() -> Any:
        try:
            return apply((name,), value, "EUR")
        except (Unreadable, NotMoney) as error:
            return str(error)

    assert answer() == answer()
