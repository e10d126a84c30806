"""Money is whole minor units of one currency, read in one way or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.money import Money, NotMoney, decimal, exponent, is_currency, minor_units, money

READINGS = [
    ("1234.56", "EUR", 123456),
    ("-0.05", "EUR", -5),
    ("7", "USD", 700),
    ("1.5", "KWD", 1500),
    ("1.234", "KWD", 1234),
    ("398000", "JPY", 398000),
    (" 12.30 ", "EUR", 1230),
    (12, "EUR", 1200),
    (Decimal("0.10"), "EUR", 10),
]


@pytest.mark.parametrize(("text", "currency", "minor"), READINGS)
def test_a_plain_amount_is_exact(text: Any, currency: str, minor: int) -> None:
    assert money(text, currency) == Money(currency=currency, minor=minor)


@pytest.mark.parametrize(
    "text", ["1.234,56", "12,5", "abc", "", "1,234", "1e3", "NaN", "Infinity", 1.5, True, None, []]
)
def test_what_could_be_read_in_two_ways_is_refused(text: Any) -> None:
    with pytest.raises(NotMoney):
        decimal(text)


@pytest.mark.parametrize(("text", "currency"), [("1.234", "EUR"), ("0.5", "JPY")])
def test_more_decimals_than_the_currency_has_are_refused(text: str, currency: str) -> None:
    with pytest.raises(NotMoney):
        minor_units(text, currency)


@pytest.mark.parametrize(("text", "minor"), [("1.005", 100), ("1.015", 102), ("2.5049", 250)])
def test_rounding_is_half_to_even_and_only_on_request(text: str, minor: int) -> None:
    assert minor_units(text, "EUR", rounded=True) == minor


@pytest.mark.parametrize("code", ["XXQ", "eur", "", None, 5])
def test_an_unknown_currency_is_none(code: Any) -> None:
    assert not is_currency(code)
    with pytest.raises(NotMoney):
        money("1.00", code)


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(NotMoney):
        Money(currency="EUR", minor=1) + Money(currency="USD", minor=1)


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (123456, "EUR", "1,234.56 EUR"),
        (-5, "EUR", "-0.05 EUR"),
        (398000, "JPY", "398,000 JPY"),
        (1500, "KWD", "1.500 KWD"),
    ],
)
def test_an_amount_reads_as_people_write_it(minor: int, currency: str, words: str) -> None:
    assert str(Money(currency=currency, minor=minor)) == words


@given(minor=st.integers(-(10**14), 10**14), currency=st.sampled_from(["EUR", "USD", "JPY", "KWD"]))
def test_minor_units_survive_the_way_through_text(minor: int, currency: str) -> None:
    places = exponent(currency)
    text = f"{Decimal(minor).scaleb(-places):.{places}f}"
    assert minor_units(text, currency) == minor


@given(st.from_regex(r"[+-]?[0-9]{1,16}(\.[0-9]{1,4})?", fullmatch=True), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_a_text_and_its_number_are_the_same_money(text: str, currency: str) -> None:
    number = Decimal(text)
    if (
        abs(number) >= 10**15
        or len(text.partition(".")[0].lstrip("+-")) > 15
        or number != round(number, exponent(currency))
    ):
        with pytest.raises(NotMoney):
            minor_units(text, currency)
    else:
        assert minor_units(text, currency) == minor_units(number, currency) == int(number * 10 ** exponent(currency))


@given(st.integers(-(10**15), 10**15), st.integers(-(10**15), 10**15))
def test_sums_are_exact(left: int, right: int) -> None:
    assert (Money(currency="EUR", minor=left) + Money(currency="EUR", minor=right)).minor == left + right
