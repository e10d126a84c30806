"""Amounts as people type them. What can be read in one way is read; what two readers could read in two ways is asked back with
both readings and never guessed."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from sync.money import NotMoney, exponent, is_currency, minor_units, money

_LONGEST, _SHOWN = 60, 30
_CODE = re.compile(r"[A-Za-z]{3}")
_SIGNS = {"€": ("EUR",), "£": ("GBP",), "¥": ("JPY", "CNY")}
_DOLLARS = "USD AUD CAD NZD SGD HKD MXN BRL TWD".split()
_NUMBER = re.compile(r"(-?)(\d[\d.,' ]*)")
_GAPS = re.compile(r"\d{1,3}(?:[ ']\d{3})+(?:[.,]\d+)?")
_POINTS, _COMMAS = re.compile(r"\d{1,3}(?:\.\d{3})+"), re.compile(r"\d{1,3}(?:,\d{3})+")
_EITHER = re.compile(r"([1-9]\d{0,2})[.,](\d{3})")
_SIMPLE = re.compile(r"\d+(?:[.,]\d+)?")


class Unclear(NotMoney):
    """The text is no amount, or may be two. Its words say to the person what to enter."""


def read_amount(typed: str, currency: str | None) -> str:
    """The plain decimal text (1234.56, with as many decimals as the currency has) that a typed amount means: `1234.56`,
    `1,234.56`, `1.234,56`, `1 234,56`, `EUR 1.234,56`. Raises Unclear."""
    text = unicodedata.normalize("NFKC", typed).replace("’", "'").replace("−", "-").strip()
    shown = f"“{text[:_SHOWN]}”"
    if len(text) > _LONGEST:
        raise Unclear(f"An amount has at most {_LONGEST} characters; these are {len(text):,}.")
    sign, number = _number(_without_currency(text, currency), shown)
    plain = _plain(number, currency, shown)
    try:
        places = exponent(currency) if currency else max(0, -int(Decimal(plain).as_tuple().exponent))
        if currency is not None:
            minor_units(plain, currency)
        return f"{Decimal(sign + plain):.{places}f}"
    except NotMoney:
        few = exponent(currency or "")
        words = f"{few} decimals" if few else "no decimals"
        raise Unclear(f"{shown} has more decimals than there are: {currency} has {words}.") from None


def understood(plain: str, currency: str | None) -> str:
    """How an amount that was read is said back: `1,234.56 EUR`."""
    return str(money(plain, currency)) if currency and is_currency(currency) else f"{Decimal(plain):,}"


def _without_currency(text: str, currency: str | None) -> str:
    """What is left of the amount without its currency. Raises Unclear where the record is in another one."""
    for part, rest in ((text[:3], text[3:]), (text[-3:], text[:-3])):
        code = part.upper()
        if _CODE.fullmatch(part) and is_currency(code):
            _same(code, (code,), currency)
            return rest.strip()
    for part in (text[:1], text[-1:]):
        meant = (*_DOLLARS,) if part == "$" else _SIGNS.get(part)
        if part and meant:
            _same(part, meant, currency)
            return text.strip(part).strip()
    return text


def _same(said: str, meant: tuple[str, ...], currency: str | None) -> None:
    if currency is not None and currency not in meant:
        raise Unclear(f"This record is in {currency}; {said} is another currency. Enter the amount in {currency}.")


def _number(text: str, shown: str) -> tuple[str, str]:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise Unclear(f"{shown} is no amount. Enter digits, such as 1234.56.")
    return found[1], found[2].strip()


def _plain(number: str, currency: str | None, shown: str) -> str:
    """Digits with at most one point. Raises Unclear."""
    if _GAPS.fullmatch(number):
        return re.sub(r"[ ']", "", number).replace(",", ".")
    if "." in number and "," in number:
        return _both(number, shown)
    either = _EITHER.fullmatch(number)
    if either is not None:
        return _one_of_two(either, currency, shown)
    if _SIMPLE.fullmatch(number):
        return number.replace(",", ".")
    if _POINTS.fullmatch(number) or _COMMAS.fullmatch(number):
        return re.sub(r"[.,]", "", number)
    raise Unclear(f"{shown} cannot be read: its points, commas or gaps are not in the usual places. Try 1234.56.")


def _both(number: str, shown: str) -> str:
    decimal = "." if number.rindex(".") > number.rindex(",") else ","
    whole, _, cents = number.rpartition(decimal)
    groups = _COMMAS if decimal == "." else _POINTS
    if not groups.fullmatch(whole) or not cents.isdigit():
        raise Unclear(f"{shown} cannot be read: its points and commas are not in the usual places. Try 1234.56.")
    return re.sub(r"[.,]", "", whole) + "." + cents


def _one_of_two(found: re.Match[str], currency: str | None, shown: str) -> str:
    """One sign before three digits may part thousands or decimals; only a currency without decimals leaves no doubt."""
    whole, cents = found[1] + found[2], f"{found[1]}.{found[2]}"
    places = exponent(currency) if currency else 2
    if places == 0:
        return whole
    unit = f" {currency}" if currency else ""
    first = f"{whole}.{'0' * places}"
    second = f"{found[1]}.{found[2][:places]}" if places < 3 else f"{cents}0"
    raise Unclear(
        f"{shown} can be read in two ways: {int(whole):,}.{'0' * places}{unit} or {cents}{unit}. "
        f"Enter {first} or {second}."
    )
