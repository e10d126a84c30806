"""Amounts are read as people type them, and what two readers could read in two ways is asked back."""

from __future__ import annotations

import pytest

from sync.amounts import Unclear, read_amount, understood

READ = [
    ("1234.56", "EUR", "1234.56"),
    ("1,234.56", "EUR", "1234.56"),
    ("1.234,56", "EUR", "1234.56"),
    ("1 234,56", "EUR", "1234.56"),
    ("1\u202f234,56", "EUR", "1234.56"),
    ("1'234.56", "CHF", "1234.56"),
    ("EUR 1.234,56", "EUR", "1234.56"),
    ("1.234,56 €", "EUR", "1234.56"),
    ("eur1234", "EUR", "1234.00"),
    ("$1,234.50", "USD", "1234.50"),
    ("１２３４", "EUR", "1234.00"),
    ("1.234.567", "EUR", "1234567.00"),
    ("1,234,567.8", "EUR", "1234567.80"),
    ("1234,5", "EUR", "1234.50"),
    ("0,999", "KWD", "0.999"),
    ("1234.567", "BHD", "1234.567"),
    ("1,234", "JPY", "1234"),
    ("¥1 234 567", "JPY", "1234567"),
    ("1234.00", "JPY", "1234"),
    ("-5", "EUR", "-5.00"),
    ("1234.5", None, "1234.5"),
]


@pytest.mark.parametrize(("typed", "currency", "plain"), READ)
def test_an_amount_is_read_in_every_usual_notation(typed: str, currency: str | None, plain: str) -> None:
    assert read_amount(typed, currency) == plain


@pytest.mark.parametrize(
    ("typed", "currency", "readings"),
    [
        ("1.234", "EUR", ("1,234.00 EUR", "1.234 EUR", "1234.00", "1.23")),
        ("1,234", "EUR", ("1,234.00 EUR", "1.234 EUR", "1234.00", "1.23")),
        ("12,345", "KWD", ("12,345.000 KWD", "12.345 KWD", "12345.000", "12.3450")),
        ("1,234", None, ("1,234.00", "1.234")),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_back_with_both(
    typed: str, currency: str | None, readings: tuple[str, ...]
) -> None:
    with pytest.raises(Unclear) as asked:
        read_amount(typed, currency)
    assert "two ways" in str(asked.value) and all(each in str(asked.value) for each in readings)


def test_each_of_the_two_ways_that_are_offered_is_read() -> None:
    assert read_amount("12345.000", "KWD") == "12345.000" and read_amount("12.3450", "KWD") == "12.345"


@pytest.mark.parametrize(
    ("typed", "currency", "words"),
    [
        ("USD 5", "EUR", "is in EUR"),
        ("£5", "EUR", "is in EUR"),
        ("1234.567", "EUR", "EUR has 2 decimals"),
        ("0.5", "JPY", "JPY has no decimals"),
        ("12.34.56", "EUR", "usual places"),
        ("1,23,456.78", "EUR", "usual places"),
        ("1.234,567.89", "EUR", "usual places"),
        ("ten", "EUR", "no amount"),
        ("", "EUR", "no amount"),
        ("💶", "EUR", "no amount"),
        ("1e5", "EUR", "no amount"),
        ("9" * 61, "EUR", "at most 60"),
        ("9" * 40, "EUR", "more decimals than there are"),
    ],
)
def test_what_is_no_amount_is_explained(typed: str, currency: str, words: str) -> None:
    with pytest.raises(Unclear, match=words):
        read_amount(typed, currency)


def test_what_was_understood_is_said_back_with_its_currency() -> None:
    assert understood("1234.56", "EUR") == "1,234.56 EUR"
    assert understood("1234", "JPY") == "1,234 JPY"
    assert understood("1234.5", None) == "1,234.5"
